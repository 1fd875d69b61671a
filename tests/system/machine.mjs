// A bare Debian 12 in a folder, booted with its own systemd by systemd-nspawn in a network namespace of its own: what docs/deployment.md
// calls a bare machine. What apt-get install will want lies in its cache, because the machine has no network.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../http/harness.mjs';

const run = (program, args, options = {}) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28, ...options });
const settled = /^(running|degraded)$/m;

export class Machine {
  /** packages: what it may install later. hosts: names that lead to itself. */
  constructor(packages, hosts) {
    this.dir = mkdtempSync(join(process.env.SYSTEM_DIR ?? tmpdir(), 'ticketing-system-'));
    this.root = join(this.dir, 'root');
    this.space = `ts-${process.pid}`;
    process.on('exit', () => this.close());
    // From the mirror that this machine itself uses.
    const lists = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].find(existsSync);
    run('nice', ['mmdebstrap', '--quiet', '--variant=minbase', '--include=systemd,systemd-sysv,dbus,ca-certificates', 'bookworm', this.root, lists]);
    copyFileSync('/etc/resolv.conf', join(this.root, 'etc/resolv.conf'));
    copyFileSync('/etc/hosts', join(this.root, 'etc/hosts'));
    this.chroot('apt-get -q update');
    this.chroot(`apt-get -q -y --no-install-recommends --download-only install ${packages.join(' ')}`);
    writeFileSync(join(this.root, 'etc/resolv.conf'), '');
    writeFileSync(join(this.root, 'etc/hosts'), `127.0.0.1 localhost ${hosts.join(' ')}\n`);
    writeFileSync(join(this.root, 'etc/hostname'), 'desk\n');
  }
  chroot(command) {
    run('chroot', [this.root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', command], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  put(file, to) {
    copyFileSync(file, join(this.root, to));
  }

  async boot() {
    run('ip', ['netns', 'add', this.space]);
    run('ip', ['-n', this.space, 'link', 'set', 'lo', 'up']);
    this.console = '';
    this.container = spawn('systemd-nspawn', ['--quiet', '-D', this.root, '--boot', '--register=no', '--keep-unit', '--resolv-conf=off', '--console=pipe',
      `--network-namespace-path=/run/netns/${this.space}`], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    for (const s of [this.container.stdout, this.container.stderr]) s.on('data', (d) => (this.console += d));
    this.container.on('exit', (code) => (this.ended = code));
    await until(() => {
      if (this.ended !== undefined) throw new Error(`systemd-nspawn ended: ${this.console}`);
      return this.leader() && settled.test(this.shell('systemctl is-system-running').out);
    }, 'the machine to boot', 120000);
  }
  /** systemd inside, seen from outside. */
  leader() {
    const { pid } = this.container;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  }
  /** As root inside, in a clean environment; gives {code, out}. */
  shell(text, judge = '') {
    const r = spawnSync('nsenter', ['-t', String(this.leader()), '-a', 'env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root', 'DEBIAN_FRONTEND=noninteractive', 'bash', '-c', `cd /opt/ticketing-system 2>/dev/null; ${judge}\n${text}`], { encoding: 'utf8', timeout: 900000, maxBuffer: 1 << 26 });
    return { code: r.status, out: `${r.stdout}${r.stderr}`, stdout: r.stdout };
  }

  close() {
    if (!this.dir) return;
    if (this.container && this.ended === undefined) {
      try {
        process.kill(this.leader(), 'SIGKILL'); // its PID 1: everything inside ends with it
        process.kill(this.container.pid, 'SIGKILL');
      } catch {} // it ended meanwhile
    }
    spawnSync('ip', ['netns', 'delete', this.space], { stdio: 'ignore' });
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    this.dir = undefined;
  }
}
