// The commands of README.md, against a server that is started as `make run` does it once it has built, in a network namespace of its own.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, root } from '../http/harness.mjs';
import { toRun } from './blocks.mjs';

const script = `set -eE
ip link set lo up
tools/make-env
build/server migrate
build/server serve >server.log 2>&1 & server=$!
trap 'kill $server; wait $server || true' EXIT
trap 'cat server.log' ERR
curl -sS --retry 100 --retry-delay 1 --retry-connrefused -o ready http://localhost:8080/health/ready
curl() { command curl --fail-with-body -sS "$@"; }
`;

test('the commands of README.md', { skip: process.getuid() !== 0 && 'namespaces need root' }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-readme-'));
  symlinkSync(join(root, 'tools'), join(dir, 'tools'));
  mkdirSync(join(dir, 'build'));
  symlinkSync(binary, join(dir, 'build/server'));
  const blocks = toRun('README.md');
  const r = spawnSync('unshare', ['--net', 'bash', '-c', script + blocks.map((b) => `${b.text}\n`).join('')], {
    cwd: dir, encoding: 'utf8', timeout: 120000, env: { PATH: process.env.PATH, HOME: dir },
  });
  assert.equal(r.status, 0, r.stdout + r.stderr);
  assert.match(r.stdout, /Use the extinguisher/, 'the customer sees the answer');
  assert.match(r.stdout, /whole/, 'the audit log');
  rmSync(dir, { recursive: true, force: true });
});
