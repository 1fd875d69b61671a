// Another SECRET_KEY and another JWT_SECRET under a running help desk: nobody loses the second step or the session,
// server secrets tells what hangs on which key, and a kill in the middle of sealing anew loses nothing.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { binary, Browser, onServer, until } from './harness.mjs';

const api = '/api/v1';
const PEOPLE = 20000;
const secret = () => randomBytes(48).toString('hex');

/** A code of the second step, of the first time step that was not used yet. */
class Codes {
  constructor(text) {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    this.key = Buffer.from([...text].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('').match(/.{8}/g).map((b) => parseInt(b, 2)));
    this.used = 0;
  }
  async next() {
    const now = () => Math.floor(Date.now() / 30000);
    const step = Math.max(this.used + 1, now() - 1);
    await until(() => step <= now() + 1, 'the time of the next code', 60000);
    this.used = step;
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const mac = createHmac('sha1', this.key).update(counter).digest();
    const at = mac[19] & 15;
    return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
  }
}

const sql = (server, text) => (server.engine === 'postgres'
  ? execFileSync('psql', [server.env.DATABASE_URL, '-Atqc', text], { encoding: 'utf8' })
  : execFileSync('sqlite3', ['-cmd', '.timeout 20000', `${server.dir}/test.db`, text], { encoding: 'utf8' })).trim();

async function restart(server, env) {
  await server.stop();
  Object.assign(server.env, env);
  for (const name of Object.keys(env)) if (env[name] === undefined) delete server.env[name];
  await server.launch();
}

const [first, second, third] = [secret(), secret(), secret()];

onServer('another SECRET_KEY', { SECRET_KEY: first }, (shared) => {
  let person, codes;
  const secrets = async (...args) => shared.server.run(['secrets', ...args]);
  const status = async () => {
    const { code, stdout, stderr } = await secrets('status', '--json');
    return { code, ...JSON.parse(stdout || '{}'), stderr };
  };
  const login = async () => {
    const client = shared.server.client();
    const step = await client.expect(200, 'POST', `${api}/auth/login`, { body: { email: person.email, password: person.password } });
    return client.expect(200, 'POST', `${api}/auth/mfa/login`, { body: { mfa_token: step.mfa_token, code: await codes.next() } });
  };

  test('what the former key sealed still opens', async () => {
    const { server } = shared;
    person = await server.person('agent');
    const { secret: text } = await person.post(`${api}/auth/mfa/setup`, { current_password: person.password }, { status: 200 });
    codes = new Codes(text);
    await person.post(`${api}/auth/mfa/confirm`, { code: await codes.next() }, { status: 200 });
    await restart(server, { SECRET_KEY: second, SECRET_KEY_FORMER: first });
    await login();
    const s = await status();
    assert.equal(s.code, 0, s.stderr);
    assert.deepEqual(s.keys.map((k) => [k.setting, k.seals, k.rows]), [['SECRET_KEY', true, 0], ['JWT_SECRET', false, 0], ['SECRET_KEY_FORMER', false, 1]]);
    assert.match((await secrets('status')).stdout, /SECRET_KEY_FORMER +[0-9a-f]{8} +1 +still needed/);
  });

  test('without it, or with another one, nothing is changed and the words say why', async () => {
    const { server } = shared;
    const before = sql(server, 'SELECT totp_sealed FROM users WHERE totp_sealed IS NOT NULL');
    for (const former of [undefined, third]) {
      server.env.SECRET_KEY_FORMER = former ?? '';
      const refused = await secrets('rotate');
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /1 of 1 sealed texts open with none of the keys \(second_steps \d+\): nothing was changed/);
      const s = await status();
      assert.deepEqual([s.code, s.unreadable], [1, 1]);
      assert.equal(sql(server, 'SELECT totp_sealed FROM users WHERE totp_sealed IS NOT NULL'), before);
    }
    server.env.SECRET_KEY_FORMER = first;
    for (const args of [[], ['turn'], ['rotate', 'now']]) assert.equal((await secrets(...args)).code, 2, args.join(' '));
  });

  test('a kill in the middle loses nothing, and the next run goes on', async (t) => {
    const { server } = shared;
    sql(server, `INSERT INTO users (name, name_fold, created_us, updated_us, totp_sealed)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${PEOPLE})
      SELECT 'x', 'x', 1, 1, (SELECT totp_sealed FROM users WHERE totp_sealed IS NOT NULL LIMIT 1) FROM n`);
    const { keys: [now] } = await status();
    const done = () => Number(sql(server, `SELECT count(*) FROM users WHERE totp_sealed LIKE 'k2.${now.key}.%'`));
    const p = spawn(binary, ['secrets', 'rotate'], { env: server.env, cwd: server.dir, stdio: 'ignore' });
    const gone = new Promise((end) => p.on('exit', (code, signal) => end(signal)));
    await until(() => done() > 0, 'the first of them', 60000);
    p.kill('SIGKILL');
    assert.equal(await gone, 'SIGKILL', 'it was killed before its end');
    const some = done();
    t.diagnostic(`${some} of ${PEOPLE + 1} were sealed anew before the kill`);
    assert.ok(some > 0 && some < PEOPLE + 1, `${some}`);
    const s = await status();
    assert.deepEqual([s.code, s.rows, s.unreadable, s.former], [0, PEOPLE + 1, 0, PEOPLE + 1 - some]);
    await server.client().get('/health/ready', { check: false });

    const again = await secrets('rotate', '--json');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(JSON.parse(again.stdout).resealed, PEOPLE + 1 - some);
    assert.equal((await status()).former, 0);
    assert.match((await server.run(['audit', 'verify'])).stdout, /^whole/);
    assert.match((await server.run(['audit', 'export'])).stdout, /"secrets\.reseal"/);
  });

  test('then the former key may go', async () => {
    const { server } = shared;
    const judge = async () => JSON.parse((await server.run(['checklist', '--section', 'network.secrets', '--json'])).stdout).lines[0];
    assert.match((await judge()).evidence, /SECRET_KEY_FORMER seals nothing any more/);
    await restart(server, { SECRET_KEY_FORMER: undefined });
    const s = await status();
    assert.deepEqual([s.code, s.unreadable, s.keys.length], [0, 0, 2]);
    await login();
    server.env.SECRET_KEY = first;
    const line = await judge();
    assert.equal(line.state, 'fail');
    assert.match(line.evidence, /open with none of the keys/);
    server.env.SECRET_KEY = second;
  });
});

