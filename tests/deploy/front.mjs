// What stands in front of the server, started for real from the files of deploy/ on free loopback ports.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { freePort, root, until } from '../http/harness.mjs';

export const deployed = (path) => join(root, 'deploy', path);

/** A file of deploy/ with names and addresses of this machine; each must be there to be changed. */
export function adapt(path, changes) {
  let text = readFileSync(deployed(path), 'utf8');
  for (const [from, to] of changes) {
    const now = from instanceof RegExp ? text.replace(from, to) : text.replaceAll(from, to);
    assert.notEqual(now, text, `${path} holds no ${from}`);
    text = now;
  }
  return text;
}

/** A CA of one's own with a certificate for 127.0.0.1, made and installed by deploy/certificates. */
export class Authority {
  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'ticketing-ca-'));
    this.run('own-ca', 'init', this.dir);
    this.pem = readFileSync(join(this.dir, 'ca.pem'), 'utf8');
    this.file = join(this.dir, 'ca.pem');
  }
  run(program, ...args) {
    return execFileSync(deployed(`certificates/${program}`), args, { encoding: 'utf8' });
  }
  /** Issues one, puts it into dir, and runs what takes it up. */
  issue(dir, ...reload) {
    this.run('own-ca', 'issue', this.dir, 'help.example.com', '127.0.0.1', 'localhost');
    const of = join(this.dir, 'help.example.com');
    mkdirSync(dir, { recursive: true });
    this.run('install-certificate', join(of, 'chain.pem'), join(of, 'key.pem'), dir, ...reload);
    return { chain: join(dir, 'chain.pem'), key: join(dir, 'key.pem'), both: join(dir, 'both.pem') };
  }
  close() {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const nodesOf = (nodes) => [1, 2].map((n) => [`10.0.0.1${n}:8080`, `127.0.0.1:${(nodes[n - 1] ?? nodes[0]).port}`]);

/** How each is made ready in its folder; gives the command that runs it. */
const kinds = {
  haproxy(f, nodes) {
    writeFileSync(join(f.dir, 'haproxy.cfg'), adapt('haproxy/haproxy.cfg', [
      ['log /dev/log local0 info', 'log stderr format raw local0 notice'],
      ['/run/haproxy/admin.sock', join(f.dir, 'admin.sock')],
      ['maxconn 20000', 'maxconn 2000'],
      ['bind :80 ', `bind 127.0.0.1:${f.plain} `],
      ['bind :443 ssl crt /etc/haproxy/tls/both.pem', `bind 127.0.0.1:${f.port} ssl crt ${f.tls.both}`],
      ...nodesOf(nodes),
    ]));
    return ['haproxy', '-W', '-db', '-f', join(f.dir, 'haproxy.cfg')];
  },
  nginx(f, nodes, { waf = false, webroot = f.dir } = {}) {
    mkdirSync(join(f.dir, 'waf'));
    for (const file of ['modsecurity.conf', 'before-crs.conf', 'after-crs.conf'])
      writeFileSync(join(f.dir, 'waf', file), readFileSync(deployed(`nginx/waf/${file}`), 'utf8')
        .replaceAll('/etc/nginx/ticketing-system', join(f.dir, 'waf')));
    writeFileSync(join(f.dir, 'site.conf'), adapt('nginx/ticketing-system.conf', [
      ['listen 80;', `listen 127.0.0.1:${f.plain};`],
      ['listen 443 ssl', `listen 127.0.0.1:${f.port} ssl`],
      ['/var/www/acme', webroot],
      ['/etc/nginx/tls/chain.pem', f.tls.chain],
      ['/etc/nginx/tls/key.pem', f.tls.key],
      waf ? ['/etc/nginx/ticketing-system', join(f.dir, 'waf')] : [/^ *modsecurity.*\n/gm, ''],
      ...nodesOf(nodes),
    ]));
    writeFileSync(join(f.dir, 'nginx.conf'), nginxMain(f.dir, waf));
    return ['nginx', '-p', f.dir, '-e', 'stderr', '-c', join(f.dir, 'nginx.conf'), '-g', 'daemon off;'];
  },
  caddy(f, nodes) {
    writeFileSync(join(f.dir, 'Caddyfile'), adapt('caddy/Caddyfile', [
      ['email ops@example.com', `admin off\n\thttp_port ${f.plain}\n\thttps_port ${f.port}\n\tstorage file_system ${f.dir}/store`],
      [/^help\.example\.com \{/m, `https://127.0.0.1:${f.port} {\n\tbind 127.0.0.1`],
      [/^\ttls \{/m, `\ttls ${f.tls.chain} ${f.tls.key} {`],
      ...nodesOf(nodes),
    ]));
    return ['caddy', 'run', '--adapter', 'caddyfile', '--config', join(f.dir, 'Caddyfile')];
  },
};

/** nginx as Debian runs it, with the paths of this folder. */
export function nginxMain(dir, waf, site = join(dir, 'site.conf')) {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${dir}/${n};`);
  return `${process.getuid() === 0 ? 'user root;' : ''}
${waf ? 'load_module /usr/lib/nginx/modules/ngx_http_modsecurity_module.so;' : ''}
pid ${dir}/nginx.pid;
worker_processes 2;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  ${temp.join('\n  ')}
  include ${site};
}
`;
}

const running = new Set();
process.on('exit', () => {
  for (const p of running) p.kill('SIGKILL');
});

export class Front {
  /** kind: haproxy, nginx or caddy; nodes: servers; options.waf: with the wall. */
  static async start(kind, nodes, authority, options = {}) {
    const f = new Front();
    f.kind = kind;
    f.authority = authority;
    f.dir = mkdtempSync(join(tmpdir(), `ticketing-${kind}-`));
    f.port = options.port ?? (await freePort());
    f.plain = await freePort();
    f.url = `https://127.0.0.1:${f.port}`;
    f.tls = authority.issue(join(f.dir, 'tls'));
    await f.launch(kinds[kind](f, nodes, options));
    return f;
  }

  async launch([program, ...args]) {
    this.output = '';
    const env = { PATH: process.env.PATH, HOME: this.dir, XDG_DATA_HOME: this.dir, XDG_CONFIG_HOME: this.dir };
    this.process = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env, cwd: this.dir });
    for (const s of [this.process.stdout, this.process.stderr]) s.on('data', (d) => (this.output += d));
    running.add(this.process);
    this.gone = new Promise((done) => this.process.on('exit', (code) => {
      running.delete(this.process);
      this.ended = true;
      done(code);
    }));
    await until(async () => {
      if (this.ended) throw new Error(`${program} ended:\n${this.output}`);
      return (await this.ask('GET', '/health/ready').catch(() => ({}))).status === 200;
    }, program);
  }

  async close() {
    this.process.kill('SIGTERM');
    const late = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await this.gone;
    clearTimeout(late);
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** One request over TLS: from is the client's address, body an object, a string or bytes. */
  ask(method, path, { body, headers = {}, from, agent = false, onData } = {}) {
    const sent = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const h = { ...headers };
    if (body !== undefined) h['content-type'] ??= 'application/json';
    if (sent !== undefined) h['content-length'] = Buffer.byteLength(sent);
    return new Promise((done, fail) => {
      const q = https.request(this.url + path, { method, headers: h, agent, ca: this.authority.pem, localAddress: from }, (r) => {
        const answer = { status: r.statusCode, headers: r.headers, text: '', close: () => q.destroy(), socket: r.socket };
        r.on('error', fail);
        r.on('data', (d) => {
          answer.text += d.toString('latin1');
          onData?.(answer);
        });
        r.on('end', () => {
          if (/json/.test(r.headers['content-type']) && !r.headers['content-encoding']) answer.json = JSON.parse(answer.text || 'null');
          done(answer);
        });
        if (onData) done(answer);
      });
      q.on('error', fail);
      q.end(sent);
    });
  }
}

