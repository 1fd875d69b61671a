// deploy/fleet with real nodes on one PostgreSQL behind the real HAProxy, while people work: a new release node by node, blue
// and green, and what it does when the new release is ill.
import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, Server, freePort, until } from '../http/harness.mjs';
import { Authority, Front, deployed, served, storm } from './front.mjs';
import { next } from './scratch.mjs';

const authority = new Authority();
let cluster, dir, nodes, agent, front, control;

/** deploy/fleet; gives {code, out}. */
const fleet = (...args) =>
  new Promise((done) =>
    execFile(deployed('fleet'), ['--socket', join(front.dir, 'admin.sock'), '--wait', '30', ...args], (error, stdout, stderr) =>
      done({ code: error ? error.code : 0, out: stdout + stderr })));
const states = async () => {
  const { code, out } = await fleet('status');
  assert.equal(code, 0, out);
  return Object.fromEntries(out.trim().split('\n').slice(1).map((l) => l.split(/ +/)).map(([name, status]) => [name, status]));
};
/** What runs on a node's machine: it ends, and starts as the next release (or as this one). */
const release = (node, program) => (node.options.wrap = program ? ['sh', '-c', `exec '${program}' serve`] : []);

before(async () => {
  cluster = new Cluster();
  dir = mkdtempSync(join(tmpdir(), 'ticketing-fleet-'));
  const port = await freePort();
  const env = {
    ENVIRONMENT: 'production', BASE_URL: `https://127.0.0.1:${port}`, ALLOWED_ORIGINS: `https://127.0.0.1:${port}`, ALLOWED_HOSTS: 'help.example.com',
    TRUSTED_PROXIES: '127.0.0.1', HTTP_MAX_PER_ADDRESS: '5000', DRAIN_DELAY_MS: '4000', DATABASE_URL: cluster.database(),
    JWT_SECRET: randomBytes(48).toString('base64'), DATA_DIR: join(dir, 'data'), DB_WRITERS: '2', LOG_FORMAT: 'json',
  };
  nodes = { node1: await Server.start('postgres', env), node2: await Server.start('postgres', env) };
  agent = await nodes.node1.person('agent');
  await agent.post('/api/v1/tickets', { title: 'first', message: { body: 'x' }, customer: 'c@example.org' }, { check: false });
  front = await Front.start('haproxy', Object.values(nodes), authority, { port });
  control = createServer(async (q, r) => {
    const node = nodes[q.url.slice(1)];
    await node.stop('SIGTERM');
    release(node, next);
    await node.launch().then(() => r.end('ok'), (e) => r.writeHead(500).end(String(e)));
  });
  await new Promise((done) => control.listen(0, '127.0.0.1', done));
});
after(async () => {
  control?.close();
  await front?.close();
  await Promise.all(Object.values(nodes ?? {}).map((s) => s.close()));
  cluster?.stop();
  authority.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => until(async () => Object.values(await states()).every((s) => /^(UP|DRAIN)/.test(s)), 'HAProxy to see both nodes'));

const nothingLost = (t, { failed, done }) => {
  t.diagnostic(`${JSON.stringify(done)} went well, failed: ${JSON.stringify(failed)}`);
  assert.deepEqual([...failed.read, ...failed.keyed, ...failed.plain], []);
};
const schema = async () => (await nodes.node1.run(['migrate', '--status'])).stdout;

describe('a new release, node by node', () => {
  test('a command that fails leaves that node as it is and in use, and the others alone', async () => {
    const { code, out } = await fleet('rolling', 'false', 'node1', 'node2');
    assert.equal(code, 1);
    assert.match(out, /node1: the command failed; it serves again as it is/);
    assert.doesNotMatch(out, /node2/);
    await until(async () => Object.values(await states()).every((s) => s === 'UP'), 'both in use');
  });

  test('the only node that serves is not taken out', async () => {
    assert.equal((await fleet('switch', 'node2', 'node1')).code, 0);
    const { code, out } = await fleet('rolling', 'true', 'node1');
    assert.equal(code, 1);
    assert.match(out, /node1 is the only one that serves/);
    assert.equal((await fleet('switch', 'node1', 'node2')).code, 0);
    assert.equal((await fleet('rolling', 'true', 'node1')).code, 0, 'node2 serves meanwhile');
  });

  test('with a migration, while people work: no request fails', async (t) => {
    assert.doesNotMatch(await schema(), /NEWER/);
    let ran;
    const seen = await storm(front, agent, async (more) => {
      ran = await fleet('rolling', `curl -sSf http://127.0.0.1:${control.address().port}/{}`, 'node1', 'node2');
      await more(60);
    });
    assert.equal(ran.code, 0, ran.out);
    assert.match(ran.out, /node1 is out\n(.*\n)*.*node1 serves again\n(.*\n)*.*node2 is out\n(.*\n)*.*node2 serves again/);
    assert.match(await schema(), /OF A NEWER PROGRAM/);
    nothingLost(t, seen);
    for (const n of Object.values(nodes)) assert.ok((await served(n)) > 0);
  });
});

describe('blue and green', () => {
  test('all go over, and back, while people work: no request fails', async (t) => {
    const seen = await storm(front, agent, async (more) => {
      let r = await fleet('switch', 'node1', 'node2');
      assert.equal(r.code, 0, r.out);
      assert.deepEqual(await states(), { node1: 'DRAIN', node2: 'UP' });
      const [one, two] = [await served(nodes.node1), await served(nodes.node2)];
      await more(60);
      assert.ok((await served(nodes.node2)) - two >= 60);
      assert.ok((await served(nodes.node1)) - one < 60, 'health checks and this look alone');
      r = await fleet('switch', '--canary', '10', '--watch', '2', 'node2', 'node1');
      assert.equal(r.code, 0, r.out);
      assert.match(r.out, /node1 get about 10 % for 2 s/);
      assert.deepEqual(await states(), { node1: 'UP', node2: 'DRAIN' });
    });
    nothingLost(t, seen);
  });

  test('a release that is not healthy gets nobody', async () => {
    await nodes.node2.stop('SIGTERM');
    await until(async () => (await states()).node2 !== 'DRAIN', 'HAProxy to notice');
    const { code, out } = await fleet('--wait', '2', 'switch', 'node1', 'node2');
    assert.equal(code, 1);
    assert.match(out, /node2 is not healthy: nothing was changed/);
    assert.equal((await states()).node1, 'UP');
    await nodes.node2.launch();
  });

  test('a canary that answers 5xx is taken back by itself', async () => {
    // Healthy, but what it is asked fails.
    await nodes.node2.stop('SIGTERM');
    const bad = createServer((q, r) => r.writeHead(q.url === '/health/ready' ? 200 : 500).end('{}'));
    await new Promise((done) => bad.listen(nodes.node2.port, '127.0.0.1', done));
    const seen = await storm(front, agent, async () => {
      const { code, out } = await fleet('switch', '--canary', '30', '--watch', '60', 'node1', 'node2');
      assert.equal(code, 1, out);
      assert.match(out, /answers 5xx of node2: node1 serve all again/);
    });
    assert.ok(seen.done.read > 0);
    assert.deepEqual(await states(), { node1: 'UP', node2: 'DRAIN' });
    await new Promise((done) => (bad.closeAllConnections(), bad.close(done)));
    await nodes.node2.launch();
  });

  test('a name that HAProxy does not know is told with those that it knows', async () => {
    const { code, out } = await fleet('switch', 'node1', 'node9');
    assert.equal(code, 1);
    assert.match(out, /no server node9 in nodes: node1 node2/);
    assert.equal((await fleet('switch', 'node1')).code, 2);
  });
});
