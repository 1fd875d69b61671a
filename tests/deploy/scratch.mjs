// A machine in a folder: deploy/install, upgrade and rollback with a systemctl that starts and stops the real
// server, and releases packed by tools/release.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createHash } from 'node:crypto';
import { binary, freePort, root } from '../http/harness.mjs';

export { binary, freePort, root };
export const next = join(dirname(binary), 'tests/server-next');
const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** The version of a binary, and the same binary under another version of the same length. */
export const version = execFileSync(binary, ['version'], { encoding: 'utf8' }).trim();
export function renamed(from, to, newVersion) {
  if (newVersion.length !== version.length) throw new Error(`${newVersion} is not as long as ${version}`);
  const bytes = readFileSync(from);
  for (let i = bytes.indexOf(version); i >= 0; i = bytes.indexOf(version, i + 1)) bytes.write(newVersion, i, 'latin1');
  writeFileSync(to, bytes, { mode: 0o755 });
  return to;
}

const systemctl = `#!/usr/bin/env bash
# start, stop, restart, reload, is-active, kill of the real server; every call is written down.
set -u
echo "$*" >>"$SHIM/calls"
args=()
for a in "$@"; do case $a in --*) ;; *) args+=("$a") ;; esac; done
verb=\${args[0]:-}
pid=$(cat "$SHIM/pid" 2>/dev/null)
alive() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ "$(awk '{print $3}' "/proc/$pid/stat" 2>/dev/null)" != Z ]; }
stop() { alive && kill "$pid"; for _ in $(seq 600); do alive || break; sleep 0.05; done; alive && kill -9 "$pid"; rm -f "$SHIM/pid"; }
start() {
    alive && return 0
    cd "$TICKETING_HOME" || exit 1
    as=()
    if id ticketing >/dev/null 2>&1; then # as the unit does it: another user, who gets the secrets as credentials
        install -d -m 0700 -o ticketing -g ticketing /var/lib/ticketing-credentials
        install -m 0400 -o ticketing -g ticketing /etc/ticketing-system/* /var/lib/ticketing-credentials
        as=(setpriv --reuid=ticketing --regid=ticketing --clear-groups env CREDENTIALS_DIRECTORY=/var/lib/ticketing-credentials)
    fi
    "\${as[@]}" setsid "$TICKETING_HOME/server" serve >>"$SHIM/journal" 2>&1 9>&- </dev/null &
    pid=$!
    echo "$pid" >"$SHIM/pid"
    for _ in $(seq 100); do
        alive || exit 1
        ./server health ready >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    exit 1
}
case "$verb \${args[1]:-}" in
"start ticketing-system" | "start ticketing-system.service") start ;;
"stop ticketing-system" | "stop ticketing-system.service") stop ;;
"restart ticketing-system" | "restart ticketing-system.service") stop; start ;;
"reload ticketing-system") alive && kill -HUP "$pid" ;;
"is-active ticketing-system") if alive; then echo active; else echo inactive; exit 3; fi ;;
"status ticketing-system") if alive; then echo "active (running), process $pid"; else echo inactive; exit 3; fi ;;
esac
`;
const journalctl = `#!/usr/bin/env bash
n=
while [ $# -gt 0 ]; do case $1 in -n) n=$2; shift ;; esac; shift; done
if [ -n "$n" ]; then tail -n "$n" "$SHIM/journal"; else cat "$SHIM/journal"; fi
`;

export class Scratch {
  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'ticketing-deploy-'));
    this.app = join(this.dir, 'opt');
    this.data = join(this.dir, 'data');
    mkdirSync(join(this.dir, 'shim'));
    for (const [name, text] of Object.entries({ systemctl, journalctl })) {
      writeFileSync(join(this.dir, 'shim', name), text, { mode: 0o755 });
      chmodSync(join(this.dir, 'shim', name), 0o755);
    }
    this.env = {
      PATH: `${join(this.dir, 'shim')}:${process.env.PATH}`,
      SHIM: join(this.dir, 'shim'),
      TICKETING_HOME: this.app,
      TICKETING_DATA: this.data,
      TICKETING_BACKUPS: join(this.dir, 'backups'),
      TICKETING_ETC: join(this.dir, 'etc'),
      TICKETING_UNITS: join(this.dir, 'units'),
      TICKETING_OWNER: execFileSync('id', ['-un'], { encoding: 'utf8' }).trim(),
      TICKETING_WAIT: '20',
      ARGON2_KIB: '64',
      ARGON2_PASSES: '1',
    };
    process.on('exit', () => this.close());
  }

  /** Packs a binary as tools/release does; gives the archive. */
  pack(program, name = 'release') {
    const out = join(this.dir, name);
    execFileSync(join(root, 'tools/release'), ['--binary', program, '--out', out, '--untested', '--dirty'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const v = execFileSync(program, ['version'], { encoding: 'utf8' }).trim();
    return { tree: join(out, `ticketing-system-${v}`), archive: join(out, `ticketing-system-${v}.tar.gz`), version: v };
  }

  /** A release like this one whose server is a script; its hashes are right. */
  forge(release, script, newVersion) {
    const folder = join(this.dir, `forged-${newVersion}`);
    const tree = join(folder, `ticketing-system-${newVersion}`);
    cpSync(release.tree, tree, { recursive: true });
    writeFileSync(join(tree, 'server'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const r = this.run('bash', ['-ec', `cd '${tree}'; rm SHA256SUMS; find . -type f -print0 | xargs -0 sha256sum >../sums; mv ../sums SHA256SUMS
      tar -czf '${tree}.tar.gz' -C '${folder}' '${tree.slice(folder.length + 1)}'`]);
    if (r.code !== 0) throw new Error(r.out);
    return { tree, archive: `${tree}.tar.gz`, version: newVersion };
  }

  run(program, args = [], env = {}, input = '') {
    const r = spawnSync(program, args, { cwd: existsSync(this.app) ? this.app : this.dir, encoding: 'utf8', input,
      env: { ...this.env, ...env } });
    return { code: r.status, out: r.stdout + r.stderr };
  }
  deploy(script, args = [], env) {
    return this.run(join(this.app, 'deploy', script), args, env);
  }
  server(...args) {
    return this.run(join(this.app, 'server'), args);
  }

  /** Installs a release and starts it on a free port. */
  async install(release) {
    this.port = await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    Object.assign(this.env, { SERVER_PORT: String(this.port), SERVER_HOST: '127.0.0.1' });
    return this.run(join(release.tree, 'deploy/install'), ['--origin', 'https://help.example.org']);
  }

  calls() {
    return readFileSync(join(this.dir, 'shim/calls'), 'utf8').trim().split('\n');
  }
  journal() {
    return readFileSync(join(this.dir, 'shim/journal'), 'utf8');
  }

  close() {
    if (!this.dir) return;
    this.run('systemctl', ['stop', 'ticketing-system']);
    rmSync(this.dir, { recursive: true, force: true });
    this.dir = undefined;
  }
}

export { cpSync, existsSync, join, readFileSync, resolve, sha256, writeFileSync };
