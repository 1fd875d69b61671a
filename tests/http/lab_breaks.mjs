// What can be wrong with an installation: one thing each.  do() breaks it and may give { env } for the checklist alone;
// heal() mends it.  lines: exactly those that must tell of it, with words of theirs; state: "fail" unless told.
// may: those that can tell of it too.
import { appendFileSync, chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { openSync, writeSync, closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Proxy } from './lab_proxy.mjs';
import { address, firewall, host } from './lab_installation.mjs';

// Lines of the document that ask for the same thing stand together.
const jwt = ['config.jwt-secret', 'env.jwt-secret', 'rollback.environment', 'security.review-env'];
const origins = ['config.origins', 'env.origins'];
const limits = ['security.rate-limit', 'testing.rate-limit', 'verify.rate-limit', 'hardening.rate-limit'];
const csrf = ['security.csrf', 'testing.csrf', 'hardening.csrf'];
const cors = ['security.cors', 'verify.cors'];
const errors = ['verify.errors', 'hardening.errors'];
const metrics = ['testing.metrics', 'verify.metrics'];
const tls = ['security.https', 'data.in-transit'];
const firewalls = ['security.firewall', 'network.firewall'];
const sound = ['database.production', 'rollback.database'];
const logs = ['infrastructure.logs', 'monitoring.logs'];
const full = ['database.backups', 'backup.daily', 'watch.backups', 'backup.configuration'];
const drill = ['backup.restore', 'recovery.tested', 'signoff.recovery', 'recovery.rto', 'recovery.rpo'];
const rules = ['infrastructure.alerts', 'monitoring.alerting'];
const alertLines = ['down', 'database', 'errors-critical', 'memory-critical', 'cpu-critical', 'slow', 'errors-warning', 'memory-warning', 'cpu-warning', 'disk-warning'].map((a) => `alert.${a}`);
const watched = ['monitoring.health', 'monitoring.uptime', 'monitoring.metrics', 'watch.metrics'];
const rollbacks = ['rollback.possible', 'rollback.stop', 'rollback.start'];
const release = ['testing.unit', 'testing.integration', 'testing.load', 'testing.security', 'signoff.tests', 'build.dependencies', 'build.binary', 'build.image', 'build.tag', 'backup.scripts', 'backup.documentation'];
const documents = ['docs.deployment', 'docs.environment', 'docs.runbook', 'docs.rollback', 'recovery.failover', 'recovery.steps', 'support.incidents', 'support.escalation', 'guides.deployment', 'guides.troubleshooting', 'guides.architecture', 'guides.runbook'];
const health = ['testing.health', 'infrastructure.probes', 'rollback.health'];

/** The same setting in .env, read by the checklist; the server keeps what it has. */
const setting = (name, change, lines, words, state) => ({
  name,
  do: (lab) => lab.writeEnv(typeof change === 'function' ? change(lab) : change),
  heal: (lab) => lab.writeEnv(),
  lines, words, state,
});
/** A setting that the server runs with. */
const running = (name, change, lines, words, state) => ({
  name,
  do: async (lab) => {
    lab.writeEnv(change);
    await lab.restart();
    if (name !== 'TLS is off') await lab.settled();
    else for (const q of ['up{job="ticketing-system"}', 'probe_success{job="ticketing-probe"}']) await lab.value(q, '0');
  },
  heal: async (lab) => (lab.writeEnv(), lab.restart()),
  lines, words, state,
});
const file = (name, path, mode, lines, words) => {
  let before;
  return {
    name,
    do: (lab) => { before = path(lab); chmodSync(before, mode); },
    heal: () => chmodSync(before, mode === 0o755 ? 0o700 : before.endsWith('.env') ? 0o640 : 0o600),
    lines, words,
  };
};
const certificate = (name, options, lines, words, state) => ({
  name,
  do: async (lab) => {
    lab.certificate('bad', options);
    lab.writeEnv({ TLS_CERT: join(lab.tls, 'bad.crt'), TLS_KEY: join(lab.tls, 'bad.key') });
    await lab.restart();
    await lab.value('up{job="ticketing-system"}', lines.length > 1 ? '0' : '1');
    await lab.value('probe_success{job="ticketing-probe"}', lines.length > 1 ? '0' : '1');
  },
  heal: async (lab) => (lab.writeEnv(), lab.restart()),
  lines, words, state,
});
/** Something stands between the visitor and the server. */
const proxy = (name, options, lines, words, state) => ({
  name,
  do: async (lab) => {
    lab.proxy = await Proxy.start(lab, options);
    return { env: { BASE_URL: `https://${host}:${lab.proxy.port}` } };
  },
  heal: (lab) => lab.proxy.close(),
  lines, words, state,
});
// The running server goes on witnessing the database that was copied.
const witnessed = /was witnessed but is missing/;
/** The checklist alone sees a copy of the database, of which this is done. */
const copy = (name, text, lines, words, more) => ({
  name,
  do: (lab) => {
    const path = join(lab.dir, `copy-${name.replaceAll(' ', '-')}.db`);
    lab.sql(`VACUUM INTO '${path}'`);
    chmodSync(path, 0o600);
    if (text) lab.sql(text, path);
    more?.(lab, path);
    return { env: { DATABASE_URL: `sqlite:///${path}` } };
  },
  heal: () => {},
  // The refused login is logged where the server writes.
  lines: [...lines, 'audit.logins'], words: new RegExp(`${words.source}|left no entry|${witnessed.source}`), may: ['audit.enabled'],
});
const sql = (name, bad, good, lines, words, state) => ({ name, do: (lab) => void lab.sql(bad), heal: (lab) => void lab.sql(good), lines, words, state });
const rulesOf = (name, text, lines, words) => ({ name, do: (lab) => lab.rules(text), heal: (lab) => lab.rules(firewall), lines, words });
const evidence = (name, kind, bad, good, lines, words, state) => ({
  name,
  do: (lab) => lab.record(kind, bad),
  heal: (lab) => lab.record(kind, { figures: good }),
  lines, words, state,
});
const unit = (name, change, words) => ({
  name,
  do: (lab) => writeFileSync(join(lab.dir, 'ticketing-system.service'), change(lab.unit())),
  heal: (lab) => writeFileSync(join(lab.dir, 'ticketing-system.service'), lab.unit()),
  lines: ['network.access'], words,
});
const released = (name, change, lines, words) => ({
  name,
  do: (lab) => lab.writeRelease(change(lab)),
  heal: (lab) => lab.writeRelease(),
  lines, words,
});
const alertRule = (name, from, to, lines, words) => ({
  name,
  do: (lab) => lab.reloadPrometheus({ rules: lab.rulesYml.replace(from, to) }),
  heal: (lab) => lab.reloadPrometheus(),
  // After a reload Prometheus forgets its Alertmanagers for up to 5 s; monitoring.alerting tells either.
  lines: [...rules, ...lines], words: new RegExp(`${words.source}|no Alertmanager`), unsettled: true,
});
const alertmanager = (name, from, to, lines, words) => ({
  name,
  do: (lab) => lab.reloadAlertmanager(lab.alertmanagerYml.replace(from, to)),
  heal: (lab) => lab.reloadAlertmanager(),
  lines, words,
});
const figures = { full: { configuration_bytes: 900 }, drill: { rto_s: 12, rpo_s: 1 } };
const days = (n) => n * 86400;

/** The audit log's own guard is put aside first, as one who owns the database would. */
const tamper = (name, bad, good, words) => {
  let guards;
  const behind = (lab, text) => {
    guards ??= lab.sql("SELECT group_concat(sql, ';') FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'");
    const names = lab.sql("SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'");
    lab.sql(`BEGIN; ${names}; ${text}; ${guards}; COMMIT`);
  };
  return { name, do: (lab) => behind(lab, bad), heal: (lab) => behind(lab, good), lines: ['audit.enabled'], words };
};

export const breaks = [
  // ── settings ──
  setting('JWT_SECRET is short', { JWT_SECRET: 'kX9-mQ2_vB7.zL4' }, [...jwt, 'network.secrets'], /characters, 64 are needed|easy to guess/),
  setting("JWT_SECRET is the example's", { JWT_SECRET: 'replace-me-with-the-output-of-openssl-rand-hex-64-and-keep-it-secret' }, jwt, /example/),
  setting('JWT_SECRET repeats itself', { JWT_SECRET: 'abcabc'.repeat(20) }, [...jwt, 'network.secrets'], /easy to guess/),
  setting('JWT_SECRET is missing', { JWT_SECRET: undefined }, jwt, /JWT_SECRET is (not set|missing)/),
  setting('JWT_SECRET is also SECRET_KEY', (lab) => ({ SECRET_KEY: lab.secrets[0] }), ['network.secrets'], /JWT_SECRET and SECRET_KEY are the same/),
  setting('METRICS_TOKEN is also BACKUP_KEY', (lab) => ({ BACKUP_KEY: lab.secrets[2] }), ['network.secrets'], /METRICS_TOKEN and BACKUP_KEY are the same/),
  setting('SECRET_KEY is a word', { SECRET_KEY: 'opensesame' }, ['network.secrets'], /SECRET_KEY is too easy to guess/),
  setting('there is no SECRET_KEY', { SECRET_KEY: undefined }, ['network.secrets'], /SECRET_KEY is not set/, 'warning'),
  setting('ENVIRONMENT=development', { ENVIRONMENT: 'development' }, ['config.environment', 'env.environment', 'performance.release-mode', ...csrf], /development|not production|no token is asked for/),
  setting('any origin is allowed', { ALLOWED_ORIGINS: '*' }, [...origins, ...cors, 'rollback.environment', 'security.review-env'], /\*/),
  setting('an origin without TLS', { ALLOWED_ORIGINS: `http://${host}` }, [...origins, ...cors], /http:\/\//),
  setting('localhost as origin', { ALLOWED_ORIGINS: `https://${host},https://localhost` }, origins, /localhost, which is no domain/),
  setting("an example's origin", { ALLOWED_ORIGINS: `https://${host},https://help.example.org` }, origins, /example\.org, which is no domain/),
  setting('RATE_LIMIT_PER_MIN is huge', { RATE_LIMIT_PER_MIN: '10000' }, ['config.rate-limit', 'env.rate-limit'], /10000, far above/),
  setting('RATE_LIMIT_PER_MIN is high', { RATE_LIMIT_PER_MIN: '120' }, ['config.rate-limit', 'env.rate-limit'], /recommended are 60/, 'warning'),
  setting('SERVER_PORT=0', { SERVER_PORT: '0' }, ['env.server-port'], /another port/),
  setting('sessions live for a year', { SESSION_MAX_S: '31536000' }, ['hardening.sessions'], /365 days/),
  setting('access tokens live for a day', { ACCESS_TOKEN_S: '86400' }, ['hardening.sessions'], /longer than 60 minutes/),
  setting('only errors are logged', { LOG_LEVEL: 'error' }, ['data.access-log'], /leaves requests out/),
  setting('four addresses may take all connections', { HTTP_MAX_PER_ADDRESS: '10000' }, ['network.ddos'], /four addresses/),
  setting('an unknown setting', { ALLOWED_ORIGIN: 'https://x.test' }, ['rollback.environment'], /ALLOWED_ORIGIN/, 'warning'),
  setting('no BACKUP_DIR', { BACKUP_DIR: '', BACKUP_OFFSITE: '' }, ['infrastructure.backups', 'backup.retention'], /BACKUP_DIR is not set/),
  setting('backups are not encrypted', { BACKUP_KEY: '' }, ['infrastructure.backups'], /BACKUP_KEY is not set/),
  setting('no off-site copy is set', { BACKUP_OFFSITE: '' }, ['infrastructure.backups'], /BACKUP_OFFSITE is not set/),
  setting('the off-site copy travels in clear', { BACKUP_OFFSITE: 'rest:http://backup.test/x' }, ['data.in-transit'], /whoever listens/),
  setting('copies are kept for a day', { BACKUP_KEEP_DAILY: '1' }, ['backup.retention'], /BACKUP_KEEP_DAILY=1/),
  setting('the backups lie on the disk of the data', (lab) => ({ BACKUP_DIR: lab.tls }), ['infrastructure.backups'], /on the disk of DATA_DIR/, 'warning'),
  setting('Prometheus is not named', { CHECK_PROMETHEUS_URL: '' }, [...rules, 'monitoring.health', 'monitoring.uptime', 'monitoring.metrics', 'watch.metrics', ...alertLines], /CHECK_PROMETHEUS_URL is not set/),

  // ── files ──
  file('.env can be changed by all', (lab) => join(lab.app, '.env'), 0o666, ['config.env-file', 'network.secrets'], /mode 0666/),
  file('.env can be read by all', (lab) => join(lab.app, '.env'), 0o644, ['config.env-file', 'network.secrets'], /mode 0644/),
  file('the key of TLS can be read by all', (lab) => join(lab.tls, 'server.key'), 0o644, ['network.secrets'], /key .*mode 0644/),
  file('the data can be read by all', (lab) => lab.data, 0o755, ['network.secrets'], /folder .*mode 0755/),
  {
    name: '.env was committed once',
    do: (lab) => {
      lab.git('add', '-f', '.env');
      lab.git('commit', '-qm', 'all of it');
      lab.git('rm', '-q', '--cached', '.env');
      lab.git('commit', '-qm', 'not this');
    },
    heal: (lab) => lab.git('reset', '-q', '--soft', 'HEAD~2') + lab.git('reflog', 'expire', '--expire=now', '--all'),
    lines: ['security.gitignore'], words: /was committed once, in [0-9a-f]+/,
  },
  {
    name: '.env is in git',
    do: (lab) => lab.git('add', '-f', '.env'),
    heal: (lab) => lab.git('rm', '-q', '--cached', '.env'),
    lines: ['security.gitignore'], words: /\.env is in git/,
  },
  {
    name: '.env is not ignored',
    do: (lab) => writeFileSync(join(lab.app, '.gitignore'), '/server\n'),
    heal: (lab) => writeFileSync(join(lab.app, '.gitignore'), '.env\n/server\n/releases\n'),
    lines: ['security.gitignore'], words: /does not name \.env/,
  },

  // ── TLS ──
  certificate('the certificate has expired', { from: -40, days: -1 }, ['security.certificates', ...watched], /expired|is 0/),
  certificate('the certificate is for another name', { subject: 'other.lab.test' }, ['security.certificates', ...watched], /hostname mismatch|is 0/i),
  certificate('the certificate is of an unknown CA', { ca: 'stranger' }, ['security.certificates', ...watched], /unable to get local issuer|is 0/),
  certificate('the certificate ends in 3 days', { days: 3.5 }, ['security.certificates'], /3 days left/),
  certificate('the certificate ends in 15 days', { days: 15.5 }, ['security.certificates'], /15 days left/, 'warning'),
  proxy('TLS 1.1 is accepted', { tls: { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } }, tls, /TLS 1\.1 or older is accepted/),
  proxy('there is no HSTS', { drop: ['strict-transport-security'] }, ['hardening.https'], /no Strict-Transport-Security/),
  proxy('HSTS is forgotten at once', { set: { 'strict-transport-security': 'max-age=60' } }, ['hardening.https'], /forgotten after 0 days/),
  running('TLS is off', { TLS_CERT: undefined, TLS_KEY: undefined, TLS_REDIRECT_PORT: undefined, SERVER_PORT: '80', BASE_URL: `http://${host}` },
    [...tls, 'security.certificates', 'hardening.https', ...watched], /no TLS|plain HTTP|is 0/),
  {
    name: 'port 80 answers without TLS',
    do: async (lab) => {
      lab.writeEnv({ TLS_REDIRECT_PORT: '0' });
      await lab.restart();
      await lab.settled();
      lab.proxy = await Proxy.start(lab, { plain: true, port: 80 });
    },
    heal: async (lab) => {
      await lab.proxy.close();
      lab.writeEnv();
      await lab.restart();
    },
    lines: ['hardening.https'], words: /port 80 answers \d+ without TLS/,
  },

  // ── what a proxy does ──
  proxy('a proxy allows any origin', { set: { 'access-control-allow-origin': '*' } }, cors, /is allowed|may read answers/),
  proxy('a proxy strips the security headers', { drop: ['content-security-policy'] }, ['hardening.headers'], /content-security-policy/),
  proxy('a proxy allows inline scripts', { set: { 'content-security-policy': "default-src 'none'; script-src 'unsafe-inline'" } }, ['hardening.headers'], /unsafe-inline/),
  proxy('a proxy drops Retry-After', { drop: ['retry-after'] }, limits, /without Retry-After/),
  proxy('a proxy hides the health', { hide: /^\/health/ }, [...health, 'verify.running', 'verify.health', 'verify.ready', 'verify.live', 'balancer.health', 'balancer.expected', 'kubernetes.liveness', 'kubernetes.readiness', 'rollback.verify'], /status 404/),
  proxy('a proxy shows the metrics to strangers', { token: true }, metrics, /given to strangers/),
  proxy('a proxy replaces errors by its own', { own: 404 }, [...errors, ...logs], /no problem document|no request_id/),
  proxy('a proxy keeps answers', { set: { 'cache-control': 'public, max-age=600' } }, ['performance.caching'], /may be kept by a cache/),
  proxy('a proxy drops ETags', { drop: ['etag'] }, ['performance.caching'], /no ETag/),
  proxy('a proxy takes the compression out', { plainText: true }, ['performance.compression'], /was not compressed/),
  proxy('a proxy drops Origin', { dropRequest: ['origin', 'sec-fetch-site'] }, [...csrf, ...cors], /not refused by the server|is refused/),
  running('everybody may say where he comes from', { TRUSTED_PROXIES: '0.0.0.0/0' }, [...limits], /none was refused/),
  running('the limit is lifted', { RATE_LIMIT_PER_MIN: '100000' }, [...limits, 'config.rate-limit', 'env.rate-limit'], /none was refused|far above/),
  running('compression is off', { COMPRESS: 'false' }, ['performance.compression'], /was not compressed/),

  // ── database ──
  {
    name: 'the database is not there',
    do: (lab) => ({ env: { DATABASE_URL: `sqlite:///${lab.dir}/nowhere/tickets.db` } }),
    heal: () => {},
    lines: sound, words: /database .*cannot be opened/, others: true,
  },
  sql('an index is missing', 'DROP INDEX audit_at', 'CREATE INDEX audit_at ON audit (at_us, n)', ['database.indexes'], /missing: audit_at/),
  {
    name: 'a guard of the audit log is missing',
    do: (lab) => {
      [lab.guard, lab.guardText] = lab.sql("SELECT name || '\t' || replace(sql, char(10), ' ') FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit' LIMIT 1").split('\t');
      lab.sql(`DROP TRIGGER ${lab.guard}`);
    },
    heal: (lab) => lab.sql(lab.guardText),
    lines: ['audit.changes'], words: /missing: /,
  },
  copy('a migration is missing', 'DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)', ['database.migrations'], /migration/i),
  copy('a migration was changed', "UPDATE schema_migrations SET checksum = 'x' || checksum WHERE version = 1", ['database.migrations'], /another text/),
  copy('a page of the database is damaged', '', sound, /damaged/, (lab, path) => {
    const page = Number(lab.sql("SELECT rootpage FROM sqlite_master WHERE name = 'ticket_tags'", path));
    const fd = openSync(path, 'r+');
    writeSync(fd, Buffer.alloc(2000, 0xa5), 0, 2000, (page - 1) * Number(lab.sql('PRAGMA page_size')));
    closeSync(fd);
  }),
  {
    name: 'an old database was restored',
    do: async (lab) => {
      const path = join(lab.dir, 'old.db');
      lab.sql(`VACUUM INTO '${path}'`);
      chmodSync(path, 0o600);
      lab.record('rollback');
      await lab.restart(); // writes the head down
      await lab.settled();
      return { env: { DATABASE_URL: `sqlite:///${path}` } };
    },
    heal: () => {},
    lines: ['audit.enabled', 'audit.logins'], words: /entry \d+: |left no entry/,
  },
  {
    name: 'the database lies in memory',
    do: (lab) => {
      mkdirSync(join(lab.dir, 'memory'));
      lab.mount('tmpfs', join(lab.dir, 'memory'));
      lab.sql(`VACUUM INTO '${lab.dir}/memory/tickets.db'`);
      chmodSync(join(lab.dir, 'memory/tickets.db'), 0o600);
      return { env: { DATABASE_URL: `sqlite:///${lab.dir}/memory/tickets.db` } };
    },
    heal: (lab) => lab.unmount(join(lab.dir, 'memory')),
    lines: [...sound, 'audit.logins'], words: new RegExp(`lies in memory|left no entry|${witnessed.source}`), may: ['audit.enabled'],
  },
  {
    name: 'the disk syncs slowly',
    do: (lab) => ({ env: { LD_PRELOAD: lab.shim, LAB_SYNC_MS: '300' } }),
    heal: () => {},
    lines: sound, words: /write and sync took 3\d\d/, state: 'warning',
  },
  {
    name: 'the disk is nearly full',
    do: async (lab) => (await lab.restart({ LD_PRELOAD: lab.shim, LAB_DISK_FREE: '4' }), lab.settled()),
    heal: (lab) => lab.restart(),
    lines: ['watch.resources', 'track.memory'], words: /disk 96 % full/,
  },
  tamper('an entry of the audit log is altered', "UPDATE audit SET action = 'x' || action WHERE n = 2", 'UPDATE audit SET action = substr(action, 2) WHERE n = 2', /entry 2: /),
  tamper('the end of the audit log is cut', 'CREATE TABLE lab_a AS SELECT * FROM audit ORDER BY n DESC LIMIT 1; DELETE FROM audit WHERE n = (SELECT n FROM lab_a)', 'INSERT OR IGNORE INTO audit SELECT * FROM lab_a; DROP TABLE lab_a', /entry \d+: /),
  sql('the administrator has no second step', 'UPDATE users SET totp_enabled_us = NULL', 'UPDATE users SET totp_enabled_us = 1', ['network.access'], /have no second step/),
  sql('there is no administrator', 'UPDATE users SET active = 0', 'UPDATE users SET active = 1', ['network.access'], /no administrator/),
  sql('somebody wrote a drill into the database', "INSERT INTO evidence SELECT max(id) + 1, 'drill', max(at_us), 1, version, 'all well', '{\"rto_s\":1,\"rpo_s\":0}' FROM evidence", 'DELETE FROM evidence WHERE id = (SELECT max(id) FROM evidence)', drill, /not the one of the audit log/),
  sql('somebody wrote a signature into the database', "INSERT INTO evidence SELECT max(id) + 1, 'sign.signoff.budget', max(at_us), 1, version, 'signed', '{\"by\":\"The Board\",\"role\":\"all\"}' FROM evidence", 'DELETE FROM evidence WHERE id = (SELECT max(id) FROM evidence)', ['signoff.budget'], /not the one of the audit log/),

  // ── unit, firewall ──
  unit('the unit lacks a line', (u) => u.replace(/^MemoryDenyWriteExecute=.*\n/m, ''), /MemoryDenyWriteExecute is missing/),
  unit('the unit takes a line back', (u) => u.replace(/^\[Service\]\n/m, '[Service]\nProtectSystem=strict\n') + '\n[Service]\nProtectSystem=no\n', /ProtectSystem=no/),
  unit('the unit runs the server as root', (u) => u.replace(/^(User|DynamicUser)=.*$/gm, 'User=root'), /as root/),
  {
    name: 'a drop-in weakens the unit',
    do: (lab) => {
      mkdirSync(join(lab.dir, 'ticketing-system.service.d'));
      writeFileSync(join(lab.dir, 'ticketing-system.service.d/override.conf'), '[Service]\nNoNewPrivileges=no\n');
    },
    heal: (lab) => rmSync(join(lab.dir, 'ticketing-system.service.d'), { recursive: true }),
    lines: ['network.access'], words: /NoNewPrivileges=no/,
  },
  {
    name: 'a port is open that no rule names',
    do: (lab) => new Promise((done) => (lab.open = createServer().listen(6379, address, done))),
    heal: (lab) => lab.open.close(),
    lines: firewalls, words: /no rule names: 6379/,
  },
  rulesOf('the firewall drops nothing', firewall.replace('policy drop', 'policy accept'), firewalls, /no chain drops/),
  rulesOf('the firewall leaves IPv6 open', firewall.replace('table inet', 'table ip'), firewalls, /IPv6 is not dropped/),
  rulesOf('a rule accepts everything', firewall.replace('iif lo accept', 'accept'), firewalls, /accepts whatever comes in/),
  rulesOf('the firewall limits nothing', firewall.replace(/^.*limit rate.*$/m, 'icmp type echo-request limit rate 5/second accept'), ['network.ddos'], /no rule limits/),
  rulesOf('there is no firewall', '', [...firewalls, 'network.ddos'], /no chain drops|no rule limits/),

  // ── backups and what was proved ──
  evidence('the last full copy is too old', 'backup.full', { age: 30 * 3600, figures: figures.full }, figures.full, full.slice(0, 3), /backup\.full 30 hours ago/),
  evidence('the last full copy failed', 'backup.full', { ok: false, summary: 'no space left' }, figures.full, full, /failed.*no space left/),
  evidence('the copy lacks the settings', 'backup.full', {}, figures.full, ['backup.configuration'], /lacks the settings/),
  evidence('the last hourly step is too old', 'backup.incremental', { age: 5 * 3600 }, {}, ['backup.hourly', 'watch.backups'], /backup\.incremental 5 hours ago/),
  evidence('the off-site copy is too old', 'backup.offsite', { age: days(3) }, {}, ['backup.offsite'], /3 days ago/),
  evidence('the off-site copy failed', 'backup.offsite', { ok: false, summary: 'no route' }, {}, ['backup.offsite', 'watch.backups'], /no route/),
  evidence('the last drill is too old', 'drill', { age: days(40), figures: figures.drill }, figures.drill, ['backup.restore'], /drill 40 days ago/),
  evidence('there was no drill this quarter', 'drill', { age: days(100), figures: figures.drill }, figures.drill, ['backup.restore', 'recovery.tested', 'signoff.recovery'], /drill 100 days ago/),
  evidence('the last drill failed', 'drill', { ok: false, summary: 'attachment lost' }, figures.drill, drill, /attachment lost/),
  evidence('restoring takes two hours', 'drill', { figures: { rto_s: 7200, rpo_s: 1 } }, figures.drill, ['recovery.rto'], /7200\.0 s/),
  evidence('two hours of work would be lost', 'drill', { figures: { rto_s: 10, rpo_s: 7200 } }, figures.drill, ['recovery.rpo'], /7200\.0 s/),
  evidence('the way back was not walked for long', 'rollback', { age: days(200) }, {}, rollbacks, /rollback 200 days ago/),
  evidence('the compliance report is old', 'compliance.report', { age: days(120) }, {}, ['audit.reports'], /120 days ago/),
  evidence('a signature has lapsed', 'sign.support.rota', { age: days(100), figures: { by: 'Ann Lee', role: 'Operations' } }, { by: 'Ann Lee', role: 'Operations' }, ['support.rota'], /100 days old, it holds 92/, 'waiting_for_signature'),

  // ── the release ──
  {
    name: 'release.json is missing',
    do: (lab) => rmSync(join(lab.app, 'release.json')),
    heal: (lab) => lab.writeRelease(),
    lines: [...release, ...documents], words: /there is no .*release\.json/,
  },
  released('release.json is of another version', () => ({ version: '9.9.9' }), [...release, ...documents], /of version 9\.9\.9/),
  released('the binary is another one', () => ({ binary_sha256: 'f'.repeat(64) }), ['build.binary'], /SHA-256 differs/),
  released('a test failed', (lab) => ({ tests: { ...lab.release.tests, http: { passed: 99, failed: 1 } } }), ['testing.integration'], /1 failed/),
  released('the load test was not run', (lab) => ({ tests: { ...lab.release.tests, bench: undefined } }), ['testing.load'], /"bench" was not run/),
  released('no libraries are named', () => ({ dependencies: [] }), ['build.dependencies'], /names no libraries/),
  {
    name: 'a document was changed',
    do: (lab) => appendFileSync(join(lab.app, 'docs/runbook.md'), 'do not\n'),
    heal: (lab) => truncateSync(join(lab.app, 'docs/runbook.md'), readFileSync(join(lab.app, 'docs/runbook.md')).length - 7),
    lines: ['docs.runbook', 'guides.runbook', 'backup.documentation'], words: /SHA-256 differs/,
  },
  {
    name: 'a script of deploy/ is gone',
    do: (lab) => renameSync(join(lab.app, 'deploy/oncall/rota.csv'), join(lab.dir, 'rota.csv')),
    heal: (lab) => renameSync(join(lab.dir, 'rota.csv'), join(lab.app, 'deploy/oncall/rota.csv')),
    lines: ['backup.scripts'], words: /rota\.csv/,
  },
  {
    name: 'there is no former release',
    do: (lab) => copyFileSync(join(lab.app, 'server'), join(lab.app, 'releases/0.0.9/server')),
    heal: (lab) => writeFileSync(join(lab.app, 'releases/0.0.9/server'), '#!/bin/sh\necho 0.0.9\n'),
    lines: ['rollback.copy', 'backup.binaries'], words: /no former release/,
  },

  // ── monitoring ──
  alertRule('an alert is missing', /      - alert: TicketingDiskWarning[\s\S]*$/, '', ['alert.disk-warning'], /no rule TicketingDiskWarning/),
  alertRule('a threshold was changed', 'process_memory_limit_bytes > 0.9', 'process_memory_limit_bytes > 0.99', ['alert.memory-critical'], /does not hold the threshold > 0\.9:/),
  alertRule('an alert looks at nothing', /expr: rate\(process_cpu_seconds_total.*> 0\.7/, 'expr: vector(0) > 0.7', ['alert.cpu-warning'], /does not look at process_cpu_seconds_total/),
  alertRule('a critical alert is a warning', 'severity: critical', 'severity: warning', ['alert.down'], /severity "warning", not critical/),
  alertRule('an alert waits for an hour', 'for: 30s', 'for: 1h', ['alert.database'], /waits longer/),
  {
    name: 'Prometheus may not read the metrics',
    do: async (lab) => (writeFileSync(join(lab.dir, 'token'), 'another'), lab.value('up{job="ticketing-system"}', '0')),
    heal: async (lab) => (writeFileSync(join(lab.dir, 'token'), lab.secrets[2]), lab.value('up{job="ticketing-system"}', '1')),
    lines: ['monitoring.metrics', 'watch.metrics'], words: /cannot read \/metrics/,
  },
  {
    name: 'the probe from outside fails',
    do: async (lab) => (await lab.kill('blackbox'), lab.value('up{job="ticketing-probe"}', '0')),
    heal: async (lab) => (lab.startBlackbox(), lab.value('probe_success{job="ticketing-probe"}', '1')),
    lines: ['monitoring.health', 'monitoring.uptime'], words: /nothing of|is 0/,
  },
  {
    name: 'Prometheus sends to no Alertmanager',
    do: (lab) => lab.reloadPrometheus({ config: lab.prometheusYml.replace(/alerting:[\s\S]*?scrape_configs/, 'scrape_configs') }),
    heal: (lab) => lab.reloadPrometheus(),
    lines: ['monitoring.alerting'], words: /no Alertmanager/,
  },
  {
    name: 'Alertmanager is down',
    do: (lab) => lab.kill('alertmanager', 'SIGKILL'),
    heal: (lab) => lab.startAlertmanager(),
    lines: ['watch.alerting', 'support.channels'], words: /Alertmanager took no|does not answer/,
  },
  alertmanager('a receiver has no channel', / +email_configs: \[\{to: "oncall.*\n/, '', ['support.channels'], /oncall, which has no channel/),
  alertmanager("a receiver has an example's address", 'team@lab.test', 'team@example.org', ['support.channels'], /example's address/),
  alertmanager('an alert does not arrive', '127.0.0.1:9095', '127.0.0.1:9096', ['watch.alerting'], /did not arrive/),
  {
    name: 'nothing carries the log away',
    do: (lab) => lab.kill('rsyslog'),
    heal: (lab) => lab.logs(),
    lines: logs, words: /nothing here carries logs away/,
  },
  {
    name: 'the log does not arrive',
    do: (lab) => lab.processes.get('rsyslog').kill('SIGSTOP'),
    heal: (lab) => lab.processes.get('rsyslog').kill('SIGCONT'),
    lines: logs, words: /did not arrive/,
  },
  {
    name: 'the server is down',
    do: (lab) => lab.kill('server', 'SIGKILL'),
    heal: (lab) => lab.start(),
    lines: ['verify.running', 'verify.health', 'security.https'], words: /no answer|no TLS connection|is 0/, others: true,
  },
];
