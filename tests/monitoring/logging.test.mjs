// Lines of a real server go through rsyslog, with the files of deploy/logging, to a collector that reads their JSON; what
// is written while the collector or the shipper is away arrives later.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, binary, freePort, root, until } from '../http/harness.mjs';
import { deployed, replaced, run } from './stack.mjs';

const dir = mkdtempSync(join(tmpdir(), 'ticketing-logs-'));
const collected = join(dir, 'collected');
const written = join(dir, 'server.log'); // here stands what journald would hand over
let port, shipper, collector, server;

const rsyslog = existsSync('/usr/sbin/rsyslogd') ? '/usr/sbin/rsyslogd' : 'rsyslogd';
const daemon = (name) => run(rsyslog, ['-n', '-f', join(dir, `${name}.conf`), '-i', join(dir, `${name}.pid`)]);

const startShipper = async () => (shipper = await daemon('ship'));
const startCollector = async () => (collector = await daemon('collect'));

function writeConfigs() {
  const work = (name) => {
    mkdirSync(join(dir, name));
    return `global(workDirectory="${join(dir, name)}" maxMessageSize="16k")\n`;
  };
  const input = `module(load="imfile")\ninput(type="imfile" File="${written}" Tag="ticketing-system")\n`;
  const ship = replaced(deployed('logging/rsyslog-ship.conf'), [['port="6514"', `port="${port}"`], ['resumeInterval="5"', 'resumeInterval="1"']]);
  const collect = replaced(deployed('logging/rsyslog-collect.conf'), [['port="6514"', `port="${port}"`], ['/var/log/ticketing-system', collected]]);
  writeFileSync(join(dir, 'ship.conf'), work('ship') + input + ship);
  writeFileSync(join(dir, 'collect.conf'), work('collect') + collect);
}

