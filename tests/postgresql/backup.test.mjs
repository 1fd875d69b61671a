// Backups of PostgreSQL: what was acknowledged comes back, to a time, and whatever is wrong is named.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Archived, Server, as, certificates, end, mkdir, put, start, until } from './stack.mjs';
import { auditIsWhole, everything } from '../http/writes.mjs';

const api = '/api/v1';
const key = randomBytes(32).toString('hex');

async function ok(server, ...args) {
  const r = await server.run(args);
  assert.equal(r.code, 0, `server ${args.join(' ')}: ${r.stdout}${r.stderr}`);
  return r.stdout;
}
async function refused(server, words, ...args) {
  const r = await server.run(args);
  assert.equal(r.code, 1, `server ${args.join(' ')} ended with ${r.code}: ${r.stdout}${r.stderr}`);
  assert.match(r.stderr, words);
}
const withEnv = (server, env) => Object.assign(Object.create(server), { env: { ...server.env, ...env } });

const sets = async (server) => JSON.parse(await ok(server, 'backup', 'list', '--json')).sets.filter((s) => s.state === 'good');

async function ticketWithFile(client, title, bytes) {
  const up = await client.request('POST', `${api}/uploads?name=a.bin`, { raw: bytes, headers: { 'content-type': 'application/octet-stream' } });
  assert.equal(up.status, 201, up.text);
  return client.post(`${api}/tickets`, { title, message: { body: title, attachments: [up.json.id] } });
}
async function contents(agent) {
  const out = [];
  for (const t of (await everything(agent, `${api}/tickets`)).sort((x, y) => x.id - y.id))
    out.push({ ticket: t, messages: await everything(agent, `${api}/tickets/${t.id}/messages`) });
  return out;
}

/** A copy as if it had been taken so many days ago: its manifest is sealed anew, as the product would. */
function aged(backups, id, days) {
  const path = join(backups, 'sets', id, 'manifest.json');
  const text = readFileSync(path, 'utf8').replace(/"at_us":(\d+)/, (_, us) => `"at_us":${BigInt(us) - BigInt(days) * 86400000000n}`);
  const sum = execFileSync('python3', ['-c', `import hashlib, sys
key = hashlib.blake2b(b'${key}', digest_size=32, key=b'ticketing-system backup v1').digest()
print(hashlib.blake2b(sys.stdin.buffer.read(), digest_size=32, key=key).hexdigest())`], { input: text, encoding: 'utf8' });
  writeFileSync(path, text);
  writeFileSync(join(backups, 'sets', id, 'manifest.sum'), sum);
}

/** The restored copy, run as the words of `server restore` say, and a server on it that only reads. */
async function look(pg, dir, secret) {
  const args = ['-D', `${dir}/postgresql`, '-o', `-k ${dir} -c config_file=${dir}/postgresql.conf -c hba_file=${dir}/pg_hba.conf`, '-l', `${dir}/log`, '-w'];
  as('pg_ctl', [...args, 'start'], { stdio: 'ignore' });
  const server = await Server.start('postgres', {
    DATABASE_URL: `postgres:///ticketing?host=${encodeURIComponent(dir)}&user=ticketing`, DATA_DIR: dir, READ_ONLY: 'true', JWT_SECRET: secret,
  }, { dir: mkdir(join(pg.dir, `look${randomBytes(3).toString('hex')}`)) });
  server.halt = async () => {
    await server.stop();
    as('pg_ctl', [...args, '-m', 'fast', 'stop'], { stdio: 'ignore' });
  };
  return server;
}

