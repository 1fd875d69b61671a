// A container without an engine: the tree that deploy/container/collect puts together for the image, entered as the Dockerfile and
// compose.yaml say: namespaces of its own, read-only root, another user, no rights, volumes, secrets, the settings of both.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../http/harness.mjs';
import { deployed } from './front.mjs';

/** What the last stage of the Dockerfile says of the image. */
export function dockerfile() {
  const text = readFileSync(deployed('container/Dockerfile'), 'utf8').replace(/\\\n\s*/g, '');
  const last = text.slice(text.lastIndexOf('\nFROM '));
  const list = (word) => JSON.parse(new RegExp(`^${word} .*?(\\[.*\\])$`, 'm').exec(last)[1]);
  return {
    env: Object.fromEntries(/^ENV (.*)$/m.exec(last)[1].trim().split(/\s+/).map((p) => [p.slice(0, p.indexOf('=')), p.slice(p.indexOf('=') + 1)])),
    user: /^USER (\S+)$/m.exec(last)[1],
    folder: /^WORKDIR (\S+)$/m.exec(last)[1],
    volumes: list('VOLUME'),
    entry: list('ENTRYPOINT'),
    command: list('CMD'),
    health: list('HEALTHCHECK'),
  };
}

/** ${NAME}, ${NAME:-other} and ${NAME:?words} as Compose fills them. */
export const filled = (text, env) =>
  String(text).replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name, kind, other = '') => {
    if (env[name]) return env[name];
    if (kind === '?') throw new Error(`${name}: ${other}`);
    return other;
  });

export class Container {
  /** tree: an unpacked release. */
  constructor(tree) {
    this.dir = mkdtempSync(join(tmpdir(), 'ticketing-container-'));
    this.root = join(this.dir, 'root');
    execFileSync('sh', [deployed('container/collect'), tree, this.root], { stdio: ['ignore', 'pipe', 'inherit'] });
    for (const d of ['proc', 'run/secrets']) mkdirSync(join(this.root, d), { recursive: true });
    this.data = join(this.dir, 'data');
    this.secrets = join(this.dir, 'secrets');
    mkdirSync(this.secrets);
    execFileSync('cp', ['-a', join(this.root, 'data'), this.data]); // a new volume is what the image holds there
    this.image = dockerfile();
    process.on('exit', () => this.close());
  }
  size() {
    return Number(execFileSync('du', ['-sb', this.root], { encoding: 'utf8' }).split('\t')[0]);
  }

  /** A service of compose.yaml; env is what the person who starts it has set. */
  async start(service, env) {
    for (const name of service.secrets)
      if (!existsSync(join(this.secrets, name))) writeFileSync(join(this.secrets, name), randomBytes(48).toString('hex'), { mode: 0o444 });
    this.settings = { ...this.image.env };
    for (const [name, value] of Object.entries(service.environment)) this.settings[name] = filled(value, env);
    const [path, options] = service.tmpfs[0].split(':');
    if (service.user !== this.image.user || !service.read_only || service.cap_drop.join() !== 'ALL') throw new Error('the service has more rights than the image');
    const script = `set -e
      ip link set lo up
      mount --bind '${this.root}' '${this.root}'
      mount -t tmpfs -o ${options},nosuid,nodev tmpfs '${this.root}${path}'
      mount --bind '${this.data}' '${this.root}/data'
      mount --bind '${this.secrets}' '${this.root}/run/secrets'
      mount -o remount,ro,bind '${this.root}/run/secrets'
      mount -t proc proc '${this.root}/proc'
      mount -o remount,ro,bind '${this.root}'
      cd '${this.root}${this.image.folder}'
      exec setpriv --no-new-privs chroot --userspec=${service.user} --groups= '${this.root}' ${[...this.image.entry, ...this.image.command].join(' ')}`;
    this.output = '';
    this.process = spawn('unshare', ['--mount', '--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child', '--propagation', 'private', 'sh', '-c', script], {
      env: { PATH: process.env.PATH, ...this.settings }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const s of [this.process.stdout, this.process.stderr]) s.on('data', (d) => (this.output += d));
    this.gone = new Promise((done) => this.process.on('exit', (code, signal) => done((this.ended = { code, signal }))));
    await until(() => {
      if (this.ended) throw new Error(`the container ended: ${JSON.stringify(this.ended)}\n${this.output}`);
      return /"event":"server.ready"/.test(this.output) && this.pid();
    }, 'the server in the container');
  }
  /** The server's process, seen from outside. */
  pid() {
    return Number(readFileSync(`/proc/${this.process.pid}/task/${this.process.pid}/children`, 'utf8').trim().split(' ')[0]);
  }
  /** A program of the image, run in the running container as its user; gives {code, out}. */
  run(args, input = '') {
    const [user, group] = this.image.user.split(':');
    const r = spawnSync('nsenter', ['-t', String(this.pid()), '-m', '-n', '-p', '-i', '-u', '-r', '-S', user, '-G', group, '--wd=' + `/proc/${this.pid()}/cwd`, ...args], {
      env: { PATH: process.env.PATH, ...this.settings }, encoding: 'utf8', input,
    });
    return { code: r.status, out: r.stdout + r.stderr };
  }
  async stop() {
    const pid = this.pid();
    process.kill(pid, 'SIGTERM');
    const ended = await this.gone;
    this.ended = undefined;
    return ended;
  }
  close() {
    if (!this.dir) return;
    // The server itself: it changed its user, so the end of unshare is not told to it.
    if (this.process && !this.ended) process.kill(this.pid() || this.process.pid, 'SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
    this.dir = undefined;
  }
}
