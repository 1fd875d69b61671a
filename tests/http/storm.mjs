// A storm of writes, and a power cut in the middle of it.
import assert from 'node:assert/strict';
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, readdirSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Write } from './writes.mjs';

export const api = '/api/v1';

/** Writes until the server is gone; every write that was begun stands in writes. */
export async function writeUntilGone(client, writes) {
  let ticket;
  for (let i = 0; ; i++) {
    const w = ticket && i % 3 ? Write.reply(client, ticket) : Write.ticket(client);
    writes.push(w);
    try {
      w.answer = await w.send();
      w.answeredAt = Date.now();
    } catch {
      return;
    }
    assert.equal(w.answer.status, 201, `${w.path} answered ${w.answer.status} in the storm`);
    if (w.opens) ticket = w.answer.id;
  }
}

// ---- A power cut ----

/** The records of a journal of tests/tools/powercut.c; the last one may be torn. */
function undoRecords(bytes) {
  const records = [];
  for (let at = 0; at + 24 <= bytes.length; ) {
    const [off, size, n] = [0, 8, 16].map((i) => Number(bytes.readBigUInt64LE(at + i)));
    if (at + 24 + n > bytes.length) break;
    records.push({ off, size, old: bytes.subarray(at + 24, at + 24 + n) });
    at += 24 + n;
  }
  return records;
}

/** Puts back what was written to these files and never synced, newest first; the number of writes taken back. */
export function cutPower(paths, journals) {
  let undone = 0;
  for (const path of paths.filter(existsSync)) {
    const journal = join(journals, String(statSync(path).ino));
    const records = existsSync(journal) ? undoRecords(readFileSync(journal)) : [];
    const fd = openSync(path, 'r+');
    for (const { off, size, old } of records.reverse()) {
      writeSync(fd, old, 0, old.length, off);
      ftruncateSync(fd, size);
      undone++;
    }
    closeSync(fd);
  }
  for (const name of readdirSync(journals)) unlinkSync(join(journals, name));
  return undone;
}
