// The files of deploy/ are what their programs read, and each rule holds at its threshold and time.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../http/harness.mjs';
import { deployed, programs } from './stack.mjs';

const run = (name, ...args) => execFileSync(programs[name], args, { cwd: join(root, 'deploy'), encoding: 'utf8', stdio: 'pipe' });
const names = [...deployed('prometheus/rules.yml').matchAll(/alert: (\w+)/g)].map((m) => m[1]);

test('Prometheus, Alertmanager and the blackbox exporter read their files', () => {
  assert.match(run('promtool', 'check', 'config', 'prometheus/prometheus.yml'), /12 rules found/);
  run('amtool', 'check-config', 'alertmanager/alertmanager.yml');
  run('blackbox', '--config.file=blackbox/blackbox.yml', '--config.check');
});

test('every rule fires at its threshold and time, not just below, and ends', () => {
  assert.equal(names.length, 12);
  for (const name of names) assert.match(deployed('prometheus/rules_test.yml'), new RegExp(`alertname: ${name}\\n +exp_alerts:`), `${name} is not tried`);
  run('promtool', 'test', 'rules', 'prometheus/rules_test.yml');
});

test('a rule that is a little different is found out', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-rules-'));
  copyFileSync(join(root, 'deploy/prometheus/rules_test.yml'), join(dir, 'rules_test.yml'));
  const rules = deployed('prometheus/rules.yml');
  const changes = [...rules.matchAll(/(?<=for: )\d+(?=[sm])|(?<=[<>] )[\d.]+$/gm)];
  assert.equal(changes.length, 12 + 10, 'a time each; Down and DatabaseDown compare with a state');
  for (const c of changes) {
    const by = Number(c[0]) * (c[0].includes('.') ? 1.3 : 2);
    writeFileSync(join(dir, 'rules.yml'), rules.slice(0, c.index) + by + rules.slice(c.index + c[0].length));
    assert.throws(() => run('promtool', 'test', 'rules', join(dir, 'rules_test.yml')), `${c[0]} became ${by} at ${c.index}`);
  }
  rmSync(dir, { recursive: true });
});

test('every alert has its severity, and its page of five parts in the runbook', () => {
  const pages = readFileSync(join(root, 'docs/runbook.md'), 'utf8').split(/^## /m);
  for (const name of names) {
    const [, severity, runbook] = new RegExp(`alert: ${name}\\n[^]*?severity: (\\w+)[^]*?runbook: (\\S+)`).exec(deployed('prometheus/rules.yml'));
    assert.match(severity, /^(critical|warning)$/);
    assert.equal(runbook, `docs/runbook.md#${name.toLowerCase()}`);
    const page = pages.find((p) => p.startsWith(`${name}\n`));
    for (const part of ['Meaning', 'Impact', 'First look', 'Mend', 'Prevent']) assert.match(page ?? '', new RegExp(`^\\*\\*${part}\\.\\*\\*`, 'm'), `${name}: ${part}`);
    assert.match(page, /^```sh$/m, `${name}: no command`);
  }
});

test('the dashboard has the types of Grafana', () => {
  const modules = join(root, 'tests/http/node_modules');
  const file = join(modules, '.dashboard.ts'); // there, so that its import is found
  const check = (text) => {
    const typed = text.replaceAll('"mode": "absolute"', '"mode": ThresholdsMode.Absolute');
    writeFileSync(
      file,
      `import { ThresholdsMode, type Dashboard, type Panel, type RowPanel } from '@grafana/schema';
       export const d: Omit<Dashboard, 'panels'> & { panels: (Panel | RowPanel)[] } = ${typed};`,
    );
    execFileSync('node', [join(modules, 'typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--moduleResolution', 'nodenext', file], { encoding: 'utf8', stdio: 'pipe' });
  };
  const text = deployed('grafana/ticketing-system.json');
  check(text);
  assert.throws(() => check(text.replace('"gridPos"', '"gridPosition"')), (e) => /gridPosition/.test(e.stdout));
  rmSync(file);
});
