// Writes that can be told apart, and whether all that were acknowledged are there, once.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

const api = '/api/v1';
/** A storm is about the data; other tests hold answers against the document. */
export const quiet = { check: false };

/** One write with an Idempotency-Key of its own, and its answer once there is one. */
export class Write {
  constructor(client, path, body) {
    this.client = client;
    this.key = randomBytes(9).toString('base64url');
    this.path = path;
    this.body = body(this.key);
    this.opens = path === `${api}/tickets`;
  }
  static ticket(client) {
    return new Write(client, `${api}/tickets`, (key) => ({ title: key, message: { body: `first ${key}` } }));
  }
  static reply(client, ticket) {
    return new Write(client, `${api}/tickets/${ticket}/messages`, (key) => ({ body: `reply ${key}` }));
  }
  async send() {
    const headers = { 'idempotency-key': this.key };
    const r = await this.client.request('POST', this.path, { body: this.body, headers, ...quiet });
    return { status: r.status, id: r.json?.id, replayed: r.headers.get('idempotency-replayed') === 'true' };
  }
}

export async function everything(client, path) {
  const found = [];
  for (let next = `${path}?limit=200`; next; ) {
    const { data, page } = await client.expect(200, 'GET', next, quiet);
    found.push(...data);
    next = page.has_more && `${path}?limit=200&after=${encodeURIComponent(page.next)}`;
  }
  return found;
}

/** By a key; fails when two have the same. */
function unique(list, of, words) {
  const map = new Map(list.map((x) => [of(x), x]));
  assert.equal(map.size, list.length, words);
  return map;
}

/** Every acknowledged write is there once under its id, and counters equal what they count. */
export async function verify(server, agent, writes) {
  const tickets = await everything(agent, `${api}/tickets`);
  const byTitle = unique(tickets, (t) => t.title, 'a ticket is there twice');
  unique(tickets, (t) => t.number, 'two tickets have one number');
  for (const w of writes.filter((x) => x.opens))
    assert.equal(byTitle.get(w.key)?.id, w.answer.id, `acknowledged ticket ${w.key}`);
  for (const t of tickets) {
    const path = `${api}/tickets/${t.id}/messages`;
    const messages = await everything(agent, path);
    const byBody = unique(messages, (m) => m.body, `a message of ticket ${t.id} is there twice`);
    assert.equal(t.message_count, messages.length, `message_count of ticket ${t.id}`);
    assert.ok(byBody.has(`first ${t.title}`), `ticket ${t.id} without its message`);
    for (const w of writes.filter((x) => x.path === path))
      assert.equal(byBody.get(`reply ${w.key}`)?.id, w.answer.id, `acknowledged reply ${w.key}`);
  }
  await auditIsWhole(server);
}

export async function auditIsWhole(server) {
  const audit = await server.run(['audit', 'verify']);
  assert.equal(audit.code, 0, audit.stdout + audit.stderr);
}
