// An encrypted volume below DATA_DIR, as docs/security.md makes it: as far as a file allows where the kernel has no device mapper.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const run = (program, ...args) => spawnSync(program, args, { encoding: 'utf8' });
function ok(program, ...args) {
  const r = run(program, ...args);
  assert.equal(r.status, 0, `${program} ${args.join(' ')}: ${r.error ?? ''}${r.stdout}${r.stderr}`);
  return r.stdout;
}

test('a LUKS volume opens with its key alone, and its header can be brought back', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-luks-'));
  const [volume, key, other, header] = ['volume', 'key', 'other', 'header'].map((n) => join(dir, n));
  writeFileSync(volume, '');
  truncateSync(volume, 24 << 20);
  for (const path of [key, other]) writeFileSync(path, randomBytes(32), { mode: 0o600 });
  const cheap = ['--pbkdf', 'argon2id', '--pbkdf-force-iterations', '4', '--pbkdf-memory', '1024', '--pbkdf-parallel', '1'];
  ok('cryptsetup', 'luksFormat', '--batch-mode', '--type', 'luks2', ...cheap, volume, key);
  assert.match(ok('cryptsetup', 'luksDump', volume), /cipher: aes-xts-plain64/);
  const opens = (path) => run('cryptsetup', 'open', '--test-passphrase', '--key-file', path, volume).status === 0;
  assert.ok(opens(key));
  assert.ok(!opens(other), 'another key opens it');
  ok('cryptsetup', 'luksHeaderBackup', volume, '--header-backup-file', header);
  const bytes = readFileSync(volume);
  bytes.fill(0, 0, 8 << 20);
  writeFileSync(volume, bytes);
  assert.ok(!opens(key), 'a volume without its header opens');
  ok('cryptsetup', 'luksHeaderRestore', '--batch-mode', volume, '--header-backup-file', header);
  assert.ok(opens(key));

  if (process.getuid() === 0 && existsSync('/dev/mapper/control') && run('cryptsetup', 'open', '--key-file', key, volume, basename(dir)).status === 0) {
    const clear = Buffer.from('words that must not be read on the disk');
    writeFileSync(`/dev/mapper/${basename(dir)}`, clear);
    ok('cryptsetup', 'close', basename(dir));
    assert.ok(!readFileSync(volume).includes(clear));
  } else {
    t.diagnostic('no device mapper here: the volume was not opened as a device');
  }
  rmSync(dir, { recursive: true });
});
