// What backups cost other requests and what coming back takes: make bench-backup, or node bench/backup.mjs.
// Writes at full load alone and beside backups, in turn, so that what else the machine does meets both alike.
//     BENCH_TICKETS=300000 BENCH_ROUNDS=5 BENCH_SECONDS=4 BENCH_BUILD=build node bench/backup.mjs
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bench, until } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const build = resolve(root, process.env.BENCH_BUILD ?? 'build');
const tickets = Number(process.env.BENCH_TICKETS ?? 200000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const connections = Number(process.env.BENCH_CONNECTIONS ?? 64);
const bench = new Bench(join(build, 'server'), 'sqlite');
const work = mkdtempSync(join(tmpdir(), 'ticketing-bench-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const body = 'Hello, since this morning the printer in Berlin gives an error after a few seconds.';
const line = `POST /api/v1/tickets {"title":"Printer in Berlin {n}","customer":30,"message":{"body":"${body}","format":"text"}}\n`;

/** Tickets a second that are created. */
function load(server, token) {
  const file = join(work, 'requests');
  writeFileSync(file, line);
  return new Promise((done, fail) => {
    const args = [server.port, connections, seconds, server.process.pid, file, `Authorization: Bearer ${token}`];
    execFile(join(build, 'bench/load'), args.map(String), (error, out) => (error ? fail(error) : done(JSON.parse(out).rate)));
  });
}

/** Full copies one behind the other until stop() is called; how many. */
function copying(server) {
  let on = true;
  const all = (async () => {
    let n = 0;
    for (; on; n++) await server.run(['backup']);
    return n;
  })();
  return () => ((on = false), all);
}

const median = (v) => v.sort((a, b) => a - b)[Math.floor(v.length / 2)];
const percent = (x) => `${(100 * x).toFixed(1)} %`;

async function start(env) {
  const server = await bench.server({
    LOG_LEVEL: 'warn', RATE_LIMIT_PER_MIN: '1000000', RATE_LIMIT_TOKEN_PER_MIN: '1000000', RATE_LIMIT_LOGIN_PER_MIN: '1000000',
    HTTP_MAX_REQUESTS_PER_CONNECTION: '1000000000', BACKUP_AT: '', ...env,
  });
  server.env.BACKUP_DIR &&= join(server.dir, 'backups');
  await server.run(['migrate']);
  await server.run(['bench-data', '--tickets', String(tickets)]);
  const agent = { email: 'bench@example.org', password: 'correct horse battery bench' };
  await server.run(['user', 'create', '--email', agent.email, '--name', 'Bench', '--role', 'agent', '--password-stdin'], agent.password + '\n');
  await server.launch();
  const { access_token } = await server.post('/api/v1/auth/login', agent);
  const { token } = await server.post('/api/v1/tokens', { name: 'bench' }, access_token);
  // serve makes a first copy by itself: not while we measure.
  const done = () => server.run(['backup', '--no-offsite']).then(() => true, () => false);
  if (env.BACKUP_DIR) await until(done, 'the first copy', 120000);
  return { server, token };
}

const key = 'bench'.repeat(10);
const plain = await start({});
const shipping = await start({ BACKUP_DIR: 'here', BACKUP_KEY: key });
console.log(`${tickets} tickets, ${(statSync(join(plain.server.dir, 'test.db')).size / 2 ** 20).toFixed(0)} MiB, ${connections} connections`);

const without = [], shipped = [], beside = [];
let copies = 0;
for (let i = 0; i < rounds; i++) {
  without.push(await load(plain.server, plain.token));
  shipped.push(await load(shipping.server, shipping.token));
  const stop = copying(shipping.server);
  beside.push(await load(shipping.server, shipping.token));
  copies += await stop();
}
const [a, b, c] = [without, shipped, beside].map(median);
console.log(`created a second (median of ${rounds}): no backups ${a.toFixed(0)}, log shipped ${b.toFixed(0)}, and full copies all the time ${c.toFixed(0)} (${copies} copies)`);
console.log(`shipping costs ${percent(1 - b / a)}; full copies cost ${percent(1 - c / b)} more (at most 20 %)`);

const drill = JSON.parse(await shipping.server.run(['drill', '--json']));
console.log(`drill: ${JSON.stringify(drill)}`);
await plain.server.close();
await shipping.server.close();
