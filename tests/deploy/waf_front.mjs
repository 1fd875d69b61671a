// nginx with the wall in front of one server, without TLS and limits by address: what TEST_FRONT=tests/deploy/waf_front.mjs
// puts before every server that the HTTP tests start. TEST_FRONT_LOG names a file for the rules that refused something.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapt, deployed, nginxMain } from './front.mjs';
import { freePort, until } from '../http/harness.mjs';

const running = new Set();
process.on('exit', () => {
  for (const p of running) p.kill('SIGKILL');
});

/** Gives {url, output(), stop()}; waf: false leaves the wall out, to compare. */
export async function start(port, { waf = true } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-waf-'));
  const own = await freePort();
  mkdirSync(join(dir, 'waf'));
  const log = process.env.TEST_FRONT_LOG;
  for (const file of ['modsecurity.conf', 'before-crs.conf', 'after-crs.conf'])
    writeFileSync(join(dir, 'waf', file), readFileSync(deployed(`nginx/waf/${file}`), 'utf8')
      .replaceAll('/etc/nginx/ticketing-system', join(dir, 'waf'))
      .replace('SecAuditEngine Off', log ? `SecAuditEngine RelevantOnly\nSecAuditLogParts ABHZ\nSecAuditLogType Serial\nSecAuditLog ${log}` : 'SecAuditEngine Off'));
  writeFileSync(join(dir, 'site.conf'), adapt('nginx/ticketing-system.conf', [
    [/^server \{\n {4}listen 80;[^]*?\n\}\n/m, ''],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${own};`],
    [/^ *ssl_.*\n/gm, ''],
    [/^ *limit_(req|conn) .*\n/gm, ''],
    [/^ *location = \/metrics \{[^}]*\}\n/m, ''],
    [/^ *server 10\.0\.0\.12.*\n/m, ''],
    ['server 10.0.0.11:8080', `server 127.0.0.1:${port}`],
    ['proxy_set_header Host $host;', 'proxy_set_header Host $http_host;'],
    waf ? ['/etc/nginx/ticketing-system', join(dir, 'waf')] : [/^ *modsecurity.*\n/gm, ''],
  ]));
  writeFileSync(join(dir, 'nginx.conf'), nginxMain(dir, waf));
  let text = '', ended = false;
  const p = spawn('nginx', ['-p', dir, '-e', 'stderr', '-c', join(dir, 'nginx.conf'), '-g', 'daemon off;'], { stdio: ['ignore', 'ignore', 'pipe'] });
  p.stderr.on('data', (d) => (text += d));
  running.add(p);
  const gone = new Promise((done) => p.on('exit', () => {
    running.delete(p);
    ended = true;
    done();
  }));
  await until(() => {
    if (ended) throw new Error(`nginx ended:\n${text}`);
    return new Promise((done) => {
      const s = net.connect(own, '127.0.0.1', () => { s.destroy(); done(true); });
      s.on('error', () => done(false));
    });
  }, 'nginx');
  p.unref(); // a test that ends without stop() is not kept from ending
  p.stderr.unref();
  return {
    url: `http://localhost:${own}`, // a name: visitors with a bare address are suspicious to the rules,
    output: () => text,
    async stop() {
      p.ref();
      p.kill('SIGTERM');
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
