// What the page loads before it shows a list.
import assert from 'node:assert/strict';
import { request } from 'node:http';

/** Bytes as they come over the line, without unpacking. */
export function raw(url, headers = {}) {
  return new Promise((done, fail) => {
    request(url, { headers: { 'accept-encoding': 'br', ...headers } }, (r) => {
      const parts = [];
      r.on('data', (d) => parts.push(d));
      r.on('end', () => done({ status: r.statusCode, headers: r.headers, bytes: Buffer.concat(parts) }));
    })
      .on('error', fail)
      .end();
  });
}

/** What the page loads before it shows a list: scripts and styles of index.html and what they import statically. */
export async function firstLoad(url) {
  const html = await (await fetch(`${url}/app/`)).text();
  const wanted = [...html.matchAll(/(?:src|href)="(\/app\/[^"]+\.(?:js|css))"/g)].map((m) => m[1]);
  const files = new Map();
  while (wanted.length) {
    const path = wanted.pop();
    if (files.has(path)) continue;
    const packed = await raw(url + path);
    assert.equal(packed.status, 200, path);
    files.set(path, packed);
    const text = await (await fetch(url + path)).text();
    if (path.endsWith('.js')) for (const m of text.matchAll(/(?:\bfrom|\bimport)\s*["'](\.\/[^"']+\.js)["']/g)) wanted.push(new URL(m[1], url + path).pathname);
  }
  return files;
}