/** An address of this machine that nobody used up yet. */
export const visitor = () => `127.${[...randomBytes(3)].map((b) => 1 + (b % 250)).join('.')}`;

/** Requests that a node has answered since it started, by its own metrics. */
export async function served(node) {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return [...text.matchAll(/^http_requests_total\{[^}]*\} (\d+)/gm)].reduce((sum, m) => sum + Number(m[1]), 0);
}

/** Reads and writes from addresses of their own until run() has done what it does; what failed, and how many went well. */
export async function storm(front, agent, run) {
  const failed = { read: [], keyed: [], plain: [] };
  const done = { read: 0, keyed: 0, plain: 0 };
  let over = false;
  const client = async (sort) => {
    let keep, from;
    for (let i = 0; !over; i++) {
      if (i % 10 === 0) { // another visitor, whose connection stays for ten requests
        keep?.destroy();
        [keep, from] = [new https.Agent({ keepAlive: true }), visitor()];
      }
      const headers = { authorization: `Bearer ${agent.token}` };
      if (sort === 'keyed') headers['idempotency-key'] = randomBytes(9).toString('base64url');
      const [method, body] = sort === 'read' ? ['GET'] : ['POST', { title: 'storm', message: { body: 'x' }, customer: 'c@example.org' }];
      const path = method === 'GET' ? `/api/v1/tickets?limit=1` : `/api/v1/tickets`;
      const status = await front.ask(method, path, { from, headers, body, agent: keep }).then((r) => r.status, (e) => e.code);
      if (status === 200 || status === 201) done[sort]++;
      else if (status !== 429) failed[sort].push(status);
    }
    keep?.destroy();
  };
  const clients = ['read', 'read', 'read', 'keyed', 'keyed', 'plain'].map(client);
  const more = async (n) => {
    const from = done.read + done.keyed;
    await until(() => done.read + done.keyed >= from + n, 'requests that go well');
  };
  try {
    await more(30);
    await run(more);
  } finally {
    over = true;
    await Promise.all(clients);
  }
  return { failed, done };
}
