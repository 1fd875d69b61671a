// The running server has given up what it does not need, and works on.
import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname } from 'node:path';
import { Server, join, onBoth, readFileSync, until } from './harness.mjs';

const api = '/api/v1';

/** A server whose folder for temporary files is its own: /tmp stays shut. */
async function start(t, engine, env = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-test-'));
  mkdirSync(join(dir, 'spool'));
  const s = await Server.start(engine, { SPOOL_DIR: join(dir, 'spool'), ...env }, { dir });
  s.ownsDir = true;
  t.after(() => s.close());
  return s;
}

const status = (s, name, thread = s.process.pid) =>
  new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(readFileSync(`/proc/${s.process.pid}/task/${thread}/status`, 'utf8'))[1];
const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).map((f) => join(f.parentPath ?? f.path, f.name));

/** A file of a ticket whose folder was replaced by a link to one elsewhere (a file that is a link is never opened). */
async function followLink(s) {
  const outside = mkdtempSync(join(tmpdir(), 'ticketing-outside-'));
  const c = await s.person('customer');
  const up = await c.expect(201, 'POST', `${api}/uploads?name=a.txt`, { raw: 'publi1', headers: { 'content-type': 'text/plain' } });
  const blob = files(join(s.dir, 'data/attachments')).find((f) => readFileSync(f, 'utf8') === 'publi1');
  writeFileSync(join(outside, basename(blob)), 'secret');
  rmSync(dirname(blob), { recursive: true });
  symlinkSync(outside, dirname(blob));
  const answer = await c.request('GET', `${api}/attachments/${up.id}/content`, { check: false });
  rmSync(outside, { recursive: true });
  return answer;
}

onBoth((engine) =>
  describe(`the confined server on ${engine}`, () => {
    test('every thread is without capabilities and new privileges, and filtered', async (t) => {
      const s = await start(t, engine);
      for (const thread of readdirSync(`/proc/${s.process.pid}/task`)) {
        assert.equal(status(s, 'CapEff', thread), '0000000000000000');
        assert.equal(status(s, 'CapPrm', thread), '0000000000000000');
        assert.equal(status(s, 'CapBnd', thread), '0000000000000000');
        assert.equal(status(s, 'NoNewPrivs', thread), '1');
        assert.equal(status(s, 'Seccomp', thread), '2');
      }
      const metrics = await (await fetch(`${s.direct}/metrics`)).text();
      for (const part of ['privileges', 'calls', 'files']) assert.match(metrics, new RegExp(`^process_confined\\{part="${part}"\\} 1$`, 'm'));
      assert.equal(s.log().find((l) => l.event === 'server.ready').confined, 'privileges, calls, files');
    });

    test('a link in the data folder leads nowhere outside of it', async (t) => {
      const s = await start(t, engine);
      const answer = await followLink(s);
      assert.ok(answer.status >= 400, `${answer.status}`);
      assert.doesNotMatch(answer.text, /secret/);
    });

    test('SIGHUP reads .env again, also one that was replaced', async (t) => {
      const dir = mkdtempSync(join(tmpdir(), 'ticketing-test-'));
      writeFileSync(join(dir, '.env'), 'COMPRESS=true\n');
      const s = await Server.start(engine, {}, { dir });
      s.ownsDir = true;
      t.after(() => s.close());
      unlinkSync(join(dir, '.env'));
      writeFileSync(join(dir, '.env'), 'COMPRESS=false\n');
      s.process.kill('SIGHUP');
      await until(() => s.log().some((l) => /^config\./.test(l.event)), 'the settings to be read');
      assert.ok(s.log().some((l) => l.event === 'config.reloaded'), s.output);
    });
  }),
);

test('CONFINE=false leaves the process as it is, and says so', async (t) => {
  const s = await start(t, 'sqlite', { CONFINE: 'false' });
  assert.equal(status(s, 'Seccomp'), '0');
  assert.match(await (await fetch(`${s.direct}/metrics`)).text(), /^process_confined\{part="files"\} 0$/m);
  assert.ok(s.log().some((l) => l.event === 'server.not_confined'));
  assert.equal((await followLink(s)).text, 'secret', 'or the test of the link shows nothing');
});
