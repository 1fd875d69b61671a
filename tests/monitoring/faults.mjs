// Servers in which one thing is wrong, for real.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Cluster, Server } from '../http/harness.mjs';

const api = '/api/v1';
const pause = (ms) => new Promise((r) => setTimeout(r, ms));
const quiet = { check: false };

/** Repeats what() until stop(); an error of the server is what is wanted, so none is one here. */
export function again(what) {
  let on = true;
  const over = (async () => {
    while (on) await what().catch(() => pause(50));
  })();
  return () => {
    on = false;
    return over;
  };
}

/** A control group (version 1, at the root) with these limits, or why there can be none. */
export class Group {
  static make(controller, limits) {
    const g = new Group();
    g.path = `/sys/fs/cgroup/${controller}/ticketing-test-${randomBytes(4).toString('hex')}`;
    try {
      mkdirSync(g.path);
      for (const [file, v] of Object.entries(limits)) writeFileSync(join(g.path, file), String(v));
    } catch (e) {
      g.remove();
      return { why: `no control group with a limit for ${controller} can be made here: ${e.code}` };
    }
    g.wrap = ['sh', '-c', `echo $$ >${g.path}/cgroup.procs && exec "$@"`, 'sh'];
    return g;
  }
  remove() {
    try {
      rmdirSync(this.path);
    } catch {
      // Killed members are still being reaped, or it was never made.
    }
  }
}

/** Why no folder with a file system of its own can be made here; '' when it can. */
export function noMounts() {
  try {
    execFileSync('unshare', [...namespace, 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'], { stdio: 'pipe' });
    return '';
  } catch (e) {
    return `no tmpfs can be mounted here: ${String(e.stderr).trim() || e.message}`;
  }
}
const namespace = process.getuid() === 0 ? ['-m'] : ['-r', '-m'];

/** Its data folder lies on a small disk of which so much is taken. */
export const fullDisk = (percent) => {
  const total = 250; // below 32 MB free it would be full, not nearly full
  const fill = `mkdir -p data && mount -t tmpfs -o size=${total}m none data && head -c ${Math.round(total * percent * 10.24)}k /dev/zero >data/other && exec "$@"`;
  return Server.start('sqlite', {}, { wrap: ['unshare', ...namespace, 'sh', '-c', fill, 'sh'] });
};

/** Its memory limit is such that it uses this share of it after its start; it will be somewhat more. */
export async function tightMemory(share) {
  const probe = await Server.start('sqlite');
  const used = Number(/^process_resident_memory_bytes (\d+)$/m.exec(await (await fetch(`${probe.url}/metrics`)).text())[1]);
  await probe.close();
  const group = Group.make('memory', { 'memory.limit_in_bytes': Math.round(used / share / 4096) * 4096 });
  return group.why ? group : { group, server: await Server.start('sqlite', {}, { wrap: group.wrap }) };
}

/** Processor time of all threads of a process, in nanoseconds. */
const cpuTime = (pid) =>
  readdirSync(`/proc/${pid}/task`)
    .map((t) => Number(readFileSync(`/proc/${pid}/task/${t}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((a, b) => a + b);

/** People log in so often that the server uses this share of a small part of a core; 1: all it gets. */
export async function busy(share) {
  const cores = 0.1;
  const group = Group.make('cpu', { 'cpu.cfs_period_us': 100000, 'cpu.cfs_quota_us': cores * 100000 });
  if (group.why) return group;
  const server = await Server.start('sqlite', { ARGON2_KIB: '2048', ARGON2_PASSES: '3' }, { wrap: group.wrap });
  const { email, password } = await server.person('agent');
  const login = () => server.client().request('POST', `${api}/auth/login`, { body: { email, password }, ...quiet });
  const now = () => ({ at: process.hrtime.bigint(), used: cpuTime(server.process.pid) });
  let from = now();
  const measured = async () => {
    const t = now();
    const passed = Number(t.at - from.at);
    // What a busy machine did not give is not caught up for long: it would be too much then.
    if (passed > 3e9) from = t;
    else if (t.used - from.used < share * cores * passed) await login();
    else await pause(10);
  };
  const stops = share < 1 ? [again(measured)] : [again(login), again(login), again(login)];
  return { group, server, stop: () => Promise.all(stops.map((s) => s())) };
}

/** A database that can be taken away while people ask. */
export async function losingDatabase() {
  const cluster = new Cluster();
  const server = await Server.start('postgres', {}, { cluster });
  const agent = await server.person('agent');
  const stop = again(async () => {
    await agent.request('GET', `${api}/tickets`, quiet);
    await pause(20);
  });
  return { server, cluster, stop };
}

/** Somebody else locks the tickets for longer than a second, again and again. */
export async function locked() {
  const cluster = new Cluster();
  const server = await Server.start('postgres', {}, { cluster });
  const agent = await server.person('agent');
  const asks = Array.from({ length: 4 }, () => again(() => agent.request('GET', `${api}/tickets`, quiet)));
  const locker = spawn('psql', [server.env.DATABASE_URL, '-q'], { stdio: ['pipe', 'ignore', 'ignore'] });
  locker.stdin.on('error', () => {}); // ends with its database
  locker.stdin.write("BEGIN; LOCK TABLE tickets; SELECT pg_sleep(1.6); COMMIT;\n".repeat(200));
  const stop = async () => {
    locker.kill();
    await Promise.all(asks.map((s) => s()));
    cluster.stop();
  };
  return { server, stop };
}

/** A server that only reads; three requests of a hundred want to change something and get 503. */
export async function fewErrors() {
  const server = await Server.start('sqlite');
  const agent = await server.person('agent');
  await server.stop();
  server.env.READ_ONLY = 'true';
  await server.launch();
  const ticket = { title: 'no', message: { body: 'x' } };
  let n = 0;
  const stop = again(async () => {
    const fails = n++ % 33 === 0;
    const r = await agent.request(fails ? 'POST' : 'GET', `${api}/tickets`, { ...quiet, body: fails ? ticket : undefined });
    if (r.status !== (fails ? 503 : 200)) throw new Error(`${r.status} ${r.text}`);
    await pause(10);
  });
  return { server, stop };
}
