// Each alert of the deployment checklist fires once for real: what it tells of is made to happen to a real server, and
// the alert arrives where Alertmanager sends it.  Times are those of deploy/, twenty times shorter.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Server, binary, until } from '../http/harness.mjs';
import { Stack } from './stack.mjs';
import { board, documented, numbers, pieces, runnable, scraped, shapeOf, work } from './dashboard.mjs';
import { busy, fewErrors, fullDisk, locked, losingDatabase, noMounts, tightMemory } from './faults.mjs';

const WAIT_MS = 150000;
const at = (server) => `127.0.0.1:${server.port}`;
let stack, sound, people;
const made = {};

before(async () => {
  stack = await Stack.start();
  sound = await Server.start('sqlite', { BACKUP_DIR: join(stack.dir, 'backups') });
  people = await work(sound);
  await stack.watch([sound]);
});
after(async () => {
  const all = Object.values(made);
  await people?.();
  await Promise.all(all.map((m) => m.stop?.()));
  await Promise.all([sound, ...all.map((m) => m.server)].map((s) => s?.close()));
  for (const m of all) m.group?.remove();
  made.database?.cluster.stop();
  await stack?.stop();
});

/** Grafana is no Debian package: this answers as it does when the dashboard is there. */
async function grafana() {
  const s = createServer((req, res) => {
    res.statusCode = req.url === '/api/dashboards/uid/ticketing-system' ? 200 : 404;
    res.end(JSON.stringify({ dashboard: { uid: 'ticketing-system', title: 'Ticketing system' } }));
  });
  await new Promise((done) => s.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${s.address().port}`, close: () => s.close() };
}

/** The lines of a section, as server checklist judges them against this stack. */
function checklist(section, env) {
  return new Promise((done) =>
    execFile(
      binary, ['checklist', '--json', '--section', section],
      {
        env: { ...sound.env, BASE_URL: sound.url, CHECK_CONTAINER: 'no', CHECK_PROMETHEUS_URL: stack.prometheusUrl,
          CHECK_ALERTMANAGER_URL: stack.alertmanagerUrl, CHECK_ALERT_PORT: String(stack.checkPort), ...env },
        cwd: sound.dir,
      },
      (error, stdout) => done(JSON.parse(stdout).lines),
    ),
  );
}

test('the checklist passes against this Prometheus and Alertmanager', async (t) => {
  const board = await grafana();
  await until(async () => (await stack.query('probe_success == 1')).length, 'the first probe');
  // monitoring.logs looks for a shipper on this machine: logging.test.mjs.
  const lines = [];
  for (const section of ['watch.alerting', 'monitoring', 'alert']) lines.push(...(await checklist(section, { CHECK_GRAFANA_URL: board.url })));
  board.close();
  const judged = lines.filter((l) => l.id !== 'monitoring.logs');
  for (const l of judged) {
    t.diagnostic(`${l.state} ${l.id}: ${l.evidence}`);
    assert.equal(l.state, 'pass', `${l.id}: ${l.evidence}`);
  }
  assert.ok(judged.length >= 16);
});

describe('every alert fires for real', { concurrency: true }, () => {
  let began;
  before(async () => {
    const makers = {
      down: async () => ({ server: await Server.start('sqlite') }),
      database: losingDatabase,
      errors: fewErrors,
      memoryCritical: () => tightMemory(0.95),
      memoryWarning: () => tightMemory(0.72),
      cpuCritical: () => busy(1),
      cpuWarning: () => busy(0.8),
      slow: locked,
      disk: async () => (noMounts() ? { why: noMounts() } : { server: await fullDisk(82) }),
    };
    // What was started is stopped, also when another one could not be.
    const results = await Promise.allSettled(Object.entries(makers).map(async ([k, make]) => (made[k] = await make())));
    for (const r of results) if (r.status === 'rejected') throw r.reason;
    await stack.watch([sound, ...Object.values(made).map((m) => m.server).filter(Boolean)]);
    began = Date.now();
    await made.down.server.stop('SIGKILL');
    made.database.cluster.halt();
  });

  /** The alert arrives, with its severity, where its severity goes, and names its page. */
  async function arrives(t, name, severity, what) {
    if (what.why) return t.skip(what.why);
    const a = await until(() => stack.webhook.find(name, at(what.server)) ?? stack.webhook.find(name, `${what.server.url}/health`), name, WAIT_MS);
    assert.equal(a.labels.severity, severity);
    assert.equal(a.receiver, severity === 'critical' ? 'oncall' : 'team');
    assert.equal(a.annotations.runbook, `docs/runbook.md#${name.toLowerCase()}`);
    assert.ok(a.annotations.summary.includes(String(what.server.port)), a.annotations.summary);
    t.diagnostic(`${name} after ${((a.at - began) / 1000).toFixed(1)} s: ${a.annotations.summary}`);
  }

  for (const [name, severity, of] of [
    ['TicketingDown', 'critical', 'down'],
    ['TicketingDatabaseDown', 'critical', 'database'],
    ['TicketingErrorsCritical', 'critical', 'database'],
    ['TicketingMemoryCritical', 'critical', 'memoryCritical'],
    ['TicketingCpuCritical', 'critical', 'cpuCritical'],
    ['TicketingSlow', 'warning', 'slow'],
    ['TicketingErrorsWarning', 'warning', 'errors'],
    ['TicketingMemoryWarning', 'warning', 'memoryWarning'],
    ['TicketingCpuWarning', 'warning', 'cpuWarning'],
    ['TicketingDiskWarning', 'warning', 'disk'],
  ])
    test(`${name} (${severity})`, (t) => arrives(t, name, severity, made[of]));
});

