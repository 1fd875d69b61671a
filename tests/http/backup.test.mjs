// Backups of SQLite: what was acknowledged comes back, to any second, and whatever is wrong is named.
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  cpSync, existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, readdirSync, renameSync, rmSync, statSync,
  truncateSync, unlinkSync, utimesSync, writeFileSync, writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Server, binary, engines, freePort, until } from './harness.mjs';
import { api, cutPower, writeUntilGone } from './storm.mjs';
import { auditIsWhole, everything, quiet, verify } from './writes.mjs';

const sqlite = { skip: !engines.includes('sqlite') && 'SQLite only' };
const key = randomBytes(32).toString('hex');

/** A server with a folder of backups; the database lies in DATA_DIR, as by default. */
async function start(env = {}, options = {}) {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'ticketing-backup-'));
  return Server.start(
    'sqlite',
    {
      LOG_LEVEL: 'warn',
      DATABASE_URL: `sqlite:///${dir}/data/ticketing.db`,
      DATA_DIR: join(dir, 'data'),
      BACKUP_DIR: join(dir, 'backups'),
      BACKUP_KEY: key,
      BACKUP_AT: '',
      ...env,
    },
    { ...options, dir },
  );
}

/** Tests end even when one fails in the middle. */
const timed = { ...sqlite, timeout: 90000 };
after(() => setTimeout(() => process.exit(), 1000).unref());

async function end(server) {
  await server.stop();
  rmSync(server.dir, { recursive: true, force: true });
}

/** Runs a command that must succeed. */
async function ok(server, ...args) {
  const r = await server.run(args);
  assert.equal(r.code, 0, `server ${args.join(' ')}: ${r.stdout}${r.stderr}`);
  return r.stdout;
}

/** Runs a command that must fail with these words and exit code 1. */
async function refused(server, words, ...args) {
  const r = await server.run(args);
  assert.equal(r.code, 1, `server ${args.join(' ')} ended with ${r.code}: ${r.stdout}${r.stderr}`);
  assert.match(r.stderr, words);
  return r.stderr;
}

/** Commands of a server with other settings. */
const withEnv = (server, env) => Object.assign(Object.create(server), { env: { ...server.env, ...env } });

const list = async (server) => JSON.parse(await ok(server, 'backup', 'list', '--json'));
const goodSets = async (server) => (await list(server)).sets.filter((s) => s.state === 'good');

/** serve makes the first full copy by itself. */
const firstCopy = (server) => until(async () => (await goodSets(server)).length > 0, 'the first full copy');

async function ticketWithFile(client, title, bytes) {
  const up = await client.request('POST', `${api}/uploads?name=a.bin`, {
    raw: bytes,
    headers: { 'content-type': 'application/octet-stream' },
  });
  assert.equal(up.status, 201, up.text);
  return client.post(`${api}/tickets`, { title, message: { body: title, attachments: [up.json.id] } });
}

/** All there is, for comparing two servers. */
async function contents(agent) {
  const tickets = await everything(agent, `${api}/tickets`);
  const out = [];
  for (const t of tickets.sort((x, y) => x.id - y.id))
    out.push({ ticket: t, messages: await everything(agent, `${api}/tickets/${t.id}/messages`) });
  return out;
}

const sumOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

test('what was acknowledged comes back from nothing but the backups', timed, async () => {
  const server = await start();
  const agent = await server.person('agent');
  const customer = await server.person('customer');
  await ticketWithFile(customer, 'before the copy', randomBytes(300000));
  await firstCopy(server);
  await ok(server, 'backup');
  const late = await ticketWithFile(customer, 'after the copy', randomBytes(200000));
  await ok(server, 'backup', '--incremental');
  const before = await contents(agent);
  await server.stop('SIGKILL');
  rmSync(join(server.dir, 'data'), { recursive: true });

  const told = await ok(server, 'restore', '--to', join(server.dir, 'data'));
  assert.match(told, /checked: pages, references, \d+ audit entries, 2 attachments/);
  await server.launch();
  assert.deepEqual(await contents(agent), before);
  const messages = await everything(agent, `${api}/tickets/${late.id}/messages`);
  const file = await agent.request('GET', `${api}/attachments/${messages[0].attachments[0].id}/content`, quiet);
  assert.equal(file.bytes.length, 200000);
  await auditIsWhole(server);
  await end(server);
});

