// server checklist: every line of the user's document, judged by trying it.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, binary, engines, freePort, readFileSync, root, until } from './harness.mjs';

/** The lines of the document in order: boxes, numbered steps, targets, settings, probes, sign-off. */
function documentLines() {
  const lines = [];
  let section = '', part = '', fenced = false;
  for (const line of readFileSync(join(root, 'docs/production-checklist.md'), 'utf8').split('\n')) {
    const text = /^- \[[ x]\] (.*)$/.exec(line)?.[1] ?? /^\d\. (.*)$/.exec(line)?.[1] ?? /^- (Target.*)$/.exec(line)?.[1];
    if (line.startsWith('```')) fenced = !fenced;
    else if (line.startsWith('## ')) [section, part] = [line.slice(3), ''];
    else if (line.startsWith('### ')) part = line.slice(4);
    else if (text) lines.push({ section, part, text });
    else if (line.startsWith('**')) lines.push({ section, part: 'Deployment', text: /^\*\*(.*?)\*\*/.exec(line)[1] });
    // A probe is one line of the checklist: its settings follow it indented.
    else if (fenced && /^ +/.test(line)) lines.at(-1).text += ` ${line.trim()}`;
    else if (fenced && line && !line.startsWith('#')) lines.push({ section, part, text: line });
  }
  return lines;
}

