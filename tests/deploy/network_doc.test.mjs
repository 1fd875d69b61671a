// Every command of docs/network.md runs: in a network namespace, with a folder in place of /etc and stand-ins only for what would
// reload this machine's own services.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { binary, readFileSync, root } from '../http/harness.mjs';
import { toRun } from './blocks.mjs';
import { Authority, deployed } from './front.mjs';

test('the commands of docs/network.md', () => {
  const authority = new Authority();
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-network-'));
  const tls = authority.issue(join(dir, 'etc/haproxy/tls'));
  mkdirSync(join(dir, 'etc/ticketing-system/tls'), { recursive: true });
  mkdirSync(join(dir, 'bin'));
  // haproxy reads certificates while it checks: a wrapper gives it the file with this folder's paths.
  const cfg = readFileSync(deployed('haproxy/haproxy.cfg'), 'utf8').replaceAll('/etc/haproxy/tls/both.pem', tls.both).replace('maxconn 20000', 'maxconn 2000');
  writeFileSync(join(dir, 'haproxy.cfg'), cfg);
  const blocks = toRun('docs/network.md').map((b) => b.text);
  assert.ok(blocks.length >= 3);
  const script = `${blocks.join('\n')}\n`
    .replaceAll('/etc/ticketing-system', join(dir, 'etc/ticketing-system'))
    .replace('deploy/haproxy/haproxy.cfg', join(dir, 'haproxy.cfg'))
    // A check that finds failures ends with 1: a bare namespace has many.
    .replace(/^(server checklist .*)$/m, '$1 || [ $? = 1 ]');
  writeFileSync(join(dir, 'run'), `#!/bin/sh\nset -eu\nPATH=${dirname(binary)}:${deployed('certificates')}:$PATH\n${script}`);
  chmodSync(join(dir, 'run'), 0o755);
  const ran = spawnSync(join(root, 'tests/deploy/firewall.sh'), [join(dir, 'run')], {
    cwd: root, encoding: 'utf8', timeout: 120000, env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir, CHECK_CONTAINER: 'no' },
  });
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /counter too_fast/);
  authority.close();
  rmSync(dir, { recursive: true, force: true });
});
