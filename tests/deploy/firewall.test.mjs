// The firewall of deploy/firewall, loaded in a network namespace with visitors in another one: real packets over a veth pair.
import { before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, root } from '../http/harness.mjs';
import { adapt, deployed } from './front.mjs';

const here = join(root, 'tests/deploy');
let seen;

before(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-firewall-'));
  const rules = join(dir, 'rules.nft');
  writeFileSync(rules, adapt('firewall/ticketing-system.nft', [['fd00::/8', 'fd09:0:0:9::/64']]));
  const out = await new Promise((done, fail) =>
    execFile(join(here, 'firewall.sh'), [process.execPath, join(here, 'firewall_inside.mjs'), binary, rules, deployed('firewall/90-ticketing-system.conf')],
      { timeout: 240000 }, (e, stdout, stderr) => (e ? fail(new Error(`${e.message}\n${stderr}`)) : done(stdout))));
  rmSync(dir, { recursive: true });
  seen = JSON.parse(out);
});

test('what is meant for all is open to all, the rest to whom it is meant for', () => {
  const open = Object.entries(seen.ports).filter(([, n]) => n === 1).map(([name]) => name);
  assert.deepEqual(open, [
    'a stranger 80', 'a stranger 443',
    'an administrator 22', 'an administrator 80', 'an administrator 443',
    'the balancer 22', 'the balancer 80', 'the balancer 443', 'the balancer 8080',
    'a stranger on IPv6 80', 'a stranger on IPv6 443',
  ]);
  assert.ok(seen.unasked > 0, 'what is dropped is counted');
});

test('connections that stand survive a reload of the rules', () => assert.equal(seen.held, 1));

test('an address that floods is slowed down, and nobody else', (t) => {
  t.diagnostic(`${seen.flooder} of 600 connections of the flood at once, ${seen.otherMeanwhile} of 50 of another address meanwhile`);
  assert.ok(seen.flooder < 400, `${seen.flooder} of 600`);
  assert.equal(seen.otherMeanwhile, 50);
  assert.ok(seen.tooFast > 0);
});

test('an IPv6 network of 64 bits counts as one visitor', (t) => {
  t.diagnostic(`${seen.flooder6} of 800 connections from two addresses of one network, ${seen.otherNetwork6} of 60 from the next`);
  assert.ok(seen.flooder6 < 500, `${seen.flooder6} of 800`);
  assert.equal(seen.otherNetwork6, 60);
});

test('an address keeps 400 connections at most', () => {
  assert.ok(seen.kept > 300 && seen.kept <= 400, `${seen.kept}`);
  assert.equal(seen.keptOther, 20);
  assert.ok(seen.tooMany > 0);
});

test('the checklist sees what is missing and what is sound', () => {
  assert.match(seen.before, /^fail: no chain drops/);
  assert.match(seen.unnamed, /^fail: ports that listen and that no rule names: 5432$/);
  assert.match(seen.firewall, /^pass/);
  assert.match(seen.ddos, /^pass/);
});

test('the kernel knows every setting of the sysctl file', () => {
  for (const [key, state] of Object.entries(seen.sysctl))
    // This one belongs to the machine, not to a namespace; without the module it is not there.
    if (key !== 'net.netfilter.nf_conntrack_max') assert.equal(state, 'set', key);
});
