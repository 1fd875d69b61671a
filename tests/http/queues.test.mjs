// Full queues: each lane answers what it cannot take with 503 and Retry-After, and nothing is lost or half done.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { onServer, until } from './harness.mjs';

const api = '/api/v1';
const QUEUE = '16'; // the least that QUEUE_MAX takes
const BURST = 200;
const ENOUGH = 400; // changes after which the queue must have been full

/** What every refusal of a full queue says. */
function refused(r, words) {
  assert.equal(r.status, 503, r.text);
  assert.equal(r.json.code, 'overloaded');
  assert.match(r.json.detail, words);
  const after = r.headers.get('retry-after');
  assert.ok(Number(after) >= 1 && Number(after) <= 60, `Retry-After: ${after}`);
}

/** Its own count of what this queue refused. */
async function counted(server, queue) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^queue_refused_total\\{queue="${queue}"\\} (\\d+)`, 'm').exec(text)?.[1]);
}

/** Requests on connections that are open already, all of them there before the server looks again. */
async function burst(server, n, path, headers) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: n });
  const ask = (p, sent) =>
    new Promise((done, fail) => {
      const q = http.get({ host: '127.0.0.1', port: server.port, path: p, headers, agent }, (r) => {
        const parts = [];
        r.on('data', (d) => parts.push(d));
        r.on('end', () => {
          const text = Buffer.concat(parts).toString();
          done({ status: r.statusCode, headers: new Headers(r.headers), text, json: JSON.parse(text) });
        });
      });
      q.on('error', fail);
      if (sent) q.on('finish', sent);
    });
  await Promise.all(Array.from({ length: n }, () => ask('/health/live')));
  server.process.kill('SIGSTOP');
  let sent = 0;
  const answers = Promise.all(Array.from({ length: n }, () => ask(path, () => sent++)));
  await until(() => sent === n, 'all to be sent');
  server.process.kill('SIGCONT');
  const got = await answers;
  agent.destroy();
  return got;
}

onServer('a full queue of reads', { QUEUE_MAX: QUEUE, READ_THREADS: '1', HTTP_LOOPS: '1', COMPRESS: 'false' }, (shared) => {
  test('is told to those beyond it; the others are answered, and so is everybody afterwards', async () => {
    const { server } = shared;
    const agent = await server.person('agent');
    for (let i = 0; i < 50; i++) await agent.post(`${api}/tickets`, { title: `t${i}`, customer: 'c@example.org', message: { body: 'x' } });
    const headers = { authorization: `Bearer ${agent.token}` };
    const answers = await burst(server, BURST, `${api}/tickets?limit=200&include=customer,owner&count=exact`, headers);
    const good = answers.filter((r) => r.status === 200);
    const full = answers.filter((r) => r.status !== 200);
    assert.equal(answers.length, BURST);
    assert.ok(good.length >= Number(QUEUE), `${good.length} answered`);
    assert.ok(full.length, 'none was refused: the queue was never full');
    for (const r of good) assert.equal(r.json.data.length, 50);
    for (const r of full) refused(r, /too many requests/);
    assert.equal(await counted(server, 'read'), full.length);
    assert.equal((await agent.get(`${api}/tickets?limit=200`)).data.length, 50);
  });
});

onServer('a full queue of passwords', { QUEUE_MAX: QUEUE, SLOW_THREADS: '1', READ_THREADS: '4', ARGON2_KIB: '65536', ARGON2_PASSES: '4' }, (shared) => {
  test('refuses logins without counting them, and makes no session for them', async () => {
    const { server } = shared;
    const admin = await server.person('admin');
    const person = await server.person('customer');
    const login = () => server.client().request('POST', `${api}/auth/login`, { body: { email: person.email, password: person.password } });
    const logins = [];
    let isFull = false;
    for (let i = 0; i < ENOUGH && !isFull; i++) {
      logins.push(login().then((r) => ((isFull ||= r.status === 503 && /slow work/.test(r.json.detail)), r)));
      await admin.get(`${api}/me`); // the one before has been read; a password takes longer than this
    }
    const answers = await Promise.all(logins);
    assert.ok(isFull, 'none was refused: the queue of slow work was never full');
    const full = answers.filter((r) => r.status !== 200);
    for (const r of full) refused(r, /too much slow work|too many requests/);
    const good = answers.length - full.length;
    assert.ok(good >= Number(QUEUE), `${good} logged in`);
    assert.equal((await person.get(`${api}/auth/sessions`)).data.length, good + 1);
    assert.equal((await login()).status, 200, 'who was refused is not locked out');
    const told = (await admin.get(`${api}/audit-log?limit=200`)).data.filter((x) => x.object_id === person.user.id);
    assert.deepEqual(told.filter((x) => x.action === 'login.failed'), []);
  });
});

/** Somebody else who holds what every change needs: {release()}. */
async function hold(server) {
  const [program, args, words] =
    server.engine === 'postgres'
      ? ['psql', ['-qAt', server.env.DATABASE_URL], "BEGIN; LOCK TABLE tickets IN EXCLUSIVE MODE; SELECT 'held';\n"]
      : ['sqlite3', ['-cmd', '.timeout 20000', `${server.dir}/test.db`], "BEGIN IMMEDIATE; SELECT 'held';\n"];
  const p = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  p.stdout.on('data', (d) => (out += d));
  const gone = new Promise((done) => p.on('exit', done));
  p.stdin.write(words);
  await until(() => out.includes('held'), 'the lock');
  return { release: () => (p.stdin.end('ROLLBACK;\n'), gone) };
}

onServer('a full queue of changes', { QUEUE_MAX: QUEUE, READ_THREADS: '4', DB_WRITERS: '1', DB_BATCH_MAX: '4', DB_STATEMENT_MS: '60000' }, (shared) => {
  test('refuses changes whole: each one is done once, when it is sent again at the latest', async () => {
    const { server } = shared;
    const agent = await server.person('agent');
    const lock = await hold(server);
    const changes = [];
    let isFull = false;
    const send = (c) =>
      agent.request('POST', `${api}/tickets`, { body: { title: c.title, customer: 'c@example.org', message: { body: 'x' } }, headers: { 'idempotency-key': c.key } });
    for (let i = 0; i < ENOUGH && !isFull; i++) {
      const c = { title: `change ${i}`, key: randomBytes(9).toString('hex') };
      c.answer = send(c).then((r) => ((isFull ||= r.status === 503), r));
      changes.push(c);
      await agent.get(`${api}/tickets?limit=1`); // the one before is on its way; reads go on
    }
    await lock.release();
    const answers = await Promise.all(changes.map((c) => c.answer));
    const full = answers.filter((r) => r.status !== 201);
    assert.ok(full.length, 'none was refused: the queue was never full');
    for (const r of full) refused(r, /too many changes/);
    assert.equal(await counted(server, 'write'), full.length);
    const titles = async () => (await agent.get(`${api}/tickets?limit=200&q=change`)).data.map((t) => t.title).sort();
    assert.deepEqual(await titles(), changes.filter((_, i) => answers[i].status === 201).map((c) => c.title).sort());
    for (const c of changes) assert.equal((await send(c)).status, 201);
    assert.deepEqual(await titles(), changes.map((c) => c.title).sort());
    const whole = await server.run(['audit', 'verify']);
    assert.equal(whole.code, 0, whole.stdout + whole.stderr);
  });
});
