// What there is to see: the dashboard of deploy/grafana, the metrics of docs/monitoring.md, and a server at work.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../http/harness.mjs';
import { Stream } from '../http/live.mjs';
import { again } from './faults.mjs';
import { deployed } from './stack.mjs';

const api = '/api/v1';
export const board = JSON.parse(deployed('grafana/ticketing-system.json'));
export const pieces = (b) => b.panels.filter((p) => p.type !== 'row');

const kinds = ['row', 'stat', 'timeseries'];
const unitsKnown = ['short', 's', 'percentunit', 'reqps', 'ops', 'bytes', 'Bps'];

function pieceFaults(p) {
  const found = [];
  if (p.type === 'row') return found;
  if (!unitsKnown.includes(p.fieldConfig.defaults.unit)) found.push(`${p.title}: unit ${p.fieldConfig.defaults.unit}`);
  if (p.datasource.uid !== '${datasource}') found.push(`${p.title}: a data source of its own`);
  if (!p.targets.length || new Set(p.targets.map((t) => t.refId)).size !== p.targets.length) found.push(`${p.title}: targets`);
  if (p.targets.some((t) => !t.expr || !t.legendFormat)) found.push(`${p.title}: a target without query or legend`);
  return found;
}

/** What Grafana would stumble over. */
export function shapeOf(b) {
  const found = b.panels.flatMap(pieceFaults);
  const taken = new Map();
  for (const p of b.panels) {
    const { x, y, w, h } = p.gridPos;
    if (!kinds.includes(p.type) || x + w > 24) found.push(`${p.title}: type or place`);
    for (let i = x; i < x + w; i++)
      for (let j = y; j < y + h; j++) {
        if (taken.has(`${i},${j}`)) found.push(`${p.title} lies on ${taken.get(`${i},${j}`)}`);
        taken.set(`${i},${j}`, p.title);
      }
  }
  if (new Set(b.panels.map((p) => p.id)).size !== b.panels.length) found.push('two panels with one id');
  for (const name of ['datasource', 'instance']) if (!b.templating.list.some((v) => v.name === name)) found.push(`no variable ${name}`);
  return found;
}

/** A query as Grafana would send it: all servers; the interval is that of the fast Prometheus of the tests. */
export const runnable = (expr) => expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
export const numbers = (result) => result.filter((r) => Number.isFinite(Number(r.value[1])));

/** People at work, a stream that is open, a backup and a drill.  Gives what ends it. */
export async function work(server) {
  const [agent, customer] = [await server.person('agent'), await server.person('customer')];
  await customer.post(`${api}/tickets`, { title: 'one', message: { body: 'x' } });
  for (const args of [['backup'], ['drill']]) {
    const r = await server.run(args);
    assert.equal(r.code, 0, `${args}: ${r.stdout}${r.stderr}`);
  }
  const stream = await Stream.open(agent);
  const stop = again(async () => {
    await agent.request('GET', `${api}/tickets`, { check: false });
    await new Promise((r) => setTimeout(r, 100));
  });
  return async () => {
    await stop();
    await stream.close();
  };
}

const file = join(root, 'docs/monitoring.md');
const row = /^\| `([a-z_]+)` \| (\w+) \| (.*) \|$/gm;
const rows = (text) => [...text.matchAll(row)].map(([, name, type, help]) => ({ name, type, help }));

/** The metrics that docs/monitoring.md tells of. */
export const documented = () => rows(readFileSync(file, 'utf8'));

/** The metrics that these servers have, by name.  UPDATE_DOCS=1 writes them into the document. */
export async function scraped(servers) {
  const all = new Map();
  for (const s of servers) {
    const text = await (await fetch(`${s.url}/metrics`)).text();
    for (const [, name, help] of text.matchAll(/^# HELP (\w+) (.*)$/gm))
      all.set(name, { name, type: new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(text)[1], help });
  }
  const list = [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (process.env.UPDATE_DOCS) {
    const lines = list.map((m) => `| \`${m.name}\` | ${m.type} | ${m.help} |`).join('\n');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/(\| name \| type \| what it is \|\n\| --- \| --- \| --- \|\n)(\| `[a-z_]+` .*\n)*/, `$1${lines}\n`));
  }
  return list;
}
