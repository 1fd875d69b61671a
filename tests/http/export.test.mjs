// server person export: everything about the person, nothing about others, the same bytes each time.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onServer } from './harness.mjs';

const api = '/api/v1';

onServer('export of a person', {}, (shared) => {
  test('holds what the person sees as a customer, and nothing of others', async () => {
    const { server } = shared;
    const admin = await server.person('admin');
    const agent = await server.person('agent', 'agent-secret@example.org');
    const ann = await server.person('customer', 'ann@example.org');
    const id = (await ann.get(`${api}/me`)).user?.id ?? (await ann.get(`${api}/me`)).id;
    const other = await agent.post(`${api}/tickets`, { title: 'Foreign', message: { body: 'foreign words' }, customer: 'bob@example.org' });
    const upload = await ann.post(`${api}/uploads?name=note.txt`, undefined, { status: 201, raw: Buffer.from('hello'), headers: { 'content-type': 'text/plain' } });
    const ticket = await ann.post(`${api}/tickets`, { title: 'Printer', message: { body: 'it smokes', attachments: [upload.id] } });
    await agent.post(`${api}/tickets/${ticket.id}/messages`, { body: 'we come at noon', visibility: 'public' });
    await agent.post(`${api}/tickets/${ticket.id}/messages`, { body: 'a difficult customer', visibility: 'internal' });
    assert.ok(other.id);

    const one = await server.run(['person', 'export', String(id), '--out', 'one']);
    assert.equal(one.code, 0, one.stderr);
    const text = readFileSync(join(server.dir, 'one', 'data.json'), 'utf8');
    const data = JSON.parse(text);
    assert.equal(data.person[0].id, id);
    assert.deepEqual(data.addresses.map((a) => a.value), ['ann@example.org']);
    assert.deepEqual(data.tickets.map((t) => t.title), ['Printer']);
    assert.deepEqual(data.messages.map((m) => [m.from, m.text.trim()]), [['the person', 'it smokes'], ['the help desk', 'we come at noon']]);
    assert.ok(data.sessions.length >= 1 && data.actions.length >= 1 && data.roles.length === 1);
    const [file] = data.attachments;
    assert.equal(file.name, 'note.txt');
    assert.equal(readFileSync(join(server.dir, 'one', 'attachments', String(file.file)), 'utf8'), 'hello');
    assert.deepEqual(readdirSync(join(server.dir, 'one')).sort(), ['attachments', 'data.json']);
    for (const word of ['difficult', 'foreign', 'agent-secret', 'bob@', 'The agent', 'argon2', admin.email]) assert.ok(!text.includes(word), word);

    assert.equal((await server.run(['person', 'export', String(id), '--out', 'two'])).code, 0);
    assert.equal(readFileSync(join(server.dir, 'two', 'data.json'), 'utf8'), text);
    assert.match((await server.run(['audit', 'export'])).stdout, /user\.export/);
    assert.equal((await server.run(['person', 'export', String(id), '--out', 'two'])).code, 1);
    assert.equal((await server.run(['person', 'export', '999999', '--out', 'three'])).code, 1);
    assert.equal((await server.run(['person', 'export', String(id)])).code, 2);
  });
});
