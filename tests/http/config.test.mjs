// Settings as an operator meets them: refusals at the start, secrets, .env, SIGHUP, and a log that
// keeps silent about what it must not know.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Server, binary, freePort, readFileSync, root, until } from './harness.mjs';

const api = '/api/v1';
const strong = () => randomBytes(48).toString('base64');

describe('before the start', () => {
  let dir;
  before(() => (dir = mkdtempSync(join(tmpdir(), 'ticketing-config-'))));
  after(() => rmSync(dir, { recursive: true }));

  /** Runs the program with these settings alone: {code, text}. */
  const run = (args, env, cwd = dir) =>
    new Promise((done) =>
      execFile(binary, args, { env: { PATH: process.env.PATH, ...env }, cwd, timeout: 20000 }, (error, stdout, stderr) =>
        done({ code: error ? (error.code ?? 1) : 0, text: stdout + stderr }),
      ),
    );
  const production = async (env) =>
    run(['serve'], {
      ENVIRONMENT: 'production', SERVER_PORT: String(await freePort()), JWT_SECRET: strong(),
      ALLOWED_ORIGINS: 'https://desk.example.org', BASE_URL: 'https://desk.example.org',
      DATABASE_URL: `sqlite:///${dir}/never.db`, ...env,
    });

  test('commands bring a new database up to date; audit only says that it is not', async () => {
    const fresh = (name) => ({ DATABASE_URL: `sqlite:///${dir}/${name}.db`, DATA_DIR: `${dir}/${name}`, JWT_SECRET: strong() });
    const audit = await run(['audit', 'verify'], fresh('audit'));
    assert.equal(audit.code, 1);
    assert.match(audit.text, /server migrate/);
    const seed = await run(['seed', '--tickets', '5'], fresh('seed'));
    assert.equal(seed.code, 0, seed.text);
    const user = await run(['user', 'create', '--email', 'a@example.org', '--name', 'A'], fresh('user'));
    assert.equal(user.code, 0, user.text);
    assert.match((await run(['migrate'], fresh('user'))).text, /^nothing to do$/m);
  });

  test('production names every reason at once', async () => {
    const r = await production({
      JWT_SECRET: 'short', ALLOWED_ORIGINS: '*', RATE_LIMIT_PER_MIN: 'many', SERVER_PORT: '99999', LOG_LEVEL: 'loud',
    });
    assert.equal(r.code, 1);
    for (const name of ['JWT_SECRET', 'ALLOWED_ORIGINS', 'RATE_LIMIT_PER_MIN', 'SERVER_PORT', 'LOG_LEVEL'])
      assert.match(r.text, new RegExp(name), `${name} is not named:\n${r.text}`);
    assert.ok(!r.text.includes('short\n') && !/"short"/.test(r.text), 'a secret is repeated');
  });

  test('production refuses a secret that is missing, short, monotonous or the example', async () => {
    const example = /^#?\s*JWT_SECRET=(.*)$/m.exec(readFileSync(join(root, '.env.example'), 'utf8'))[1];
    const secrets = [undefined, '', 'a'.repeat(63), 'a'.repeat(80), 'abcd'.repeat(20), 'change-me-'.repeat(8)];
    if (example) secrets.push(example);
    for (const secret of secrets) {
      const r = await production({ JWT_SECRET: secret });
      assert.equal(r.code, 1, `JWT_SECRET=${secret}`);
      assert.match(r.text, /JWT_SECRET/);
    }
  });

  test('a secret may come from a file', async () => {
    const file = join(dir, 'secret');
    const secret = strong();
    writeFileSync(file, `${secret}\n`);
    chmodSync(file, 0o600);
    const given = await run(['config'], { JWT_SECRET_FILE: file });
    assert.equal(given.code, 0, given.text);
    assert.ok(!given.text.includes(secret), 'server config shows it');
    const missing = await production({ JWT_SECRET: undefined, JWT_SECRET_FILE: join(dir, 'absent') });
    assert.equal(missing.code, 1);
    assert.match(missing.text, /JWT_SECRET/);
  });

  test('.env is read, and the environment stands above it', async () => {
    const folder = mkdtempSync(join(dir, 'env-'));
    writeFileSync(join(folder, '.env'), '# a comment\nRATE_LIMIT_PER_MIN=77\nLOG_LEVEL="warn"\n');
    const file = await run(['config'], {}, folder);
    assert.match(file.text, /RATE_LIMIT_PER_MIN\W+77\b/);
    assert.match(file.text, /LOG_LEVEL\W+warn\b/);
    const above = await run(['config'], { RATE_LIMIT_PER_MIN: '78' }, folder);
    assert.match(above.text, /RATE_LIMIT_PER_MIN\W+78\b/);
  });

  test('server config masks every secret', async () => {
    const canaries = { JWT_SECRET: strong(), SECRET_KEY: strong(), METRICS_TOKEN: strong(), DATABASE_URL: 'postgres://u:canarypw@localhost/db' };
    const r = await run(['config'], canaries);
    assert.equal(r.code, 0, r.text);
    for (const secret of [canaries.JWT_SECRET, canaries.SECRET_KEY, canaries.METRICS_TOKEN, 'canarypw'])
      assert.ok(!r.text.includes(secret), r.text);
  });

  test('commands answer help and say what they do not know', async () => {
    for (const name of ['serve', 'migrate', 'user', 'config', 'audit', 'seed', 'bench-data', 'version', 'help']) {
      const r = await run(['help', name], {});
      assert.equal(r.code, 0, name);
      assert.match(r.text, new RegExp(name));
    }
    assert.equal((await run(['nonsense'], {})).code, 2);
    assert.equal((await run(['config', '--nonsense'], {})).code, 2);
  });
});

