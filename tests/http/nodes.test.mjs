// Several nodes on one PostgreSQL act as one, also when one of them is killed.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Client, Cluster, Server, engines, freePort, until } from './harness.mjs';
import { Stream } from './live.mjs';
import { Write, everything, quiet, verify } from './writes.mjs';

const api = '/api/v1';
const skip = engines.includes('postgres') ? false : 'PostgreSQL only';

/** Nodes that share a database, a secret and the folder of attachments; all start at once. */
async function startNodes(n, cluster, env = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-nodes-'));
  const shared = {
    DATABASE_URL: cluster.database(),
    JWT_SECRET: randomBytes(48).toString('base64'),
    DATA_DIR: join(dir, 'data'),
    DB_WRITERS: '3',
    LOG_FORMAT: 'json',
    ...env,
  };
  const nodes = await Promise.all(Array.from({ length: n }, () => Server.start('postgres', shared)));
  return Object.assign(nodes, {
    dir,
    database: shared.DATABASE_URL,
    async close() {
      await Promise.all(nodes.map((s) => s.close()));
      rmSync(dir, { recursive: true, force: true });
    },
  });
}

const rows = (url, sql) =>
  execFileSync('psql', [url, '-AtF,', '-c', sql], { encoding: 'utf8' }).split('\n').filter((l) => l.length);

/** The same person at another node. */
const at = (node, person) => Object.assign(new Client(node, { token: person.token }), { user: person.user });

