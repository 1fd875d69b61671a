// The commands of the documents (blocks.mjs), in order, on a machine of their own (mount and
// network namespaces) where the release is installed as docs/deployment.md says.  systemctl and journalctl are shims
// that start and stop the real server; apt-get only writes down what it was asked for.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../http/harness.mjs';
import { RUN_BY, toRun } from './blocks.mjs';
import { Scratch, binary, version } from './scratch.mjs';

const mine = Object.keys(RUN_BY).filter((name) => RUN_BY[name] === 'documents.test.mjs');

/** What a document takes for granted. */
const needs = {
  'docs/compliance.md': `for n in $(seq 2 17); do echo a-long-passphrase-$n | ./server user create --role customer --email p$n@example.org --name 'Ann Lee' --password-stdin; done`,
};

// Each command must succeed; only that the checklist finds something (exit code 1) is no fault of the document.
const judge = `trap 'code=$?; [[ $BASH_COMMAND == *"./server checklist"* && $code = 1 ]] || exit $code' ERR`;

class Machine extends Scratch {
  async boot() {
    // Nothing that is written in there stays: /etc and /var/lib are overlays, the rest is empty at first.
    const script = `set -e
      ip link set lo up
      mount -t tmpfs tmpfs '${this.dir}/ram'
      for at in /etc /var/lib /usr/local; do
        mkdir -p '${this.dir}/ram'$at/upper '${this.dir}/ram'$at/work
        mount -t overlay overlay -o lowerdir=$at,upperdir='${this.dir}/ram'$at/upper,workdir='${this.dir}/ram'$at/work $at
      done
      for at in /opt /var/backups /var/tmp; do mount -t tmpfs tmpfs $at; done
      touch '${this.dir}/booted'
      exec sleep infinity`;
    mkdirSync(join(this.dir, 'ram'));
    this.holder = spawn('unshare', ['--mount', '--net', '--propagation', 'private', 'bash', '-c', script], { stdio: 'inherit' });
    await until(() => existsSync(join(this.dir, 'booted')) || this.holder.exitCode !== null, 'the namespaces');
    assert.equal(this.holder.exitCode, null);
    writeFileSync(join(this.dir, 'shim/apt-get'), `#!/bin/sh\necho "$*" >>'${this.dir}/apt-get'\n`, { mode: 0o755 });
    this.env = { PATH: this.env.PATH, SHIM: this.env.SHIM, HOME: '/root', TICKETING_HOME: '/opt/ticketing-system', ARGON2_KIB: '64', ARGON2_PASSES: '1' };
  }
  shell(text, cwd = '/opt/ticketing-system') {
    const r = spawnSync('nsenter', ['-t', String(this.holder.pid), '-m', '-n', 'bash', '-c', `cd ${cwd} 2>/dev/null; ${judge}\n${text}\nexit 0`], {
      encoding: 'utf8', env: this.env, timeout: 120000,
    });
    return { code: r.status, out: r.stdout + r.stderr };
  }
  close() {
    if (this.holder?.exitCode === null) {
      this.shell('systemctl stop ticketing-system');
      this.holder.kill('SIGKILL');
    }
    this.holder = undefined;
    super.close();
  }
}

describe('the commands of the documents', { skip: process.getuid() !== 0 && 'namespaces need root' }, () => {
  const m = new Machine();
  before(async () => {
    const release = m.pack(binary, 'packed');
    await m.boot();
    const put = m.shell(`cp '${release.archive}' '${release.archive}.sha256' /usr/local/src`, '/');
    assert.equal(put.code, 0, put.out);
  });
  after(() => m.close());

  for (const name of mine)
    for (const [i, block] of toRun(name).entries())
      test(`${name}, line ${block.line}`, () => {
        const text = (i === 0 && needs[name] ? `${needs[name]}\n` : '') + block.text.replaceAll('VERSION', version);
        const { code, out } = m.shell(text);
        assert.equal(code, 0, `${text}\n---\n${out}`);
      });

  test('docs/deployment.md installs the packages that the binary needs', () => {
    const asked = readFileSync(join(m.dir, 'apt-get'), 'utf8').split(/\s+/);
    const release = JSON.parse(readFileSync(join(m.dir, `packed/ticketing-system-${version}/release.json`), 'utf8'));
    const essential = new Set(execFileSync('dpkg-query', ['-W', '-f=${Package} ${Essential} ${Priority}\n'], { encoding: 'utf8' })
      .split('\n').map((l) => l.split(' ')).filter(([, e, p]) => e === 'yes' || p === 'required').map(([n]) => n));
    const reached = new Set(asked.concat(execFileSync('apt-cache', ['depends', '--recurse', '--no-recommends', '--no-suggests', '--no-conflicts',
      '--no-breaks', '--no-replaces', '--no-enhances', ...asked.filter((p) => /^lib.*\d/.test(p))], { encoding: 'utf8' }).match(/^\S+$/gm)));
    for (const { package: p, library } of release.dependencies) assert.ok(reached.has(p) || essential.has(p), `${p} (${library})`);
  });
});