test('any second of the shipped log can be restored', timed, async () => {
  const server = await start();
  const agent = await server.person('agent');
  await firstCopy(server);
  const marks = [];
  for (let i = 0; i < 4; i++) {
    const title = `second ${i}`;
    await agent.post(`${api}/tickets`, { title, message: { body: title }, customer: 'c@example.org' });
    // The next full second: what is acknowledged now is in it, what comes later is not.
    const at = Math.floor(Date.now() / 1000) * 1000 + 1000;
    await until(() => Date.now() > at + 60, 'the second to pass');
    marks.push({ title, at });
  }
  await ok(server, 'backup', '--incremental');
  for (const [i, { at }] of marks.entries()) {
    const dir = join(server.dir, `at${i}`);
    await ok(server, 'restore', '--at', new Date(at).toISOString(), '--to', dir);
    const db = readFileSync(join(dir, 'ticketing.db'));
    for (const [j, m] of marks.entries())
      assert.equal(db.includes(m.title), j <= i, `"${m.title}" as of ${new Date(at).toISOString()}`);
  }
  await refused(server, /no backup from before this time/, 'restore', '--at', '2020-01-01T00:00:00Z', '--to', join(server.dir, 'x'));
  await end(server);
});

test('a power cut in mid-write and the loss of the disk cost less than 5 s', timed, async (t) => {
  const shim = join(dirname(binary), 'tests/libpowercut.so');
  assert.ok(existsSync(shim), 'tests/libpowercut.so is built');
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-backup-'));
  const journals = join(dir, 'journals');
  mkdirSync(journals);
  const wrap = ['env', `LD_PRELOAD=${shim}`, `POWERCUT_DIR=${journals}`];
  const server = await start({}, { dir, wrap });
  const agent = await server.person('agent');
  const client = await server.person('customer');
  await firstCopy(server);
  const writes = [];
  const storm = Array.from({ length: 8 }, () => writeUntilGone(client, writes));
  const began = Date.now();
  await until(() => Date.now() - began > 7000 && writes.length > 200, 'seven seconds of writes', 60000);
  const cut = Date.now();
  await server.stop('SIGKILL');
  await Promise.all(storm);
  const files = readdirSync(join(dir, 'backups'), { recursive: true }).map((n) => join(dir, 'backups', n));
  cutPower(files.filter((p) => statSync(p).isFile()), journals);
  rmSync(join(dir, 'data'), { recursive: true });

  await ok(server, 'restore', '--to', join(dir, 'data'));
  await server.launch();
  const titles = new Set((await everything(agent, `${api}/tickets`)).map((x) => x.title));
  const acknowledged = writes.filter((w) => w.answer?.status === 201);
  const lost = acknowledged.filter((w) => w.opens && !titles.has(w.key));
  const worst = Math.max(0, ...lost.map((w) => cut - w.answeredAt));
  t.diagnostic(`${acknowledged.length} acknowledged writes, ${lost.length} tickets of the last ${worst} ms lost`);
  assert.ok(worst < 5000, `a ticket acknowledged ${worst} ms before the cut is lost`);
  // Nothing but the end is missing, and nothing is there that nobody wrote.
  const first = Math.min(Infinity, ...lost.map((w) => w.answeredAt));
  await verify(server, agent, acknowledged.filter((w) => w.answeredAt < Math.min(first, cut - 5000)));
  const known = new Set(writes.map((w) => w.key));
  for (const title of titles) assert.ok(known.has(title), `${title} was never written`);
  await end(server);
});