/** Runs the checklist in the server's folder with the server's settings, and what is given. */
function checklist(server, args = [], env = {}) {
  return new Promise((done) =>
    execFile(
      binary, ['checklist', ...args],
      { env: { ...server.env, BASE_URL: server.url, CHECK_CONTAINER: 'no', ...env }, cwd: server.dir, timeout: 60000, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => done({ code: error ? (error.code ?? 1) : 0, out: stdout, err: stderr }),
    ),
  );
}
const judged = async (server, env, args = []) => {
  const { out, err } = await checklist(server, ['--json', ...args], env);
  const answer = JSON.parse(out || `{"error":${JSON.stringify(err)}}`);
  return { ...answer, of: (id) => answer.lines.find((l) => l.id === id) };
};

for (const engine of engines) {
  describe(`server checklist on ${engine}`, () => {
    let server;
    before(async () => (server = await Server.start(engine, { RATE_LIMIT_PER_MIN: '60' })));
    after(() => server.stop());

    test('holds every line of the document, in its order and wording', async () => {
      const { lines } = await judged(server);
      assert.deepEqual(lines.map((l) => ({ section: l.section, part: l.part, text: l.line })), documentLines());
      assert.equal(new Set(lines.map((l) => l.id)).size, lines.length);
      for (const l of lines) for (const key of ['evidence', 'why', 'mend']) assert.ok(l[key], `${l.id} lacks ${key}`);
    });

    test('tries what it says it tried', async () => {
      const { of } = await judged(server);
      assert.match(of('security.rate-limit').evidence, /429 after 60 requests/);
      assert.equal(of('config.environment').state, 'fail');
      assert.equal(of('verify.health').state, 'pass');
      assert.equal(of('database.indexes').state, 'pass');
      assert.equal(of('audit.logins').state, 'pass');
      assert.equal(of('performance.compression').state, 'pass');
      assert.equal(of('data.gdpr').state, 'waiting_for_signature');
    });

    test('a server that does not answer fails, by name', async () => {
      const { of } = await judged(server, { BASE_URL: `http://127.0.0.1:${await freePort()}` });
      assert.equal(of('verify.health').state, 'fail');
      assert.match(of('verify.health').evidence, /no answer/);
    });

    test('signs in, out, and tries the cookie without its token', async () => {
      const file = join(server.dir, 'password');
      const made = await server.run(
        ['user', 'create', '--email', 'look@example.org', '--name', 'Look', '--role', 'customer', '--password-stdin'],
        'a long enough one\n',
      );
      assert.equal(made.code, 0);
      writeFileSync(file, 'a long enough one\n');
      const { of } = await judged(server, {}, ['--section', 'verify.auth', '--email', 'look@example.org', '--password-file', file]);
      assert.equal(of('verify.auth').state, 'pass');
      assert.match(of('verify.auth').evidence, /signed in, read, signed out/);
    });

    test('a signature holds, stands in the audit chain, and cannot excuse a failure', async () => {
      const signed = await checklist(server, ['sign', 'data.gdpr', '--by', 'Ann Lee', '--role', 'DPO', '--note', 'asked']);
      assert.equal(signed.code, 0, signed.err);
      const { of } = await judged(server, {}, ['--section', 'data.gdpr']);
      assert.equal(of('data.gdpr').state, 'pass');
      assert.match(of('data.gdpr').evidence, /Ann Lee, DPO, .*asked/);
      const excuse = await checklist(server, ['sign', 'config.environment', '--by', 'Ann Lee', '--role', 'DPO']);
      assert.equal(excuse.code, 1);
      assert.match(excuse.err, /cannot make it pass/);
      const nobody = await checklist(server, ['sign', 'data.gdpr', '--by', 'A', '--role', 'DPO']);
      assert.equal(nobody.code, 1);
      const log = await server.run(['audit', 'export']);
      assert.match(log.stdout, /sign\.data\.gdpr/);
    });

    test('the report is sealed in the audit chain', async () => {
      const made = await checklist(server, ['report', '--out', 'report.html']);
      const page = readFileSync(join(server.dir, 'report.html'), 'utf8');
      assert.equal(made.code, 1, 'lines fail, so the exit code says so');
      assert.match(page, /content SHA-256 [0-9a-f]{64}, recorded as entry \d+ of the audit log/);
      for (const { text } of documentLines().slice(0, 3)) assert.ok(page.includes(text.replaceAll('"', '&quot;')), text);
    });

    test('--watch reads the settings anew at each turn', async () => {
      const dir = mkdtempSync(join(tmpdir(), 'ticketing-watch-'));
      const { RATE_LIMIT_PER_MIN: _, ...env } = server.env;
      const set = (n) => writeFileSync(join(dir, '.env'), `RATE_LIMIT_PER_MIN=${n}\n`);
      set(60);
      const p = spawn(binary, ['checklist', '--watch', '--every', '1', '--section', 'config.rate-limit'], { env, cwd: dir });
      let out = '';
      p.stdout.on('data', (d) => (out += d));
      try {
        await until(() => /^ +pass .*\[config\.rate-limit\]/m.test(out), 'the first turn');
        set(1000000);
        await until(() => /^ +(FAIL|warn) .*\[config\.rate-limit\]/m.test(out), 'the turn after the change');
      } finally {
        p.kill();
        rmSync(dir, { recursive: true, force: true });
      }
    });

    test('is refused in words when asked wrongly', async () => {
      for (const args of [['--section', 'nope'], ['--watch', '--every', '0'], ['sign', 'data.gdpr'], ['sign', 'nope', '--by', 'Ann', '--role', 'DPO'], ['--url', 'ftp://x']]) {
        const { code, err } = await checklist(server, args);
        assert.equal(code, 2, args.join(' '));
        assert.ok(err.length > 20);
      }
    });
  });
}

test('--docs tells of every line who judges it, why it matters and how to mend it', async () => {
  const out = await new Promise((done, fail) => execFile(binary, ['checklist', '--docs'], (e, stdout) => (e ? fail(e) : done(stdout))));
  const rows = out.split('\n').filter((l) => l.startsWith('| `')).map((l) => l.split(/(?<!\\) \| |^\| | \|$/).slice(1, -1));
  assert.deepEqual(rows.map((r) => r[1].replaceAll('\\|', '|')), documentLines().map((l) => l.text));
  for (const r of rows) assert.ok(r.length === 5 && r.every((c) => c.length > 3), r.join(' / '));
});
