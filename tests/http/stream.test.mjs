// The live stream: what others change arrives, nothing twice and nothing that is not one's own to see.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { onServer, until } from './harness.mjs';

const api = '/api/v1';

/** A stream of server-sent events; events holds {id, event, data} as they come. */
class Stream {
  static async open(client, headers = {}) {
    const s = new Stream();
    s.events = [];
    s.abort = new AbortController();
    const r = await fetch(`${client.server.url}${api}/events`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${client.token}`, ...headers },
      signal: s.abort.signal,
    });
    assert.equal(r.status, 200);
    assert.match(r.headers.get('content-type'), /^text\/event-stream/);
    s.ended = s.read(r.body).catch(() => {});
    return s;
  }
  async read(body) {
    let text = '';
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      text += part;
      const frames = text.split('\n\n');
      text = frames.pop();
      for (const f of frames) {
        const e = Object.fromEntries(f.split('\n').filter((l) => /^\w+: /.test(l)).map((l) => l.split(/: (.*)/s)));
        if (e.data) this.events.push({ ...e, data: JSON.parse(e.data) });
      }
    }
  }
  tickets() {
    return this.events.filter((e) => e.event === 'ticket');
  }
  close() {
    this.abort.abort();
    return this.ended;
  }
}

onServer('the live stream', {}, (shared) => {
  const who = {};
  let ticket, path, last;

  test('tells of what others do, as soon as it is done', async () => {
    for (const role of ['agent', 'customer']) who[role] = await shared.server.person(role);
    who.stranger = await shared.server.person('customer');
    who.streams = {};
    for (const name of ['agent', 'customer', 'stranger']) who.streams[name] = await Stream.open(who[name]);
    ticket = await who.customer.post(`${api}/tickets`, { title: 'Live', message: { body: 'see it come' } });
    path = `${api}/tickets/${ticket.id}`;
    for (const name of ['agent', 'customer'])
      await until(() => who.streams[name].tickets().some((e) => e.data.ticket_id === ticket.id), `the event of ${name}`);
  });

  test('never tells a customer of internal things, nor a stranger of anything', async () => {
    await who.agent.post(`${path}/messages`, { body: 'secretly', visibility: 'internal' });
    await who.agent.patch(path, { owner: who.agent.user.id });
    await who.agent.post(`${path}/messages`, { body: 'openly' });
    const newest = (await who.agent.get(`${path}/events?limit=200`)).data.at(-1).id;
    for (const name of ['agent', 'customer'])
      await until(() => who.streams[name].tickets().some((e) => Number(e.id) >= newest), `the last event of ${name}`);
    const told = who.streams.customer.tickets();
    assert.ok(told.every((e) => e.data.is_internal === false));
    assert.ok(who.streams.agent.tickets().some((e) => e.data.is_internal === true));
    const visible = (await who.customer.get(`${path}/events?limit=200`)).data;
    assert.deepEqual(told.map((e) => e.data), visible, 'the stream shows what the history shows');
    assert.deepEqual(who.streams.stranger.tickets(), []);
    last = told.at(-1).id;
  });

  test('goes on behind Last-Event-ID without a gap or a double', async () => {
    await who.streams.customer.close();
    for (let i = 0; i < 5; i++) await who.agent.post(`${path}/messages`, { body: `missed ${i}` });
    const s = await Stream.open(who.customer, { 'last-event-id': last });
    const expected = (await who.customer.get(`${path}/events?limit=200`)).data.filter((e) => e.id > Number(last));
    await until(() => s.tickets().length >= expected.length, 'what was missed');
    await who.agent.post(`${path}/messages`, { body: 'and on' });
    await until(() => s.tickets().length > expected.length, 'what comes now');
    assert.deepEqual(s.tickets().slice(0, expected.length).map((e) => e.data.id), expected.map((e) => e.id));
    const feed = await who.customer.get(`${api}/events?after=${last}&limit=200`, { headers: { accept: 'application/json' } });
    assert.deepEqual(feed.data.map((e) => e.id).slice(0, expected.length), expected.map((e) => e.id));
    who.streams.customer = s;
  });

  test('streams that come in the middle of changes miss none of them', async () => {
    const from = (await who.agent.get(`${path}/events?limit=200`)).data.at(-1).id;
    const streams = [];
    const writing = (async () => {
      for (let i = 0; i < 30; i++) await who.agent.post(`${path}/messages`, { body: `busy ${i}` });
    })();
    for (let i = 0; i < 4; i++) streams.push(await Stream.open(who.agent, { 'last-event-id': String(from) }));
    await writing;
    const expected = (await who.agent.get(`${path}/events?limit=200`)).data.map((e) => e.id).filter((id) => id > from);
    for (const s of streams) {
      await until(() => s.tickets().at(-1)?.data.id === expected.at(-1), 'the last event');
      assert.deepEqual(s.tickets().map((e) => e.data.id), expected);
      await s.close();
    }
  });

  test('refuses who is not logged in and an id that is none', async () => {
    const nobody = shared.server.client();
    assert.equal((await nobody.request('GET', `${api}/events`)).status, 401);
    const r = await who.agent.request('GET', `${api}/events`, { headers: { accept: 'application/json', 'last-event-id': 'x' } });
    assert.equal(r.status, 400);
  });

  test('does not hold up the end of the server', async () => {
    assert.deepEqual(await shared.server.stop(), { code: 0, signal: null });
    await Promise.all(Object.values(who.streams).map((s) => s.ended));
  });
});
