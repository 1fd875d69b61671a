// Polyglots in every text field of every object, looked at in Chromium: no dialog, no report of the
// Content-Security-Policy, no request to another host.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { Server } from './harness.mjs';
import { operations, resolve, sample } from './rights_rows.mjs';
import { polyglots, brokenHtml, seeded } from './polyglots.mjs';
import { clean } from './sanitizer_tool.mjs';

const api = '/api/v1';
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const shared = {};

before(async () => {
  shared.server = await Server.start('sqlite', { CSRF_PROTECTION: 'false' });
  shared.browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
});
after(async () => {
  await shared.browser?.close();
  await shared.server?.close();
});

/** A page that notes what must not happen. */
async function watched(token) {
  const context = await shared.browser.newContext(token ? { extraHTTPHeaders: { authorization: `Bearer ${token}` } } : {});
  const page = await context.newPage();
  const seen = [];
  context.on('dialog', (d) => {
    seen.push(`dialog ${d.message()}`);
    d.dismiss().catch(() => {});
  });
  context.on('request', (r) => {
    const { protocol, origin } = new URL(r.url());
    if (!['data:', 'blob:', 'about:'].includes(protocol) && origin !== shared.server.url) seen.push(`request ${r.url()}`);
  });
  page.on('console', (m) => {
    if (/Content Security Policy/i.test(m.text())) seen.push(`report ${m.text()}`);
  });
  return { page, seen, close: () => context.close() };
}

/** Every text of the schema is this one; what is no text is left to sample(). */
function filled(doc, schema, text, depth = 0) {
  const s = resolve(doc, schema);
  if (depth > 5) return sample(doc, s);
  if (s.anyOf ?? s.oneOf) return filled(doc, (s.anyOf ?? s.oneOf)[0], text, depth + 1);
  const type = [s.type].flat()[0];
  if (type === 'object')
    return Object.fromEntries(Object.entries(s.properties ?? {}).filter(([k, p]) => s.required?.includes(k) || isText(doc, p)).map(([k, p]) => [k, filled(doc, p, text, depth + 1)]));
  if (type === 'array') return [filled(doc, s.items, text, depth + 1)];
  if (isText(doc, s)) return text.slice(0, s.maxLength ?? text.length);
  return sample(doc, s);
}
function isText(doc, schema) {
  const s = resolve(doc, schema);
  if ((s.anyOf ?? s.oneOf) || s.enum || s.format) return false;
  const type = [s.type].flat()[0];
  return type === 'string' || (type === 'object' && !!s.properties) || (type === 'array' && isText(doc, s.items));
}

const drop = (body, pointer) => {
  const [first, ...rest] = pointer.split('/').filter(Boolean);
  if (body && typeof body === 'object' && first in body) {
    if (rest.length && body[first] && typeof body[first] === 'object') drop(body[first], rest.join('/'));
    else delete body[first];
  }
};

/** Sends it, without the fields that are refused for what they are, until it is taken or hopeless. */
async function push(client, o, path, text) {
  const body = filled(client.server.contract.doc, o.schema, text);
  if (body.message && body.message.body) Object.assign(body.message, { format: 'html' });
  for (let i = 0; i < 8; i++) {
    const r = await client.request(o.method, path, { body });
    if (r.status < 300) return true;
    if (r.status !== 422 && r.status !== 400) return false;
    for (const e of r.json.errors) if (e.pointer) drop(body, e.pointer);
    for (const [k, v] of [['email', `p${Math.random()}@example.org`], ['kind', 'email']]) if (r.json.errors.some((e) => e.pointer === `/${k}`)) body[k] = v;
  }
  return false;
}

test('polyglots are put into every text field that takes them', async () => {
  const admin = await shared.server.person('admin');
  const customer = await shared.server.person('customer');
  const doc = shared.server.contract.doc;
  const ticket = (await admin.post(`${api}/tickets`, { title: 'x', message: { body: 'x' }, customer: 'c@example.org' })).id;
  const skipped = /\/auth\/|\/settings|\/bulk|\/merge|\/unmerge|\/split|\/users\/\{id\}$|\/me$/;
  const all = operations(doc).filter((o) => o.schema && !skipped.test(o.path));
  let taken = 0;
  for (const o of all)
    for (const text of polyglots) {
      const path = o.path.replace('{slot}', 'reply').replace('{id}', /tickets/.test(o.path) ? ticket : '1').replace(/\{[^}]+\}/, '1');
      taken += await push(admin, o, path, text);
      if (/\/tickets$/.test(o.path)) taken += await push(customer, o, path, text);
    }
  for (const text of polyglots)
    for (const format of ['html', 'markdown', 'text'])
      await admin.post(`${api}/tickets/${ticket}/messages`, { body: `said: ${text}`, format });
  await customer.patch(`${api}/me`, { name: polyglots[1].slice(0, 100) });
  Object.assign(shared, { admin, ticket });
  assert.ok(taken > 8 * polyglots.length, `${taken} taken`);
});