before(async () => {
  port = await freePort();
  writeConfigs();
  await Promise.all([startShipper(), startCollector()]);
  server = await Server.start('sqlite', { LOG_LEVEL: 'debug', LOG_FORMAT: 'json' });
  appendFileSync(written, server.output);
  server.process.stdout.on('data', (d) => appendFileSync(written, d));
});
after(async () => {
  await server?.close();
  await Promise.all([shipper?.stop(), collector?.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

const files = (end) => (existsSync(collected) ? readdirSync(collected).filter((f) => f.endsWith(end)) : []);
/** What the collector has read, without what it adds. */
const arrived = () =>
  files('.jsonl')
    .flatMap((f) => readFileSync(join(collected, f), 'utf8').split('\n').filter((l) => l))
    .map((l) => {
      const { from_host, received, ...line } = JSON.parse(l);
      assert.ok(from_host && received);
      return line;
    });
/** Every one of these lines has arrived, with every field as it was written.  Gives how often one came twice. */
async function allArrive(lines) {
  const key = (o) => JSON.stringify(Object.entries(o).sort());
  const missing = () => {
    const there = new Set(arrived().map(key));
    return lines.filter((l) => !there.has(key(l)));
  };
  await until(() => missing().length === 0, 'all lines to arrive', 30000).catch(() => assert.deepEqual(missing().slice(0, 3), [], `${missing().length} missing`));
  const all = arrived().map(key);
  return all.length - new Set(all).size;
}
const ask = async (n) => {
  for (let i = 0; i < n; i++) await fetch(`${server.url}/api/v1/tickets/${i}?q=%22${i}`);
};

test('lines of a server arrive, field by field', async () => {
  await ask(20);
  await until(() => server.log().filter((l) => l.event === 'request').length >= 20, 'the log');
  await allArrive(server.log());
});

test('what is no JSON is kept aside', async () => {
  assert.match(server.output, /There is no administrator yet/);
  await until(() => files('not-json.log').some((f) => readFileSync(join(collected, f), 'utf8').includes('There is no administrator yet')), 'the odd line');
});

const writes = async (n) => {
  const before = server.log().length;
  await ask(n);
  await until(() => server.log().length >= before + n, 'the log');
};

test('what is written while the collector dies and is away arrives when it is back', async (t) => {
  await collector.stop('SIGKILL');
  await writes(200);
  await startCollector();
  await writes(5);
  t.diagnostic(`${server.log().length} lines, ${await allArrive(server.log())} came twice`);
});

test('what is written without a collector survives that the shipper is started anew', async (t) => {
  await collector.stop();
  await shipper.stop();
  await startShipper();
  await writes(200);
  await until(() => readdirSync(join(dir, 'ship')).some((f) => f.startsWith('imfile-state')), 'the shipper to have read');
  await shipper.stop();
  await startShipper();
  await startCollector();
  await writes(5);
  t.diagnostic(`${server.log().length} lines, ${await allArrive(server.log())} came twice`);
});

test('the checklist sees that something carries the log away, and asks where a line can be seen to arrive', async () => {
  const answer = await new Promise((done) =>
    execFile(binary, ['checklist', '--json', '--section', 'monitoring.logs'], { env: { ...server.env, BASE_URL: server.url, CHECK_CONTAINER: 'no' }, cwd: server.dir }, (e, out) => done(JSON.parse(out))),
  );
  const line = answer.lines.find((l) => l.id === 'monitoring.logs');
  assert.equal(line.state, 'warning', line.evidence);
  assert.match(line.evidence, /^rsyslogd runs; set CHECK_LOG_URL/);
});

// ── the table of events ──

const head = ['time', 'level', 'event'];
const documented = new Map(
  [...readFileSync(join(root, 'docs/monitoring.md'), 'utf8').matchAll(/^\| `([a-z_.]+)` \| ([a-z, ]+) \| ((?:`\w+`(?:, )?)*) ?\| .* \|$/gm)].map(([, event, , fields]) => [
    event,
    fields.split(', ').filter((f) => f).map((f) => f.slice(1, -1)),
  ]),
);

/** Every LOG("event", KV(...)) of the sources: [event, fields]. */
function* logged(folder = join(root, 'src')) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* logged(path);
    else if (path.endsWith('.c'))
      for (const [, event, rest] of readFileSync(path, 'utf8').matchAll(/\bLOG\([^"]*?(?:"([a-z_.]+)"|\bevent\b)([^;]*)\);/g))
        yield [event, [...rest.matchAll(/KV_\w+\(\s*"(\w+)"/g)].map((m) => m[1])];
  }
}

describe('docs/monitoring.md', () => {
  test('tells of every event that the sources log, and of each of its fields', () => {
    let n = 0;
    for (const [event, fields] of logged()) {
      n++;
      if (!event) continue; // named by its caller
      assert.ok(documented.has(event), `${event} is not in the table`);
      assert.deepEqual(fields.filter((f) => !documented.get(event).includes(f)), [], event);
    }
    assert.ok(n > 25);
  });

  test('tells of every field that a real server wrote', () => {
    for (const { time, level, event, shortened, ...fields } of server.log()) {
      assert.ok(time && level && (shortened ?? true) === true);
      assert.ok(documented.has(event), `${event} is not in the table`);
      assert.deepEqual(Object.keys(fields).filter((f) => !documented.get(event).includes(f)), [], event);
    }
  });

  test('a line of each event, with every field and hostile values, is read as it was written', async () => {
    const values = ['say "hi" \\ \u00e4\u4e2d \u0001', -7, 0.125, '{"event":"forged"}', '<13>1 x'];
    const lines = [...documented].map(([event, fields], i) =>
      Object.fromEntries([...head.map((h) => [h, h === 'event' ? event : `2026 ${i}`]), ...fields.map((f, k) => [f, values[(i + k) % values.length]])]),
    );
    for (const l of lines) appendFileSync(written, `${JSON.stringify(l)}\n`);
    await allArrive(lines);
  });
});
