// make bench: one run that measures the release binary and what it stands on, side by side.
//
//   BENCH_SIZES=1000,100000,1000000   numbers of tickets; 100000 (or else the last) is measured in full; the
//                                     million takes five minutes and 7 GB of disk, 1000,100000 is the short run;
//                                     PostgreSQL: 1000,10000, as seeding it takes longer
//   BENCH_SECONDS=3                   per measurement
//   BENCH_ENGINE=sqlite|postgres
//   BENCH_WORKS=view,create           only these
//   BENCH_BUILD=build                 the build directory of the release binary
//
// These machines are noisy: read the ratios, and the CPU time per request rather than the rate.
import { spawn, spawnSync, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, copyFileSync, statSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Bench, freePort, until } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const build = resolve(root, process.env.BENCH_BUILD ?? 'build');
const engine = process.env.BENCH_ENGINE ?? 'sqlite';
const sizes = (process.env.BENCH_SIZES ?? (engine === 'sqlite' ? '1000,100000,1000000' : '1000,10000')).split(',').map(Number);
const full = sizes.includes(100000) ? 100000 : sizes.at(-1);
const only = process.env.BENCH_WORKS?.split(',');
const seconds = Number(process.env.BENCH_SECONDS ?? 3);
const binary = join(build, 'server');
const bench = new Bench(binary, engine, join(root, 'tests/tools/pg.sh'));
const tools = Object.fromEntries(['load', `raw_${engine}`, 'http_floor'].map((t) => [t, join(build, 'bench', t)]));
spawnSync('ninja', ['-C', build, ...Object.keys(tools).map((t) => `bench/${t}`)], { stdio: 'ignore' });

const work = mkdtempSync(join(tmpdir(), 'ticketing-bench-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
const pad = (s, n) => String(s).padStart(n);
const padr = (s, n) => String(s).padEnd(n);

/** On one core alone (taskset), or wherever the kernel likes. */
const on = (core, program, args) => (core === undefined ? [program, args] : ['taskset', ['-c', String(core), program, ...args]]);

let runs = 0;

/** One run of the load generator, as a child of its own so that this process stays quiet. */
function load(port, connections, pid, lines, headers = [], time = seconds, core = undefined) {
  const file = join(work, `requests-${++runs}`); // its own: two may run at once
  writeFileSync(file, lines.join('\n') + '\n');
  return new Promise((done, fail) => {
    const p = spawn(...on(core, tools.load, [port, connections, time, pid, file, ...headers].map(String)));
    let out = '';
    let err = '';
    p.stdout.on('data', (d) => (out += d));
    p.stderr.on('data', (d) => (err += d));
    p.on('exit', () => (out ? done(JSON.parse(out)) : fail(new Error(err))));
  });
}

/** CPU per request of a server that answers 60 fixed bytes: bare epoll, or our HTTP layer.  Pinned: it has
 *  one core to itself and the load generator the other. */
async function fixed(mode, pinned) {
  const port = await freePort();
  const p = spawn(...on(pinned ? 0 : undefined, tools.http_floor, [mode, String(port)]), { stdio: 'ignore' });
  await until(() => new Promise((ok) => connect(port, '127.0.0.1', function () { this.destroy(); ok(true); }).on('error', () => ok(false))), 'the floor');
  const r = await load(port, 64, p.pid, ['GET /health'], [], seconds, pinned ? 1 : undefined);
  p.kill();
  return r;
}

async function prepare(tickets) {
  const most = '1000000';
  const env = {
    RATE_LIMIT_PER_MIN: most,
    RATE_LIMIT_TOKEN_PER_MIN: most,
    RATE_LIMIT_LOGIN_PER_MIN: most,
    HTTP_MAX_PER_ADDRESS: '20000',
    HTTP_MAX_REQUESTS_PER_CONNECTION: '1000000000',
  };
  const server = await bench.server(env);
  await server.run(['migrate']);
  const seeded = await server.run(['bench-data', '--tickets', String(tickets)]);
  const agent = { email: 'bench@example.org', password: 'correct horse battery bench' };
  await server.run(['user', 'create', '--email', agent.email, '--name', 'Bench Agent', '--role', 'agent', '--password-stdin'], agent.password + '\n');
  await server.launch(); // once with its words, to read how long it took
  const ready = server.logged('server.ready');
  await server.stop();
  server.env.LOG_LEVEL = 'warn';
  await server.launch();
  const atRest = memory(server);
  if (tickets === full) {
    await idle(server, 10000, false);
    await idleTls();
    await server.stop();
    await server.launch();
  }
  const { access_token } = await server.post('/api/v1/auth/login', agent);
  const { token } = await server.post('/api/v1/tokens', { name: 'bench' }, access_token);
  console.log(`${tickets} tickets: ${seeded}; ready ${ready?.took_ms ?? '?'} ms after the start`);
  return { server, token, agent, atRest };
}

const memory = (server) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))[1]);
const pick = (n, make) => Array.from({ length: n }, (_, i) => make(i));
const body = 'Hello, since this morning the printer in Berlin gives an error after a few seconds. I restarted twice and the colleagues next door see the same.';