test('SIGHUP takes new limits, origins and log levels, and keeps the old ones when they are wrong', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-hup-'));
  const write = (text) => writeFileSync(join(dir, '.env'), text);
  write('');
  const server = await Server.start('sqlite', { RATE_LIMIT_PER_MIN: undefined, ALLOWED_ORIGINS: undefined }, { dir });
  const c = server.client();
  const origin = 'https://new.example.org';
  const allowed = async () =>
    (await c.request('GET', api, { headers: { origin } })).headers.get('access-control-allow-origin') === origin;
  const hup = async (event, n) => {
    server.process.kill('SIGHUP');
    await until(() => server.log().filter((l) => l.event === event).length === n, event);
  };
  assert.equal(await allowed(), false);
  write(`ALLOWED_ORIGINS=${origin}\nRATE_LIMIT_PER_MIN=4321\n`);
  await hup('config.reloaded', 1);
  assert.equal(await allowed(), true);
  assert.equal((await c.request('GET', api)).headers.get('ratelimit-limit'), '4321');
  write('ALLOWED_ORIGINS=https://other.example.org\nRATE_LIMIT_PER_MIN=none\n');
  await hup('config.kept', 1);
  assert.equal(await allowed(), true, 'the old settings stay as a whole');
  await server.close();
  rmSync(dir, { recursive: true });
});

describe('the log', () => {
  test('is JSON lines that no client can forge', async () => {
    const server = await Server.start('sqlite');
    const forged = '{"event":"forged"}';
    await server.client().request('GET', `/${encodeURIComponent(`x\n${forged}\n`)}`);
    await server.client().request('GET', '/health', { headers: { 'user-agent': forged, 'x-request-id': forged } });
    await server.stop();
    for (const line of server.output.split('\n').filter((l) => l.includes('forged'))) assert.ok(!line.startsWith('{"event"'), line);
    assert.ok(!server.log().some((l) => l.event === 'forged'));
    for (const l of server.log()) assert.ok(l.time && l.level && l.event);
    await server.close();
  });
});

describe('metrics', () => {
  test('are open to this machine and to the token', async () => {
    const token = strong();
    const server = await Server.start('sqlite', { METRICS_TOKEN: token, TRUSTED_PROXIES: '127.0.0.1' });
    const c = server.client();
    const from = { 'x-forwarded-for': '192.0.2.1' };
    assert.equal((await c.request('GET', '/metrics')).status, 200);
    assert.equal((await c.request('GET', '/metrics', { headers: from })).status, 403);
    assert.equal((await c.request('GET', '/metrics', { headers: { ...from, authorization: 'Bearer x' } })).status, 403);
    const r = await c.request('GET', '/metrics', { headers: { ...from, authorization: `Bearer ${token}` } });
    assert.equal(r.status, 200);
    assert.match(r.headers.get('content-type'), /^text\/plain/);
    for (const line of r.text.split('\n').filter(Boolean))
      assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .*|[a-z_:]+(\{([a-z_]+="[^"]*",?)*\})? -?[0-9.e+-]+(inf)?|.*\+Inf.*)$/i, line);
    await server.close();
  });
});
