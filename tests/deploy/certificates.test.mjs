// Certificates: one's own CA and ACME (certbot against pebble, a real ACME server), taken up without dropping a connection.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { Server, freePort, until } from '../http/harness.mjs';
import { Authority, Front, deployed } from './front.mjs';

const authority = new Authority();
let dir;
const started = [];

before(() => (dir = mkdtempSync(join(tmpdir(), 'ticketing-certificates-'))));
after(async () => {
  for (const p of started) {
    p.kill('SIGTERM');
    await p.gone;
  }
  authority.close();
  rmSync(dir, { recursive: true, force: true });
});

const run = (program, args, env = {}) => spawnSync(deployed(`certificates/${program}`), args, { encoding: 'utf8', env: { ...process.env, ...env } });
const serial = (file) => new X509Certificate(readFileSync(file)).serialNumber;

/** What is shown to who comes now. */
const shown = (port, servername = 'localhost') =>
  new Promise((done, fail) => {
    const s = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () => {
      done(s.getPeerCertificate());
      s.end();
    });
    s.on('error', fail);
  });

function background(program, args, env = {}) {
  const p = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  p.output = '';
  for (const s of [p.stdout, p.stderr]) s.on('data', (d) => (p.output += d));
  p.gone = new Promise((done) => p.on('exit', done));
  process.on('exit', () => p.kill('SIGKILL'));
  started.push(p);
  return p;
}

test('a CA is made once, its key is for nobody else', () => {
  assert.equal(statSync(join(authority.dir, 'ca.key')).mode & 0o077, 0);
  const again = run('own-ca', ['init', authority.dir]);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /exists/);
  for (const args of [[], ['issue'], ['issue', authority.dir], ['sell', authority.dir]]) assert.equal(run('own-ca', args).status, 2, args.join(' '));
});

test('a certificate is renewed when its days are few, and not before', () => {
  const { chain } = authority.issue(join(dir, 'renewed'));
  assert.match(new X509Certificate(readFileSync(chain)).subjectAltName, /DNS:help\.example\.com, IP Address:127\.0\.0\.1, DNS:localhost/);
  assert.match(run('own-ca', ['left', authority.dir, 'help.example.com']).stdout, /^(89|90)\n$/);
  const before = serial(join(authority.dir, 'help.example.com/chain.pem'));
  assert.equal(run('own-ca', ['renew', authority.dir, 'help.example.com']).status, 3);
  assert.equal(serial(join(authority.dir, 'help.example.com/chain.pem')), before);
  assert.equal(run('own-ca', ['renew', authority.dir, 'help.example.com'], { RENEW_DAYS: '91' }).status, 0);
  assert.notEqual(serial(join(authority.dir, 'help.example.com/chain.pem')), before);
});

test('what does not fit, is older or no certificate is not installed', () => {
  const to = join(dir, 'installed');
  const there = authority.issue(to);
  const kept = readFileSync(there.both, 'utf8');
  assert.equal(statSync(there.key).mode & 0o007, 0);
  run('own-ca', ['issue', authority.dir, 'other.example.com'], { DAYS: '5' });
  const other = (f) => join(authority.dir, 'other.example.com', f);
  for (const [chain, key, words] of [
    [other('chain.pem'), there.key, /does not belong/],
    [other('chain.pem'), other('key.pem'), /ends before/],
    [other('key.pem'), other('key.pem'), /no certificate/],
    [other('chain.pem'), other('names'), /no private key/],
  ]) {
    const r = run('install-certificate', [chain, key, to, 'touch', join(dir, 'must-not-be')]);
    assert.equal(r.status, 1);
    assert.match(r.stderr, words);
  }
  assert.equal(readFileSync(there.both, 'utf8'), kept);
  assert.throws(() => statSync(join(dir, 'must-not-be')));
});

