// Starts the release binary for the benchmark, with a database of its own in a folder that goes away
// with it.  Nothing from outside Node is needed.
import { spawn, execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { randomBytes } from 'node:crypto';

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

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

/** Asks what() until it gives something true. */
export async function until(what, words, ms = 20000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(10)) {
    const got = await what();
    if (got) return got;
  }
  throw new Error(`waited ${ms} ms for ${words}`);
}

/** From /proc: CPU ticks of a process and of its children that ended; nothing of one that has gone. */
function processTimes(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: f[1], own: Number(f[11]) + Number(f[12]), ended: Number(f[13]) + Number(f[14]) };
  } catch {
    return { parent: '', own: 0, ended: 0 };
  }
}

/** One throw-away PostgreSQL, started when it is first asked for a database. */
class Cluster {
  constructor(tool) {
    this.tool = tool;
  }
  database() {
    if (!this.url) [this.url, this.folder] = execFileSync(this.tool, ['start'], { encoding: 'utf8' }).trim().split(/\s+/);
    const name = `b${randomBytes(6).toString('hex')}`;
    execFileSync('psql', [this.url, '-qc', `CREATE DATABASE ${name}`]);
    const u = new URL(this.url);
    u.pathname = `/${name}`;
    return u.toString();
  }
  /** CPU time of the server process and of all sessions so far; 0 without one. */
  cpuUs() {
    if (!this.folder) return 0;
    const postmaster = readFileSync(join(this.folder, 'data/postmaster.pid'), 'utf8').split('\n')[0];
    const tick = 1e6 / 100; // USER_HZ
    let ticks = 0;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const times = processTimes(pid);
      if (pid === postmaster) ticks += times.own + times.ended;
      else if (times.parent === postmaster) ticks += times.own;
    }
    return ticks * tick;
  }
  stop() {
    if (this.folder) execFileSync(this.tool, ['stop', this.folder]);
    this.folder = undefined;
  }
}

export class Bench {
  constructor(binary, engine, pgTool) {
    Object.assign(this, { binary, engine, cluster: new Cluster(pgTool), running: new Set() });
    process.on('exit', () => this.end());
  }

  /** Whatever still runs or lies about. */
  end() {
    for (const s of this.running) {
      s.process?.kill('SIGKILL');
      rmSync(s.dir, { recursive: true, force: true });
    }
    this.running.clear();
    this.cluster.stop();
  }

  async server(env) {
    const s = new Server(this, mkdtempSync(join(tmpdir(), 'ticketing-bench-')));
    this.running.add(s);
    s.port = await freePort();
    s.url = `http://127.0.0.1:${s.port}`;
    s.env = {
      PATH: process.env.PATH,
      ENVIRONMENT: 'test',
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(s.port),
      DATABASE_URL: this.engine === 'postgres' ? this.cluster.database() : `sqlite:///${s.dir}/test.db`,
      DATA_DIR: join(s.dir, 'data'),
      JWT_SECRET: randomBytes(48).toString('base64'),
      ALLOWED_ORIGINS: s.url,
      ...env,
    };
    return s;
  }
}

class Server {
  constructor(bench, dir) {
    Object.assign(this, { bench, dir });
  }

  async launch() {
    const p = spawn(this.bench.binary, ['serve'], { env: this.env, cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = p;
    this.output = '';
    this.ended = false;
    p.stdout.on('data', (d) => (this.output += d));
    p.stderr.on('data', (d) => (this.output += d));
    this.gone = new Promise((done) => p.on('exit', () => done((this.ended = true))));
    await until(async () => {
      if (this.ended) throw new Error(`the server ended:\n${this.output}`);
      return fetch(`${this.url}/health/ready`).then((r) => r.ok, () => false);
    }, 'the server to be ready');
  }

  async stop() {
    this.process.kill('SIGTERM');
    await this.gone;
  }

  async close() {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
    this.bench.running.delete(this);
  }

  /** The log line of this event. */
  logged(event) {
    const line = this.output.split('\n').find((l) => l.startsWith('{') && l.includes(`"event":"${event}"`));
    return line && JSON.parse(line);
  }

  /** Another subcommand with the same settings; gives what it printed. */
  run(args, input = '') {
    return new Promise((done, fail) => {
      const p = execFile(this.bench.binary, args, { env: this.env, cwd: this.dir, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
        error ? fail(new Error(stdout + stderr)) : done(stdout.trim()),
      );
      p.stdin.end(input);
    });
  }

  async post(path, body, token) {
    const r = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    if (!r.ok) throw new Error(`POST ${path}: ${r.status} ${await r.text()}`);
    return r.json();
  }
}
