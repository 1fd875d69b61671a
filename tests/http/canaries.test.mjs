// Every kind of secret, used for real in a server of production that logs all it can: none of them stands in the
// log.  That none comes back in an answer is looked at in every test (leaks.mjs).
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { Browser, freePort, onBoth, Server } from './harness.mjs';

const api = '/api/v1';
const origin = 'https://desk.example.org';
const canary = () => `canary${randomBytes(9).toString('hex')}`;

function totp(secret, steps = 0) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
}

const sql = (server, text) =>
  (server.engine === 'postgres'
    ? execFileSync('psql', [server.env.DATABASE_URL, '-Atqc', text], { encoding: 'utf8' })
    : execFileSync('sqlite3', ['-cmd', '.timeout 20000', `${server.dir}/test.db`, text], { encoding: 'utf8' })
  ).trim();

/** The token of the newest mail of this kind: mails wait in the outbox, and production logs no link. */
const mailed = (server, kind) => /#token=([\w-]+)/.exec(sql(server, `SELECT body FROM outbox WHERE kind = '${kind}' ORDER BY id DESC LIMIT 1`))[1];

onBoth((engine) =>
  test(`no secret of any kind stands in the log on ${engine}`, async () => {
    const port = await freePort();
    const env = {
      LOG_LEVEL: 'debug', ENVIRONMENT: 'production', ALLOWED_ORIGINS: origin, BASE_URL: `http://127.0.0.1:${port}`,
      SECRET_KEY: randomBytes(48).toString('base64'), METRICS_TOKEN: canary(), ARGON2_KIB: undefined, ARGON2_PASSES: undefined,
    };
    const server = await Server.start(engine, env, { port });
    const secrets = { jwt: server.env.JWT_SECRET, key: env.SECRET_KEY, metrics: env.METRICS_TOKEN, password: canary(), second: canary(), third: canary(), body: canary(), draft: canary(), title: canary(), search: canary(), name: canary() };
    const anybody = server.client();
    const setup = await server.run(['user', 'setup-link']);
    secrets.setup = /#token=([\w-]+)/.exec(setup.stdout)[1];
    const first = await anybody.post(`${api}/auth/setup`, { token: secrets.setup, name: 'First', email: 'first@example.org', password: secrets.third });
    Object.assign(secrets, { firstAccess: first.access_token, firstRefresh: first.refresh_token });

    const email = 'canary@example.org';
    await anybody.post(`${api}/auth/register`, { name: secrets.name, email, password: secrets.password }, { status: 202 });
    secrets.verify = mailed(server, 'mail.verify');
    await anybody.expect(204, 'POST', `${api}/auth/email/verify`, { body: { token: secrets.verify } });
    await anybody.post(`${api}/auth/password/forgot`, { email }, { status: 202 });
    secrets.reset = mailed(server, 'mail.password_reset');
    await anybody.expect(204, 'POST', `${api}/auth/password/reset`, { body: { token: secrets.reset, password: secrets.second } });

    const browser = new Browser(server, origin);
    const login = await browser.expect(200, 'POST', `${api}/auth/login`, { body: { email, password: secrets.second } });
    Object.assign(secrets, { access: login.access_token, refresh: login.refresh_token, csrf: login.csrf_token });
    secrets.session = browser.cookies.get('session_id') ?? browser.cookies.get('__Host-session_id');
    const c = server.client({ token: login.access_token });
    secrets.api = (await c.post(`${api}/tokens`, { name: 'canary' })).token;
    const refreshed = await c.post(`${api}/auth/refresh`, { refresh_token: login.refresh_token }, { status: 200 });
    secrets.refreshed = refreshed.refresh_token;
    await c.request('POST', `${api}/auth/refresh`, { body: { refresh_token: login.refresh_token } }); // used before: it ends the session
    const again = await anybody.post(`${api}/auth/login`, { email, password: secrets.second }, { status: 200 });
    c.token = again.access_token;
    const ticket = await c.post(`${api}/tickets`, { title: secrets.title, message: { body: secrets.body } });
    await c.get(`${api}/search?q=${secrets.search}`);
    await c.request('POST', `${api}/tickets`, { raw: `{"title":"${secrets.title}"`, headers: { 'content-type': 'application/json' } });
    await c.expect(200, 'PUT', `${api}/tickets/${ticket.id}/drafts/reply`, { body: { data: { text: secrets.draft } } });

    secrets.totp = (await c.post(`${api}/auth/mfa/setup`, { current_password: secrets.second }, { status: 200 })).secret;
    const { recovery_codes } = await c.post(`${api}/auth/mfa/confirm`, { code: totp(secrets.totp, -1) }, { status: 200 });
    recovery_codes.forEach((code, i) => (secrets[`recovery ${i}`] = code));
    const step = await anybody.post(`${api}/auth/login`, { email, password: secrets.second }, { status: 200 });
    secrets.mfa = step.mfa_token;
    await anybody.request('POST', `${api}/auth/mfa/login`, { body: { mfa_token: step.mfa_token, recovery_code: 'wrong' } });
    await anybody.post(`${api}/auth/mfa/login`, { mfa_token: step.mfa_token, recovery_code: recovery_codes[0] }, { status: 200 });
    // each of them where it does not belong
    for (const [name, value] of Object.entries(secrets)) {
      await anybody.request('POST', `${api}/auth/login`, { body: { email: `${value.slice(0, 40)}@example.org`, password: value } });
      await anybody.request('GET', `${api}/tickets/${encodeURIComponent(value)}?token=${encodeURIComponent(value)}`, { token: value });
      await anybody.request('POST', `${api}/auth/password/reset`, { body: { token: value, password: value } });
      await anybody.request('POST', `${api}/auth/email/verify`, { body: { [name]: value } });
    }
    const health = await fetch(`${server.direct}/metrics`, { headers: { authorization: `Bearer ${secrets.metrics}` } });
    assert.equal(health.status, 200);
    await server.stop();
    const printed = server.output.split('\n').filter((l) => !l.includes('/setup#token=')); // printed on purpose, at the start
    for (const [name, text] of Object.entries(secrets)) {
      assert.ok(text?.length >= 8, `no canary for ${name}`);
      assert.ok(!printed.some((l) => l.includes(text)), `${name} stands in the log`);
    }
    assert.ok(server.log().length > 50);
    await server.close();
  }));
