// Ten thousand slow clients: a fast one is served beside them, and they are cut off in time.
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Server } from './harness.mjs';

// The server and this process each need a descriptor for every one of them.
const limit = Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))[1]);
const slow = Math.min(10000, limit - 1000);
const fewest = 100; // requests of the fast client before the first slow one is cut off

/** Sends a header section a byte at a time and never ends it; resolves when the server ends it. */
function drip(port, i) {
  const s = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (i % 250)}` });
  const one = { socket: s, answer: '', ended: false };

  s.on('data', (d) => (one.answer += d));
  s.on('error', () => {}); // a reset after the answer; 'close' follows
  one.open = new Promise((done) => s.once('connect', done));
  one.gone = new Promise((done) => s.once('close', () => done((one.ended = true))));
  s.write('GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  return one;
}

describe('slow clients', () => {
  let server;
  before(async () => {
    server = await Server.start('sqlite', {
      HTTP_HEADER_MS: '10000',
      HTTP_MAX_CONNECTIONS: String(slow + 500),
      HTTP_MAX_PER_ADDRESS: String(slow + 500),
    });
  });
  after(() => server?.close());

  test(`${slow} clients that drip their headers keep no other waiting, and are answered 408`, async () => {
    const agent = await server.person('agent');
    const clients = [];
    let done = 0; // of the fast client
    let doneBefore; // the first of the slow ones was cut off
    let left = slow;

    for (let i = 0; i < slow; i++) {
      const c = drip(server.port, i);
      clients.push(c);
      c.gone.then(() => {
        doneBefore ??= done;
        left--;
      });
      if (i % 100 === 99) await Promise.all(clients.slice(-100).map((x) => x.open));
    }
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    let open = 0;
    for (const [, n] of metrics.matchAll(/^http_connections\{state="\w+"\} (\d+)$/gm)) open += Number(n);
    assert.ok(open >= slow * 0.9, `only ${open} connections are open`);

    const dripping = setInterval(() => {
      for (const c of clients) if (!c.ended) c.socket.write('a');
    }, 2000);
    while (left > 0) {
      await agent.get('/api/v1/me', { check: false });
      await agent.get('/api/v1/tickets', { check: false });
      done += 2;
    }
    clearInterval(dripping);
    assert.ok(doneBefore >= fewest, `only ${doneBefore} requests were answered beside the slow ones`);
    const told = clients.filter((c) => c.answer.startsWith('HTTP/1.1 408 ')).length;
    assert.ok(told > slow * 0.9, `only ${told} were told 408`); // a late byte's reset may overtake the answer
    await agent.get('/api/v1/me');
  });
});