describe('what fires', () => {
  for (const [warning, of] of [
    ['TicketingErrorsWarning', 'database'],
    ['TicketingMemoryWarning', 'memoryCritical'],
    ['TicketingCpuWarning', 'cpuCritical'],
  ])
    test(`${warning} is silent while the critical alert of the same server fires`, async (t) => {
      const { server, why } = made[of];
      if (why) return t.skip(why);
      const state = async () => (await stack.known(warning, at(server)))?.status.state;
      await until(async () => (await state()) === 'suppressed', `${warning} to be known and suppressed`, WAIT_MS);
      assert.equal(stack.webhook.find(warning, at(server)), undefined);
    });

  test('ends when the trouble is over, and tells so', async () => {
    await made.down.server.launch();
    made.database.cluster.resume();
    const over = (name, server) => until(() => stack.webhook.find(name, at(server), 'resolved'), `the end of ${name}`, 60000);
    await Promise.all([over('TicketingDown', made.down.server), over('TicketingDatabaseDown', made.database.server)]);
  });

  test('nothing fired for the server that was sound', () => {
    assert.deepEqual(stack.webhook.seen.filter((a) => JSON.stringify(a.labels).includes(String(sound.port))), []);
  });
});

describe('the dashboard', () => {
  test('has the identity that the checklist asks for, and panels that do not lie on each other', () => {
    assert.equal(board.uid, 'ticketing-system');
    assert.deepEqual(shapeOf(board), []);
  });

  test('draws its lines where the alerts are', () => {
    const lines = (title) => pieces(board).find((p) => p.title === title).fieldConfig.defaults.thresholds.steps.slice(1).map((s) => s.value);
    assert.deepEqual(lines('Errors'), [0.01, 0.05]);
    assert.deepEqual(lines('Time to answer'), [1]);
    for (const title of ['Memory, of what is allowed', 'Processors, of what is allowed']) assert.deepEqual(lines(title), [0.7, 0.9]);
    assert.deepEqual(lines('Disk of the data'), [0.8]);
  });

  test('every query of every panel finds numbers in what this run left in Prometheus', async (t) => {
    const empty = [];
    let n = 0;
    for (const panel of pieces(board))
      for (const { expr } of panel.targets) {
        n++;
        // What was measured last may be a server that had ended: a few looks are given to each.
        const found = await until(async () => numbers(await stack.query(runnable(expr))).length, expr, 5000).catch((e) => (/waited/.test(e.message) ? 0 : Promise.reject(e)));
        if (!found) empty.push(`${panel.title}: ${runnable(expr)}`);
      }
    t.diagnostic(`${pieces(board).length} panels, ${n} queries`);
    assert.deepEqual(empty, []);
  });

  test('docs/monitoring.md tells of every metric, and of no other', async () => {
    const there = await scraped([sound, made.slow.server]); // first: UPDATE_DOCS=1 writes the document
    assert.deepEqual(documented(), there);
  });
});
