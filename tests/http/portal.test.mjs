// The customer portal without scripts: plain requests and the forms that the pages hold, on both databases.
// tests/e2e/portal.test.mjs looks at the same pages in a real browser.
import { test, describe, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Server, onServer, until } from './harness.mjs';
import { counted } from './alike.mjs';
import { polyglots } from './polyglots.mjs';
import { Visitor, words } from './plain.mjs';

const api = '/api/v1';
const password = 'kq8vH2rz-blau';
const file = (name, bytes = name, type = 'text/plain') => new File([bytes], name, { type });

/** The newest one-time token that the server wrote down for this path. */
const token = (server, path, seen = 0) =>
  until(() => {
    const all = [...server.output.matchAll(new RegExp(`${path}#token=([\\w.-]+)`, 'g'))];
    return all.length > seen && all.at(-1)[1];
  }, `a link to ${path}`);

/** The code of an authenticator app, steps of half a minute from now. */
function totp(key, steps = 0) {
  const bits = [...key].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const mac = createHmac('sha1', secret).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

async function signIn(v, email, secret = password) {
  await v.go('/sign-in');
  await v.send('form[action="/sign-in"]', { email, password: secret });
}

async function register(server, email) {
  const v = new Visitor(server);
  await v.go('/register');
  await v.send('form[action="/register"]', { name: 'Bea', email, password });
  assert.equal(v.page.path, '/register/done');
  await v.go('/verify-email');
  await v.send('form[action="/verify-email"]', { token: `${server.url}/verify-email#token=${await token(server, '/verify-email')}` });
  assert.equal(v.page.path, '/sign-in?done=verified');
  await signIn(v, email);
  assert.equal(v.page.path, '/requests');
  return Object.assign(v, { email });
}

/** A request of this person: its path. */
async function ask(v, title, more = {}) {
  await v.go('/requests/new');
  await v.send('form[action="/requests/new"]', { title, body: 'x', ...more });
  assert.match(v.page.path, /^\/requests\/\d+\?done=sent$/, words(v.$('main')));
  return v.page.path.split('?')[0];
}

/** Of the statements that ran: taking something back is no work of its own. */
const worked = (ran) => ran.split(', ').filter((s) => !/ (begin|commit|release|rollback|savepoint)$/.test(s));

/** What is wrong, as the page says it beside each input. */
const refusals = (v) => Object.fromEntries(v.$$('.field > .bad').map((e) => [e.id.slice(2), words(e)]));

onServer('portal without scripts', { ENVIRONMENT: 'development' }, (shared) => {
  before(async () => {
    shared.agent = await shared.server.person('admin');
    shared.bea = await register(shared.server, 'bea@example.org');
    shared.ann = await register(shared.server, 'ann@example.org');
  });

  test('a request is opened, answered with several files, closed, opened again and found', async () => {
    const { agent, bea: v } = shared;
    const path = await ask(v, 'Printer', { body: 'It does not print.\nNot at all.' });
    const id = (await agent.get(`${api}/tickets/number:${path.split('/')[2]}`)).id;
    assert.equal((await agent.get(`${api}/tickets/${id}/messages`)).data[0].body, 'It does not print.\nNot at all.');
    await agent.post(`${api}/tickets/${id}/messages`, { body: 'Which *tray*?', format: 'markdown' });
    await agent.post(`${api}/tickets/${id}/messages`, { body: 'never shown', visibility: 'internal' });
    await v.go(path);
    assert.deepEqual(v.$$('article.agent').length, 1);
    assert.doesNotMatch(v.page.text, /never shown/);
    await v.send('.answer form', { body: 'Tray 2' }, [file('one.txt'), file('two.txt'), file('الصورة.png', 'x', 'image/png')]);
    assert.match(words(v.$('[role=status]')), /Your message is sent/);
    assert.deepEqual(v.$$('.files .name > bdi').map(words).sort(), ['one.txt', 'two.txt', 'الصورة.png'].sort());
    const got = await v.ask('GET', v.$$('.files a').find((a) => /one\.txt/.test(words(a))).getAttribute('href'));
    assert.equal(got.text, 'one.txt');
    assert.match(got.headers.get('content-disposition'), /^attachment/);
    await v.go(path);
    await v.send('.close form');
    assert.match(words(v.$('.answer .notice')), /open it again/);
    await v.go('/requests?state=closed');
    assert.ok(v.$(`.list a[href="${path}"]`));
    await v.go(path);
    await v.send('.answer form', { body: 'It is back' });
    assert.equal((await agent.get(`${api}/tickets/${id}`)).state_type, 'open');
    for (const q of ['tray', 'it subject:printer']) {
      await v.go(`/requests?q=${encodeURIComponent(q)}`);
      assert.ok(v.$(`.list a[href="${path}"]`), `found by ${q}`);
    }
    for (const q of [path.split('/')[2], `#${path.split('/')[2]}`]) {
      await v.go(`/requests?q=${encodeURIComponent(q)}`);
      assert.equal(v.page.path, path, 'a number leads to its request');
      const foreign = await shared.ann.go(`/requests?q=${encodeURIComponent(q)}`);
      assert.match(foreign.path, /^\/requests\?q=/);
      assert.match(words(foreign.document.querySelector('.empty')), /Nothing found/);
    }
    await v.go('/requests?q=-');
    assert.match(words(v.$('#e-q')), /do not understand/);
  });

  test('a field of each type: what it does not take stands beside it, nothing typed is lost, files stay', async (t) => {
    const { agent, bea: v } = shared;
    const fields = [
      ['room', 'text', { max_length: 5 }, 'B 12', 'far too long', /too short or too long/, 'required'],
      ['story', 'long_text', {}, 'a\nb', null],
      ['people', 'integer', { min: 1, max: 500 }, '3', '501', /too small or too large/],
      ['price', 'decimal', {}, '2,5', 'much', /number/],
      ['since', 'date', {}, '2026-11-20', '2026-02-31', /date/],
      ['at', 'datetime', {}, '2026-11-20T10:30', 'soon', /date/],
      ['link', 'url', {}, 'https://example.org/', 'example', /web address/],
      ['kind', 'tree_choice', { choices: ['Hardware::Printer', 'Software'] }, 'Hardware::Printer', null],
      ['size', 'choice', { choices: [{ value: 's', label: 'Small' }] }, 's', null],
      ['parts', 'choices', { choices: ['a', 'b', 'c'] }, ['a', 'c'], null],
      ['areas', 'tree_choices', { choices: ['x::y', 'z'] }, ['x::y'], null],
      ['urgent', 'boolean', {}, true, null],
    ];
    for (const [name, type, options, , , , screen = 'shown'] of fields)
      await agent.post(`${api}/fields`, { object: 'ticket', name, label: `Field ${name}`, type, options, screens: { customer_create: screen } });
    const no = await agent.request('POST', `${api}/fields`, { body: { object: 'ticket', name: 'who', label: 'Who', type: 'user', screens: { customer_create: 'required' } } });
    assert.equal(no.json.errors[0].pointer, '/screens/customer_create');
    const typed = (i) => Object.fromEntries(fields.map((f) => [`field.${f[0]}`, f[i] ?? f[3]]));
    t.after(async () => {
      for (const f of (await agent.get(`${api}/fields?limit=200`)).data) await agent.patch(`${api}/fields/${f.id}`, { screens: {} });
    });
    await v.go('/requests/new');
    await v.send('form[action="/requests/new"]', { title: '', body: 'kept\nwords', ...typed(4) }, [file('a.txt'), file('b.txt')]);
    assert.equal(v.page.status, 422);
    const found = refusals(v);
    assert.equal(found.title, 'Please fill this in.');
    for (const [name, , , , bad, says] of fields) bad ? assert.match(found[`field.${name}`] ?? '', says, name) : assert.equal(found[`field.${name}`], undefined, name);
    for (const name of Object.keys(found)) {
      assert.ok(v.$(`#errors a[href="#f-${name}"]`), `${name} is in the summary`);
      assert.equal(v.$(`[id="f-${name}"]`).getAttribute('aria-invalid'), 'true', name);
    }
    for (const [k, value] of v.filled(v.$('form[action="/requests/new"]'), {}))
      if (k === 'body') assert.equal(value, 'kept\nwords');
      else if (k.startsWith('field.')) assert.ok([typed(4)[k], true].flat().includes(value) || typed(4)[k] === true, `${k} is ${value}`);
    assert.equal(v.$$('.uploads input:checked').length, 2);
    await v.send('form[action="/requests/new"]', { title: 'Everything', ...typed(3) });
    const path = v.page.path.split('?')[0];
    const made = await agent.get(`${api}/tickets/number:${path.split('/')[2]}`);
    assert.deepEqual(made.fields, { areas: ['x::y'], at: '2026-11-20T10:30:00.000Z', kind: 'Hardware::Printer', link: 'https://example.org/', parts: ['a', 'c'], people: 3, price: 2.5, room: 'B 12', since: '2026-11-20', size: 's', story: 'a\nb', urgent: true });
    assert.equal(v.$$('.files a').length, 2);
    assert.match(words(v.$('.facts')), /Hardware › Printer.*Small/);
  });

  test('a file that is too large is told beside the others, which stay; too much in all is a page of ours', async () => {
    const { bea: v } = shared;
    await v.go('/requests/new');
    assert.match(words(v.$('#h-files')), /50 files of 26 MB each, 52 MB together/);
    await v.send('form[action="/requests/new"]', { title: 'Large', body: 'kept' }, [file('large.bin', Buffer.alloc(26 * 1024 * 1024)), file('small.txt')]);
    assert.equal(v.page.status, 422);
    assert.match(words(v.$('#e-files')), /too large/);
    assert.equal(v.$('#f-title').value, 'Large');
    assert.match(words(v.$('.uploads')), /small\.txt/);
    const body = new FormData();
    for (let i = 0; i < 3; i++) body.append('files', file(`${i}.bin`, Buffer.alloc(20 * 1024 * 1024)));
    // Who goes on sending may meet the closed connection before the answer.
    const r = await v.ask('POST', '/requests/new', { body }).catch((e) => ({ status: 413, cut: e }));
    assert.equal(r.status, 413);
    if (!r.cut) assert.match(words(r.document.querySelector('h1')), /too large/);
  });

  test('an answer that is written while the session ends is not lost, nor is a request', async () => {
    const { server } = shared;
    const v = new Visitor(server);
    await signIn(v, 'bea@example.org');
    const path = await ask(v, 'Long');
    for (const [form, values] of [['.answer form', { body: 'long\nthoughts' }], ['form[action="/requests/new"]', { title: 'Mine', body: 'long\nthoughts' }]]) {
      await v.go(values.title ? '/requests/new' : path);
      v.cookies.clear();
      await v.send(form, values);
      assert.equal(v.page.status, 401);
      assert.equal(v.$('#f-body').value, 'long\nthoughts');
      const kept = v.tab();
      kept.page = v.page;
      await signIn(v, 'bea@example.org');
      await kept.send('.kept');
      assert.equal(kept.page.status, 403); // its token is none of the new session: shown once more
      await kept.send('.kept');
      assert.match(kept.page.path, /done=(answered|sent)$/);
      v.page = kept.page;
      assert.match(words(v.$('#thread article:last-child .text')), /long thoughts/);
    }
  });

  test('the second step is set up, asked for, and its recovery codes let in once', async () => {
    const { server } = shared;
    const v = await register(server, 'eve@example.org');
    const away = new Visitor(server);
    await signIn(away, 'eve@example.org');
    await v.go('/profile/second-step');
    await v.send('form[action$="/start"]', { current_password: password });
    const key = v.$('[name=key]').value;
    assert.equal(words(v.$('.key')).replaceAll(' ', ''), key);
    assert.ok(v.$('svg.qr path'));
    assert.match(v.$('a[href^="otpauth:"]').getAttribute('href'), new RegExp(`^otpauth://totp/.*secret=${key}&`));
    await v.send('form[action$="/confirm"]', { code: '000000' });
    assert.equal(v.page.status, 422);
    assert.equal(v.$('[name=key]').value, key);
    await v.send('form[action$="/confirm"]', { code: totp(key, -1) });
    const codes = v.$$('.codes code').map(words);
    assert.equal(new Set(codes).size, 10);
    await away.go('/profile');
    assert.match(away.page.path, /^\/sign-in/, 'other sessions end');
    await signIn(away, 'eve@example.org');
    assert.ok(away.$('form[action="/sign-in/code"]'));
    await away.send('form[action="/sign-in/code"]', { code: '000000' });
    assert.equal(away.page.status, 422);
    const code = totp(key, 0);
    await away.send('form[action="/sign-in/code"]', { code: `${code.slice(0, 3)} ${code.slice(3)}` });
    assert.equal(away.page.path, '/requests');
    for (const works of [true, false]) {
      const other = new Visitor(server);
      await signIn(other, 'eve@example.org');
      await other.send('form[action="/sign-in/code"]', { code: codes[0] });
      assert.equal(other.page.path === '/requests', works, `a recovery code works ${works ? 'once' : 'twice'}`);
    }
    await v.go('/profile/second-step/off');
    await v.send('form[action$="/off"]', { current_password: password, code: codes[1] });
    assert.match(words(v.$('[role=status]')), /switched off/);
  });

  test('another address holds when its link is opened; the language and all other sessions', async () => {
    const { server } = shared;
    const v = await register(server, 'ida@example.org');
    const seen = [...server.output.matchAll(/\/verify-email#token=/g)].length;
    await v.go('/profile/email');
    await v.send('form[action="/profile/email"]', { email: 'new-ida@example.org', current_password: password });
    assert.match(words(v.$('[role=status]')), /on its way/);
    await v.go('/verify-email');
    await v.send('form[action="/verify-email"]', { token: await token(server, '/verify-email', seen) });
    assert.match(v.page.text, /new-ida@example\.org/);
    let other = new Visitor(server);
    await signIn(other, 'ida@example.org');
    assert.equal(other.page.status, 422);
    await signIn(other, 'new-ida@example.org');
    assert.equal(other.page.path, '/requests');
    await v.go('/profile');
    await v.send('form[action="/profile/sessions"]');
    await other.go('/requests');
    assert.match(other.page.path, /^\/sign-in/);
    await v.send('form[action="/profile"]', { locale: 'ar' });
    assert.equal(v.$('html').dir, 'rtl');
    await signIn((other = new Visitor(server)), 'new-ida@example.org');
    await other.go('/requests');
    assert.equal(other.$('html').lang, 'ar', 'the language comes along to another browser');
    await v.send('form[action="/profile/password"]', { current_password: password, new_password: 'short' });
    assert.equal(v.page.status, 422);
    assert.ok(refusals(v).new_password);
    await v.send('form[action="/profile/password"]', { current_password: password, new_password: 'nT5-wxq-gelb-77' });
    await other.go('/requests');
    assert.match(other.page.path, /^\/sign-in/);
  });

  test('requests of shared organisations are seen, answered and filtered', async () => {
    const { server, agent } = shared;
    const people = [];
    for (const name of ['one', 'two', 'both']) people.push(await register(server, `${name}@shared.example`));
    const [one, two, both] = people;
    const orgs = [];
    for (const name of ['First', 'Second']) orgs.push(await agent.post(`${api}/organizations`, { name, shared: true }));
    const id = async (v) => (await agent.get(`${api}/users?q=${v.email}`)).data[0].id;
    await agent.patch(`${api}/users/${await id(one)}`, { organization_id: orgs[0].id });
    await agent.patch(`${api}/users/${await id(two)}`, { organization_id: orgs[1].id });
    await agent.patch(`${api}/users/${await id(both)}`, { organization_id: orgs[0].id, organization_ids: [orgs[1].id] });
    const path = await ask(one, 'Of the first');
    await ask(two, 'Of the second');
    await ask(both, 'Of both');
    const titles = async (query) => (await both.go(`/requests${query}`), both.$$('.list .title').map(words).sort());
    assert.deepEqual(await titles(''), ['Of both', 'Of the first', 'Of the second']);
    assert.deepEqual(await titles('?whose=mine'), ['Of both']);
    await both.go('/requests');
    assert.deepEqual(await titles(both.$$('.tabs a').find((a) => words(a) === 'Second').getAttribute('href').replace('/requests', '')), ['Of the second']);
    await both.go(path);
    await both.send('.answer form', { body: 'from a colleague' });
    assert.match(both.page.path, /done=answered/);
    await two.go(path);
    assert.equal(two.page.status, 404);
  });

  // ---- What must fail ----

  test('each form needs its token and our origin', async () => {
    const { bea: v } = shared;
    const path = await ask(v, 'Guarded');
    const tried = new Set();
    await signIn(new Visitor(shared.server), 'bea@example.org'); // so that there is another session to end
    for (const p of ['/requests', '/requests/new', path, '/profile', '/profile/email', '/profile/second-step', '/profile/second-step/codes', '/profile/second-step/off']) {
      await v.go(p);
      for (const form of v.$$('form[method=post]')) {
        const action = form.getAttribute('action').replace(/\d+/, 'N');
        if (tried.has(action)) continue;
        tried.add(action);
        const { path: to, body } = v.packed(form, {}, []);
        assert.ok(action === '/language' || body.get('csrf'), `${action} has a token`);
        assert.equal((await v.ask('POST', to, { body, headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } })).status, 403, action);
        assert.equal((await v.ask('POST', to, { body, headers: { origin: undefined, 'sec-fetch-site': 'cross-site' } })).status, 403, action);
        if (action === '/language') continue;
        for (const csrf of ['', randomBytes(64).toString('base64url')]) {
          body.set('csrf', csrf);
          assert.equal((await v.ask('POST', to, { body })).status, 403, `${action} with the token "${csrf}"`);
        }
      }
    }
    assert.ok(tried.size >= 11, [...tried].join(' '));
    await v.go(path);
    assert.equal(v.$$('#thread article').length, 1, 'nothing was done');
  });

  test('no address of another site is gone to', async () => {
    const { server } = shared;
    for (const to of ['https://evil.example', '//evil.example', '/\\evil.example', '\\\\evil.example', '/\t/evil.example', 'javascript:alert(1)', '/%0d%0aSet-Cookie:x=y', '///evil.example', ' //evil.example', '/a\r\nLocation: //evil.example']) {
      const v = new Visitor(server);
      const shown = await v.go(`/sign-in?next=${encodeURIComponent(to)}`);
      assert.match(shown.document.querySelector('[name=next]').value, /^\/(?![/\\])/);
      for (const [path, fields] of [['/sign-in', { email: 'ann@example.org', password, next: to }], ['/language', { lang: 'ar', back: to }]]) {
        const r = await v.ask('POST', path, { body: new URLSearchParams(fields) });
        if (r.status === 422 && /[\t\r\n]/.test(to)) continue; // no path, refused
        assert.equal(r.status, 303, `${path} ${to}: ${r.status}`);
        const went = new URL(r.headers.get('location'), server.url);
        assert.equal(went.origin, server.url, `${path} ${to}`);
        assert.doesNotMatch(r.headers.get('location'), /^[/\\]{2}/);
        assert.equal(r.headers.get('x'), null);
      }
    }
  });

  test('what is not theirs answers like what never was, on each page and form', async () => {
    const { ann, bea } = shared;
    const path = await ask(bea, 'Only mine');
    await bea.go(path);
    await bea.send('.answer form', { body: 'a file' }, [file('secret.txt')]);
    const id = bea.$('.files a').getAttribute('href');
    await ann.go('/profile');
    const own = ann.$('[name=csrf]').value;
    const main = (r, hidden) => words(r.document.querySelector('main')).replaceAll(hidden, 'N');
    for (const [foreign, none] of [[path, '/requests/99999999'], [id, '/files/99999999']]) {
      const a = await ann.ask('GET', foreign), b = await ann.ask('GET', none);
      assert.deepEqual([a.status, main(a, foreign)], [404, main(b, none)]);
    }
    for (const end of ['', '/close']) {
      const answer = async (p) => ann.ask('POST', p + end, { body: new URLSearchParams({ csrf: own, ...(end ? {} : { body: 'let me in' }) }) });
      const a = await answer(path), b = await answer('/requests/99999999');
      assert.deepEqual([a.status, main(a, path)], [404, main(b, '/requests/99999999')]);
    }
    await ann.go('/requests?state=all&q=mine');
    assert.ok(!ann.$(`.list a[href="${path}"]`));
    const there = await bea.tab().ask('GET', '/profile');
    assert.equal(there.status, 200);
    const session = (await shared.agent.get(`${api}/auth/sessions`)).data[0].id;
    const r = await ann.ask('POST', `/profile/sessions/${session}`, { body: new URLSearchParams({ csrf: own }) });
    assert.equal(r.status, 404);
  });

  test('no form tells whether an address is known, by words or by statements', async () => {
    const { server } = shared;
    const fields = {
      '/forgot-password': (email) => ({ email }),
      '/verify-email/again': (email) => ({ email }),
      '/sign-in': (email) => ({ email, password: 'not-the-password' }),
      '/register': (email) => ({ name: 'X', email, password }),
    };
    for (const [path, make] of Object.entries(fields)) {
      const said = async (email) => {
        const v = new Visitor(server);
        const { answer, ran } = await counted(server, () => v.ask('POST', path, { body: new URLSearchParams(make(email)) }));
        return { status: answer.status, to: answer.headers.get('location'), words: words(answer.document.querySelector('main')).replaceAll(email, 'EMAIL'), ran: worked(ran) };
      };
      let known, unknown;
      for (let i = 0; i < 5; i++) { // what runs in the background is counted too
        known = await said('ann@example.org');
        unknown = await said(`nobody${i}-${randomBytes(4).toString('hex')}@example.org`);
        if (String(known.ran) === String(unknown.ran)) break;
      }
      assert.deepEqual(known, unknown, path);
    }
  });

  test('hostile texts stay texts on every page that shows them', async () => {
    const { server, agent } = shared;
    const v = await register(server, 'mallory@example.org');
    await v.go('/profile');
    await v.send('form[action="/profile"]', { name: polyglots[1].slice(0, 190) });
    assert.equal(v.page.status, 200);
    const paths = [];
    for (const text of polyglots) {
      await v.go('/requests/new');
      await v.send('form[action="/requests/new"]', { title: text.slice(0, 250), body: text }, [file(text.replace(/[\r\n"]/g, ' ').slice(0, 100))]);
      if (v.page.status === 422) { // it turns the direction of text: not in a title
        assert.ok(refusals(v).title);
        assert.equal(v.$('#f-body').value, text);
        await v.send('form[action="/requests/new"]', { title: 'x' });
      }
      paths.push(v.page.path.split('?')[0]);
    }
    const id = (await agent.get(`${api}/tickets/number:${paths[0].split('/')[2]}`)).id;
    for (const format of ['html', 'markdown', 'text']) for (const text of polyglots) await agent.post(`${api}/tickets/${id}/messages`, { body: `said: ${text}`, format });
    for (const p of ['/requests', '/requests?q=alert', `/requests?q=${encodeURIComponent(polyglots[1])}`, '/profile', ...paths, `/nothing/${encodeURIComponent(polyglots[1].replaceAll('/', ''))}`]) {
      await v.go(p);
      const inside = v.$$('iframe').map((f) => f.getAttribute('srcdoc'));
      for (const f of v.$$('iframe')) assert.match(f.getAttribute('sandbox'), /^(?!.*scripts)/);
      assert.deepEqual(v.$$('script').map((s) => s.getAttribute('src')?.split('?')[0] + s.textContent), ['/portal.js'], p);
      for (const e of v.$$('*'))
        for (const a of e.getAttributeNames()) {
          assert.doesNotMatch(a, /^on|^style$/, `${p}: ${e.tagName} ${a}`);
          if (['href', 'src', 'action'].includes(a)) assert.match(e.getAttribute(a), /^(\/(?![/\\])|#|https?:|mailto:|tel:|otpauth:)/, `${p}: ${e.outerHTML.slice(0, 200)}`);
        }
      for (const html of inside) assert.doesNotMatch(html, /<script|\son\w+=/i);
    }
  });

  test('each page brings its policy, is kept nowhere, and is whole in Arabic', async () => {
    const { bea } = shared;
    const path = await ask(bea, 'Headers');
    const nobody = new Visitor(shared.server, { 'accept-language': 'ar' });
    const open = ['/', '/sign-in', '/register', '/register/done', '/verify-email', '/verify-email/again', '/verify-email/again/done', '/forgot-password', '/forgot-password/done', '/reset-password', '/setup', '/nothing'];
    const mine = ['/requests', '/requests/new', path, '/profile', '/profile/email', '/profile/second-step', '/profile/second-step/codes', '/profile/second-step/off', '/requests/99999999'];
    const arabic = bea.tab();
    arabic.cookies = new Map([...bea.cookies, ['lang', 'ar']]);
    for (const [v, p] of [...open.map((p) => [nobody, p]), ...mine.map((p) => [arabic, p])]) {
      const r = await v.ask('GET', p);
      assert.match(r.headers.get('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/, p);
      assert.doesNotMatch(r.headers.get('content-security-policy'), /unsafe|\*/);
      assert.equal(r.headers.get('cache-control'), 'no-store', p);
      assert.equal(r.headers.get('x-content-type-options'), 'nosniff', p);
      assert.equal(r.headers.get('referrer-policy'), 'same-origin', p);
      const html = r.document.documentElement;
      assert.deepEqual([html.lang, html.dir], ['ar', 'rtl'], p);
      const left = words(r.document.querySelector('main')).replace(/name@example\.com|https?:\S*|UTC|QR|Headers|[\w.]+@[\w.]+|HeadlessChrome|node|undici|Support|Customer Service|\b[A-Z]\b/g, '');
      for (const e of r.document.querySelectorAll('main h1:not(.back + *), main h2, main label, main button, main .lead, main .hint, main dt')) assert.match(words(e), /[\u0600-\u06ff]/, `${p}: ${words(e)} (${left.slice(0, 80)})`);
    }
  });
});

describe('a portal that cannot do everything', { concurrency: false }, () => {
  test('registration that is off, and one that waits for the confirmation', async () => {
    const off = await Server.start('sqlite', { REGISTRATION: 'off' });
    try {
      const v = new Visitor(off);
      await v.go('/');
      assert.ok(!v.$('a[href="/register"]'));
      await v.go('/register');
      assert.equal(v.page.status, 403);
      assert.match(words(v.$('main')), /Ask us for one/);
      const r = await v.ask('POST', '/register', { body: new URLSearchParams({ name: 'X', email: 'x@example.org', password }) });
      assert.equal(r.status, 403);
    } finally {
      await off.close();
    }
    const verify = await Server.start('sqlite', { REGISTRATION: 'verify', ENVIRONMENT: 'development' });
    try {
      const v = new Visitor(verify);
      await v.go('/register');
      await v.send('form[action="/register"]', { name: 'X', email: 'x@example.org', password });
      await signIn(v, 'x@example.org');
      assert.equal(v.page.status, 422);
      await v.go(v.$('a[href="/verify-email/again"]').getAttribute('href'));
      const seen = [...verify.output.matchAll(/\/verify-email#token=/g)].length;
      await v.send('form[action="/verify-email/again"]', { email: 'x@example.org' });
      const t = await token(verify, '/verify-email', seen);
      await v.go('/verify-email');
      await v.send('form[action="/verify-email"]', { token: t });
      await signIn(v, 'x@example.org');
      assert.equal(v.page.path, '/requests');
    } finally {
      await verify.close();
    }
  });

  test('who tried too often is told so, and how long', async () => {
    const server = await Server.start('sqlite', { ENVIRONMENT: 'development' });
    try {
      await register(server, 'ann@example.org');
      const v = new Visitor(server);
      await until(async () => {
        await signIn(v, 'ann@example.org', 'not-the-password');
        return v.page.status === 429;
      }, 'the account to be locked');
      assert.match(words(v.$('#errors')), /too many wrong tries/i);
      assert.equal(v.$('#f-email').value, 'ann@example.org');
      assert.ok(Number(v.page.headers.get('retry-after')) > 0);
    } finally {
      await server.close();
    }
  });

  test('a server that only reads and a disk that is full keep what was typed', async () => {
    const server = await Server.start('sqlite', { ENVIRONMENT: 'development' });
    try {
      const v = await register(server, 'ann@example.org');
      const path = await ask(v, 'Before');
      const limit = (n) => execFileSync('prlimit', ['--pid', String(server.process.pid), `--fsize=${n}:unlimited`]);
      await v.go('/requests/new');
      limit(1000);
      await v.send('form[action="/requests/new"]', { title: 'Kept title', body: 'kept words' });
      assert.ok([503, 507].includes(v.page.status), `${v.page.status}`);
      assert.equal(v.$('#f-body').value, 'kept words');
      assert.match(words(v.$('#errors')), /Nothing is lost/);
      limit('unlimited');
      await until(async () => (await v.send('form[action="/requests/new"]')).status === 200, 'room');
      await server.stop();
      server.env.READ_ONLY = 'true';
      await server.launch();
      await v.go(path);
      assert.equal(v.page.status, 200, 'reading goes on');
      await v.send('.answer form', { body: 'kept words' });
      assert.equal(v.page.status, 503);
      assert.equal(v.$('#f-body').value, 'kept words');
    } finally {
      await server.close();
    }
  });

  test('each page with all it loads is 15 KB or less, packed by brotli', async () => {
    const server = await Server.start('sqlite', { ENVIRONMENT: 'development' });
    try {
      const v = await register(server, 'ann@example.org');
      const path = await ask(v, 'Light');
      const cookie = [...v.cookies].map(([k, value]) => `${k}=${value}`).join('; ');
      const load = (p) =>
        new Promise((done, fail) => {
          request(server.url + p, { headers: { 'accept-encoding': 'br', accept: 'text/html', cookie } }, (r) => {
            const parts = [];
            r.on('data', (d) => parts.push(d)).on('end', () => done({ bytes: Buffer.concat(parts).length, headers: r.headers }));
          }).on('error', fail).end();
        });
      await v.go('/requests');
      const assets = v.$$('link[href], script[src]').map((e) => e.getAttribute('href') ?? e.getAttribute('src'));
      assert.equal(assets.length, 3);
      let loaded = 0;
      for (const a of assets) {
        const r = await load(a);
        assert.match(r.headers['cache-control'], /immutable/, a);
        loaded += r.bytes;
      }
      for (const p of ['/requests', '/requests/new', path, '/profile', '/profile/second-step']) {
        const { bytes } = await load(p);
        assert.ok(bytes > 500 && bytes + loaded <= 15 * 1024, `${p}: ${bytes} and ${loaded} of assets`);
      }
    } finally {
      await server.close();
    }
  });
});
