// The alerts of PostgreSQL's archive and replicas: at their thresholds and times, each with its page.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../http/harness.mjs';

const folder = join(root, 'deploy/postgresql');
const rules = readFileSync(join(folder, 'alerts.yml'), 'utf8');

test('every rule fires at its threshold and time, not just below, and ends', () => {
  for (const [, name] of rules.matchAll(/alert: (\w+)/g)) assert.match(readFileSync(join(folder, 'alerts_test.yml'), 'utf8'), new RegExp(`alertname: ${name}\\n +exp_alerts:`));
  execFileSync('promtool', ['test', 'rules', join(folder, 'alerts_test.yml')], { stdio: 'pipe' });
});

test('every alert has its page of five parts in the runbook', () => {
  const pages = readFileSync(join(root, 'docs/runbook.md'), 'utf8').split(/^## /m);
  for (const [, name] of rules.matchAll(/alert: (\w+)/g)) {
    assert.match(rules, new RegExp(`runbook: docs/runbook.md#${name.toLowerCase()}\\n`));
    const page = pages.find((p) => p.startsWith(`${name}\n`));
    for (const part of ['Meaning', 'Impact', 'First look', 'Mend', 'Prevent']) assert.match(page ?? '', new RegExp(`^\\*\\*${part}\\.\\*\\*`, 'm'), `${name}: ${part}`);
    assert.match(page, /^```sh$/m, `${name}: no command`);
  }
});
