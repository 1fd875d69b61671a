// PostgreSQL in production on one machine: a cluster and pgBackRest on each side, with the files of deploy/postgresql,
// as a user that is not root, on free loopback ports.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, binary, freePort, root, until } from '../http/harness.mjs';

export const bin = process.env.PG_BIN ?? `/usr/lib/postgresql/${readdirSync('/usr/lib/postgresql').sort((x, y) => y - x)[0]}/bin`;
const isRoot = process.getuid() === 0;
const id = (flag, name) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
const who = isRoot ? { uid: id('-u', 'postgres'), gid: id('-g', 'postgres') } : { uid: process.getuid(), gid: process.getgid() };

/** A folder of the user that is not root. */
export function folder(name = 'ticketing-pg-') {
  const dir = mkdtempSync(join(tmpdir(), name));
  chownSync(dir, who.uid, who.gid);
  return dir;
}
export function mkdir(path) {
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, who.uid, who.gid);
  return path;
}
export function put(path, text) {
  writeFileSync(path, text, { mode: 0o600 });
  chownSync(path, who.uid, who.gid);
  return path;
}

const environment = { PATH: `${bin}:${process.env.PATH}`, LC_ALL: 'C.UTF-8', HOME: '/nonexistent' };

/** A program of that user that must succeed; gives what it said. */
export function as(program, args, options = {}) {
  const r = spawnSync(program, args, { encoding: 'utf8', cwd: '/', ...who, ...options, env: { ...environment, ...options.env } });
  if (r.error || r.status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${r.error ?? r.status}\n${r.stdout}${r.stderr}`);
  return r.stdout;
}

const children = new Set();
export const clusters = new Set();
process.on('exit', () => {
  for (const c of clusters) c.halt();
  for (const c of children) c.kill('SIGKILL');
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(143)); // takes them with it

/** A program of that user that goes on; output is kept in .said. */
export function start(program, args, options = {}) {
  const p = spawn(program, args, { cwd: '/', ...who, ...options, env: { ...environment, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  p.said = '';
  p.stdout.on('data', (d) => (p.said += d));
  p.stderr.on('data', (d) => (p.said += d));
  children.add(p);
  p.gone = new Promise((done) => p.on('exit', (code, signal) => (children.delete(p), done({ code, signal }))));
  return p;
}
export async function end(p, signal = 'SIGTERM') {
  if (!p || p.exitCode !== null || p.signalCode !== null) return;
  p.kill(signal);
  await p.gone;
}

/** A file of deploy/postgresql with other values: { 'name': value }, for each line "name=…" or "name = …". */
export function template(name, values) {
  let text = readFileSync(join(root, 'deploy/postgresql', name), 'utf8');
  for (const [key, value] of Object.entries(values)) {
    const line = new RegExp(`^(${key.replaceAll('-', '\\-')} ?= ?).*$`, 'gm');
    if (!line.test(text)) throw new Error(`${name} has no ${key}`);
    text = text.replace(line, (_, head) => head + value);
  }
  return text;
}

/** Certificates of a CA of one's own for these names; gives the folder. */
export function certificates(dir, ...hosts) {
  const tool = join(root, 'deploy/certificates/own-ca');
  const run = (...args) => as('sh', [tool, ...args], { env: { USAGE: 'serverAuth,clientAuth' } });
  run('init', dir);
  for (const h of hosts) run('issue', dir, ...[h].flat());
  return dir;
}

/** One PostgreSQL, durable, with TLS and an archive; pgBackRest beside it and where the backups lie. */
export class Archived {
  static async start({ cipher = true } = {}) {
    const s = new Archived();
    clusters.add(s);
    s.dir = folder();
    s.tls = certificates(join(s.dir, 'tls'), ['db.test', 'localhost', '127.0.0.1'], ['repo.test', 'localhost', '127.0.0.1']);
    s.backups = mkdir(join(s.dir, 'backups'));
    [s.port, s.databasePort, s.repoPort] = [await freePort(), await freePort(), await freePort()];
    s.data = join(s.dir, 'pg');
    s.config = join(s.dir, 'pgbackrest.conf');
    s.databaseConfig = join(s.dir, 'pgbackrest-database.conf');
    const url = (user, name) => `postgres://${user}@localhost:${s.port}/${name}?sslmode=verify-full&sslrootcert=${s.tls}/ca.pem`;
    s.admin = url('postgres', 'postgres');
    s.url = url('ticketing', 'ticketing');
    const of = (host, side) => ({
      [`${side}-ca-file`]: `${s.tls}/ca.pem`, [`${side}-cert-file`]: `${s.tls}/${host}/chain.pem`, [`${side}-key-file`]: `${s.tls}/${host}/key.pem`,
    });
    s.settings = {
      'repo1-path': join(s.backups, 'pgbackrest'), 'repo1-cipher-pass': 'a key of the tests, long enough', 'archive-timeout': '20',
      'lock-path': join(s.dir, 'lock-repo'), 'tls-server-address': '127.0.0.1', 'tls-server-port': s.repoPort, ...of('repo.test', 'tls-server'),
      'tls-server-auth': 'db.test=ticketing-system', 'pg1-host': 'localhost', 'pg1-host-port': s.databasePort,
      'pg1-host-config': s.databaseConfig, ...of('repo.test', 'pg1-host'), 'pg1-path': s.data,
      ...(cipher ? {} : { 'repo1-cipher-type': 'none' }),
    };
    let text = template('pgbackrest.conf', s.settings);
    if (!cipher) text = text.replace(/^repo1-cipher-pass.*\n/m, '');
    put(s.config, text);
    put(s.databaseConfig, template('pgbackrest-database.conf', {
      'repo1-host': 'localhost', 'repo1-host-port': s.repoPort, 'repo1-host-config': s.config, ...of('db.test', 'repo1-host'),
      'lock-path': join(s.dir, 'lock-db'), 'tls-server-address': '127.0.0.1', 'tls-server-port': s.databasePort, ...of('db.test', 'tls-server'),
      'tls-server-auth': 'repo.test=ticketing-system', 'pg1-path': s.data, 'pg1-port': s.port, 'pg1-socket-path': s.dir,
    }));
    s.helpers = [s.config, s.databaseConfig].map((c) => start('pgbackrest', ['server'], { env: { PGBACKREST_CONFIG: c } }));
    s.init();
    s.resume();
    s.sql('CREATE ROLE ticketing LOGIN');
    s.sql('CREATE DATABASE ticketing OWNER ticketing');
    s.pgbackrest('stanza-create');
    return s;
  }
  init() {
    as('initdb', ['-D', this.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--data-checksums', '--no-sync']);
    put(join(this.data, 'ours.conf'), template('postgresql.conf', {
      archive_command: `'pgbackrest --config=${this.databaseConfig} --stanza=ticketing-system archive-push %p'`,
      ssl_cert_file: `'${this.tls}/db.test/chain.pem'`, ssl_key_file: `'${this.tls}/db.test/key.pem'`,
    }) + `port = ${this.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '${this.dir}'\nshared_buffers = 32MB\nlog_min_messages = fatal\n`);
    as('sh', ['-c', `echo "include 'ours.conf'" >>'${this.data}/postgresql.conf'; printf 'local all all trust\\nhostssl all all all trust\\n' >'${this.data}/pg_hba.conf'`]);
  }
  resume() {
    as('pg_ctl', ['-D', this.data, '-l', join(this.dir, 'pg.log'), '-w', '-t', '60', 'start'], { stdio: 'ignore' });
  }
  halt(mode = 'immediate') {
    spawnSync('pg_ctl', ['-D', this.data, '-m', mode, '-w', 'stop'], { cwd: '/', ...who, env: environment });
  }
  /** On the machine of the backups. */
  pgbackrest(...args) {
    return as('pgbackrest', [`--config=${this.config}`, '--stanza=ticketing-system', ...args]);
  }
  sql(text, url = this.admin) {
    return execFileSync('psql', [url, '-AtXqc', text], { encoding: 'utf8' }).trim();
  }
  /** What was committed so far is in the repository. */
  async archived() {
    const segment = this.sql('SELECT pg_walfile_name(pg_switch_wal())');
    await until(() => this.sql('SELECT last_archived_wal FROM pg_stat_archiver') >= segment, 'the log to be archived', 60000);
  }
  /** The ticketing system on it. */
  server(env = {}, options = {}) {
    const dir = options.dir ?? mkdir(join(this.dir, `server${++this.servers}`));
    if (!options.dir) mkdir(join(dir, 'data'));
    return Server.start('postgres', {
      DATABASE_URL: this.url, DATA_DIR: join(dir, 'data'), BACKUP_AT: '', LOG_LEVEL: 'warn', LOG_FORMAT: 'json',
      BACKUP_PG_CONFIG: this.config, BACKUP_PG_BIN: bin, PATH: environment.PATH, ...env,
    }, { dir, ...options });
  }
  servers = 0;
  async stop() {
    this.halt();
    clusters.delete(this);
    await Promise.all((this.helpers ?? []).map((h) => end(h)));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export { Server, binary, until };
