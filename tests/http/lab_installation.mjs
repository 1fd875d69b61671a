// One whole installation as docs/deployment.md describes it, in a namespace of its own: TLS with an own CA, firewall, unit
// file, git, release, monitoring, log shipping, evidence, signatures.  lab_breaks.mjs breaks one thing of it at a time.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { binary, root, until } from './harness.mjs';

export const host = 'tickets.lab.test', address = '10.77.0.1';
const tools = join(dirname(binary), 'tests');
const path = `${process.env.PATH}:/usr/sbin:/sbin`;
const sh = (program, args, options = {}) =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, PATH: path }, ...options });

/** What docs/deployment.md tells to set; each break changes one of it. */
const settings = (lab) => ({
  ENVIRONMENT: 'production',
  SERVER_HOST: '0.0.0.0',
  SERVER_PORT: '443',
  TLS_CERT: join(lab.tls, 'server.crt'),
  TLS_KEY: join(lab.tls, 'server.key'),
  TLS_REDIRECT_PORT: '80',
  BASE_URL: `https://${host}`,
  ALLOWED_ORIGINS: `https://${host}`,
  DATABASE_URL: `sqlite:///${lab.data}/tickets.db`,
  DATA_DIR: lab.data,
  JWT_SECRET: lab.secrets[0],
  SECRET_KEY: lab.secrets[1],
  METRICS_TOKEN: lab.secrets[2],
  RATE_LIMIT_PER_MIN: '60',
  BACKUP_DIR: join(lab.dir, 'backups'),
  BACKUP_KEY: lab.secrets[3],
  BACKUP_AT: '',
  BACKUP_OFFSITE: join(lab.dir, 'offsite'),
  BACKUP_OFFSITE_PASSWORD: lab.secrets[4],
  CHECK_PROMETHEUS_URL: 'http://127.0.0.1:9090',
  CHECK_ALERTMANAGER_URL: 'http://127.0.0.1:9093',
  CHECK_LOG_URL: 'http://127.0.0.1:3100/?find={mark}',
  CHECK_CONTAINER: 'no',
  CHECK_UNIT: join(lab.dir, 'ticketing-system.service'),
  ARGON2_KIB: '64',
  ARGON2_PASSES: '1',
});

export const firewall = `
table inet ticketing {
  chain input {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    iif lo accept
    tcp dport { 80, 443, 8443 } ct state new limit rate over 200/second drop
    tcp dport { 80, 443, 8443 } accept
  }
}`;

/** A port of loopback that takes lines, and a small search over them: the store of logs behind the shipper. */
class Collector {
  lines = '';
  open() {
    this.in = createServer((s) => s.on('data', (d) => (this.lines += d)).on('error', () => {})).listen(5140, '127.0.0.1');
    this.search = createHttp((q, w) => {
      const mark = new URL(q.url, 'http://x').searchParams.get('find');
      w.end(this.lines.split('\n').filter((l) => l.includes(mark)).join('\n'));
    }).listen(3100, '127.0.0.1');
  }
  close() {
    this.in.close();
    this.search.close();
  }
}

export class Installation {
  processes = new Map();
  secrets = Array.from({ length: 5 }, () => randomBytes(64).toString('hex'));
  collector = new Collector();

  async build() {
    this.dir = mkdtempSync(join(dirname(binary), 'lab-'));
    this.app = join(this.dir, 'ticketing-system');
    this.data = join(this.dir, 'data');
    this.tls = join(this.dir, 'tls');
    for (const d of [this.app, this.data, this.tls, join(this.dir, 'backups'), join(this.dir, 'prometheus')]) mkdirSync(d, { mode: 0o700 });
    this.mount('tmpfs', join(this.dir, 'backups')); // another disk
    chmodSync(join(this.dir, 'backups'), 0o700);
    this.network();
    this.certificates();
    this.files();
    this.writeEnv();
    this.server_run(['migrate']);
    this.server_run(['user', 'create', '--role', 'admin', '--email', 'ann@lab.test', '--name', 'Ann Lee', '--password-stdin'], `${this.secrets[4]}\n`);
    this.sql('UPDATE users SET totp_enabled_us = 1');
    this.collector.open();
    await this.start();
    this.logs();
    this.monitoring();
    await this.evidence();
    await this.settled();
    await this.signatures();
  }

  // ── what stands still ──

