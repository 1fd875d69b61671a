// DOMPurify judges what our sanitiser leaves: on thousands of broken documents it must find nothing
// to take away.  SANITIZER_SAMPLES and SANITIZER_SEED make it longer, or the same again.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { JSDOM } from 'jsdom';
import createDOMPurify from 'dompurify';
import { binary, join } from './harness.mjs';
import { brokenHtml, polyglots, seeded } from './polyglots.mjs';

const samples = Number(process.env.SANITIZER_SAMPLES ?? 3000);
const seed = Number(process.env.SANITIZER_SEED ?? Date.now() % 1e9);

/** Ours, by tests/tools/html_clean.c: lengths and texts. */
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

test(`DOMPurify finds nothing to remove in what the sanitiser leaves of ${samples} documents (seed ${seed})`, () => {
  const rand = seeded(seed);
  const inputs = [...polyglots, ...Array.from({ length: samples }, () => brokenHtml(rand))];
  const outputs = clean(inputs);
  const purify = createDOMPurify(new JSDOM('').window);
  // target goes with rel=noopener.  Values with "-->" or "</style>" in them are escaped text here: they could only
  // become more inside of comments and raw text, of which the sanitiser leaves none.
  const options = { ADD_ATTR: ['target'], SAFE_FOR_XML: false };
  let kept = 0;
  outputs.forEach((html, i) => {
    purify.sanitize(html, options);
    const removed = purify.removed.map((r) => (r.element ? `<${r.element.nodeName}>` : `${r.attribute?.name}=${r.attribute?.value}`));
    assert.deepEqual(removed, [], `seed ${seed}, document ${i}\nfrom ${JSON.stringify(inputs[i])}\nours ${JSON.stringify(html)}`);
    kept += /</.test(html);
  });
  assert.ok(kept > outputs.length / 4, `only ${kept} of ${outputs.length} had elements left: the samples show little`);
});
