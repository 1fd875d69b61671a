// server seed: what it writes is whole, and looks like a help desk.
import test from 'node:test';
import assert from 'node:assert/strict';
import { onServer } from './harness.mjs';

const api = '/api/v1';

onServer('seed', {}, (shared) => {
  test('tickets, people, threads and files that fit each other', async () => {
    const { server } = shared;
    const made = await server.run(['seed', '--tickets', '300']);
    assert.equal(made.code, 0, made.stderr);
    const admin = await server.person('admin');
    const all = await admin.get(`${api}/tickets?count=exact&limit=1`);
    assert.equal(all.page.count ?? all.count, 300);
    const counters = await admin.get(`${api}/counters`);
    assert.equal(counters.states.reduce((n, s) => n + s.total, 0), 300);
    const [found] = (await admin.get(`${api}/tickets?q=has:attachment&limit=1`)).data;
    const [file] = (await admin.get(`${api}/tickets/${found.id}/attachments`)).data;
    const content = await admin.request('GET', `${api}/attachments/${file.id}/content`);
    assert.equal(content.status, 200);
    assert.equal(content.bytes.length, file.size);
    const messages = (await admin.get(`${api}/tickets/${found.id}/messages`)).data;
    assert.equal(messages.length, found.message_count);
    assert.ok((await admin.get(`${api}/search?q=has:note`)).tickets.length > 0);
  });
});