test('a power cut while the log is shipped loses nothing where the disk is still there', timed, async () => {
  const shim = join(dirname(binary), 'tests/libpowercut.so');
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-backup-'));
  const journals = join(dir, 'journals');
  mkdirSync(journals);
  const server = await start({}, { dir, wrap: ['env', `LD_PRELOAD=${shim}`, `POWERCUT_DIR=${journals}`] });
  const agent = await server.person('agent');
  const client = await server.person('customer');
  const writes = [];
  for (let round = 0; round < 2; round++) {
    const storm = Array.from({ length: 8 }, () => writeUntilGone(client, writes));
    const begun = writes.length;
    await until(() => writes.length - begun > 800, 'writes', 60000);
    await server.stop('SIGKILL');
    await Promise.all(storm);
    rmSync(join(dir, 'data/ticketing.db-shm'), { force: true }); // memory, not a file that survives
    const files = ['data', 'backups'].flatMap((d) => readdirSync(join(dir, d), { recursive: true }).map((n) => join(dir, d, n)));
    cutPower(files.filter((p) => statSync(p).isFile()), journals);
    await server.launch();
  }
  await verify(server, agent, writes.filter((w) => w.answer));
  // And what is shipped from then on is as good.
  await until(async () => (await server.run(['backup'])).code === 0, 'a copy');
  await ok(server, 'backup', '--incremental');
  const before = await contents(agent);
  await server.stop('SIGKILL');
  rmSync(join(dir, 'data'), { recursive: true });
  await ok(server, 'restore', '--to', join(dir, 'data'));
  await server.launch();
  assert.deepEqual(await contents(agent), before);
  await end(server);
});

test('a full copy taken in a storm of writes is whole', timed, async () => {
  const server = await start({ BACKUP_SHIP: '0' });
  const client = await server.person('customer');
  const writes = [];
  const storm = Array.from({ length: 8 }, () => writeUntilGone(client, writes));
  await until(() => writes.length > 50, 'writes');
  for (let i = 0; i < 3; i++) await ok(server, 'backup');
  const seen = writes.length;
  assert.ok(seen > 50);
  await server.stop('SIGKILL');
  await Promise.all(storm);
  assert.match(await ok(server, 'backup', 'verify'), /whole/);
  for (const [i, s] of (await goodSets(server)).entries())
    await ok(server, 'restore', s.id, '--to', join(server.dir, `r${i}`)); // checks pages, references, audit log
  await end(server);
});

test('the shipped log goes on behind a stop, a crash and commands beside the server', timed, async () => {
  const server = await start();
  const agent = await server.person('agent');
  await firstCopy(server);
  const write = (title) => agent.post(`${api}/tickets`, { title, message: { body: 'x' }, customer: 'c@example.org' });
  await write('one');
  await server.stop();
  await server.launch();
  await write('two');
  await server.stop('SIGKILL');
  await server.launch();
  await server.person('customer', 'beside@example.org');
  await write('three');
  await ok(server, 'backup', '--incremental');
  assert.equal(readdirSync(join(server.dir, 'backups/wal')).filter((n) => n !== 'lock').length, 1, 'one unbroken row');
  await server.stop();
  await ok(server, 'restore', '--to', join(server.dir, 'r'));
  renameSync(join(server.dir, 'data'), join(server.dir, 'old'));
  renameSync(join(server.dir, 'r'), join(server.dir, 'data'));
  await server.launch();
  assert.deepEqual((await everything(agent, `${api}/tickets`)).map((x) => x.title).sort(), ['one', 'three', 'two']);
  // Another database: a new row, on a new full copy.
  await until(() => readdirSync(join(server.dir, 'backups/wal')).filter((n) => n !== 'lock').length === 2, 'a new row');
  await until(async () => (await goodSets(server)).length === 2, 'a full copy for it');
  await end(server);
});