test('answers opened as pages run nothing', async () => {
  const w = await watched(shared.admin.token);
  const lists = operations(shared.server.contract.doc).filter((o) => o.method === 'GET' && !o.path.includes('{') && !/\/events$/.test(o.path));
  const paths = [...lists.map((o) => o.path), `${api}/tickets/${shared.ticket}`, `${api}/tickets/${shared.ticket}/messages`, `${api}/tickets/${shared.ticket}/events`];
  for (const p of paths) await w.page.goto(shared.server.url + p).catch((e) => assert.match(e.message, /ERR_ABORTED|download/i));
  for (const text of polyglots) await w.page.goto(`${shared.server.url}${api}/search?q=${encodeURIComponent(text)}`);
  assert.deepEqual(w.seen, []);
  await w.close();
});

test("the server's own pages run nothing of what their address or their forms hold", async () => {
  const w = await watched();
  for (const p of ['/', '/setup', '/register', '/reset-password', '/verify-email', '/api/docs', '/nothing'])
    for (const text of polyglots.slice(0, 8)) {
      const q = encodeURIComponent(text);
      await w.page.goto('about:blank');
      await w.page.goto(`${shared.server.url}${p}?token=${q}&x=${q}#token=${q}`);
      for (const input of await w.page.$$('input:not([type=checkbox]):visible')) await input.fill(text.replace(/\n/g, ' ')).catch(() => {});
      const button = await w.page.$('main form[method=post] button');
      if (button) await Promise.all([w.page.waitForNavigation(), button.click()]);
    }
  assert.deepEqual(w.seen, []);
  await w.close();
});

/** Shows HTML in frames: {sandboxed, with a policy} as the product does, and bare, where only the sanitiser protects. */
async function show(w, htmls, bare) {
  await w.page.goto('about:blank');
  await w.page.evaluate(
    async ({ htmls, bare }) => {
      const loads = htmls.map((html) => {
        const f = document.createElement('iframe');
        if (!bare) f.sandbox = 'allow-popups';
        const policy = bare ? '' : `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`;
        f.srcdoc = `<!doctype html>${policy}<body>${html}`;
        return new Promise((done) => {
          f.onload = done;
          document.body.append(f);
        });
      });
      if (bare)
        for (const html of htmls) {
          const d = document.createElement('div');
          d.innerHTML = html;
          const again = document.createElement('div');
          again.innerHTML = d.innerHTML; // what mutates when it is written and read once more
          document.body.append(d, again);
        }
      await Promise.all(loads);
    },
    { htmls, bare },
  );
}

test('messages run and load nothing, in the sandboxed frame and bare', async () => {
  const htmls = [];
  for (let next = `${api}/tickets/${shared.ticket}/messages?limit=200`; next; ) {
    const page = await shared.admin.get(next);
    htmls.push(...page.data.map((m) => m.html));
    next = page.page.next && `${api}/tickets/${shared.ticket}/messages?limit=200&after=${page.page.next}`;
  }
  assert.ok(htmls.length >= 3 * polyglots.length, `${htmls.length} messages`);
  for (const bare of [false, true]) {
    const w = await watched();
    await show(w, htmls, bare);
    assert.deepEqual(w.seen, []);
    await w.close();
  }
});

test('thousands of broken documents run nothing after the sanitiser; unsanitised some do', async () => {
  const seed = Number(process.env.SANITIZER_SEED ?? Date.now() % 1e9);
  const rand = seeded(seed);
  const inputs = Array.from({ length: Number(process.env.SANITIZER_BROWSER_SAMPLES ?? 1000) }, () => brokenHtml(rand));
  const outputs = clean(inputs);
  const w = await watched();
  for (let i = 0; i < outputs.length; i += 100) {
    await show(w, outputs.slice(i, i + 100), true);
    assert.deepEqual(w.seen, [], `seed ${seed}, documents ${i} and on`);
  }
  await show(w, ['<img src=x onerror=alert(1)>', '<img src=http://evil.invalid/x>'], true);
  assert.ok(w.seen.length, 'or the watch sees nothing');
  await w.close();
});
