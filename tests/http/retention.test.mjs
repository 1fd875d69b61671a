// server retention and server hold against a running server: what is told, what goes, what is held.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { onServer } from './harness.mjs';

const api = '/api/v1';

onServer('retention', {}, (shared) => {
  let admin;
  const run = async (...args) => {
    const done = await shared.server.run(args);
    return { ...done, json: args.includes('--json') && done.code === 0 ? JSON.parse(done.stdout) : null };
  };

  test('a dry run tells, a hold keeps, a run takes away and is recorded', async () => {
    const { server } = shared;
    admin = await server.person('admin');
    const ticket = await admin.post(`${api}/tickets`, { title: 'Old', message: { body: 'old' }, customer: 'old@example.org' });
    await admin.patch(`${api}/tickets/${ticket.id}`, { state: 'closed' });
    await admin.patch(`${api}/settings`, { 'retention.closed_tickets_days': 1 });
    const none = await run('retention', '--dry-run', '--json');
    assert.deepEqual(none.json.kinds.closed_tickets, { days: 1, due: 0, held: 0, gone: 0 });
    assert.match((await run('retention', '--dry-run')).stdout, /closed tickets +1 days +0 +0/);

    const held = await run('hold', 'add', '--ticket', String(ticket.id), '--by', 'Court', '--why', 'case 7');
    assert.equal(held.code, 0, held.stderr);
    assert.match((await run('hold', 'list')).stdout, new RegExp(`ticket ${ticket.id}, open end, for Court: case 7`));
    const message = (await admin.get(`${api}/tickets/${ticket.id}/messages`)).data[0];
    const refused = await admin.post(`${api}/messages/${message.id}/redact`, { reason: 'secret' }, { status: 409 });
    assert.equal(refused.code, 'legal_hold');
    assert.equal((await run('hold', 'release', '1', '--why', 'over')).code, 0);
    assert.equal((await run('hold', 'list')).stdout, '');
    assert.match((await run('hold', 'list', '--all', '--json')).stdout, /"released_why":"over"/);

    assert.equal((await run('retention')).code, 0);
    const whole = await run('audit', 'verify');
    assert.match(whole.stdout, /^whole/);
    const checks = await run('checklist', '--section', 'data.retention', '--json');
    assert.equal(JSON.parse(checks.stdout).lines[0].state, 'pass', checks.stdout);
  });

  test('is refused in words when asked wrongly', async () => {
    for (const args of [['hold'], ['hold', 'add'], ['hold', 'add', '--user', '1', '--ticket', '2', '--why', 'xxx', '--by', 'yyy'],
      ['hold', 'release'], ['hold', 'add', '--user', '1', '--why', 'xxx', '--by', 'yyy', '--until', 'soon'], ['retention', 'now']])
      assert.equal((await run(...args)).code, 2, args.join(' '));
    const nobody = await run('hold', 'add', '--user', '999999', '--why', 'xxx', '--by', 'yyy');
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /no user 999999/);
  });
});