/** The pieces of work, as request lines. */
function works(size, agent) {
  const id = (i) => 1 + ((i * 7919) % size);
  return {
    health: ['GET /health'],
    'list of 50': ['GET /api/v1/tickets?limit=50'],
    view: pick(1000, (i) => `GET /api/v1/tickets/${id(i)}?include=messages`),
    'view, others': pick(4000, (i) => `GET /api/v1/tickets/${1 + ((i * 104729) % size)}?include=messages`), // more than caches hold
    search: ['GET /api/v1/search?q=zirconium&limit=20'],
    'as you type': ['GET /api/v1/search?q=prin&typing=true&limit=10&types=tickets,users', 'GET /api/v1/search?q=pass&typing=true&limit=10&types=tickets,users'],
    create: [`POST /api/v1/tickets {"title":"Printer in Berlin {n}","customer":${30},"message":{"body":"${body}","format":"text"}}`],
    reply: pick(500, (i) => `POST /api/v1/tickets/${id(i)}/messages {"body":"${body}","format":"text"}`),
    login: [`POST /api/v1/auth/login ${JSON.stringify(agent)}`],
  };
}

const row = (name, r, ...more) => console.log(padr(name, 14), pad(r.rate, 8), pad(Math.round(r.p50_us), 8), pad(Math.round(r.p99_us), 9), pad(r.cpu_us.toFixed(1), 9), pad((r.memory_kb / 1024).toFixed(0), 6), ...more.map((m) => pad(m, 12)), r.errors ? `  ${r.errors} errors (${r.first_error})` : '');

const ratio = (a, b) => (b ? `${(a / b).toFixed(2)} x` : '-');

console.log('--- fixed answer of 60 bytes, 64 connections: CPU us per request');
for (const pinned of [true, false]) {
  const [bare, layer] = [await fixed('floor', pinned), await fixed('ours', pinned)];
  console.log(`${pinned ? 'a core each' : 'unpinned'}: bare epoll ${bare.cpu_us.toFixed(2)}, our HTTP layer ${layer.cpu_us.toFixed(2)} (${ratio(layer.cpu_us, bare.cpu_us)})`);
}
const floor = await fixed('floor', false); // under what the rows below run under
const ours = await fixed('ours', false);

/** What the same statements cost without our server; a line a piece of work: name, CPU us (of each side). */
async function rawDatabase(server) {
  if (engine === 'postgres') return execFileSync(tools.raw_postgres, [server.env.DATABASE_URL, '1'], { encoding: 'utf8' });
  const copy = join(work, 'raw.db');
  await server.stop(); // a file that is being written cannot be copied whole
  copyFileSync(join(server.dir, 'test.db'), copy);
  await server.launch();
  try {
    return execFileSync(tools.raw_sqlite, [copy, '1'], { encoding: 'utf8' });
  } finally {
    rmSync(copy, { force: true });
  }
}

