// The sanitiser as a program (tests/tools/html_clean.c).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { binary, join } from './harness.mjs';

/** The texts cleaned. */
export function clean(texts) {
  const framed = texts.map((t) => Buffer.from(t)).flatMap((b) => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(b.length);
    return [head, b];
  });
  const out = execFileSync(join(dirname(binary), 'tests/html_clean'), { input: Buffer.concat(framed), maxBuffer: 1 << 30 });
  const found = [];
  for (let at = 0; at < out.length; ) {
    const n = out.readUInt32LE(at);
    found.push(out.toString('utf8', at + 4, at + 4 + n));
    at += 4 + n;
  }
  assert.equal(found.length, texts.length);
  return found;
}