test('restoring goes on when segments are finished under it', timed, async () => {
  const server = await start({ BACKUP_SEAL_MIN: '60' });
  const client = await server.person('customer');
  await firstCopy(server);
  const writes = [];
  const storm = Array.from({ length: 4 }, () => writeUntilGone(client, writes));
  let on = true;
  const sealing = (async () => {
    while (on) await ok(server, 'backup', '--incremental');
  })();
  for (let i = 0; i < 6; i++) await ok(server, 'restore', '--to', join(server.dir, `r${i}`));
  on = false;
  await sealing;
  await server.stop('SIGKILL');
  await Promise.all(storm);
  await end(server);
});

// ---- What is wrong is named ----

/** A stopped installation with one good backup, and a copy of its folder to break. */
async function broken(t, server, name, breakIt, words, args = ['restore']) {
  await t.test(name, async () => {
    const backups = join(server.dir, `b-${randomBytes(4).toString('hex')}`);
    cpSync(join(server.dir, 'backups'), backups, { recursive: true });
    const env = { BACKUP_DIR: backups, ...breakIt(backups) };
    const to = join(server.dir, `to-${randomBytes(4).toString('hex')}`);
    await refused(withEnv(server, env), words, ...args, ...(args[0] === 'restore' ? ['--to', to] : []));
    assert.ok(!existsSync(to), 'nothing is left of what failed');
    assert.ok(!readdirSync(server.dir).some((n) => n.includes('restoring')), 'nothing half made is left');
  });
}

function setOf(backups) {
  return join(backups, 'sets', readdirSync(join(backups, 'sets')).sort().at(-1));
}

function flip(path, at) {
  const bytes = readFileSync(path);
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  writeFileSync(path, bytes);
}

const anyFile = (dir) => readdirSync(dir, { recursive: true }).map((n) => join(dir, n)).find((p) => statSync(p).isFile());
const segment = (b) => readdirSync(join(b, 'wal'), { recursive: true }).map((n) => join(b, 'wal', n)).find((p) => p.endsWith('.seg'));

test('a backup that cannot be used is refused by name', timed, async (t) => {
  const server = await start();
  const customer = await server.person('customer');
  await ticketWithFile(customer, 'one', randomBytes(50000));
  await firstCopy(server);
  await ok(server, 'backup');
  await customer.post(`${api}/tickets`, { title: 'two', message: { body: 'two' } });
  await ok(server, 'backup', '--incremental');
  await server.stop();
  for (const s of (await goodSets(server)).slice(1)) rmSync(join(server.dir, 'backups/sets', s.id), { recursive: true });
  const [set] = await goodSets(server);
  const named = (words) => new RegExp(`${set.id}.*${words}`, 's');

  await broken(t, server, 'another key', () => ({ BACKUP_KEY: randomBytes(32).toString('hex') }), named('another one'));
  await broken(t, server, 'no key', () => ({ BACKUP_KEY: '' }), named('not set'));
  await broken(t, server, 'a truncated database', (b) => truncateSync(join(setOf(b), 'database.box'), 5000), /truncated/);
  await broken(t, server, 'a damaged database', (b) => flip(join(setOf(b), 'database.box'), 3000), /database\.box is damaged/);
  await broken(t, server, 'a damaged manifest', (b) => flip(join(setOf(b), 'manifest.json'), 40), named('manifest'));
  await broken(t, server, 'a newer format', (b) => {
    const path = join(setOf(b), 'manifest.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"format":1', '"format":9'));
  }, named('newer version'));
  await broken(t, server, 'a newer file', (b) => {
    const bytes = readFileSync(join(setOf(b), 'database.box'));
    bytes[9] = 9;
    writeFileSync(join(setOf(b), 'database.box'), bytes);
  }, /newer version/);
  await broken(t, server, 'a missing attachment', (b) => rmSync(anyFile(join(b, 'files'))), /attachment .* is not in the backup/);
  await broken(t, server, 'a damaged attachment', (b) => flip(anyFile(join(b, 'files')), 2000), /is damaged/);
  await broken(t, server, 'a damaged segment', (b) => flip(segment(b), 500), /damaged|truncated/);
  await broken(t, server, 'a truncated segment', (b) => truncateSync(segment(b), statSync(segment(b)).size - 500), /truncated/);
  await broken(t, server, 'an empty folder', (b) => rmSync(join(b, 'sets'), { recursive: true }), /no backups in/);
  await broken(t, server, 'verify', (b) => flip(join(setOf(b), 'database.box'), -1), named('damaged'), ['backup', 'verify']);
  await broken(t, server, 'verify of attachments', (b) => flip(anyFile(join(b, 'files')), 2000), named('damaged'), ['backup', 'verify']);
  await t.test('a damaged newest copy is not taken for the newest good one', async () => {
    const backups = join(server.dir, 'b-two');
    cpSync(join(server.dir, 'backups'), backups, { recursive: true });
    const bad = join(backups, 'sets', `00000099-${set.id.slice(9)}`);
    cpSync(setOf(backups), bad, { recursive: true });
    flip(join(bad, 'manifest.json'), 40);
    mkdirSync(join(backups, 'sets', '00000100-20300101T000000Z.tmp'));
    const other = withEnv(server, { BACKUP_DIR: backups });
    const states = Object.fromEntries((await list(other)).sets.map((s) => [s.id.slice(0, 8), s.state]));
    assert.deepEqual([states['00000099'], states['00000100']], ['damaged', 'unfinished']);
    assert.match(await ok(other, 'restore', '--to', join(server.dir, 'r-two')), new RegExp(set.id));
  });
  await t.test('an existing folder', async () => {
    const to = join(server.dir, 'there');
    mkdirSync(to);
    writeFileSync(join(to, 'mine'), 'mine');
    await refused(server, /exists/, 'restore', '--to', to);
    assert.match(await ok(server, 'restore', '--to', to, '--force'), /lies in/);
    const aside = readdirSync(server.dir).find((n) => n.startsWith('there.before-'));
    assert.equal(readFileSync(join(server.dir, aside, 'mine'), 'utf8'), 'mine');
  });
  await end(server);
});

