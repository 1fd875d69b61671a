// What was acknowledged stays, whatever happens to the process, the disk or the database.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Cluster, Server, binary, engines, onBoth, until } from './harness.mjs';
import { api, cutPower, writeUntilGone } from './storm.mjs';
import { Write, auditIsWhole, quiet, verify } from './writes.mjs';

onBoth((engine) =>
  test(`kill -9 in a storm of writes loses nothing and doubles nothing, on ${engine}`, async () => {
    const server = await Server.start(engine, { LOG_LEVEL: 'warn' });
    const agent = await server.person('agent');
    const writers = [];
    for (let i = 0; i < 4; i++) writers.push(await server.person('customer'));
    const writes = [];
    for (let round = 0; round < 3; round++) {
      const begun = writes.length;
      const storm = Array.from({ length: 16 }, (_, i) => writeUntilGone(writers[i % writers.length], writes));
      await until(() => writes.length - begun > 250, 'writes');
      await server.stop('SIGKILL');
      await Promise.all(storm);
      const open = writes.filter((w) => !w.answer);
      assert.ok(open.length > 0, 'the kill met running requests');
      await server.launch();
      for (const w of open) {
        w.answer = await w.send();
        assert.equal(w.answer.status, 201, `${w.path} again`);
      }
      for (const w of writes.slice(begun, begun + 10))
        assert.deepEqual(await w.send(), { ...w.answer, replayed: true }, 'acknowledged before the kill');
    }
    await verify(server, agent, writes);
    await server.close();
  }),
);

// ---- A power cut ----

test('a power cut in a storm of writes loses nothing that was acknowledged', async (t) => {
  const shim = join(dirname(binary), 'tests/libpowercut.so');
  if (!existsSync(shim)) return t.skip('tests/libpowercut.so is not built');
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-power-'));
  const journals = join(dir, 'journals');
  mkdirSync(journals);
  const wrap = ['env', `LD_PRELOAD=${shim}`, `POWERCUT_DIR=${journals}`];
  const server = await Server.start('sqlite', { LOG_LEVEL: 'warn' }, { dir, wrap });
  const agent = await server.person('agent');
  const client = await server.person('customer');
  const writes = [];
  let undone = 0;
  for (let round = 0; round < 4; round++) {
    const begun = writes.length;
    const storm = Array.from({ length: 16 }, () => writeUntilGone(client, writes));
    await until(() => writes.length - begun > 150, 'writes');
    await server.stop('SIGKILL');
    await Promise.all(storm);
    rmSync(join(dir, 'test.db-shm'), { force: true }); // memory, not a file that survives
    undone += cutPower(['test.db', 'test.db-wal'].map((n) => join(dir, n)), journals);
    await server.launch();
    for (const w of writes.filter((x) => !x.answer)) {
      w.answer = await w.send();
      assert.equal(w.answer.status, 201, `${w.path} again`);
    }
    for (const w of writes.slice(-40)) assert.equal((await w.send()).id, w.answer.id, 'acknowledged before the cut');
  }
  assert.ok(undone > 0, 'the cuts met writes that were not synced');
  await verify(server, agent, writes);
  await server.close();
  rmSync(dir, { recursive: true });
});

test('a command beside the running server loses nothing of it', async () => {
  const server = await Server.start('sqlite');
  const first = await server.person('customer');
  const written = await first.post(`${api}/tickets`, { title: 'between', message: { body: 'two commands' } });
  const second = await server.person('customer', 'second@example.org');
  await second.post(`${api}/tickets`, { title: 'after', message: { body: 'two commands' } });
  await server.stop('SIGKILL');
  await server.launch();
  assert.equal((await first.get(`${api}/tickets/${written.id}`)).title, 'between');
  assert.equal((await second.get(`${api}/tickets`)).data[0].title, 'after');
  await server.close();
});

// ---- A full disk ----

/** A small file system of its own; undefined where that is not allowed. */
function smallDisk(mib) {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    rmSync(dir, { recursive: true });
    return undefined;
  }
  return {
    dir,
    fill() {
      const fd = openSync(join(dir, 'ballast'), 'w');
      for (let n = 65536; n >= 1; )
        try {
          writeSync(fd, Buffer.alloc(n));
        } catch {
          n >>= 1;
        }
      closeSync(fd);
    },
    free: () => unlinkSync(join(dir, 'ballast')),
    remove() {
      execFileSync('umount', ['-l', dir]);
      rmSync(dir, { recursive: true });
    },
  };
}

const upload = (client, bytes) =>
  client.request('POST', `${api}/uploads?name=a.bin`, {
    raw: bytes,
    headers: { 'content-type': 'application/octet-stream' },
  });

/** Writes until one is refused; then every write is, until there is room. */
async function writeUntilFull(client, writes) {
  for (let i = 0; i < 5000; i++) {
    const w = Write.ticket(client);
    const answer = await w.send();
    if (answer.status !== 201) {
      assert.ok([503, 507].includes(answer.status), `a full disk answers ${answer.status}`);
      return w;
    }
    w.answer = answer;
    writes.push(w);
  }
  throw new Error('the disk never filled');
}