describe('three nodes on one PostgreSQL', { skip }, () => {
  const who = {};
  let cluster, nodes, A, B, C;

  before(async () => {
    cluster = new Cluster();
    nodes = await startNodes(3, cluster, { RATE_LIMIT_TOKEN_PER_MIN: '80' });
    [A, B, C] = nodes;
    for (const role of ['admin', 'agent', 'customer']) who[role] = await A.person(role);
  });
  after(async () => {
    await nodes?.close();
    cluster?.stop();
  });

  test('started at once on an empty database, they migrated it once', () => {
    const versions = rows(nodes.database, 'SELECT version FROM schema_migrations ORDER BY version').map(Number);
    assert.ok(versions.length > 1);
    assert.deepEqual(versions, versions.map((_, i) => i + 1));
  });

  test('a login on one is a login on all, and its end is the end on all', async () => {
    const person = await A.person('agent');
    for (const node of [B, C]) assert.equal((await at(node, person).get(`${api}/auth/me`)).id, person.user.id);
    const stream = await Stream.open(at(C, person));
    await at(B, person).request('POST', `${api}/auth/logout`, {});
    for (const node of nodes)
      assert.equal((await at(node, person).request('GET', `${api}/auth/me`)).status, 401, 'at once, everywhere');
    await stream.ended; // without an event that would have been sent to it
  });

  test('a refresh token works on any node, once', async () => {
    const person = await A.person('customer');
    const refresh = (node) => node.client().request('POST', `${api}/auth/refresh`, { body: { refresh_token: person.session.refresh_token } });
    assert.equal((await refresh(B)).status, 200);
    const again = await refresh(C);
    assert.equal(again.status, 400, again.text);
    assert.equal((await at(A, person).request('GET', `${api}/auth/me`)).status, 401, 'the family is over');
  });

  test('a stream on one node tells what is done on another', async (t) => {
    const stream = await Stream.open(at(B, who.agent));
    const took = [];
    for (let i = 0; i < 30; i++) {
      const ticket = await at([A, C][i % 2], who.customer).post(`${api}/tickets`, { title: `t${i}`, message: { body: 'x' } });
      const answered = performance.now();
      const event = await until(() => stream.tickets().find((e) => e.data.ticket_id === ticket.id), 'the event');
      took.push(event.at - answered);
    }
    const ids = stream.tickets().map((e) => Number(e.id));
    assert.deepEqual(ids, [...new Set(ids)].sort((x, y) => x - y), 'in order, nothing twice');
    took.sort((x, y) => x - y);
    t.diagnostic(`behind the answer: median ${took[15].toFixed(1)} ms, longest ${took[29].toFixed(1)} ms`);
    await stream.close();
  });

  test('streams on all nodes miss nothing of what all nodes write at once', async () => {
    const streams = await Promise.all(nodes.map((node) => Stream.open(at(node, who.agent))));
    const written = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, w) => {
        for (let i = 0; i < 15; i++) {
          const c = at(nodes[(w + i) % 3], who.customer);
          written.push((await c.post(`${api}/tickets`, { title: `w${w}.${i}`, message: { body: 'x' } }, quiet)).id);
        }
      }),
    );
    for (const s of streams) {
      await until(() => s.tickets().length >= written.length, 'all events');
      assert.deepEqual(s.tickets().map((e) => e.data.ticket_id).sort((x, y) => x - y), [...written].sort((x, y) => x - y));
      const ids = s.tickets().map((e) => Number(e.id));
      assert.deepEqual(ids, [...ids].sort((x, y) => x - y), 'ids never go back');
      await s.close();
    }
  });

  test('the same request to all nodes at once is done once and answered alike', async () => {
    for (let i = 0; i < 10; i++) {
      const key = randomBytes(9).toString('base64url');
      const body = { title: key, message: { body: 'once' } };
      const send = (node) => at(node, who.customer).request('POST', `${api}/tickets`, { body, headers: { 'idempotency-key': key } });
      const answers = await Promise.all(nodes.map(send));
      assert.deepEqual(answers.map((r) => r.status), [201, 201, 201], answers.map((r) => r.text).join());
      assert.equal(new Set(answers.map((r) => r.json.id)).size, 1);
      assert.equal(answers.filter((r) => !r.headers.get('idempotency-replayed')).length, 1);
      const other = await at(A, who.customer).request('POST', `${api}/tickets`, { body: { ...body, title: 'another' }, headers: { 'idempotency-key': key } });
      assert.equal(other.status, 422);
    }
  });

  test('streams go on when the nodes cannot hear each other', async () => {
    const stream = await Stream.open(at(B, who.agent));
    const listeners = `FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND (query LIKE 'LISTEN %' OR query LIKE '%pg_notify%')`;
    const cut = () => rows(nodes.database, `SELECT pg_terminate_backend(pid) ${listeners}`).length;
    for (let i = 0; i < 3; i++) {
      await until(() => cut() > 0, 'a connection that listens');
      const ticket = await at(A, who.customer).post(`${api}/tickets`, { title: `unheard ${i}`, message: { body: 'x' } });
      await until(() => stream.tickets().some((e) => e.data.ticket_id === ticket.id), 'the event');
    }
    await until(() => rows(nodes.database, `SELECT pid ${listeners}`).length === 3, 'all nodes to listen again');
    await stream.close();
  });

  test('a right taken away on one node holds on all, also for open streams', async () => {
    const person = await A.person('agent');
    const stream = await Stream.open(at(B, person));
    const admin = at(C, who.admin);
    const user = await admin.get(`${api}/users/${person.user.id}`);
    await admin.patch(`${api}/users/${user.id}`, { active: false });
    for (const node of nodes) assert.equal((await at(node, person).request('GET', `${api}/tickets`)).status, 401);
    await stream.ended;
  });

  test('a setting that an administrator changes on one node holds on the others', async () => {
    await at(A, who.admin).patch(`${api}/settings`, { product_name: 'One of three' });
    for (const node of nodes)
      assert.match(JSON.stringify(await at(node, who.admin).get(`${api}/settings`)), /One of three/);
  });

  test('who is at a ticket is known on every node', async () => {
    const ticket = await who.customer.post(`${api}/tickets`, { title: 'present', message: { body: 'x' } });
    const path = `${api}/tickets/${ticket.id}/presence`;
    const other = await A.person('agent');
    const stream = await Stream.open(at(B, other));
    await at(A, who.agent).post(path, { state: 'writing' }, { status: 200 });
    await until(() => stream.events.some((e) => e.event === 'presence' && e.data.state === 'writing'), 'the word');
    for (const node of [B, C])
      await until(async () => (await at(node, other).get(path)).data.length === 1, 'the others to know');
    await at(C, who.agent).post(path, { state: 'gone' }, { status: 200 });
    for (const node of [A, B])
      await until(async () => (await at(node, other).get(path)).data.length === 0, 'the end of it');
    await stream.close();
  });

  test('failed logins are counted together', async () => {
    const person = await A.person('customer');
    const wrong = (node) => node.client().request('POST', `${api}/auth/login`, { body: { email: person.email, password: 'no-such-password' } });
    for (let i = 0; i < 5; i++) assert.equal((await wrong(nodes[i % 3])).status, 401);
    for (const node of nodes) assert.equal((await wrong(node)).status, 429, 'locked everywhere');
  });

  test('all together keep one rate limit', async (t) => {
    const limit = 80;
    const token = async () => (await who.agent.post(`${api}/tokens`, { name: randomBytes(4).toString('hex') })).token;
    const ask = async (node, bearer) => (await new Client(node, { token: bearer }).request('GET', `${api}/auth/me`, quiet)).status;
    const first = await token();
    let got = 0;
    while ((await ask(A, first)) === 200) got++;
    assert.ok(got >= limit, `${got} of one node`);
    for (const node of [B, C]) {
      let more = 0;
      await until(async () => {
        const isLet = (await ask(node, first)) === 200;
        more += isLet;
        return !isLet;
      }, 'the word that it is used up');
      assert.ok(more < limit, `${more} more of another node, which would give ${limit} by itself`);
      t.diagnostic(`used up on one node; another let ${more} of ${limit} more through`);
    }
    const second = await token();
    const start = Date.now();
    const all = (await Promise.all(Array.from({ length: 9 * limit }, (_, i) => ask(nodes[i % 3], second)))).filter((s) => s === 200).length;
    t.diagnostic(`${9 * limit} requests to three nodes at once: ${all} of ${limit} let through in ${Date.now() - start} ms`);
    assert.ok(all >= limit && all < 3 * limit);
  });

  test('a job is done once', async () => {
    const jobs = [];
    for (let j = 0; j < 6; j++) {
      const t = await who.customer.post(`${api}/tickets`, { title: 'bulk', message: { body: 'x' } });
      const changes = Array.from({ length: 1001 }, (_, i) => ({ ticket: t.id, title: `bulk ${Math.min(i, 20)}` }));
      const { job } = await at(nodes[j % 3], who.agent).post(`${api}/bulk`, { changes }, { status: 202, ...quiet });
      jobs.push({ id: job.id, ticket: t.id });
    }
    for (const job of jobs) {
      await until(async () => (await at(B, who.agent).get(`${api}/jobs/${job.id}`, quiet)).finished_at, 'the job', 60000);
      const count = rows(nodes.database, `SELECT count(*) FROM events WHERE ticket_id = ${job.ticket}`);
      assert.deepEqual(count, ['22'], 'each change is there once');
      const done = nodes.flatMap((node) => node.log().filter((l) => l.event === 'job.done' && l.job === job.id));
      assert.equal(done.length, 1, 'one node did it');
    }
  });
});

