// Somebody with rights in hundreds of groups: whatever names them all in a statement must still run.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { onServer } from './harness.mjs';

const api = '/api/v1';
const GROUPS = 600;

onServer('rights in hundreds of groups', {}, (shared) => {
  let agent;

  test('are given at once, by a role or to a person', async () => {
    const admin = await shared.server.person('admin');
    agent = await shared.server.person('agent');
    for (let i = 0; i < GROUPS; i++) await admin.post(`${api}/groups`, { name: `G${i}` }, i ? { check: false } : {});
    const groups = (await admin.get(`${api}/group-choices`)).data;
    assert.ok(groups.length > GROUPS);
    const group_levels = groups.map((g) => ({ group_id: g.id, levels: ['full'] }));
    const role = await admin.post(`${api}/roles`, { name: 'Everywhere', permissions: ['ticket.agent'], group_levels });
    assert.equal((await admin.get(`${api}/roles/${role.id}`)).group_levels.length, groups.length);
    const changed = await admin.patch(`${api}/users/${agent.user.id}`, { group_levels });
    assert.equal(changed.group_levels.length, groups.length);
    for (const n of [0, 300, 599]) await admin.post(`${api}/tickets`, { title: `Printer ${n}`, group: groups[n].id, customer: 'carla@example.org', message: { body: 'It burns.' } });
  });

  test('lists, counts and searches find what stands in any of them', async () => {
    const titles = (answer) => answer.data.map((t) => t.title).sort();
    assert.deepEqual(titles(await agent.get(`${api}/tickets`)), ['Printer 0', 'Printer 300', 'Printer 599']);
    assert.deepEqual(titles(await agent.get(`${api}/tickets?q=printer`)), ['Printer 0', 'Printer 300', 'Printer 599']);
    assert.equal((await agent.get(`${api}/counters`)).states.reduce((n, s) => n + s.total, 0), 3);
    const hits = async (q) => (await agent.get(`${api}/search?q=${encodeURIComponent(q)}&typing=true`)).tickets.length;
    assert.equal(await hits('print'), 3);
    assert.equal(await hits('printer burns'), 3);
  });

  test('a search of as many words as are allowed runs, or is refused in words', async () => {
    for (const join of [' ', ' OR ', ' -']) {
      const q = Array.from({ length: 60 }, (_, i) => `w${i}`).join(join);
      for (const path of ['search?typing=true&', 'search?', 'tickets?']) {
        const r = await agent.request('GET', `${api}/${path}q=${encodeURIComponent(q)}`);
        assert.ok([200, 400, 422].includes(r.status), `${path} ${r.status} ${r.text.slice(0, 200)}`);
      }
    }
    const named = Array.from({ length: 20 }, (_, i) => `(title:w${i} OR org:w${i})`).join(' ');
    assert.ok([200, 400, 422].includes((await agent.request('GET', `${api}/tickets?q=${encodeURIComponent(named)}`)).status));
  });
});