async function fullDiskRound(server, client, agent, disk, writes) {
  disk.fill();
  const refused = await writeUntilFull(client, writes);
  for (const bytes of [randomBytes(200000), randomBytes(3000000)]) {
    const r = await upload(client, bytes);
    assert.ok([503, 507].includes(r.status), `an upload answers ${r.status}: ${r.text}`);
  }
  assert.ok((await agent.get(`${api}/tickets?limit=50`)).data.length > 0, 'reads go on');
  assert.equal((await agent.request('GET', `${api}/search?q=first`)).status, 200);
  assert.equal((await agent.request('GET', '/health/live')).status, 200);
  disk.free();
  const start = Date.now();
  await until(async () => {
    refused.answer = await refused.send();
    return refused.answer.status === 201;
  }, 'writes after space was freed');
  assert.ok(Date.now() - start < 5000, 'within 5 s');
  writes.push(refused);
  assert.equal((await upload(client, randomBytes(200000))).status, 201);
}

test('a full disk: reads go on, writes answer 507 or 503, and go on when there is room', async (t) => {
  const disk = smallDisk(24);
  if (!disk) return t.skip('needs root to mount a small file system');
  const server = await Server.start('sqlite', { SPOOL_DIR: disk.dir, LOG_LEVEL: 'error' }, { dir: disk.dir });
  const client = await server.person('customer');
  const agent = await server.person('agent');
  const writes = [];
  try {
    for (let i = 0; i < 20; i++) writes.push(Object.assign(Write.ticket(client)));
    for (const w of writes) w.answer = await w.send();
    for (let round = 0; round < 3; round++) await fullDiskRound(server, client, agent, disk, writes);
    await verify(server, agent, writes);
    await server.stop('SIGKILL');
    await server.launch();
    await verify(server, agent, writes);
  } finally {
    await server.close();
    disk.remove();
  }
});

test('a limit on the size of files refuses writes and does not end the process', async () => {
  const server = await Server.start('sqlite', { LOG_LEVEL: 'error' }, { wrap: ['prlimit', '--fsize=1500000:unlimited'] });
  const client = await server.person('customer');
  const agent = await server.person('agent');
  const writes = [];
  const refused = await writeUntilFull(client, writes);
  assert.ok([503, 507].includes((await upload(client, randomBytes(3000000))).status));
  assert.ok((await agent.get(`${api}/tickets?limit=5`)).data.length > 0, 'reads go on');
  execFileSync('prlimit', ['--pid', String(server.process.pid), '--fsize=unlimited']);
  refused.answer = await refused.send();
  assert.equal(refused.answer.status, 201);
  await verify(server, agent, [...writes, refused]);
  await server.close();
});

// ---- The database away ----

test('without the database: 503 at once, not ready but alive, and service when it is back', async (t) => {
  if (!engines.includes('postgres')) return t.skip('PostgreSQL only');
  const cluster = new Cluster();
  const server = await Server.start('postgres', { LOG_LEVEL: 'error' }, { cluster });
  const agent = await server.person('agent');
  const body = { title: 'x', message: { body: 'y' }, customer: 'c@example.org' };
  await agent.post(`${api}/tickets`, body);
  for (let round = 0; round < 2; round++) {
    cluster.halt();
    for (const [method, path] of [['GET', `${api}/tickets`], ['POST', `${api}/tickets`], ['GET', `${api}/auth/me`]]) {
      const start = Date.now();
      const r = await agent.request(method, path, method === 'POST' ? { body } : {});
      assert.equal(r.status, 503, r.text);
      assert.ok(Number(r.headers.get('retry-after')) >= 1);
      assert.ok(Date.now() - start < 2000, `${method} ${path} answered after ${Date.now() - start} ms`);
    }
    await until(async () => (await agent.request('GET', '/health/ready')).status === 503, 'readiness to follow');
    assert.equal((await agent.request('GET', '/health')).status, 503);
    assert.equal((await agent.request('GET', '/health/live')).status, 200);
    cluster.resume();
    const start = Date.now();
    await until(async () => (await agent.request('POST', `${api}/tickets`, { body })).status === 201, 'service');
    assert.ok(Date.now() - start < 4000, `service after ${Date.now() - start} ms`);
    await until(async () => (await agent.request('GET', '/health/ready')).status === 200, 'readiness');
  }
  await auditIsWhole(server);
  await server.close();
  cluster.stop();
});

test('an end that hangs is cut off, and says so', async (t) => {
  if (!engines.includes('postgres')) return t.skip('PostgreSQL only');
  const cluster = new Cluster();
  const server = await Server.start('postgres', { LOG_LEVEL: 'error', DRAIN_MS: '200', DB_STATEMENT_MS: '600000' }, { cluster });
  const agent = await server.person('agent');
  const holder = spawn('psql', [server.env.DATABASE_URL, '-qc', 'BEGIN; LOCK TABLE tickets; SELECT pg_sleep(60)'], { stdio: 'ignore' });
  const waits = () => execFileSync('psql', [server.env.DATABASE_URL, '-Atqc', "SELECT count(*) FROM pg_locks WHERE NOT granted"], { encoding: 'utf8' });
  const locked = () => execFileSync('psql', [server.env.DATABASE_URL, '-Atqc',
    "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'tickets' AND mode = 'AccessExclusiveLock'"], { encoding: 'utf8' });
  await until(() => Number(locked()) > 0, 'the lock');
  const lost = agent.post(`${api}/tickets`, { title: 'x', message: { body: 'y' }, customer: 'c@example.org' }).catch(() => 'cut');
  await until(() => Number(waits()) > 0, 'a change that waits');
  const ended = new Promise((done) => server.process.once('exit', (code) => done(code)));
  server.process.kill('SIGTERM');
  assert.equal(await ended, 1);
  assert.match(server.output, /the end took too long/);
  await lost;
  holder.kill('SIGKILL');
  await server.close().catch(() => {});
  cluster.stop();
});
