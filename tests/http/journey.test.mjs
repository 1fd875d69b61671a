// The main job, as a person lives it: from the first administrator to the audit log.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Browser, onServer, until } from './harness.mjs';

const api = '/api/v1';
const file = Buffer.from('%PDF-1.4\n' + 'the receipt of the printer '.repeat(40));

/** The newest one-time link of this path in the server's log. */
async function linkToken(server, path) {
  const found = await until(
    () => [...server.output.matchAll(new RegExp(`${path}#token=([A-Za-z0-9_-]+)`, 'g'))].at(-1),
    `a link to ${path} in the log`,
  );
  return found[1];
}

onServer('the main job', { REGISTRATION: 'verify' }, (shared) => {
  const who = {};
  const at = {};

  test('the link of the log makes the first administrator, once', async () => {
    const c = shared.server.client();
    const body = {
      token: await linkToken(shared.server, '/setup'),
      name: 'Ada Admin',
      email: 'ada@example.org',
      password: 'correct horse battery',
    };
    const made = await c.post(`${api}/auth/setup`, body);
    assert.ok(made.access_token);
    assert.equal((await c.request('POST', `${api}/auth/setup`, { body })).status, 400);
    who.admin = shared.server.client({ token: made.access_token });
    const me = await who.admin.get(`${api}/auth/me`);
    assert.ok(me.permissions.includes('admin.user'));
  });

  test('a customer registers, proves the address and logs in', async () => {
    const c = shared.server.client();
    const mail = { email: 'carol@example.org', password: 'a gentle breeze at sea' };
    await c.post(`${api}/auth/register`, { name: 'Carol Customer', ...mail }, { status: 202 });
    const early = await c.request('POST', `${api}/auth/login`, { body: mail });
    assert.notEqual(early.status, 200, 'an unproved address may not log in where REGISTRATION=verify');
    const token = await linkToken(shared.server, '/verify-email');
    await c.post(`${api}/auth/email/verify`, { token }, { status: 204 });
    assert.equal((await c.request('POST', `${api}/auth/email/verify`, { body: { token } })).status, 400);
    await c.login(mail.email, mail.password);
    who.customer = c;
    who.mail = mail;
    who.agent = await shared.server.person('agent');
    who.stranger = await shared.server.person('customer');
  });

  test('a registration of a known address answers like any other', async () => {
    const c = shared.server.client();
    const known = await c.request('POST', `${api}/auth/register`, {
      body: { name: 'X', email: who.mail.email, password: 'another long password' },
    });
    const fresh = await c.request('POST', `${api}/auth/register`, {
      body: { name: 'X', email: 'fresh@example.org', password: 'another long password' },
    });
    assert.equal(known.status, 202);
    assert.equal(known.text, fresh.text);
  });

  test('the customer opens a ticket with an attachment', async () => {
    const form = new FormData();
    form.append('file', new Blob([file], { type: 'text/html' }), '../receipt "1".pdf');
    const up = await who.customer.request('POST', `${api}/uploads`, { raw: form });
    assert.equal(up.status, 201, up.text);
    assert.equal(up.json.size, file.length);
    assert.equal(up.json.sha256, createHash('sha256').update(file).digest('hex'));
    assert.equal(up.json.content_type, 'application/pdf', 'the bytes tell the type, not the client');
    assert.ok(!up.json.name.includes('/'), up.json.name);
    const r = await who.customer.request('POST', `${api}/tickets`, {
      body: {
        title: 'The printer eats paper',
        message: { body: 'It **chews** every zebracornsheet.', format: 'markdown', attachments: [up.json.id] },
      },
    });
    assert.equal(r.status, 201, r.text);
    assert.equal(r.headers.get('location'), `${api}/tickets/${r.json.id}`);
    assert.equal(r.json.state_type, 'new');
    assert.equal(r.json.attachment_count, 1);
    at.ticket = r.json;
    at.attachment = up.json;
    const messages = await who.customer.get(`${api}/tickets/${r.json.id}/messages`);
    assert.match(messages.data[0].html, /<strong>chews<\/strong>/);
    assert.equal(messages.data[0].attachments[0].id, up.json.id);
  });

  test('a ticket is found by its number in the path too', async () => {
    const t = await who.customer.get(`${api}/tickets/number:${at.ticket.number}`);
    assert.equal(t.id, at.ticket.id);
  });

  test('the agent answers; the customer sees the answer, but no internal note', async () => {
    const path = `${api}/tickets/${at.ticket.id}`;
    await who.agent.post(`${path}/messages`, { body: 'Please send a photo of the rollers.' });
    await who.agent.post(`${path}/messages`, { body: 'He kicked it, says purplegossip.', visibility: 'internal' });
    const seen = await who.customer.get(`${path}/messages`);
    assert.deepEqual(seen.data.map((m) => m.sender_type), ['customer', 'agent']);
    assert.equal((await who.agent.get(`${path}/messages`)).data.length, 3);
    const t = await who.customer.get(path);
    assert.equal(t.state_type, 'open', 'a public answer opens a new ticket');
    assert.ok(!JSON.stringify([seen, t, await who.customer.get(`${path}/events`)]).includes('purplegossip'));
    assert.equal(t.message_count, 2, 'the customer counts what he may see');
  });

  test('search finds it for those who may read it, and notes for agents only', async () => {
    const hits = async (c, q) => (await c.get(`${api}/search?q=${q}`)).tickets.map((h) => h.ticket.id);
    await until(async () => (await hits(who.customer, 'zebracornsheet')).length, 'the index');
    assert.deepEqual(await hits(who.customer, 'zebracornsheet'), [at.ticket.id]);
    assert.deepEqual(await hits(who.agent, 'purplegossip'), [at.ticket.id]);
    assert.deepEqual(await hits(who.customer, 'purplegossip'), []);
    assert.deepEqual(await hits(who.stranger, 'zebracornsheet'), []);
    assert.equal((await who.agent.get(`${api}/search?q=${at.ticket.number}`)).jump.id, at.ticket.id);
  });

  test('the attachment comes whole, in ranges, and never inline', async () => {
    const path = `${api}/attachments/${at.attachment.id}/content`;
    const whole = await who.customer.request('GET', path);
    assert.equal(whole.status, 200);
    assert.deepEqual(whole.bytes, file);
    assert.match(whole.headers.get('content-disposition'), /^attachment;/);
    assert.match(whole.headers.get('content-security-policy'), /sandbox/);
    const part = (range) => who.customer.request('GET', path, { headers: { range }, check: false });
    const first = await part('bytes=0-7');
    assert.equal(first.status, 206);
    assert.equal(first.headers.get('content-range'), `bytes 0-7/${file.length}`);
    assert.deepEqual(first.bytes, file.subarray(0, 8));
    assert.deepEqual((await part('bytes=-5')).bytes, file.subarray(-5));
    assert.deepEqual((await part('bytes=10-')).bytes, file.subarray(10));
    const beyond = await part(`bytes=${file.length}-`);
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers.get('content-range'), `bytes */${file.length}`);
    assert.equal(beyond.headers.get('content-type'), 'application/problem+json');
    assert.equal(beyond.json.errors[0].pointer, 'Range');
    assert.equal((await part('bytes=18446744073709551616-')).status, 416, 'a number too large to be one');
    const etag = whole.headers.get('etag');
    const same = await who.customer.request('GET', path, { headers: { 'if-none-match': etag } });
    assert.equal(same.status, 304);
    assert.equal((await who.stranger.request('GET', path)).status, 404);
  });

  test('history and audit log tell who did what', async () => {
    const events = (await who.agent.get(`${api}/tickets/${at.ticket.id}/events`)).data;
    const agentId = who.agent.user.id;
    assert.equal(events[0].actor.id, who.customer.user.id);
    assert.ok(events.some((e) => e.actor?.id === agentId && e.changes.state?.[0] !== e.changes.state?.[1]));
    const log = await who.admin.get(`${api}/audit-log?object=ticket&object_id=${at.ticket.id}`);
    assert.deepEqual(new Set(log.data.map((e) => e.actor_id)), new Set([agentId, who.customer.user.id]));
    assert.ok(log.data.every((e) => e.request_id && e.address === '127.0.0.1'));
    const failed = await who.admin.get(`${api}/audit-log?action=login.failed`);
    assert.ok(failed.data.length >= 1, 'the attempt before the proof is in the log');
    assert.equal((await who.admin.get(`${api}/audit-log/verify`)).whole, true);
    assert.equal((await who.agent.request('GET', `${api}/audit-log`)).status, 403);
    const verified = await shared.server.run(['audit', 'verify']);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  });

  test('a forgotten password is set anew by the link; older sessions end', async () => {
    const c = shared.server.client();
    for (const email of [who.mail.email, 'nobody@example.org'])
      await c.post(`${api}/auth/password/forgot`, { email }, { status: 202 });
    const token = await linkToken(shared.server, '/reset-password');
    const password = 'an entirely new one';
    await c.post(`${api}/auth/password/reset`, { token, password }, { status: 204 });
    assert.equal((await c.request('POST', `${api}/auth/password/reset`, { body: { token, password } })).status, 400);
    assert.equal((await who.customer.request('GET', `${api}/auth/me`)).status, 401);
    assert.equal((await c.request('POST', `${api}/auth/login`, { body: who.mail })).status, 401);
    await who.customer.login(who.mail.email, password);
  });

  test('the ticket is solved, and the next message of the customer opens it again', async () => {
    const path = `${api}/tickets/${at.ticket.id}`;
    const t = await who.agent.patch(path, { state: 'solved' });
    assert.equal(t.state_type, 'solved');
    assert.ok(t.solved_at);
    await who.customer.post(`${path}/messages`, { body: 'It still eats paper.' });
    assert.equal((await who.agent.get(path)).state_type, 'open');
  });
});

