// Starts the real binary on a free loopback port with a database of its own, and talks to it.
// Every answer is held against the OpenAPI document that the server itself serves.
// TEST_FRONT names a module that puts a proxy before each server: start(port) gives {url, stop()} (tests/deploy/waf_front.mjs).
// What it refuses by itself is asked of the server again, which must refuse it, too; /metrics is read behind it, as Prometheus does.
import { spawn, execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, readFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'node:net';
import { randomBytes } from 'node:crypto';
import { after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { Contract } from './contract.mjs';
import { Leaks } from './leaks.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, '../..');
export const binary = resolve(root, process.env.SERVER_BINARY ?? 'build/server');
export const engines = (process.env.TEST_ENGINES ?? 'sqlite,postgres').split(',');

/** For a binary that was built with sanitizers (make test-http-asan). */
const sanitizers = Object.fromEntries(['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS'].filter((k) => process.env[k]).map((k) => [k, process.env[k]]));

/** A loopback port that is free now. */
export function freePort() {
  return new Promise((done, fail) => {
    const s = createServer();
    s.on('error', fail);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

/** Polls until what() answers something true; fails with words after ms. */
export async function until(what, words, ms = 60000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await what();
    if (got) return got;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${words}`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

// One throw-away PostgreSQL for the whole test process.
let cluster;
export class Cluster {
  constructor() {
    const out = execFileSync(join(root, 'tests/tools/pg.sh'), ['start'], {
      encoding: 'utf8',
      env: { ...process.env, PG_TEMPLATE: join(dirname(binary), 'pg-template') },
    });
    [this.url, this.folder] = out.trim().split(/\s+/);
    process.on('exit', () => this.stop());
  }
  database() {
    const name = `t${randomBytes(6).toString('hex')}`;
    execFileSync('psql', [this.url, '-qc', `CREATE DATABASE ${name}`]);
    const u = new URL(this.url);
    u.pathname = `/${name}`;
    return u.toString();
  }
  /** halt: as a crash would stop it; resume: on the same port. */
  halt() {
    execFileSync(join(root, 'tests/tools/pg.sh'), ['halt', this.folder]);
  }
  resume() {
    execFileSync(join(root, 'tests/tools/pg.sh'), ['resume', this.folder]);
  }
  stop() {
    if (!this.folder) return;
    execFileSync(join(root, 'tests/tools/pg.sh'), ['stop', this.folder]);
    this.folder = undefined;
  }
}

const running = new Set();
process.on('exit', () => {
  for (const s of running) s.process?.kill('SIGKILL');
});

export class Server {
  /** env overrides settings.  Options: dir reuses a folder (and its database); wrap is a command that
   *  runs the server; port the one it will listen on; cluster the PostgreSQL to use; ready(server)
   *  tells readiness instead of /health/ready; contract: false loads no document, for servers that
   *  fetch() does not reach. */
  static async start(engine, env = {}, options = {}) {
    const s = new Server();
    s.engine = engine;
    s.leaks = new Leaks();
    s.options = options;
    s.ownsDir = !options.dir;
    s.dir = options.dir ?? mkdtempSync(join(tmpdir(), 'ticketing-test-'));
    s.port = options.port ?? (await freePort());
    s.url = s.direct = `http://127.0.0.1:${s.port}`;
    if (process.env.TEST_FRONT && options.contract !== false) {
      s.front = await (await import(resolve(root, process.env.TEST_FRONT))).start(s.port);
      s.url = s.front.url;
    }
    let database = env.DATABASE_URL;
    if (!database && engine === 'postgres') {
      if (!options.cluster) cluster ??= new Cluster();
      database = (options.cluster ?? cluster).database();
    }
    s.env = {
      PATH: process.env.PATH,
      ...sanitizers,
      ENVIRONMENT: 'test',
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(s.port),
      DATABASE_URL: database ?? `sqlite:///${s.dir}/test.db`,
      DATA_DIR: join(s.dir, 'data'),
      JWT_SECRET: randomBytes(48).toString('base64'),
      ALLOWED_ORIGINS: s.url,
      RATE_LIMIT_PER_MIN: '1000000',
      RATE_LIMIT_LOGIN_PER_MIN: '1000000',
      RATE_LIMIT_REGISTER_PER_MIN: '1000000',
      RATE_LIMIT_RESET_PER_MIN: '1000000',
      ARGON2_KIB: '64', // tests are about passwords that are checked, not about how slowly
      ARGON2_PASSES: '1',
      ...env,
    };
    await s.launch();
    return s;
  }

  async launch() {
    this.output = '';
    this.exited = undefined;
    const { wrap = [], ready, contract } = this.options;
    const [program, ...args] = [...wrap, binary, 'serve'];
    const p = spawn(program, args, { env: this.env, cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = p;
    running.add(this);
    p.stdout.on('data', (d) => (this.output += d));
    p.stderr.on('data', (d) => (this.output += d));
    this.gone = new Promise((done) =>
      p.on('exit', (code, signal) => {
        this.exited = { code, signal };
        running.delete(this);
        done(this.exited);
      }),
    );
    await until(async () => {
      if (this.exited) throw new Error(`the server ended (${JSON.stringify(this.exited)}):\n${this.output}`);
      try {
        return ready ? ready(this) : (await fetch(`${this.url}/health/ready`)).ok;
      } catch {
        return false;
      }
    }, `the server to be ready\n${this.output}`);
    if (contract !== false) this.contract ??= await Contract.load(this.url);
  }

  /** Ends it and gives {code, signal}. */
  async stop(signal = 'SIGTERM') {
    if (!this.exited) this.process.kill(signal);
    const gone = await this.gone;
    this.leaks.log(this.output);
    assert.doesNotMatch(this.output, /(Address|Leak|UndefinedBehavior|Thread)Sanitizer|runtime error: /, 'a sanitizer found something');
    return gone;
  }

  async close() {
    await this.stop();
    await this.front?.stop();
    if (this.ownsDir) rmSync(this.dir, { recursive: true, force: true });
  }

  /** The log lines that are JSON objects. */
  log() {
    return this.output
      .split('\n')
      .slice(0, -1) // what follows the last line is not whole yet
      .filter((l) => l.startsWith('{'))
      .map((l) => JSON.parse(l));
  }

  /** Runs another subcommand with the same settings: {code, stdout, stderr}. */
  run(args, input = '') {
    return new Promise((done) => {
      const p = execFile(binary, args, { env: this.env, cwd: this.dir, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
        done({ code: error ? (error.code ?? 1) : 0, stdout, stderr }),
      );
      p.stdin.on('error', () => {}); // a command may end without reading it
      p.stdin.end(input);
    });
  }

  client(options) {
    return new Client(this, options);
  }

  /** A logged-in person. The role is given on the command line, as an operator would. */
  async person(role, email = `${role}${randomBytes(4).toString('hex')}@example.org`) {
    const password = `pw-${randomBytes(9).toString('base64url')}`;
    const made = await this.run(
      ['user', 'create', '--email', email, '--name', `The ${role}`, '--role', role, '--password-stdin'],
      password + '\n',
    );
    assert.equal(made.code, 0, made.stderr + made.stdout);
    const c = this.client();
    await c.login(email, password);
    return Object.assign(c, { email, password });
  }
}

export class Client {
  constructor(server, { token } = {}) {
    this.server = server;
    this.token = token;
  }

  /** Any request. body: an object is sent as JSON; options.raw sends bytes. */
  async request(method, path, { body, raw, headers = {}, token = this.token, check = true } = {}) {
    const h = { ...headers };
    if (token) h.authorization ??= `Bearer ${token}`;
    if (body !== undefined) h['content-type'] ??= 'application/json';
    for (const name of Object.keys(h)) if (h[name] === undefined) delete h[name];
    const ask = (at) => fetch(at + path, { method, headers: h, body: body !== undefined ? JSON.stringify(body) : raw, redirect: 'manual' });
    const { url, direct } = this.server;
    let r = await ask(path.startsWith('/metrics') ? direct : url);
    if (url !== direct && r.status >= 400 && !r.headers.has('x-request-id')) {
      const own = r.status;
      r = await ask(direct);
      assert.ok(r.status >= 400 && r.status < 500, `${method} ${path}: the front answers ${own}, the server ${r.status}`);
    }
    const bytes = Buffer.from(await r.arrayBuffer());
    const type = r.headers.get('content-type') ?? '';
    const json = /json/.test(type) && bytes.length ? JSON.parse(bytes.toString('utf8')) : undefined;
    const answer = { status: r.status, headers: r.headers, bytes, text: bytes.toString('utf8'), json };
    this.server.leaks?.answer(method, path, answer, body);
    this.server.leaks?.request(method, path, body);
    if (check) this.server.contract?.check(method, path, answer);
    return answer;
  }

  /** Like request, but the status must be this one; gives the JSON. */
  async expect(status, method, path, options) {
    const r = await this.request(method, path, options);
    assert.equal(r.status, status, `${method} ${path}: ${r.status} ${r.text.slice(0, 2000)}`);
    return r.json;
  }
  get(path, o) {
    return this.expect(200, 'GET', path, o);
  }
  post(path, body, o) {
    return this.expect(o?.status ?? 201, 'POST', path, { body, ...o });
  }
  patch(path, body, o) {
    return this.expect(200, 'PATCH', path, { body, ...o });
  }
  delete(path, o) {
    return this.expect(204, 'DELETE', path, o);
  }

  async login(email, password, more = {}) {
    const r = await this.expect(200, 'POST', '/api/v1/auth/login', { body: { email, password, ...more }, token: null });
    this.token = r.access_token;
    this.session = r;
    this.user = r.user;
    return r;
  }
}

/** A browser: keeps cookies, sends them with the origin of its page and the token against forgery. */
export class Browser extends Client {
  constructor(server, origin = server.url) {
    super(server);
    this.origin = origin;
    this.cookies = new Map();
  }

  async request(method, path, options = {}) {
    const headers = { origin: this.origin, 'sec-fetch-site': 'same-origin', ...options.headers };
    const unsafe = !['GET', 'HEAD', 'OPTIONS'].includes(method);
    if (this.cookies.size) headers.cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
    if (unsafe && this.cookies.has('csrf_token') && !('x-csrf-token' in headers))
      headers['x-csrf-token'] = this.cookies.get('csrf_token');
    const answer = await super.request(method, path, { ...options, headers, token: null });
    for (const line of answer.headers.getSetCookie()) this.keep(line);
    return answer;
  }

  keep(line) {
    const [pair, ...attributes] = line.split(/; */);
    const at = pair.indexOf('=');
    if (attributes.some((a) => /^max-age=0$/i.test(a))) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** Runs the tests once on each engine: each(engine). */
export function onBoth(each) {
  for (const engine of engines) each(engine);
}

/** A suite on each engine whose tests share one server: body(shared), shared.server inside of tests. */
export function onServer(name, env, body) {
  onBoth((engine) =>
    describe(`${name} on ${engine}`, () => {
      const shared = { engine };
      before(async () => {
        shared.server = await Server.start(engine, env);
      });
      after(() => shared.server?.close());
      body(shared);
    }),
  );
}
export { readFileSync, existsSync, join };