const flat = {};
for (const size of sizes) {
  const b = await prepare(size);
  const headers = [`Authorization: Bearer ${b.token}`];
  const raw = {};
  if (size === full) {
    for (const line of (await rawDatabase(b.server)).trim().split('\n')) {
      const [name, ...us] = line.split(' ');
      raw[{ list: 'list of 50', typing: 'as you type' }[name] ?? name] = us.reduce((sum, v) => sum + Number(v), 0);
    }
    if (raw.nothing) console.log(`raw libpq, CPU us of both sides: ${Object.entries(raw).map(([name, us]) => `${name} ${us.toFixed(0)}`).join(', ')}`);
  }
  const pid = b.server.process.pid;
  console.log(`--- ${size} tickets, ${engine}; at rest ${(b.atRest / 1024).toFixed(0)} MB, binary ${(statSync(binary).size / 1048576).toFixed(1)} MB`);
  console.log(padr('work', 14), pad('req/s', 8), pad('p50 us', 8), pad('p99 us', 9), pad('CPU us', 9), pad('MB', 6), pad('to epoll', 12), pad('to HTTP', 12), pad('to raw DB', 12), engine === 'postgres' ? pad('PG CPU us', 12) : '');
  for (const connections of size === full ? [1, 64, 256] : [64]) {
    console.log(`${connections} connection${connections > 1 ? 's' : ''}`);
    for (const [name, lines] of Object.entries(works(size, b.agent)).filter(([name]) => !only || only.includes(name))) {
      const before = bench.cluster.cpuUs();
      const r = await load(b.server.port, connections, pid, lines, headers);
      const beside = (bench.cluster.cpuUs() - before) / (r.requests || 1); // PostgreSQL's; 0 with SQLite
      const all = r.cpu_us + beside;
      row(name, r, ratio(r.cpu_us, floor.cpu_us), ratio(r.cpu_us, ours.cpu_us), raw[name] ? ratio(all, raw[name]) : '-', ...(engine === 'postgres' ? [beside.toFixed(1)] : []));
      if (connections === 64) (flat[name] ??= {})[size] = all;
    }
  }
  if (size === full) {
    const { login, view } = works(size, b.agent);
    await b.server.post('/api/v1/auth/login', b.agent); // behind the passwords that the last run left: 500 find room
    const storm = load(b.server.port, 500, pid, login, [], seconds);
    const beside = await load(b.server.port, 1, pid, view, headers, seconds - 0.5);
    await storm.catch(() => {});
    const alone = await load(b.server.port, 1, pid, view, headers);
    console.log(`view beside 500 logins: p50 ${beside.p50_us} us, alone ${alone.p50_us} us (${ratio(beside.p50_us, alone.p50_us)})`);
  }
  await b.server.close();
}

/** One connection that has been answered once and now rests; undefined when it failed. */
function rested(server, i, secure) {
  const options = { port: server.port, host: '127.0.0.1', localAddress: `127.0.0.${1 + (i % 200)}`, rejectUnauthorized: false };
  return new Promise((ok) => {
    const s = (secure ? connectTls : connect)(options, () => s.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    s.on('error', () => ok(undefined));
    s.on('data', () => ok(s));
  });
}

/** Memory per idle connection, each of which has been answered once: /health 200 at a time. */
async function idle(server, n, secure) {
  const sockets = [];
  const open = async (count) => {
    for (let i = 0; i < count; i += 200) sockets.push(...(await Promise.all(Array.from({ length: 200 }, (_, k) => rested(server, i + k, secure)))));
  };
  await open(1000); // what the pools keep is there before
  const before = memory(server);
  const had = sockets.length;
  await open(n);
  const after = memory(server);
  const alive = sockets.slice(had).filter((s) => s && !s.destroyed).length;
  console.log(`${alive} idle connections${secure ? ' with TLS' : ''}, each answered once: ${((after - before) / alive).toFixed(2)} KiB each (${(after / 1024).toFixed(0)} MB in all)`);
  for (const s of sockets) s?.destroy();
}

/** The same behind TLS, on a server of its own with an empty database. */
async function idleTls() {
  const [key, cert] = [join(work, 'key.pem'), join(work, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost', '-days', '2', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const server = await bench.server({ TLS_CERT: cert, TLS_KEY: key, HTTP_MAX_PER_ADDRESS: '20000', LOG_LEVEL: 'warn' });
  server.url = server.url.replace('http:', 'https:');
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // for fetch(), which asks whether it is ready
  await server.launch();
  await idle(server, 5000, true);
  await server.close();
}

console.log(`--- CPU us per request at 64 connections by number of tickets${engine === 'postgres' ? ", with PostgreSQL's" : ''}`);
for (const [name, by] of Object.entries(flat)) {
  const all = sizes.map((s) => by[s]);
  console.log(padr(name, 14), ...all.map((v) => pad(v?.toFixed(1) ?? '-', 10)), pad(ratio(all.at(-1), all[0]), 10));
}
process.exit(0);