onServer('a browser', { CSRF_PROTECTION: 'true', ALLOWED_ORIGINS: 'https://desk.example.org' }, (shared) => {
  const ticket = { title: 'From a browser', message: { body: 'Hello' } };
  let person, browser;

  test('logs in, keeps the cookie and writes with the token', async () => {
    person = await shared.server.person('customer');
    browser = new Browser(shared.server);
    const r = await browser.request('POST', `${api}/auth/login`, {
      body: { email: person.email, password: person.password },
    });
    assert.equal(r.status, 200, r.text);
    const line = r.headers.getSetCookie().find((l) => l.startsWith('session_id='));
    assert.match(line, /HttpOnly/i);
    assert.match(line, /SameSite=Lax/i);
    assert.equal(r.json.csrf_token, browser.cookies.get('csrf_token'));
    assert.equal((await browser.get(`${api}/auth/csrf`)).csrf_token, r.json.csrf_token);
    await browser.post(`${api}/tickets`, ticket);
  });

  test('is refused without the token, with another one, and from other sites', async () => {
    const token = browser.cookies.get('csrf_token');
    const other = { token: token.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) };
    for (const headers of [
      { 'x-csrf-token': '' },
      { 'x-csrf-token': other.token },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: undefined, 'sec-fetch-site': 'cross-site' },
    ]) {
      const r = await browser.request('POST', `${api}/tickets`, { body: ticket, headers });
      assert.equal(r.status, 403, `${JSON.stringify(headers)}: ${r.text}`);
      assert.equal(r.json.code, 'csrf');
    }
    assert.equal((await browser.get(`${api}/tickets`)).data.length, 1, 'nothing was written');
  });

  test('writes from an allowed origin', async () => {
    const headers = { origin: 'https://desk.example.org', 'sec-fetch-site': 'cross-site' };
    const r = await browser.request('POST', `${api}/tickets`, { body: ticket, headers });
    assert.equal(r.status, 201, r.text);
    assert.equal(r.headers.get('access-control-allow-origin'), 'https://desk.example.org');
    assert.equal(r.headers.get('access-control-allow-credentials'), 'true');
    assert.match(r.headers.get('vary'), /Origin/i);
  });

  test('asks beforehand, and only known origins hear yes', async () => {
    const ask = (origin) =>
      shared.server.client().request('OPTIONS', `${api}/tickets`, {
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
      });
    const yes = await ask('https://desk.example.org');
    assert.ok(yes.status === 204 || yes.status === 200);
    assert.match(yes.headers.get('access-control-allow-methods'), /POST/);
    assert.match(yes.headers.get('access-control-allow-headers'), /content-type/i);
    for (const origin of ['https://evil.example', 'https://desk.example.org.evil.example', 'null'])
      assert.equal((await ask(origin)).headers.get('access-control-allow-origin'), null, origin);
  });

  test('lists its sessions, and logging out ends this one at once', async () => {
    const token = (await person.get(`${api}/auth/sessions`)).data;
    assert.equal(token.length, 2);
    const copy = new Map(browser.cookies);
    const out = await browser.request('POST', `${api}/auth/logout`);
    assert.equal(out.status, 204);
    assert.ok(out.headers.get('clear-site-data'));
    assert.ok(!browser.cookies.has('session_id'));
    browser.cookies = copy;
    assert.equal((await browser.request('GET', `${api}/auth/me`)).status, 401);
    assert.equal((await person.get(`${api}/auth/sessions`)).data.length, 1);
    await person.expect(204, 'POST', `${api}/auth/logout`);
    assert.equal((await person.request('GET', `${api}/auth/me`)).status, 401, 'its access token ends with it');
  });
});