const origin = 'https://desk.example.org';
onServer('another JWT_SECRET', { JWT_SECRET: first, CSRF_PROTECTION: 'true', ALLOWED_ORIGINS: origin }, (shared) => {
  let agent, browser, cursor;
  const use = async (status, csrf) => {
    assert.equal((await agent.request('GET', `${api}/auth/me`)).status, status);
    assert.equal((await browser.request('GET', `${api}/auth/me`)).status, 200, 'the cookie holds in any case');
    assert.equal((await browser.request('PATCH', `${api}/auth/me`, { body: { locale: 'de' } })).status, csrf);
  };

  test('with the former one sessions, refresh tokens, tokens against forgery and cursors hold', async () => {
    const { server } = shared;
    agent = await server.person('agent');
    browser = new Browser(server, origin);
    await browser.login(agent.email, agent.password);
    for (const title of ['one', 'two']) await agent.post(`${api}/tickets`, { title, message: { body: 'x' }, customer: 'c@example.org' });
    cursor = (await agent.get(`${api}/tickets?limit=1`)).page.next;
    await restart(server, { JWT_SECRET: second, JWT_SECRET_FORMER: first });
    await use(200, 200);
    await agent.get(`${api}/tickets?limit=1&after=${encodeURIComponent(cursor)}`);
    const fresh = await agent.expect(200, 'POST', `${api}/auth/refresh`, { body: { refresh_token: agent.session.refresh_token }, token: null });
    agent.old = agent.token;
    agent.token = fresh.access_token;
    agent.refresh = fresh.refresh_token;
    await use(200, 200);
  });

  test('without it what it signed is refused, and what was signed since then holds', async () => {
    await restart(shared.server, { JWT_SECRET_FORMER: undefined });
    await use(200, 403);
    const fresh = await agent.expect(200, 'POST', `${api}/auth/refresh`, { body: { refresh_token: agent.refresh }, token: null });
    assert.ok(fresh.access_token);
    agent.token = agent.old;
    await use(401, 403);
    const refused = await shared.server.client({ token: fresh.access_token }).request('GET', `${api}/tickets?limit=1&after=${encodeURIComponent(cursor)}`);
    assert.equal(refused.json.code, 'bad_cursor');
    browser.cookies.set('csrf_token', (await browser.get(`${api}/auth/csrf`)).csrf_token);
    await use(401, 200);
  });

  test('a former secret that can be guessed is refused in production', async () => {
    const { server } = shared;
    const { code, stderr } = await new Promise((done) => {
      const env = { ...server.env, ENVIRONMENT: 'production', JWT_SECRET_FORMER: 'too-short', BASE_URL: origin };
      const p = spawn(binary, ['config'], { env, cwd: server.dir, stdio: ['ignore', 'ignore', 'pipe'] });
      let text = '';
      p.stderr.on('data', (d) => (text += d));
      p.on('exit', (status) => done({ code: status, stderr: text }));
    });
    assert.equal(code, 1);
    assert.match(stderr, /JWT_SECRET_FORMER has 9 characters, 64 are needed/);
  });
});
