// The live stream: what others change arrives, nothing twice and nothing that is not one's own to see.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { onServer, until } from './harness.mjs';
import { Stream } from './live.mjs';

const api = '/api/v1';

onServer('a live stream that missed too much', { STREAM_REPLAY_MAX: '5' }, (shared) => {
  test('is told to load anew, and goes on with what comes', async () => {
    const agent = await shared.server.person('agent');
    const customer = await shared.server.person('customer');
    const open = (title) => customer.post(`${api}/tickets`, { title, message: { body: 'x' } });
    for (let i = 0; i < 6; i++) await open(`missed ${i}`);
    const newest = (await agent.get(`${api}/events?after=0&limit=200`, { headers: { accept: 'application/json' } })).data.at(-1).id;
    const heard = async (from) => {
      const s = await Stream.open(agent, { 'last-event-id': String(from) });
      const news = await open(`after ${from}`);
      await until(() => s.tickets().some((e) => e.data.ticket_id === news.id), 'what comes');
      await s.close();
      return s.events.map((e) => e.event);
    };
    assert.deepEqual(await heard(newest - 5), Array(6).fill('ticket'), 'told again');
    assert.deepEqual(await heard(0), ['reset', 'ticket'], 'too much');
    assert.deepEqual(await heard(999999999), ['reset', 'ticket'], 'an id that never was');
  });
});

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

  test('tells who is at a ticket as soon as it is open, and what was closed counts no longer', async () => {
    const colleague = await shared.server.person('agent');
    const say = (state) => colleague.post(`${path}/presence`, { state }, { status: 200 });
    for (let i = 0; i < 15; i++) {
      const s = await Stream.open(who.agent);
      await say(i % 2 ? 'viewing' : 'writing');
      await until(() => s.events.some((e) => e.event === 'presence'), 'who writes');
      await s.close();
    }
  });

  test('does not hold up the end of the server', async () => {
    assert.deepEqual(await shared.server.stop(), { code: 0, signal: null });
    await Promise.all(Object.values(who.streams).map((s) => s.ended));
  });
});