test('another BACKUP_KEY seals what is new, and what the former one sealed is still read', timed, async () => {
  const server = await start();
  const agent = await server.person('agent');
  const customer = await server.person('customer');
  await ticketWithFile(customer, 'sealed with the former key', randomBytes(60000));
  await firstCopy(server);
  await ok(server, 'backup');
  await ticketWithFile(customer, 'in its log', randomBytes(50000));
  await ok(server, 'backup', '--incremental');
  const former = (await goodSets(server)).map((s) => s.id);
  const fresh = randomBytes(32).toString('hex');
  const older = randomBytes(32).toString('hex');
  await server.stop();
  Object.assign(server.env, { BACKUP_KEY: fresh, BACKUP_KEY_FORMER: `${key} ${older}` });
  await server.launch();
  await ticketWithFile(customer, 'sealed with the new key', randomBytes(40000));
  await ok(server, 'backup', '--incremental');

  const keys = async (of = server) => {
    const r = await of.run(['backup', 'keys', '--json']);
    const { keys: v, unreadable } = JSON.parse(r.stdout);
    return { code: r.code, unreadable, copies: v.map((k) => k.copies), segments: v.map((k) => k.segments > 0), settings: v.map((k) => k.setting) };
  };
  assert.deepEqual(await keys(), { code: 0, unreadable: 0, copies: [0, former.length, 0], segments: [true, true, false],
    settings: ['BACKUP_KEY', 'BACKUP_KEY_FORMER', 'BACKUP_KEY_FORMER'] });
  assert.match(await ok(server, 'backup', 'keys'), /^BACKUP_KEY +[0-9a-f]{16} .*seals what is new\nBACKUP_KEY_FORMER .*still needed\nBACKUP_KEY_FORMER .*opens nothing any more\n$/);
  assert.equal(readdirSync(join(server.dir, 'backups/wal')).filter((n) => n !== 'lock').length, 1, 'the row goes on');
  // From the copy of the former key on, through segments of both.
  const before = await contents(agent);
  await ok(server, 'restore', '--to', join(server.dir, 'r'));
  const copy = await Server.start('sqlite', { DATABASE_URL: `sqlite:///${server.dir}/r/ticketing.db`, DATA_DIR: join(server.dir, 'r'), READ_ONLY: 'true', JWT_SECRET: server.env.JWT_SECRET }, { dir: server.dir });
  assert.deepEqual(await contents(Object.assign(copy.client(), { token: agent.token })), before);
  await copy.stop();

  await ok(server, 'backup');
  const [mine] = await goodSets(server);
  assert.ok(!former.includes(mine.id));
  assert.match(await ok(server, 'backup', 'verify'), new RegExp(`${mine.id}: whole, \\d+ files, 3 attachments`));
  await ok(server, 'drill');
  await server.stop();

  // Who has only the former key reads nothing that was written since.
  const thief = withEnv(server, { BACKUP_KEY: key, BACKUP_KEY_FORMER: '' });
  assert.deepEqual((await list(thief)).sets.map((s) => s.state), ['unusable', ...former.map(() => 'good')]);
  await refused(thief, /another one/, 'restore', mine.id, '--to', join(server.dir, 'x'));
  // Without it the former copies are not read, and that is said; the new one stands alone.
  const without = withEnv(server, { BACKUP_KEY_FORMER: '' });
  assert.deepEqual([(await keys(without)).code, (await keys(without)).unreadable > 0], [1, true]);
  await refused(without, /is another one/, 'restore', former[0], '--to', join(server.dir, 'x'));
  await refused(withEnv(server, { BACKUP_KEY_FORMER: older }), /BACKUP_KEY and BACKUP_KEY_FORMER are others/, 'restore', former[0], '--to', join(server.dir, 'x'));
  await refused(withEnv(server, { BACKUP_KEY: '' }), /BACKUP_KEY_FORMER is set and BACKUP_KEY is not/, 'backup', 'list');
  assert.match(await ok(without, 'restore', mine.id, '--to', join(server.dir, 'new')), /3 attachments/);

  // When nothing hangs on it any more, its files go too.
  for (const id of former) rmSync(join(server.dir, 'backups/sets', id), { recursive: true });
  await ok(server, 'backup', 'prune');
  for (const name of readdirSync(join(server.dir, 'backups/wal'), { recursive: true }).filter((n) => n.endsWith('.seg') || n.endsWith('.open')))
    rmSync(join(server.dir, 'backups/wal', name));
  assert.deepEqual((await keys()).copies, [1, 0, 0]);
  const files = () => readdirSync(join(server.dir, 'backups/files'), { recursive: true }).map((n) => join(server.dir, 'backups/files', n)).filter((p) => statSync(p).isFile());
  assert.equal(files().length, 5, 'two under both keys, one under the new one');
  for (const p of files()) utimesSync(p, 1e9, 1e9);
  assert.match(await ok(without, 'backup', 'prune'), /^removed 0 sets, 0 segments, 2 attachments/);
  assert.match(await ok(without, 'backup', 'verify'), /3 attachments/);
  rmSync(server.dir, { recursive: true, force: true });
});