test('the server takes up a renewed certificate without dropping a connection', async () => {
  const to = join(dir, 'server');
  const { chain, key } = authority.issue(to);
  const server = await Server.start('sqlite', { TLS_CERT: chain, TLS_KEY: key }, { ready: (s) => s.output.includes('"server.ready"'), contract: false });
  const keep = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (agent) =>
    new Promise((done, fail) => {
      https.get({ host: '127.0.0.1', port: server.port, path: '/health', agent, ca: authority.pem }, (r) => {
        const answer = { status: r.statusCode, port: r.socket.localPort };
        r.resume().on('end', () => done(answer));
      }).on('error', fail);
    });
  const told = () => new Promise((done, fail) =>
    https.get({ host: '127.0.0.1', port: server.port, path: '/metrics', agent: false, ca: authority.pem }, (r) => {
      let text = '';
      r.on('data', (d) => (text += d)).on('end', () => done(Number(/^tls_certificate_expiry_timestamp_seconds (\d+)$/m.exec(text)[1])));
    }).on('error', fail));
  const ends = () => Math.min(...readFileSync(chain, 'utf8').match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g)
    .map((pem) => Date.parse(new X509Certificate(pem).validTo) / 1000));
  assert.equal(await told(), ends(), 'the metric tells the end of what is served');
  const first = await ask(keep);
  const old = (await shown(server.port)).serialNumber;
  let asked = 0, over = false;
  const storm = (async () => {
    for (; !over; asked++) assert.equal((await ask(false)).status, 200);
  })();
  authority.issue(to, 'kill', '-HUP', String(server.process.pid));
  await until(async () => (await shown(server.port)).serialNumber !== old, 'the new certificate');
  over = true;
  await storm;
  assert.ok(asked > 0);
  assert.equal((await shown(server.port)).serialNumber, serial(chain));
  assert.equal(await told(), ends());
  assert.deepEqual(await ask(keep), first, 'the old connection goes on');
  keep.destroy();
  await server.close();
});

test('certbot gets one from an ACME server through nginx, and renews it', async () => {
  const server = await Server.start('sqlite');
  mkdirSync(join(dir, 'acme'));
  const front = await Front.start('nginx', [server], authority, { webroot: join(dir, 'acme') });
  const [api, management, dns] = [await freePort(), await freePort(), await freePort()];
  const own = authority.issue(join(dir, 'pebble'));
  writeFileSync(join(dir, 'pebble.json'), JSON.stringify({
    pebble: {
      listenAddress: `127.0.0.1:${api}`, managementListenAddress: `127.0.0.1:${management}`, certificate: own.chain, privateKey: own.key,
      httpPort: front.plain, tlsPort: front.port, ocspResponderURL: '', externalAccountBindingRequired: false,
    },
  }));
  background('pebble-challtestsrv', ['-dns01', `127.0.0.1:${dns}`, '-http01', '', '-https01', '', '-tlsalpn01', '', '-management', '', '-defaultIPv4', '127.0.0.1', '-defaultIPv6', '']);
  const acme = background('pebble', ['-config', join(dir, 'pebble.json'), '-dnsserver', `127.0.0.1:${dns}`], { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' });
  await until(() => /Listening on/.test(acme.output), 'pebble');
  const folders = ['config', 'work', 'logs'].flatMap((f) => [`--${f}-dir`, join(dir, 'certbot', f)]);
  const certbot = (...args) => new Promise((done) => {
    const p = background('certbot', [...args, ...folders, '--non-interactive', '--server', `https://localhost:${api}/dir`], { REQUESTS_CA_BUNDLE: authority.file });
    p.gone.then((code) => done({ code, output: p.output }));
  });
  const hook = `${deployed('certificates/install-certificate')} $RENEWED_LINEAGE/fullchain.pem $RENEWED_LINEAGE/privkey.pem ${join(front.dir, 'tls')} kill -HUP ${front.process.pid}`;
  const got = await certbot('certonly', '--webroot', '-w', join(dir, 'acme'), '-d', 'help.example.com', '--agree-tos', '-m', 'ops@example.com', '--deploy-hook', hook);
  assert.equal(got.code, 0, got.output);
  const first = await until(async () => {
    const c = await shown(front.port, 'help.example.com');
    return /Pebble/.test(c.issuer.CN) && c;
  }, 'the certificate of the ACME server');
  const renewed = await certbot('renew', '--force-renewal', '--no-random-sleep-on-renew');
  assert.equal(renewed.code, 0, renewed.output);
  await until(async () => (await shown(front.port, 'help.example.com')).serialNumber !== first.serialNumber, 'the renewed one');
  await front.close();
  await server.close();
});