onServer('conventions', {}, (shared) => {
  let agent, ticket, path;

  test('every object has an ETag: 304 while it holds, 412 with the current object when it does not', async () => {
    agent = await shared.server.person('agent');
    ticket = await agent.post(`${api}/tickets`, { title: 'Conventions', message: { body: 'x' }, customer: 'c@example.org' });
    path = `${api}/tickets/${ticket.id}`;
    const shown = await agent.request('GET', path);
    const etag = shown.headers.get('etag');
    assert.equal((await agent.request('GET', path, { headers: { 'if-none-match': etag } })).status, 304);
    await agent.patch(path, { title: 'First' }, { headers: { 'if-match': etag } });
    const stale = await agent.request('PATCH', path, { body: { title: 'Second' }, headers: { 'if-match': etag } });
    assert.equal(stale.status, 412);
    assert.equal(stale.json.current.title, 'First');
    const now = await agent.request('GET', path, { headers: { 'if-none-match': etag } });
    assert.equal(now.status, 200);
    assert.equal(now.json.title, 'First');
  });

  test('the same Idempotency-Key gives the same answer, another body 422, and nothing twice', async () => {
    const headers = { 'idempotency-key': 'journey-1' };
    const body = { title: 'Once', message: { body: 'only once' }, customer: 'c@example.org' };
    const first = await agent.request('POST', `${api}/tickets`, { body, headers });
    const again = await agent.request('POST', `${api}/tickets`, { body, headers });
    assert.equal(first.status, 201);
    assert.equal(again.status, 201);
    assert.equal(again.text, first.text);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.equal(again.headers.get('location'), first.headers.get('location'));
    assert.equal(first.headers.get('idempotency-replayed'), null);
    const other = await agent.request('POST', `${api}/tickets`, { body: { ...body, title: 'Twice' }, headers });
    assert.equal(other.status, 422);
    const list = await agent.get(`${api}/tickets`);
    assert.deepEqual(list.data.map((t) => t.title).sort(), ['First', 'Once']);
  });

  test('the same key at the same time runs once', async () => {
    const headers = { 'idempotency-key': 'journey-2' };
    const body = { body: 'in parallel' };
    const all = await Promise.all(
      Array.from({ length: 8 }, () => agent.request('POST', `${path}/messages`, { body, headers })),
    );
    const made = all.filter((r) => r.status === 201);
    assert.ok(made.length >= 1);
    assert.equal(new Set(made.map((r) => r.json.id)).size, 1);
    assert.ok(all.every((r) => r.status === 201 || r.status === 409));
    assert.equal((await agent.get(path)).message_count, 2);
  });

  test('HEAD works wherever GET does, without a body', async () => {
    const local = shared.server.front ? [] : ['/metrics']; // not for who comes through a proxy
    for (const p of ['/health', '/health/live', '/health/ready', ...local, '/api/openapi.json', `${api}/tickets`, path]) {
      const get = await agent.request('GET', p, { headers: { 'accept-encoding': 'identity' } });
      const head = await agent.request('HEAD', p, { headers: { 'accept-encoding': 'identity' } });
      assert.equal(head.status, 200, p);
      assert.equal(head.bytes.length, 0);
      assert.equal(head.headers.get('content-type'), get.headers.get('content-type'));
    }
  });

  test('OPTIONS and a wrong method tell what is allowed', async () => {
    const options = await agent.request('OPTIONS', path);
    assert.ok(options.status === 200 || options.status === 204);
    assert.match(options.headers.get('allow'), /GET/);
    const wrong = await agent.request('PUT', path, { body: {} });
    assert.equal(wrong.status, 405);
    assert.match(wrong.headers.get('allow'), /PATCH/);
    assert.ok(!/PUT/.test(wrong.headers.get('allow')));
  });

  test('pages of a list follow their cursor and neither skip nor repeat while rows come', async () => {
    const want = new Set((await agent.get(`${api}/tickets?limit=200`)).data.map((t) => t.id));
    for (let i = 0; i < 5; i++)
      want.add((await agent.post(`${api}/tickets`, { title: `P${i}`, message: { body: 'x' }, customer: 'c@example.org' })).id);
    const got = [];
    let next = `${api}/tickets?limit=2&sort=-created_at`;
    while (next) {
      const page = await agent.get(next);
      got.push(...page.data.map((t) => t.id));
      if (got.length === 2) await agent.post(`${api}/tickets`, { title: 'New', message: { body: 'x' }, customer: 'c@example.org' });
      next = page.page.has_more && `${api}/tickets?limit=2&sort=-created_at&after=${encodeURIComponent(page.page.next)}`;
    }
    assert.equal(got.length, new Set(got).size);
    assert.deepEqual(new Set(got), want);
    const forged = await agent.request('GET', `${api}/tickets?after=${'A'.repeat(40)}`);
    assert.equal(forged.status, 400);
  });

  test('an unknown API version is refused, the known one is named', async () => {
    assert.equal((await agent.request('GET', path, { headers: { 'api-version': 'v9' } })).status, 400);
    const r = await agent.request('GET', path, { headers: { 'api-version': 'v1' } });
    assert.equal(r.headers.get('api-version'), 'v1');
  });

  test('a sane request id is taken over, another one is replaced', async () => {
    const sane = await agent.request('GET', path, { headers: { 'x-request-id': 'abc-123' } });
    assert.equal(sane.headers.get('x-request-id'), 'abc-123');
    const odd = await agent.request('GET', path, { headers: { 'x-request-id': 'a b"c' } });
    assert.notEqual(odd.headers.get('x-request-id'), 'a b"c');
  });
});