/** Holds a lock until done() is called. */
async function hold(path) {
  const p = spawn('flock', [path, 'sh', '-c', 'echo held; read x'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const gone = new Promise((done) => p.on('exit', done));
  await new Promise((done) => p.stdout.once('data', done));
  return () => (p.stdin.end('\n'), gone);
}

test('two at once: the second is refused and nothing is damaged', timed, async () => {
  const server = await start();
  await firstCopy(server);
  let release = await hold(join(server.dir, 'backups/lock'));
  await refused(server, /another backup, restore or pruning is at work/, 'backup');
  await refused(server, /another backup, restore or pruning is at work/, 'restore', '--to', join(server.dir, 'r'));
  await release();
  release = await hold(join(server.dir, 'r.restore-lock'));
  await refused(server, /another restore into/, 'restore', '--to', join(server.dir, 'r'));
  await release();
  await ok(server, 'restore', '--to', join(server.dir, 'r'));
  await ok(server, 'backup', 'verify');
  await end(server);
});

test('a full target fails with words and keeps the last good backup', timed, async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'ticketing-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    rmSync(disk, { recursive: true });
    return t.skip('needs root to mount a small file system');
  }
  const server = await start({ BACKUP_DIR: disk });
  try {
    const customer = await server.person('customer');
    await firstCopy(server);
    const [good] = await goodSets(server);
    const fd = openSync(join(disk, 'ballast'), 'w');
    for (let n = 65536; n >= 1; )
      try {
        writeSync(fd, Buffer.alloc(n));
      } catch {
        n >>= 1;
      }
    closeSync(fd);
    await refused(server, /No space left/, 'backup');
    await customer.post(`${api}/tickets`, { title: 'goes on', message: { body: 'x' } });
    await until(async () => /backup_shipping_ok 0/.test((await customer.request('GET', '/metrics', quiet)).text), 'the metrics to tell');
    assert.deepEqual((await list(server)).sets.map((s) => [s.id, s.state]), [[good.id, 'good']]);
    unlinkSync(join(disk, 'ballast'));
    await until(async () => /backup_shipping_ok 1/.test((await customer.request('GET', '/metrics', quiet)).text), 'shipping again');
    await ok(server, 'backup', '--incremental');
    await ok(server, 'restore', '--to', join(server.dir, 'r'));
    assert.ok(readFileSync(join(server.dir, 'r/ticketing.db')).includes('goes on'), 'nothing was lost meanwhile');
    await refused(server, /not enough space/, 'restore', '--to', join(disk, 'r'));
  } finally {
    await end(server);
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  }
});

