// The first load stays small, and files are served packed, for ever, and under a strict policy.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { firstLoad, raw } from './first_load.mjs';
import { onServer } from '../http/harness.mjs';

const MOST = 75_000; // bytes of script and style, packed by brotli

onServer('web application', {}, (shared) => {
  test(`the first load is at most ${MOST / 1000} KB of packed script and style`, async (t) => {
    const files = await firstLoad(shared.server.url);
    const total = [...files.values()].reduce((n, f) => n + f.bytes.length, 0);
    t.diagnostic(`${files.size} files, ${(total / 1000).toFixed(1)} KB`);
    assert.ok(files.size >= 2 && total > 20_000, `only ${total} bytes were found`);
    assert.ok(total <= MOST, `${total} bytes:\n${[...files].map(([p, f]) => `${f.bytes.length} ${p}`).join('\n')}`);
  });

  test('its files are packed and kept for ever, its page is asked for each time', async () => {
    for (const [path, f] of await firstLoad(shared.server.url)) {
      assert.match(f.headers['cache-control'], /immutable/, path);
      if (f.bytes.length > 400) assert.equal(f.headers['content-encoding'], 'br', path);
    }
    const page = await raw(`${shared.server.url}/app/`);
    assert.equal(page.headers['cache-control'], 'no-cache');
    assert.doesNotMatch(page.headers['content-security-policy'], /unsafe|https?:|\*/);
    assert.match(page.headers['content-security-policy'], /script-src 'self'/);
  });

  test('every address of the application is its page, but a file that is not there is none', async () => {
    for (const path of ['/app', '/app/', '/app/tickets/5', '/app/views/3?q=a', '/app/a/b/c/d']) {
      const r = await raw(shared.server.url + path);
      assert.equal(r.status, 200, path);
      assert.match(r.headers['content-type'], /^text\/html/, path);
    }
    for (const path of ['/app/assets/index-00000000.js', '/appx', '/app2/']) assert.equal((await raw(shared.server.url + path)).status, 404, path);
  });

  test('other pages are not kept for ever', async () => {
    for (const path of ['/reset-password', '/verify-email', '/docs/'])
      assert.doesNotMatch((await raw(shared.server.url + path)).headers['cache-control'], /immutable|max-age=[1-9]/, path);
  });
});