onServer('several at once', {}, (shared) => {
  test('tickets for the same new address make one person', async () => {
    const agent = await shared.server.person('agent');
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        agent.request('POST', `${api}/tickets`, {
          body: { title: `at once ${i}`, message: { body: 'x' }, customer: 'at.once@example.org' },
        }),
      ),
    );
    assert.deepEqual(made.map((r) => r.status), made.map(() => 201), made.find((r) => r.status !== 201)?.text);
    assert.equal(new Set(made.map((r) => r.json.customer.id)).size, 1);
  });
});

onServer('rate limits', { RATE_LIMIT_PER_MIN: '30', RATE_LIMIT_LOGIN_PER_MIN: '3' }, (shared) => {
  test('logins have a smaller bucket of their own, and 429 says when to come back', async () => {
    const c = shared.server.client();
    const attempt = (headers) =>
      c.request('POST', `${api}/auth/login`, { body: { email: 'x@example.org', password: 'wrong-password' }, headers });
    for (let i = 0; i < 3; i++) assert.equal((await attempt()).status, 401);
    for (const headers of [{}, { 'x-forwarded-for': '192.0.2.9' }, { forwarded: 'for=192.0.2.9' }]) {
      const r = await attempt(headers);
      assert.equal(r.status, 429, 'no header passes the limit');
      assert.ok(Number(r.headers.get('retry-after')) >= 1);
      assert.equal(r.headers.get('ratelimit-remaining'), '0');
    }
    assert.equal((await c.request('GET', `${api}/auth/me`)).status, 401, 'other requests go on');
  });

  test('past RATE_LIMIT_PER_MIN everything is 429, but health', async () => {
    const c = shared.server.client();
    const all = [];
    for (let i = 0; i < 40; i++) all.push((await c.request('GET', api)).status);
    assert.ok(all.includes(429), String(all));
    assert.equal(all.at(-1), 429);
    assert.equal((await c.request('GET', '/health')).status, 200);
    assert.equal((await c.request('GET', '/health/ready')).status, 200);
  });
});
