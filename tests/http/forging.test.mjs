// What comes from outside forges no log line, and no foreign page logs anybody in.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { onServer } from './harness.mjs';

const api = '/api/v1';

/** Sends bytes as they are; gives the status, 0 when the connection just ends. */
function raw(server, parts) {
  return new Promise((done) => {
    const s = net.connect(server.port, '127.0.0.1', () => s.end(Buffer.concat(parts.map((p) => Buffer.from(p, 'latin1')))));
    let text = '';
    s.on('data', (d) => (text += d.toString('latin1')));
    s.on('error', () => {});
    s.on('close', () => done(Number(text.slice(9, 12)) || 0));
  });
}

onServer('forging', { CSRF_PROTECTION: 'true', LOG_FORMAT: 'json' }, (shared) => {
  test('control characters and broken UTF-8 in any part of a request make no log line', async () => {
    const { server } = shared;
    const start = server.output.length;
    const head = 'GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n';
    const evil = ['\r\n{"level":"error","event":"forged"}', '\n{"event":"forged"}', '\x1b[31mforged', '\xe2\x80\xa8forged', '\xff\xfeforged', '\0forged', '\x85forged', '\x7fforged'];
    for (const e of evil) {
      await raw(server, ['GET /api/v1/x', e, ' HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n']);
      for (const name of ['User-Agent', 'X-Request-Id', 'Referer', 'Cookie', 'Authorization', 'X-Forwarded-For', 'Origin'])
        await raw(server, [head, `${name}: a`, e, '\r\n\r\n']);
      await raw(server, ['FOO', e, ' / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n']);
      await raw(server, ['GET / HTTP/1.1\r\nConnection: close\r\nHost: a', e, '\r\n\r\n']);
      const path = encodeURIComponent(Buffer.from(e, 'latin1').toString('utf8'));
      await raw(server, [`GET /api/v1/${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`]);
    }
    const c = server.client();
    for (const email of ['a\u2028forged@example.org', 'a\u001b[0mforged@example.org', 'a\r\nforged'])
      await c.request('POST', `${api}/auth/login`, { body: { email, password: 'x' } });
    assert.equal((await c.request('GET', `${api}/health-forged`)).status, 404);
    const text = server.output.slice(start);
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
    for (const line of text.split('\n').filter(Boolean)) assert.equal(typeof JSON.parse(line), 'object', line);
    assert.ok(!text.split('\n').some((l) => l.includes('"event":"forged"') && JSON.parse(l).event === 'forged'));
  });

  test('the login form is not sent by pages of others', async () => {
    const c = shared.server.client();
    const login = async (headers) => (await c.request('POST', `${api}/auth/login`, { body: { email: 'a@example.org', password: 'wrong one' }, headers })).status;
    for (const origin of ['https://evil.example', 'null', `${shared.server.url}.evil.example`]) assert.equal(await login({ origin }), 403, origin);
    for (const site of ['cross-site', 'same-site']) assert.equal(await login({ 'sec-fetch-site': site }), 403, site);
    assert.equal(await login({ origin: shared.server.url, 'sec-fetch-site': 'same-origin' }), 401);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const r = await c.request('POST', `${api}/auth/login`, { headers: { 'content-type': type }, raw: '{"email":"a@example.org","password":"x"}' });
      assert.equal(r.status, 415, type);
    }
  });

  test('each login has a session of its own', async () => {
    const { server } = shared;
    const person = await server.person('customer');
    const cookie = async (headers) => {
      const r = await person.request('POST', `${api}/auth/login`, { body: { email: person.email, password: person.password }, token: null, headers });
      return r.headers.getSetCookie().find((x) => x.startsWith('session_id=')).split(';')[0];
    };
    const first = await cookie({});
    assert.notEqual(await cookie({ cookie: first }), first, 'a session that is known before is not the one after');
  });
});