// ---- Looking into a copy, and drills ----

test('a restored copy is looked into without changing a byte of it', timed, async () => {
  const server = await start();
  const agent = await server.person('agent');
  await agent.post(`${api}/tickets`, { title: 'seen', message: { body: 'x' }, customer: 'c@example.org' });
  const token = (await agent.post(`${api}/tokens`, { name: 'look' })).token;
  await firstCopy(server);
  await ok(server, 'backup');
  const dir = join(server.dir, 'r');
  await ok(server, 'restore', '--to', dir);
  const before = sumOf(join(dir, 'ticketing.db'));
  const { SERVER_PORT: _, ...env } = server.env;
  const reader = await Server.start(
    'sqlite',
    { ...env, DATABASE_URL: `sqlite:///${dir}/ticketing.db`, DATA_DIR: dir, READ_ONLY: 'true' },
    { dir: server.dir },
  );
  const client = reader.client({ token });
  assert.equal((await client.get(`${api}/tickets`)).data[0].title, 'seen');
  const no = await client.request('POST', `${api}/tickets`, { body: { title: 'no', message: { body: 'x' }, customer: 'c@example.org' } });
  assert.equal(no.status, 503, no.text);
  assert.equal(no.json.code, 'read_only');
  await reader.stop();
  assert.equal(sumOf(join(dir, 'ticketing.db')), before);
  await end(server);
});

test('a drill proves the newest backup, measures, records and cleans up', timed, async () => {
  const server = await start();
  const customer = await server.person('customer');
  await ticketWithFile(customer, 'one', randomBytes(100000));
  await firstCopy(server);
  await ok(server, 'backup', '--incremental');
  const figures = JSON.parse(await ok(server, 'drill', '--json'));
  assert.equal(figures.failed_at, '');
  assert.equal(figures.attachments, 1);
  assert.ok(figures.rto_s > 0 && figures.rpo_s < 5, JSON.stringify(figures));
  assert.ok(!readdirSync(join(server.dir, 'data')).some((n) => n.startsWith('drill')), 'the copy is gone');
  assert.equal((await customer.get(`${api}/tickets`)).data.length, 1, 'the real one was not written to');
  flip(join(setOf(join(server.dir, 'backups')), 'database.box'), 3000);
  const said = await refused(server, /failed at: restore/, 'drill');
  assert.match(said, /damaged/);
  await end(server);
});

