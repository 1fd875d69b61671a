// The units and scripts of deploy/: sound in the eyes of systemd, shellcheck and server checklist; and the commands
// that the scripts lean on.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, binary, root } from '../http/harness.mjs';

const units = join(root, 'deploy/systemd');
const run = (program, ...args) => {
  const r = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (r.error) throw r.error;
  return { code: r.status, out: r.stdout + r.stderr };
};

test('the service is exposed by 1.1 or less, its jobs by 1.5 or less', () => {
  for (const name of readdirSync(units).filter((n) => n.endsWith('.service'))) {
    const { out } = run('systemd-analyze', 'security', '--offline=true', '--threshold=100', '--no-pager', join(units, name));
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(out)?.[1]);
    assert.ok(exposure <= (name === 'ticketing-system.service' ? 1.1 : 1.5), `${name}: ${exposure}`);
  }
});

test('systemd finds nothing wrong with the units', () => {
  const tree = mkdtempSync(join(tmpdir(), 'ticketing-units-'));
  try {
    for (const folder of ['etc/systemd/system', 'opt/ticketing-system', 'bin', 'usr/lib/systemd']) mkdirSync(join(tree, folder), { recursive: true });
    cpSync('/usr/lib/systemd/system', join(tree, 'usr/lib/systemd/system'), { recursive: true, verbatimSymlinks: true });
    const names = readdirSync(units).filter((n) => /\.(service|socket|timer)$/.test(n));
    for (const name of names) cpSync(join(units, name), join(tree, 'etc/systemd/system', name));
    for (const program of ['opt/ticketing-system/server', 'bin/sh']) writeFileSync(join(tree, program), '#!/bin/sh\n', { mode: 0o755 });
    const { out } = run('systemd-analyze', 'verify', `--root=${tree}`, '--man=no', ...names);
    assert.deepEqual(out.split('\n').filter((l) => /ticketing/.test(l)), []);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
});

test('shellcheck finds nothing in the scripts', () => {
  const { code, out } = run('shellcheck', '-x', 'deploy/install', 'deploy/upgrade', 'deploy/rollback', 'deploy/rotate-secrets', 'deploy/lib.sh',
    'deploy/container/build', 'deploy/container/collect');
  assert.equal(code, 0, out);
});

test('linking twice gives the same bytes', () => {
  const build = join(binary, '..');
  const command = execFileSync('ninja', ['-C', build, '-t', 'commands', '-s', 'server'], { encoding: 'utf8' }).trim().split('\n').at(-1);
  const again = join(build, 'server.again');
  execFileSync('bash', ['-c', command.replace(/ -o server /, ` -o ${again} `)], { cwd: build });
  assert.ok(readFileSync(again).equals(readFileSync(join(build, 'server'))));
  rmSync(again);
});

describe('evidence and health on the command line', () => {
  let server;
  before(async () => (server = await Server.start('sqlite')));
  after(() => server.close());

  test('what is recorded is listed, newest first, with an entry of the audit log', async () => {
    assert.equal((await server.run(['evidence', 'add', 'rollback', '--failed', '--summary', 'one'])).code, 0);
    assert.equal((await server.run(['evidence', 'add', 'rollback', '--ok', '--summary', 'two', '--figures', '{"ms":5}'])).code, 0);
    const { stdout } = await server.run(['evidence', 'list', 'rollback', '--limit', '2']);
    assert.match(stdout, / ok +rollback .* two \{"ms":5\}\n.* FAILED +rollback .* one \{\}\n$/);
    assert.match((await server.run(['audit', 'export'])).stdout, /evidence\.record/);
    assert.equal((await server.run(['evidence', 'list', 'drill'])).stdout, '');
  });

  for (const [args, words] of [
    [['add', 'rollback', '--summary', 'x'], /either --ok or --failed/],
    [['add', 'rollback', '--ok', '--failed', '--summary', 'x'], /either --ok or --failed/],
    [['add', 'rollback', '--ok'], /--summary TEXT/],
    [['add', 'Roll back', '--ok', '--summary', 'x'], /takes a kind/],
    [['add', 'sign.signoff.final', '--ok', '--summary', 'x'], /takes a kind/],
    [['add', 'rollback', '--ok', '--summary', 'x', '--figures', '[1]'], /takes a JSON object/],
    [['add', 'rollback', '--ok', '--summary', 'x', '--figures', '{'], /takes a JSON object/],
    [['forget'], /expected/],
  ])
    test(`evidence ${args.join(' ')} is refused`, async () => {
      const { code, stderr } = await server.run(['evidence', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, words);
    });

  test('health asks the server of these settings', async () => {
    const ready = await server.run(['health']);
    assert.equal(ready.code, 0, ready.stderr);
    assert.match(ready.stdout, /^200 \{/);
    assert.equal((await server.run(['health', 'live'])).code, 0);
    assert.equal((await server.run(['health', 'all'])).code, 0);
    assert.equal((await server.run(['health', 'sometimes'])).code, 2);
  });

  test('health of a server that is not there is a failure', async () => {
    const { code, stderr } = await server.run(['health', '--url', 'http://127.0.0.1:1']);
    assert.equal(code, 1);
    assert.match(stderr, /does not answer/);
  });

  test('root becomes the owner of DATA_DIR, so that the service can read what is written', { skip: process.getuid() !== 0 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ticketing-owner-'));
    try {
      execFileSync('chown', ['65532:65532', folder]);
      const env = { ...server.env, DATA_DIR: folder, DATABASE_URL: `sqlite:///${folder}/t.db` };
      const r = spawnSync(binary, ['migrate'], { env, cwd: server.dir, encoding: 'utf8' });
      assert.equal(r.status, 0, r.stderr);
      assert.equal(execFileSync('stat', ['-c', '%u:%g', join(folder, 't.db')], { encoding: 'utf8' }), '65532:65532\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
