// server compliance report: the period's entries, defused, checkable, recorded.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onServer, until } from './harness.mjs';

const api = '/api/v1';

/** Cells of a line of CSV, all of them quoted. */
const cells = (line) => [...line.matchAll(/"((?:[^"]|"")*)"/g)].map((m) => m[1].replaceAll('""', '"'));

onServer('compliance', {}, (shared) => {
  const day = (offset = 0) => new Date(Date.now() + offset * 86400e3).toISOString().slice(0, 10);
  const report = (...args) => shared.server.run(['compliance', 'report', ...args]);

  test('a report holds who did what, defused, and is recorded with its hash', async () => {
    const { server } = shared;
    const admin = await server.person('admin');
    await server.client().post(`${api}/auth/login`, { email: admin.email, password: 'a wrong one' }, { status: 401 });
    const group = await admin.post(`${api}/groups`, { name: '=HYPERLINK("x")' });
    await admin.patch(`${api}/me`, { name: '=1+1<script>' });
    await admin.patch(`${api}/settings`, { product_name: 'Desk' });
    assert.ok(group.id);

    const made = await report('--from', day(-1), '--to', day(1), '--out', 'report.csv');
    assert.equal(made.code, 0, made.stderr);
    const text = readFileSync(join(server.dir, 'report.csv'), 'utf8');
    assert.match(made.stdout, new RegExp(createHash('sha256').update(text).digest('hex')));
    const all = text.split('\r\n').slice(1, -1).map(cells);
    const lines = all.filter((l) => l[2] !== 'refused_requests'); // these are no entries of the log
    const log = (await server.run(['audit', 'export'])).stdout.trim().split('\n').map((l) => JSON.parse(l));
    const before = log.filter((l) => l.action !== 'evidence.record' || !JSON.stringify(l.details).includes('compliance'));
    assert.deepEqual(lines.map((l) => [Number(l[0]), l[11]]), before.map((l) => [l.n, l.hash]));
    assert.deepEqual([...new Set(lines.map((l) => l.length))], [12]);
    for (const line of lines) for (const cell of line) assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
    assert.ok(lines.some((l) => l[5] === "'=1+1<script>"), 'a name that is a formula');
    assert.ok(lines.some((l) => l[2] === 'refused_sign_ins'));
    assert.ok(lines.some((l) => l[2] === 'settings'));
    assert.match(log.at(-1).action, /evidence.record/);

    assert.equal((await report('--from', day(-1), '--to', day(1), '--out', 'report.html', '--format', 'html')).code, 0);
    const html = readFileSync(join(server.dir, 'report.html'), 'utf8');
    assert.match(html, /Audit chain: whole/);
    assert.match(html, /Refused sign-ins/);
    assert.doesNotMatch(html, /<script>/);
    assert.equal((await report('--from', day(-9), '--to', day(-8), '--out', 'none.csv')).code, 0);
    assert.equal(readFileSync(join(server.dir, 'none.csv'), 'utf8').split('\r\n').length, 2);
    const line = JSON.parse((await server.run(['checklist', '--section', 'audit.reports', '--json'])).stdout).lines[0];
    assert.equal(line.state, 'pass', line.evidence);
  });

  test('the log tells who opened which ticket, and nothing of it', async () => {
    const { server } = shared;
    const agent = await server.person('agent');
    const ticket = await agent.post(`${api}/tickets`, { title: 'Zyxwvu', message: { body: 'smokes' }, customer: 'c@example.org' });
    const me = await agent.get(`${api}/me`);
    await agent.get(`${api}/tickets/${ticket.id}`);
    const line = await until(
      () => server.log().find((l) => l.method === 'GET' && l.route === '/api/v1/tickets/{id}' && l.object_id === ticket.id),
      'the line of the request',
    );
    assert.equal(line.user_id, me.user?.id ?? me.id);
    assert.equal(line.status, 200);
    assert.ok(line.address);
    assert.ok(!server.output.includes('Zyxwvu'));
  });

  test('is refused in words when asked wrongly', async () => {
    const from = ['--from', day(-1), '--to', day(1)];
    for (const args of [[...from], ['--from', 'soon', '--to', day(), '--out', 'a'], ['--from', day(1), '--to', day(-1), '--out', 'a'],
      [...from, '--out', 'a', '--format', 'pdf']])
      assert.equal((await report(...args)).code, 2, args.join(' '));
    assert.equal((await report(...from, '--out', 'report.csv')).code, 1);
  });
});