describe('backups of PostgreSQL', () => {
  let pg, server, agent, customer;
  const marks = {};

  before(async () => {
    pg = await Archived.start();
    server = await pg.server({ BACKUP_DIR: pg.backups, BACKUP_KEY: key });
    agent = await server.person('agent');
    customer = await server.person('customer');
    const isMade = async () => (await server.run(['backup', 'list'])).code === 0 && (await sets(server)).length > 0; // 1: there is none yet
    await until(isMade, 'the first full copy, which serve makes by itself', 120000);
  });
  after(async () => {
    await server?.stop();
    await pg?.stop();
  });

  test('full, differential, the log: written down by name, with what lies beside the database', async () => {
    await ticketWithFile(customer, 'before the full copy', randomBytes(300000));
    assert.match(await ok(server, 'backup'), /^backup 0+\d+-\S+: database .*, 1 attachments, .* written, .* s, encrypted/m);
    await ticketWithFile(customer, 'before the differential copy', randomBytes(200000));
    assert.match(await ok(server, 'backup', '--incremental'), /\(differential\).*2 attachments/);
    await ticketWithFile(customer, 'only in the log', randomBytes(1000));
    marks.contents = await contents(agent);
    marks.at = new Date(Date.now() + 1000);
    await until(() => Date.now() > marks.at.getTime() + 100, 'the second to pass');
    await customer.post(`${api}/tickets`, { title: 'after the time asked for', message: { body: 'x' } });
    marks.all = await contents(agent);
    await ok(server, 'backup', '--incremental'); // takes the attachments of what was only in the log
    await pg.archived();
    const listed = JSON.parse(await ok(server, 'backup', 'list', '--json')).sets;
    assert.deepEqual(listed.map((s) => [s.state, s.differential, s.encrypted]), [['good', true, true], ['good', true, true], ['good', false, true], ['good', false, true]]);
    assert.match(await ok(server, 'backup', 'list'), /archived log: segments 0/);
    assert.match(await ok(server, 'backup', 'verify'), /whole, 3 files, 3 attachments[^]*archived log is whole/);
  });

  const line = async (of, id) => JSON.parse((await of.run(['checklist', '--section', id, '--json'])).stdout).lines.find((l) => l.id === id);
  const database = (more) => withEnv(server, { DATABASE_URL: `postgres://ticketing@${more}` });

  test('TLS to the database is verified: another authority, another name, clear text are refused in words', async () => {
    const stranger = certificates(join(pg.dir, 'stranger'), 'x.test');
    const mine = `sslmode=verify-full&sslrootcert=${pg.tls}/ca.pem`;
    const at = (host) => `${host}:${pg.port}/ticketing?hostaddr=127.0.0.1`;
    await ok(database(`${at('db.test')}&${mine}`), 'migrate', '--status');
    await refused(database(`${at('db.test')}&sslmode=verify-full&sslrootcert=${stranger}/ca.pem`), /not signed by the authority of sslrootcert/, 'migrate', '--status');
    await refused(database(`${at('other.test')}&${mine}`), /certificate is for another name/, 'migrate', '--status');
    await refused(database(`${at('db.test')}&sslmode=verify-full&sslrootcert=/nonexistent`), /file of sslrootcert/, 'migrate', '--status');
    await refused(database(`${at('db.test')}&sslmode=disable`), /lets nobody in from here like this/, 'migrate', '--status');
    const judged = async (more) => line(database(more), 'network.isolation').then((l) => `${l.state}: ${l.evidence}`);
    assert.match(await judged(`${at('db.test')}&sslmode=disable`), /^fail: sslmode=disable: the connection to the database at db.test may be in the clear/);
    assert.match(await judged(at('db.test')), /^fail: sslmode=prefer/);
    assert.match(await judged(`${at('db.test')}&sslmode=require`), /^warning: .*is believed to be the database/);
    assert.match(await judged(`${at('db.test')}&${mine}`), /^pass: PostgreSQL at db.test, encrypted/);
  });

  test('an archive that fails shows in the metrics and the checklist, and so does its return', async () => {
    const failing = async (n) => new RegExp(`^db_archive_failing ${n}$`, 'm').test(await (await fetch(`${server.url}/metrics`)).text());
    const strategy = () => line(withEnv(server, { BACKUP_OFFSITE: '/nonexistent', BACKUP_OFFSITE_PASSWORD: 'x' }), 'infrastructure.backups');
    pg.sql("ALTER SYSTEM SET archive_command = 'false'");
    pg.sql('SELECT pg_reload_conf()');
    pg.sql('CREATE TABLE IF NOT EXISTS ticks (); SELECT pg_switch_wal()');
    await until(() => failing(1), 'the metrics to tell', 60000);
    assert.match((await strategy()).evidence, /last segment of PostgreSQL's log could not be archived/);
    pg.sql('ALTER SYSTEM RESET archive_command');
    pg.sql('SELECT pg_reload_conf()');
    await pg.archived();
    await until(() => failing(0), 'the metrics to tell', 60000);
    assert.doesNotMatch((await strategy()).evidence, /archived: see/);
  });

  test('it is in the evidence, the metrics and the checklist', async () => {
    const metrics = (await (await fetch(`${server.url}/metrics`)).text());
    assert.match(metrics, /backup_configured 1/);
    for (const id of ['backup.daily', 'backup.hourly', 'backup.configuration']) assert.equal((await line(server, id)).state, 'pass', id);
  });

  test('a drill measures what a disaster would cost', async (t) => {
    const figures = JSON.parse(await ok(server, 'drill', '--json'));
    t.diagnostic(`RTO ${figures.rto_s} s (restore ${figures.restore_s}, start ${figures.start_s}), RPO ${figures.rpo_s} s`);
    assert.equal(figures.failed_at, '');
    assert.ok(figures.rto_s > 0 && figures.rpo_s < 60 && figures.attachments === 3 && figures.audit_entries > 5);
    assert.deepEqual(readdirSync(join(server.dir, 'data')).filter((n) => n.startsWith('drill')), []);
  });

  test('after the loss of database and data, any time comes back', async (t) => {
    await server.stop('SIGKILL');
    pg.halt();
    rmSync(pg.data, { recursive: true });
    const dir = join(server.dir, 'data');
    rmSync(join(dir, 'attachments'), { recursive: true });

    const then = join(pg.dir, 'then');
    const told = await ok(server, 'restore', '--at', marks.at.toISOString(), '--to', then);
    assert.match(told, /checked: pages, references, \d+ audit entries, 3 attachments/);
    const copy = await look(pg, then, server.env.JWT_SECRET);
    assert.deepEqual(await contents(Object.assign(copy.client(), { token: agent.token })), marks.contents, 'as it was then, and nothing later');
    await copy.halt();

    const again = join(pg.dir, 'again');
    const began = Date.now();
    await ok(server, 'restore', '--to', again);
    t.diagnostic(`restored in ${Date.now() - began} ms`);

    // The newest in the place of what was lost: the same machine goes on.
    renameSync(join(again, 'postgresql'), pg.data);
    pg.resume();
    renameSync(join(again, 'attachments'), join(dir, 'attachments'));
    await server.launch();
    assert.deepEqual(await contents(agent), marks.all);
    const files = marks.all.flatMap((x) => x.messages).flatMap((m) => m.attachments);
    assert.equal(files.length, 3);
    for (const f of files) assert.equal((await agent.request('GET', `${api}/attachments/${f.id}/content`, { check: false })).status, 200);
    await auditIsWhole(server);
    // The log goes on being archived, on a new timeline.
    await pg.archived();
    await ok(server, 'backup');
  });

  /** A configuration of pgBackRest with other lines, and locks of its own: the archive is at work meanwhile. */
  const other = (name, lines) => {
    let text = readFileSync(pg.config, 'utf8');
    for (const [k, v] of Object.entries({ 'lock-path': join(pg.dir, `lock-${name}`), ...lines })) {
      text = text.replace(new RegExp(`^${k}=.*\n`, 'm'), '');
      if (v !== null) text = text.replace('[global]\n', `[global]\n${k}=${v}\n`);
    }
    return { BACKUP_PG_CONFIG: put(join(pg.dir, name), text) };
  };

  test('another key, or none, is refused in words', async () => {
    await refused(withEnv(server, { BACKUP_KEY: randomBytes(32).toString('hex') }), /cannot be used|no good backup.*BACKUP_KEY is another one/, 'restore', '--to', join(pg.dir, 'x'));
    await refused(withEnv(server, other('otherkey.conf', { 'repo1-cipher-pass': 'not the key of this repository' })), /encrypted with another key/, 'backup');
    const plain = other('plain.conf', { 'repo1-cipher-type': 'none', 'repo1-cipher-pass': null, 'repo1-path': join(pg.backups, 'plain') });
    as('pgbackrest', [`--config=${plain.BACKUP_PG_CONFIG}`, '--stanza=ticketing-system', '--no-online', '--reset-pg1-host', 'stanza-create']);
    await refused(withEnv(server, plain), /BACKUP_KEY is set, but pgBackRest's repository is not encrypted/, 'backup');
    assert.ok(!existsSync(join(pg.dir, 'x')));
  });

  test('without the programs, or their stanza, it says what is missing', async () => {
    await refused(withEnv(server, { PATH: '/nonexistent' }), /the program pgbackrest is not installed/, 'backup');
    await refused(withEnv(server, { BACKUP_PG_BIN: '/nonexistent' }), /PostgreSQL \d+ is not installed here.*BACKUP_PG_BIN/, 'restore', '--to', join(pg.dir, 'x'));
    await refused(withEnv(server, { BACKUP_PG_STANZA: 'unknown' }), /stanza/, 'backup');
    assert.ok(!existsSync(join(pg.dir, 'x')));
  });

  test('two at once: the second says so and waits for nothing', async () => {
    const lock = start('flock', ['--no-fork', join(pg.backups, 'lock'), 'sleep', '60']);
    await until(() => spawnSync('flock', ['-n', join(pg.backups, 'lock'), 'true']).status === 1, 'the lock');
    await refused(server, /another backup, restore or pruning is at work/, 'backup');
    await refused(server, /another backup, restore or pruning is at work/, 'drill');
    await end(lock, 'SIGKILL');
  });

  test('a full target is told, and the last good backup is kept', { skip: process.getuid() !== 0 && 'mounting needs root' }, async () => {
    const small = mkdir(join(pg.dir, 'small'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=2m,mode=700,uid=${statSync(pg.backups).uid}`, 'tmpfs', small]);
    try {
      const env = other('small.conf', { 'repo1-path': join(small, 'pgbackrest'), 'archive-check': 'n', 'job-retry': '0' });
      as('pgbackrest', [`--config=${env.BACKUP_PG_CONFIG}`, '--stanza=ticketing-system', '--no-online', '--reset-pg1-host', 'stanza-create']);
      await refused(withEnv(server, env), /repository cannot be written to: it is full/, 'backup');
    } finally {
      execFileSync('umount', ['-l', small]);
    }
    assert.ok((await sets(server)).length > 0);
  });

  test('what is damaged, of a newer format or gone is named and never used', async () => {
    const newest = (await sets(server))[0];
    const manifest = join(pg.backups, 'sets', newest.id, 'manifest.json');
    const text = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, text.replace('"format":2', '"format":3'));
    await refused(server, /newer version/, 'backup', 'verify', newest.id);
    writeFileSync(manifest, text.replace(newest.label, newest.label.replace(/^2/, '3')));
    await refused(server, /manifest is damaged/, 'restore', newest.id, '--to', join(pg.dir, 'x'));
    writeFileSync(manifest, text);

    const stored = join(pg.backups, 'pgbackrest/backup/ticketing-system');
    const victim = readdirSync(join(stored, newest.label), { recursive: true }).map((n) => join(stored, newest.label, n))
      .filter((p) => statSync(p).isFile() && p.includes('pg_data')).sort((x, y) => statSync(y).size - statSync(x).size)[0];
    const bytes = readFileSync(victim);
    writeFileSync(victim, bytes.map((b, i) => (i === bytes.length >> 1 ? b ^ 0xff : b)));
    await refused(server, /repository is damaged/, 'backup', 'verify');
    await refused(server, /./, 'restore', newest.id, '--to', join(pg.dir, 'x'));
    renameSync(join(stored, newest.label), join(pg.dir, 'gone'));
    await refused(server, /./, 'restore', newest.id, '--to', join(pg.dir, 'x'));
    renameSync(join(pg.dir, 'gone'), join(stored, newest.label));
    writeFileSync(victim, bytes);
    assert.ok(!existsSync(join(pg.dir, 'x')));
  });

  test('attachments reach the folder of backups without a copy being taken', async () => {
    const files = () => readdirSync(join(pg.backups, 'files'), { recursive: true }).filter((n) => n.includes('/') && !n.endsWith('.tmp')).length;
    const before = [files(), (await sets(server)).length];
    await ticketWithFile(customer, 'followed', randomBytes(5000));
    await until(() => files() > before[0], 'the attachment', 60000);
    assert.deepEqual([files(), (await sets(server)).length], [before[0] + 1, before[1]]);
  });

  test('what is not kept any more is removed on both sides', async () => {
    const env = withEnv(server, { BACKUP_KEEP_DAILY: '1', BACKUP_KEEP_WEEKLY: '0', BACKUP_KEEP_MONTHLY: '0' });
    assert.match(await ok(env, 'backup', 'prune'), /^removed 0 sets/, 'all are of the newest day');
    const info = () => JSON.parse(pg.pgbackrest('info', '--output=json'))[0];
    const all = await sets(server);
    assert.equal(info().backup.length, all.length);

    for (const s of all) aged(pg.backups, s.id, 10);
    const log = info().archive.at(-1).min;
    await ok(server, 'backup'); // of that day the newest stays, and the full copy that it stands on
    const left = await sets(server);
    assert.ok(left.length > 1 && left.length < all.length + 1, `${left.length}`);
    assert.deepEqual(info().backup.map((b) => b.label), left.map((s) => s.label).reverse());
    await ok(server, 'restore', left[1].id, '--to', join(pg.dir, 'old'));

    assert.match(await ok(env, 'backup', 'prune', '--dry-run'), new RegExp(`^would remove ${left.length - 1} sets`));
    assert.equal(info().backup.length, left.length);
    assert.match(await ok(env, 'backup', 'prune'), new RegExp(`^removed ${left.length - 1} sets`));
    assert.deepEqual(info().backup.map((b) => b.label), (await sets(server)).map((s) => s.label));
    assert.ok(info().archive.at(-1).min > log, 'the log before it is gone');
    assert.match(await ok(server, 'backup', 'verify'), /archived log is whole/);
    await ok(server, 'restore', '--to', join(pg.dir, 'pruned'));
  });

  test('serve takes a differential copy every BACKUP_SEAL_MIN, and names it', { timeout: 300000 }, async () => {
    const had = (await sets(server)).map((s) => s.id);
    await server.stop();
    Object.assign(server.env, { BACKUP_SEAL_MIN: '1' });
    await server.launch();
    await ticketWithFile(customer, 'an hour later', randomBytes(1000));
    const [made] = await until(async () => {
      const now = (await sets(server)).filter((s) => !had.includes(s.id));
      return now.length > 0 && now;
    }, 'the differential copy, which serve takes by itself', 240000);
    assert.equal(made.differential, true);
    await until(async () => /backup_last_success_timestamp_seconds\{kind="backup.incremental"\} [1-9]/.test(await (await fetch(`${server.url}/metrics`)).text()), 'the metrics to tell');
    assert.equal((await line(server, 'backup.hourly')).state, 'pass');
  });
});