test('root may run a drill though only root may read the files of the secrets', { ...timed, skip: process.getuid() !== 0 && 'needs root' }, async () => {
  const server = await start();
  await firstCopy(server);
  await server.stop();
  const { JWT_SECRET, ...env } = server.env;
  execFileSync('chown', ['65532:65532', server.dir]);
  writeFileSync(join(server.dir, 'secret'), JWT_SECRET, { mode: 0o600 });
  for (const d of ['data', 'backups', 'test.db', 'test.db-wal', 'test.db-shm'].map((n) => join(server.dir, n)).filter(existsSync))
    execFileSync('chown', ['-R', '65532:65532', d]);
  server.env = { ...env, ENVIRONMENT: 'production', BASE_URL: 'https://help.example.org', ALLOWED_ORIGINS: 'https://help.example.org', JWT_SECRET_FILE: join(server.dir, 'secret') };
  assert.match(await ok(server, 'drill'), /restored, checked and tried/);
  await server.close();
});

// ---- Off-site ----

async function appendOnly(dir) {
  const port = await freePort();
  const p = spawn('rclone', ['serve', 'restic', '--append-only', '--addr', `127.0.0.1:${port}`, dir], { stdio: 'ignore' });
  await until(() => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false), 'rclone');
  return { url: `rest:http://127.0.0.1:${port}/`, stop: () => p.kill() };
}

test('an off-site copy that the server cannot delete brings everything back', timed, async () => {
  const away = mkdtempSync(join(tmpdir(), 'ticketing-away-'));
  const repo = await appendOnly(away);
  const env = { BACKUP_OFFSITE: repo.url, BACKUP_OFFSITE_PASSWORD: 'a password for tests' };
  const server = await start({ ...env, HOME: away, XDG_CACHE_HOME: join(away, 'cache') });
  try {
    const agent = await server.person('agent');
    await agent.post(`${api}/tickets`, { title: 'far away', message: { body: 'x' }, customer: 'c@example.org' });
    await firstCopy(server);
    await until(async () => /sent off-site/.test((await server.run(['backup'])).stdout), 'a copy off-site', 60000);
    const restic = (...args) =>
      execFileSync('restic', args, {
        encoding: 'utf8', stdio: 'pipe',
        env: { ...process.env, HOME: away, RESTIC_REPOSITORY: repo.url, RESTIC_PASSWORD: env.BACKUP_OFFSITE_PASSWORD },
      });
    const snapshot = JSON.parse(restic('snapshots', '--json')).at(-1).id;
    assert.throws(() => restic('forget', snapshot, '--prune'), 'the repository only grows');
    await server.stop('SIGKILL');
    rmSync(join(server.dir, 'data'), { recursive: true });
    rmSync(join(server.dir, 'backups'), { recursive: true });
    restic('restore', 'latest', '--target', join(server.dir, 'fetched'));
    await ok(server, 'restore', '--from', join(server.dir, 'fetched', server.dir, 'backups'), '--to', join(server.dir, 'data'));
    await server.launch();
    assert.equal((await agent.get(`${api}/tickets`)).data[0].title, 'far away');
    repo.stop();
    await refused(server, /off-site: restic/, 'backup');
    assert.ok((await goodSets(server)).length > 0, 'the copy here is good all the same');
  } finally {
    repo.stop();
    await end(server);
    rmSync(away, { recursive: true });
  }
});

test('PostgreSQL is told apart', { skip: !engines.includes('postgres') }, async () => {
  const server = await start({}, {});
  await server.stop();
  const other = withEnv(server, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  await refused(other, /stanza|pgbackrest/i, 'backup', 'list');
  rmSync(server.dir, { recursive: true });
});