// ---- Behind a balancer ----

class Balancer {
  static async start(nodes) {
    const b = new Balancer();
    const port = await freePort();
    const file = join(nodes.dir, 'haproxy.cfg');
    writeFileSync(file, `
global
  maxconn 1000
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response junk-response
frontend in
  bind 127.0.0.1:${port}
  default_backend nodes
backend nodes
  balance roundrobin
  option httpchk
  http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host 127.0.0.1
  # What may be sent again: reads, and writes with a key of their own.
  http-request disable-l7-retry unless METH_GET or { req.hdr(idempotency-key) -m found }
  default-server check inter 200ms fall 2 rise 1
${nodes.map((s, i) => `  server node${i} 127.0.0.1:${s.port}`).join('\n')}
`);
    b.url = `http://127.0.0.1:${port}`;
    b.process = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    b.gone = new Promise((done) => b.process.on('exit', done));
    process.on('exit', () => b.process.kill('SIGKILL'));
    await until(() => fetch(`${b.url}/health/ready`).then((r) => r.ok, () => false), 'the balancer');
    return b;
  }
  async stop() {
    this.process.kill('SIGTERM');
    await this.gone;
  }
}

test('a node killed behind the balancer costs no request that may be sent again', { skip }, async (t) => {
  const cluster = new Cluster();
  const nodes = await startNodes(3, cluster, { LOG_LEVEL: 'warn' });
  const balancer = await Balancer.start(nodes);
  const agent = await nodes[0].person('agent');
  const customers = [];
  for (let i = 0; i < 4; i++) customers.push(at(balancer, await nodes[0].person('customer')));
  const reader = at(balancer, agent);
  const writes = [];
  const failed = [];
  let reads = 0, longest = 0, over = false;

  const timed = async (words, run) => {
    const start = performance.now();
    try {
      const status = await run();
      if (status >= 400) failed.push(`${words}: ${status}`);
    } catch (e) {
      failed.push(`${words}: ${e.cause?.code ?? e}`);
    }
    longest = Math.max(longest, performance.now() - start);
  };
  const write = async (client) => {
    let ticket;
    for (let i = 0; !over; i++) {
      const w = ticket && i % 3 ? Write.reply(client, ticket) : Write.ticket(client);
      await timed(`POST ${w.path}`, async () => {
        w.answer = await w.send();
        return w.answer.status;
      });
      if (w.answer?.status === 201) writes.push(w);
      if (w.opens) ticket = w.answer?.id;
    }
  };
  const read = async () => {
    for (; !over; reads++)
      await timed('GET', async () => (await reader.request('GET', `${api}/tickets?limit=20`, quiet)).status);
  };

  const storm = [...Array.from({ length: 12 }, (_, i) => write(customers[i % 4])), read(), read()];
  for (let round = 0; round < 3; round++) {
    const begun = writes.length;
    await until(() => writes.length - begun > 150, 'writes');
    await nodes[round].stop('SIGKILL');
    const killed = writes.length;
    await until(() => writes.length - killed > 150, 'writes on the others');
    await nodes[round].launch();
  }
  over = true;
  await Promise.all(storm);
  t.diagnostic(`3 kills, ${writes.length} writes and ${reads} reads, ${failed.length} failed, the longest took ${longest.toFixed(0)} ms`);
  assert.deepEqual(failed, []);
  assert.equal((await everything(agent, `${api}/tickets`)).length, writes.filter((w) => w.opens).length, 'nothing twice');
  await verify(nodes[1], at(nodes[1], agent), writes);
  await balancer.stop();
  await nodes.close();
  cluster.stop();
});