  network() {
    const hosts = join(this.dir, 'hosts');
    writeFileSync(hosts, `127.0.0.1 localhost\n${address} ${host}\n`);
    sh('mount', ['--bind', hosts, '/etc/hosts']);
    sh('ip', ['link', 'set', 'lo', 'up']);
    sh('ip', ['link', 'add', 'lab0', 'type', 'veth', 'peer', 'name', 'lab1']);
    sh('ip', ['addr', 'add', `${address}/24`, 'dev', 'lab0']);
    for (const link of ['lab0', 'lab1']) sh('ip', ['link', 'set', link, 'up']);
    this.rules(firewall);
  }
  rules(text) {
    sh('nft', ['-f', '-'], { input: `flush ruleset\n${text}\n` });
  }

  /** A certificate by our CA (or another) in tls/NAME.crt and .key. */
  certificate(name, { subject = host, from = -1, days = 90, ca = 'ca' } = {}) {
    const f = (n) => join(this.tls, n);
    const at = (d) => new Date(Date.now() + d * 86400e3).toISOString().replace(/[-:T]/g, '').slice(0, 14) + 'Z';
    sh('openssl', ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', f(`${name}.key`), '-out', f('csr'), '-subj', `/CN=${subject}`]);
    writeFileSync(f('index'), '');
    writeFileSync(f('ca.cnf'), `[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=${this.tls}\ndatabase=${f('index')}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:${subject}\n`);
    sh('openssl', ['ca', '-batch', '-notext', '-config', f('ca.cnf'), '-cert', f(`${ca}.crt`), '-keyfile', f(`${ca}.key`), '-in', f('csr'), '-out', f(`${name}.crt`), '-startdate', at(from), '-enddate', at(days)]);
    chmodSync(f(`${name}.key`), 0o600);
  }
  certificates() {
    for (const ca of ['ca', 'stranger'])
      sh('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '900', '-keyout', join(this.tls, `${ca}.key`), '-out', join(this.tls, `${ca}.crt`), '-subj', `/CN=Lab ${ca}`]);
    this.certificate('server');
  }

  files() {
    this.binary = join(this.app, 'server');
    copyFileSync(binary, this.binary);
    mkdirSync(join(this.app, 'releases/0.0.9'), { recursive: true });
    writeFileSync(join(this.app, 'releases/0.0.9/server'), '#!/bin/sh\necho 0.0.9\n', { mode: 0o755 });
    for (const d of ['docs', 'deploy']) cpSync(join(root, d), join(this.app, d), { recursive: true });
    for (const d of ['deployment.md', 'rollback.md'])
      if (!existsSync(join(this.app, 'docs', d))) writeFileSync(join(this.app, 'docs', d), '# not written yet\n');
    writeFileSync(join(this.dir, 'ticketing-system.service'), this.unit());
    writeFileSync(join(this.app, '.gitignore'), '.env\n/server\n/releases\n');
    this.release = this.describeRelease();
    this.writeRelease();
    this.git('init', '-q');
    this.git('add', '.gitignore', 'docs');
    this.git('commit', '-qm', 'the installation');
  }
  git(...args) {
    return sh('git', ['-C', this.app, '-c', 'user.name=Lab', '-c', 'user.email=lab@lab.test', ...args]);
  }
  unit() {
    const own = join(root, 'deploy/systemd/ticketing-system.service');
    if (existsSync(own)) return readFileSync(own, 'utf8');
    const yes = ['NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'PrivateDevices', 'ProtectKernelTunables', 'ProtectKernelModules', 'ProtectKernelLogs', 'ProtectControlGroups', 'ProtectClock', 'ProtectHostname', 'RestrictSUIDSGID', 'RestrictNamespaces', 'RestrictRealtime', 'LockPersonality', 'MemoryDenyWriteExecute'];
    return `[Service]\nUser=ticketing-system\nProtectSystem=strict\n${yes.map((y) => `${y}=yes\n`).join('')}CapabilityBoundingSet=\nSystemCallFilter=@system-service\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n`;
  }

  sums(folder) {
    const sum = (f) => createHash('sha256').update(readFileSync(f)).digest('hex');
    const files = readdirSync(join(this.app, folder), { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
    return Object.fromEntries(files.map((f) => join(f.path, f.name)).map((f) => [f.slice(join(this.app, folder).length + 1), sum(f)]));
  }
  describeRelease() {
    const suites = ['unit', 'http', 'bench', 'security', 'all'];
    return {
      version: sh(this.binary, ['version']).trim(),
      commit: '0123456789abcdef0123456789abcdef01234567',
      binary_sha256: createHash('sha256').update(readFileSync(this.binary)).digest('hex'),
      tests: Object.fromEntries(suites.map((s) => [s, { passed: 100, failed: 0 }])),
      dependencies: [{ name: 'openssl', version: '3.0' }],
      docs: this.sums('docs'),
      deploy: this.sums('deploy'),
    };
  }
  writeRelease(change = {}) {
    writeFileSync(join(this.app, 'release.json'), JSON.stringify({ ...this.release, ...change }));
  }

  /** .env from the sound settings and a change; a value of undefined leaves one out. */
  writeEnv(change = {}) {
    const file = join(this.app, '.env');
    const all = Object.entries({ ...settings(this), ...change }).filter(([, v]) => v !== undefined);
    writeFileSync(file, all.map(([k, v]) => `${k}=${v}\n`).join(''), { mode: 0o640 });
    chmodSync(file, 0o640);
  }

  mount(type, folder) {
    sh('mount', ['-t', type, type, folder]);
  }
  unmount(folder) {
    sh('umount', [folder]);
  }
  get shim() {
    return join(tools, 'liblabshim.so');
  }

  // ── the database ──

  get database() {
    return join(this.data, 'tickets.db');
  }
  /** Behind the server's back. */
  sql(text, path = this.database) {
    return sh('sqlite3', ['-cmd', '.timeout 5000', path, text]).trim();
  }
  record(kind, { age = 60, ok = true, summary = 'as it should be', figures = {} } = {}) {
    sh(join(tools, 'lab_evidence'), [`sqlite:///${this.database}`, kind, String(age), ok ? 'ok' : 'failed', summary, JSON.stringify(figures)]);
  }
  /** The server makes its first copy by itself.  The off-site store is none, which it complains of: the complaint ends
   *  with the restart, and the copy stays. */
  async evidence() {
    await until(() => readFileSync(join(this.dir, 'server.log'), 'utf8').includes('"event":"backup.command"'), 'the first copy');
    await this.restart();
    for (const kind of ['backup.incremental', 'backup.offsite', 'rollback', 'compliance.report']) this.record(kind);
    this.record('drill', { figures: { rto_s: 12.5, rpo_s: 1.0 } });
  }
  /** A person signs each line that waits for it. */
  async signatures() {
    const { lines } = await this.checklist();
    for (const l of lines)
      if (l.state === 'waiting_for_signature') this.sign(l.id);
  }
  sign(id) {
    this.server_run(['checklist', 'sign', id, '--by', 'Ann Lee', '--role', 'Operations', '--note', 'in the lab']);
  }

  // ── what runs ──

  env(more = {}) {
    return { PATH: path, SSL_CERT_FILE: join(this.tls, 'ca.crt'), ...more };
  }
  server_run(args, input = '', env = {}) {
    return sh(this.binary, args, { cwd: this.app, env: this.env(env), input });
  }
  spawn(name, program, args, options = {}) {
    const out = openSync(join(this.dir, `${name}.log`), 'a');
    const p = spawn(program, args, { cwd: this.dir, env: this.env(), stdio: ['ignore', out, out], ...options });
    p.gone = new Promise((done) => p.on('exit', () => done(this.processes.delete(name))));
    this.processes.set(name, p);
  }
  async kill(name, signal = 'SIGTERM') {
    const p = this.processes.get(name);
    p?.kill(signal);
    await p?.gone;
  }
  fetch(...curl) {
    return new Promise((done) => execFile('curl', ['-sS', '-m', '5', ...curl], { env: this.env() }, (e, out) => done(e ? null : out)));
  }

  /** The server, ready; wrap: a shim before it. */
  async start(env = {}) {
    this.spawn('server', this.binary, ['serve'], { cwd: this.app, env: this.env(env) });
    await until(async () => {
      if (!this.processes.has('server')) throw new Error(`the server ended:\n${readFileSync(join(this.dir, 'server.log'), 'utf8').slice(-3000)}`);
      return (await this.ready())?.includes('"status"');
    }, 'the server to be ready');
  }
  /** By the address, whatever name the certificate has and whichever port. */
  ready() {
    const text = readFileSync(join(this.app, '.env'), 'utf8');
    const of = (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1];
    return this.fetch('-k', '--resolve', `${host}:${of('SERVER_PORT')}:${address}`, `${of('TLS_CERT') ? 'https' : 'http'}://${host}:${of('SERVER_PORT')}/health/ready`);
  }
  async restart(env = {}) {
    await this.kill('server');
    await this.start(env);
  }

  logs() {
    const conf = join(this.dir, 'rsyslog.conf');
    writeFileSync(conf, `module(load="imfile" mode="inotify")
global(workDirectory="${this.dir}")
input(type="imfile" file="${join(this.dir, 'server.log')}" tag="ticketing-system")
template(name="raw" type="string" string="%msg%\\n")
action(type="omfwd" target="127.0.0.1" port="5140" protocol="tcp" template="raw")
`);
    this.spawn('rsyslog', 'rsyslogd', ['-n', '-f', conf, '-i', join(this.dir, 'rsyslog.pid')]);
  }

  /** The configurations of deploy/, with this installation's addresses. */
  monitoring() {
    const read = (f) => readFileSync(join(root, 'deploy', f), 'utf8');
    const ca = join(this.tls, 'ca.crt');
    writeFileSync(join(this.dir, 'token'), this.secrets[2]);
    this.prometheusYml = read('prometheus/prometheus.yml')
      .replaceAll('15s', '1s')
      .replace(/# authorization: .*/, `authorization: {credentials_file: ${join(this.dir, 'token')}}\n    scheme: https\n    tls_config: {ca_file: ${ca}}`)
      .replace('"127.0.0.1:8080"', `"${host}:443"`)
      .replace('http://127.0.0.1:8080/health', `https://${host}/health`);
    this.rulesYml = read('prometheus/rules.yml');
    this.alertmanagerYml = read('alertmanager/alertmanager.yml').replaceAll('example.org', 'lab.test');
    this.startPrometheus();
    this.startAlertmanager();
    this.startBlackbox();
  }
  startPrometheus({ config = this.prometheusYml, rules = this.rulesYml } = {}) {
    writeFileSync(join(this.dir, 'prometheus/prometheus.yml'), config);
    writeFileSync(join(this.dir, 'prometheus/rules.yml'), rules);
    this.spawn('prometheus', 'prometheus', ['--config.file=prometheus/prometheus.yml', '--storage.tsdb.path=prometheus/data', '--web.listen-address=127.0.0.1:9090', '--web.enable-lifecycle']);
  }
  /** Prometheus reads changed files without a restart. */
  async reloadPrometheus({ config = this.prometheusYml, rules = this.rulesYml } = {}) {
    writeFileSync(join(this.dir, 'prometheus/prometheus.yml'), config);
    writeFileSync(join(this.dir, 'prometheus/rules.yml'), rules);
    await this.fetch('-X', 'POST', 'http://127.0.0.1:9090/-/reload');
  }
  startAlertmanager(config = this.alertmanagerYml) {
    writeFileSync(join(this.dir, 'alertmanager.yml'), config);
    this.spawn('alertmanager', 'prometheus-alertmanager', ['--config.file=alertmanager.yml', '--storage.path=alertmanager', '--web.listen-address=127.0.0.1:9093', '--cluster.listen-address=']);
  }
  async reloadAlertmanager(config = this.alertmanagerYml) {
    writeFileSync(join(this.dir, 'alertmanager.yml'), config);
    await this.fetch('-X', 'POST', 'http://127.0.0.1:9093/-/reload');
  }
  startBlackbox() {
    this.spawn('blackbox', 'prometheus-blackbox-exporter', [`--config.file=${join(root, 'deploy/blackbox/blackbox.yml')}`, '--web.listen-address=127.0.0.1:9115']);
  }
  /** Until an instant query gives this value. */
  value(query, value) {
    return until(async () => {
      const answer = await this.fetch('-G', '--data-urlencode', `query=${query}`, 'http://127.0.0.1:9090/api/v1/query');
      return answer && JSON.parse(answer).data?.result?.[0]?.value?.[1] === value;
    }, `${query} to be ${value}`);
  }
  async settled() {
    await this.value('up{job="ticketing-system"}', '1');
    await this.value('probe_success{job="ticketing-probe"}', '1');
    await until(() => this.fetch('http://127.0.0.1:9093/-/ready'), 'Alertmanager');
    await until(async () => /"url"/.test((await this.fetch('http://127.0.0.1:9090/api/v1/alertmanagers')) ?? ''), 'Prometheus to know Alertmanager');
  }

  // ── the checklist ──

  /** Its outcome; lines by id. */
  async checklist(args = [], env = {}) {
    const text = await new Promise((done) =>
      execFile(this.binary, ['checklist', '--json', ...args], { cwd: this.app, env: this.env(env), maxBuffer: 1 << 24, timeout: 90000 }, (e, out, err) => done(out || err)),
    );
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`the checklist said: ${text}`);
    }
  }

  async destroy() {
    for (const name of [...this.processes.keys()]) await this.kill(name, 'SIGKILL');
    this.collector.close();
    this.unmount(join(this.dir, 'backups'));
    rmSync(this.dir, { recursive: true, force: true });
  }
}
