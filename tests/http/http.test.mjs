// The wire: framing, limits, slow clients, TLS, HTTP/2, compression, the end of the process.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, freePort, until } from './harness.mjs';
import { Raw, certificate, exchange, replaceCertificate } from './raw.mjs';

const api = '/api/v1';
const hello = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n';

describe('framing', () => {
  let server, token;
  before(async () => {
    server = await Server.start('sqlite', { LOG_LEVEL: 'error', HTTP_HEADER_MS: '3000' });
    token = (await server.person('customer')).token;
  });
  after(() => server.close());

  const smuggled = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const post = (headers, body = '') =>
    `POST ${api}/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;
  const malformed = {
    'two lengths': post(`Content-Length: 2\r\nContent-Length: 44\r\n`, `{}${smuggled}`),
    'the same length twice': post('Content-Length: 2\r\nContent-Length: 2\r\n', `{}${smuggled}`),
    'a list of lengths': post('Content-Length: 2, 2\r\n', `{}${smuggled}`),
    'a length and chunks': post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
    'a signed length': post('Content-Length: +2\r\n', `{}${smuggled}`),
    'a hexadecimal length': post('Content-Length: 0x2\r\n', `{}${smuggled}`),
    'a length with a blank inside': post('Content-Length: 2 2\r\n', `{}${smuggled}`),
    'an endless length': post('Content-Length: 99999999999999999999\r\n', `{}${smuggled}`),
    'an unknown coding': post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${smuggled}`),
    'chunked twice': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
    'chunked not last': post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${smuggled}`),
    'a blank before the colon': post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${smuggled}`),
    'a vertical tab before chunked': post('Transfer-Encoding: \x0bchunked\r\n', `0\r\n\r\n${smuggled}`),
    'a chunk size with a sign': post('Transfer-Encoding: chunked\r\n', `+2\r\n{}\r\n0\r\n\r\n${smuggled}`),
    'a chunk size with 0x': post('Transfer-Encoding: chunked\r\n', `0x2\r\n{}\r\n0\r\n\r\n${smuggled}`),
    'a chunk size that overflows': post('Transfer-Encoding: chunked\r\n', `ffffffffffffffff2\r\n{}\r\n0\r\n\r\n${smuggled}`),
    'chunks ended by bare LF': post('Transfer-Encoding: chunked\r\n', `2\n{}\n0\n\n${smuggled}`),
    'chunk data longer than its size': post('Transfer-Encoding: chunked\r\n', `2\r\n{}XX\r\n0\r\n\r\n${smuggled}`),
    'a folded header': `${hello}X-A: b\r\n c\r\n\r\n${smuggled}`,
    'bare LF': `GET /health/live HTTP/1.1\nHost: localhost\n\n${smuggled}`,
    'bare CR in a value': `${hello}X-A: b\rc\r\n\r\n${smuggled}`,
    'NUL in a value': `${hello}X-A: b\0c\r\n\r\n${smuggled}`,
    'NUL in a name': `${hello}X\0A: b\r\n\r\n${smuggled}`,
    'no Host': `GET /health/live HTTP/1.1\r\n\r\n${smuggled}`,
    'two Hosts': `${hello}Host: localhost\r\n\r\n${smuggled}`,
    'a Host that is none': `GET /health/live HTTP/1.1\r\nHost: a/b@c\r\n\r\n${smuggled}`,
    'an unknown version': `GET /health/live HTTP/3.7\r\nHost: localhost\r\n\r\n${smuggled}`,
    'HTTP/0.9': `GET /health/live\r\n\r\n${smuggled}`,
    'a blank in the target': `GET /health /live HTTP/1.1\r\nHost: localhost\r\n\r\n${smuggled}`,
    'NUL in the target': `GET /health/live\0 HTTP/1.1\r\nHost: localhost\r\n\r\n${smuggled}`,
    'an encoded NUL in the target': `GET ${api}/%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    'a header without a name': `${hello}: b\r\n\r\n${smuggled}`,
    'a method that is none': `G(T /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n${smuggled}`,
  };
  for (const [name, text] of Object.entries(malformed))
    test(`${name}: refused, closed, and nothing behind it runs`, async () => {
      const raw = await exchange(server, text);
      assert.ok(raw.statuses().length <= 1, raw.text);
      for (const s of raw.statuses()) assert.ok(s >= 400 && s < 600 && s !== 500, raw.text);
    });

  test('TRACE and CONNECT are refused', async () => {
    for (const line of ['TRACE /health/live', 'CONNECT example.org:443']) {
      const raw = await exchange(server, `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-A: canary\r\n\r\n`);
      assert.ok([400, 405, 501].includes(raw.statuses()[0]), raw.text);
      assert.ok(!raw.text.includes('canary'), 'a header comes back');
    }
  });

  test('requests of a pipeline are answered in order', async () => {
    const raw = await Raw.open(server);
    raw.send(`${hello}\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n${hello}Connection: close\r\n\r\n`);
    await raw.closed;
    assert.deepEqual(raw.statuses(), [200, 404, 200]);
  });

  test('a body in chunks is a body', async () => {
    const raw = await exchange(
      server,
      `POST ${api}/tickets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n` +
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '8\r\n{"title"\r\n1e;a=b\r\n:"x","message":{"body":"yyyy"}\r\n1\r\n}\r\n0\r\n\r\n',
    );
    assert.deepEqual(raw.statuses(), [201], raw.text);
  });

  test('Expect: 100-continue is answered before the body, or by the refusal itself', async () => {
    const raw = await Raw.open(server);
    raw.send(post('Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n'));
    await until(() => raw.statuses().includes(100), '100 Continue');
    raw.send('{}');
    await raw.closed;
    assert.equal(raw.statuses().at(-1), 422);
    const refused = await Raw.open(server);
    refused.send(post('Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n').replace('application/json', 'text/plain'));
    await until(() => refused.statuses().length, 'the refusal');
    assert.deepEqual(refused.statuses(), [415]);
    refused.close();
  });

  test('no path leads out of the routes', async () => {
    for (const path of [
      '/../etc/passwd', '/api/v1/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/api/%2e%2e/health', '//etc/passwd',
      '/api/v1/tickets/..%2f..%2fhealth', '/api/v1/tickets/1%00', '/api\\v1\\tickets', '/assets/..%5c..%5cx', '/%ff%fe',
      '/api/v1/tickets/%2e', '/api/v1//tickets', '/api/v1/tickets/', '/API/V1/tickets', '/.env', '/data/ticketing.db',
    ]) {
      const raw = await exchange(server, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`);
      assert.ok([400, 404].includes(raw.statuses()[0]), `${path}: ${raw.text.slice(0, 100)}`);
      assert.ok(!raw.text.includes('root:'));
    }
  });

  test('limits: request line, header bytes, header count, body', async () => {
    const sizes = [
      [`GET /${'a'.repeat(20000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, [414, 431], /at most 8192 bytes/],
      [`${hello}X-A: ${'a'.repeat(100000)}\r\n\r\n`, [431]],
      [`${hello}${'X-A: b\r\n'.repeat(1000)}\r\n`, [431]],
      [post(`Content-Length: ${2 << 20}\r\n`, 'a'.repeat(2 << 20)), [413]],
      [post('Transfer-Encoding: chunked\r\n', `${(2 << 20).toString(16)}\r\n${'a'.repeat(2 << 20)}\r\n0\r\n\r\n`), [413]],
    ];
    for (const [text, wanted, words = /./] of sizes) {
      const raw = await exchange(server, text);
      // A server that closes on a sender who goes on may be seen as a reset, before the answer is read.
      if (raw.text || text.length < 200000) assert.ok(wanted.includes(raw.statuses()[0]) && words.test(raw.text), raw.text.slice(0, 300));
    }
  });
});

describe('slow and many clients', () => {
  let server;
  before(async () => {
    server = await Server.start('sqlite', {
      LOG_LEVEL: 'error', HTTP_HEADER_MS: '400', HTTP_BODY_IDLE_MS: '400', HTTP_BODY_MIN_RATE: '100000',
      HTTP_IDLE_MS: '500', HTTP_MAX_PER_ADDRESS: '40', HTTP_MAX_REQUESTS_PER_CONNECTION: '5',
    });
  });
  after(() => server.close());

  const drip = async (raw, text) => {
    const timer = setInterval(() => raw.send(text), 30);
    await raw.closed;
    clearInterval(timer);
  };

  test('headers that never end are cut off', async () => {
    const raw = await Raw.open(server);
    raw.send('GET /health/live HTTP/1.1\r\nHost: localhost\r\n');
    await drip(raw, 'X-A: b\r\n');
    assert.ok(raw.statuses().every((s) => s === 408), raw.text);
  });

  test('a body that drips is cut off, and one that stops', async () => {
    for (const more of ['a', '']) {
      const raw = await Raw.open(server);
      raw.send(`POST ${api}/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n{`);
      await drip(raw, more);
      assert.ok(raw.statuses().every((s) => s === 408), raw.text);
    }
  });

  test('a connection without requests is closed', async () => {
    await (await Raw.open(server)).closed;
    const used = await Raw.open(server);
    used.send(`${hello}\r\n`);
    await used.closed;
    assert.deepEqual(used.statuses(), [200]);
  });

  test('a connection ends after its share of requests', async () => {
    const raw = await Raw.open(server);
    raw.send(`${hello}\r\n`.repeat(9));
    await raw.closed;
    assert.equal(raw.statuses().length, 5);
    assert.match(raw.text.slice(raw.text.lastIndexOf('HTTP/1.1 200')), /connection: close/i);
  });

  test('one address has a share of the connections, and gets in again when it lets go', async () => {
    const all = await Promise.all(Array.from({ length: 60 }, () => Raw.open(server)));
    await until(() => all.filter((r) => r.ended).length >= 20, 'the surplus to be closed');
    for (const r of all) r.close();
    await until(async () => {
      try {
        return (await server.client().request('GET', '/health/live')).status === 200;
      } catch {
        return false;
      }
    }, 'room again');
  });
});

describe('content', () => {
  let server, agent, path;
  before(async () => {
    server = await Server.start('sqlite', { LOG_LEVEL: 'error' });
    agent = await server.person('agent');
    for (let i = 0; i < 20; i++)
      await agent.post(`${api}/tickets`, { title: `Ticket ${i}`, message: { body: 'long '.repeat(50) }, customer: 'c@example.org' });
    path = `${api}/tickets`;
  });
  after(() => server.close());

  const fetchAs = (accept) =>
    new Promise((done, fail) =>
      http.get(server.url + path, { headers: { 'accept-encoding': accept, authorization: `Bearer ${agent.token}` } }, (r) => {
        const parts = [];
        r.on('data', (d) => parts.push(d));
        r.on('end', () => done({ status: r.statusCode, headers: r.headers, bytes: Buffer.concat(parts) }));
      }).on('error', fail),
    );

  test('answers are compressed as the client asks, and say so', async () => {
    const plain = await fetchAs('identity');
    assert.equal(plain.headers['content-encoding'], undefined);
    const unpack = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync };
    for (const [name, f] of Object.entries(unpack)) {
      const r = await fetchAs(name);
      assert.equal(r.headers['content-encoding'], name);
      assert.match(r.headers.vary, /accept-encoding/i);
      assert.ok(r.bytes.length < plain.bytes.length / 3);
      assert.equal(f(r.bytes).toString(), plain.bytes.toString());
    }
    const zstd = await fetchAs('zstd');
    assert.equal(zstd.headers['content-encoding'], 'zstd');
    assert.equal(zstd.bytes.readUInt32LE(0), 0xfd2fb528);
    assert.equal((await fetchAs('br;q=0, gzip;q=1')).headers['content-encoding'], 'gzip');
    assert.equal((await fetchAs('gzip;q=0, identity')).headers['content-encoding'], undefined);
    assert.equal((await fetchAs('rot13')).headers['content-encoding'], undefined);
  });

  test('what Accept does not allow is 406', async () => {
    const r = await agent.request('GET', path, { headers: { accept: 'image/png' } });
    assert.equal(r.status, 406);
    assert.equal((await agent.request('GET', path, { headers: { accept: 'text/html, */*;q=0.1' } })).status, 200);
  });

  test('the pages come from memory with an ETag', async () => {
    const docs = await agent.request('GET', '/api/docs');
    assert.equal(docs.status, 200);
    assert.match(docs.headers.get('content-type'), /^text\/html/);
    const csp = docs.headers.get('content-security-policy');
    assert.ok(csp && !csp.includes('unsafe-inline'), csp);
    const etag = docs.headers.get('etag');
    assert.equal((await agent.request('GET', '/api/docs', { headers: { 'if-none-match': etag } })).status, 304);
  });

  test('answers to somebody who is logged in are not stored', async () => {
    const r = await agent.request('GET', path);
    assert.match(r.headers.get('cache-control'), /no-store/);
  });
});

/** One request over an HTTP/2 session: {status, headers, text}. */
function ask(session, headers, body) {
  return new Promise((done, fail) => {
    const stream = session.request({ ':path': '/health/live', ...headers }, { endStream: body === undefined });
    const answer = { text: '' };
    stream.on('response', (h) => Object.assign(answer, { status: h[':status'], headers: h }));
    stream.on('data', (d) => (answer.text += d));
    stream.on('end', () => done(answer));
    stream.on('error', fail);
    if (body !== undefined) stream.end(body);
  });
}

async function http2Works(session, token) {
  const auth = { authorization: `Bearer ${token}` };
  const body = JSON.stringify({ title: 'Over HTTP/2', message: { body: 'x' } });
  const made = await ask(session, { ':method': 'POST', ':path': `${api}/tickets`, 'content-type': 'application/json', ...auth }, body);
  assert.equal(made.status, 201, made.text);
  const many = await Promise.all(Array.from({ length: 50 }, () => ask(session, { ':path': `${api}/tickets`, ...auth })));
  for (const r of many) assert.equal(JSON.parse(r.text).data[0].title, 'Over HTTP/2');
  assert.equal((await ask(session, { ':path': `${api}/tickets` })).status, 401);
  assert.equal((await ask(session, { ':path': '/nothing' })).status, 404);
}

test('HTTP/2 without TLS, by prior knowledge', async () => {
  const server = await Server.start('sqlite', { LOG_LEVEL: 'error' });
  const { token } = await server.person('customer');
  const session = http2.connect(server.url);
  await http2Works(session, token);
  session.close();
  await server.close();
});

describe('TLS', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-tls-'));
  let server, old, next, redirect, url, token;
  before(async () => {
    old = certificate(dir, 'first');
    next = certificate(dir, 'second');
    redirect = await freePort();
    server = await Server.start(
      'sqlite',
      { TLS_CERT: old.cert, TLS_KEY: old.key, TLS_REDIRECT_PORT: String(redirect) },
      { ready: (s) => s.output.includes('"server.ready"'), contract: false },
    );
    url = `https://127.0.0.1:${server.port}`;
    const made = await server.run(['user', 'create', '--email', 'c@example.org', '--name', 'C', '--password-stdin'], 'a long password\n');
    assert.equal(made.code, 0, made.stderr);
    const login = await secure('POST', `${api}/auth/login`, { email: 'c@example.org', password: 'a long password' });
    token = JSON.parse(login.text).access_token;
    assert.match(login.headers['set-cookie'].find((c) => c.includes('session_id')), /^__Host-session_id=.*; Secure/);
  });
  after(async () => {
    await server.close();
    rmSync(dir, { recursive: true });
  });

  /** Over HTTPS; trusts both certificates. */
  const secure = (method, path, body, agent) =>
    new Promise((done, fail) => {
      const q = https.request(url + path, {
        method, agent: agent ?? false, ca: [old.pem, next.pem], servername: 'localhost',
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      }, (r) => {
        const answer = { status: r.statusCode, headers: r.headers, cn: r.socket.getPeerCertificate().subject?.CN, text: '' };
        r.on('data', (d) => (answer.text += d));
        r.on('end', () => done(answer));
      });
      q.on('error', fail);
      q.end(body && JSON.stringify(body));
    });

  test('answers over TLS 1.2 and 1.3, not below, and asks browsers to stay', async () => {
    const r = await secure('GET', `${api}/auth/me`);
    assert.equal(r.status, 200);
    assert.match(r.headers['strict-transport-security'], /max-age=\d{7,}/);
    const handshake = (min, max) =>
      new Promise((done) => {
        const s = tls.connect({ port: server.port, host: '127.0.0.1', ca: [old.pem], servername: 'localhost', minVersion: min, maxVersion: max, ciphers: 'DEFAULT@SECLEVEL=0' });
        s.on('secureConnect', () => done(s.getProtocol()) ?? s.destroy());
        s.on('error', () => done(null));
      });
    assert.equal(await handshake('TLSv1.2', 'TLSv1.2'), 'TLSv1.2');
    assert.equal(await handshake('TLSv1.3', 'TLSv1.3'), 'TLSv1.3');
    assert.equal(await handshake('TLSv1', 'TLSv1.1'), null);
  });

  test('speaks HTTP/2 to those who can', async () => {
    const session = http2.connect(url, { ca: [old.pem], servername: 'localhost' });
    await http2Works(session, token);
    assert.equal(session.alpnProtocol, 'h2');
    session.close();
  });

  test('plain HTTP is sent on to HTTPS', async () => {
    const r = await fetch(`http://127.0.0.1:${redirect}/api/docs?a=b`, { redirect: 'manual' });
    assert.equal(r.status, 308);
    assert.match(r.headers.get('location'), /^https:\/\/[^/]+\/api\/docs\?a=b$/);
  });

  test('plain bytes on the TLS port end the connection, not the server', async () => {
    const raw = await Raw.open(server);
    raw.send(`${hello}\r\n`);
    await raw.closed;
    assert.ok(!raw.text.includes('200 OK'));
    assert.equal((await secure('GET', '/health/live')).status, 200);
  });

  test('a new certificate is taken by SIGHUP; open connections stay', async () => {
    const keep = new https.Agent({ keepAlive: true, maxSockets: 1 });
    assert.equal((await secure('GET', '/health/live', undefined, keep)).cn, 'first');
    replaceCertificate(old, next);
    server.process.kill('SIGHUP');
    await until(() => server.output.includes('"config.reloaded"'), 'the reload');
    assert.equal((await secure('GET', '/health/live')).cn, 'second');
    const kept = await secure('GET', '/health/live', undefined, keep);
    assert.equal(kept.status, 200);
    assert.equal(kept.cn, 'first', 'the old connection goes on');
    keep.destroy();
  });
});

test('a Unix socket answers like the port', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ticketing-unix-'));
  const path = join(dir, 'socket');
  const server = await Server.start('sqlite', { UNIX_SOCKET: path });
  const raw = await new Raw({ path }).opened;
  raw.send(`${hello}Connection: close\r\n\r\n`);
  await raw.closed;
  assert.deepEqual(raw.statuses(), [200]);
  await server.close();
  rmSync(dir, { recursive: true });
});

test('an inherited socket is served', async () => {
  const port = await freePort();
  const listen = [
    'import os, socket, sys',
    's = socket.create_server(("127.0.0.1", int(sys.argv[1])))',
    'os.dup2(s.fileno(), 3)',
    'os.set_inheritable(3, True)',
    'os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", SERVER_PORT="1")',
    'os.execv(sys.argv[2], sys.argv[2:])',
  ].join('\n');
  const server = await Server.start('sqlite', {}, { wrap: ['python3', '-c', listen, String(port)], port });
  assert.equal((await server.client().request('GET', '/health/live')).status, 200);
  await server.close();
});

test('SIGTERM: readiness fails first, running requests finish, then exit 0', async () => {
  const server = await Server.start('sqlite', { DRAIN_DELAY_MS: '800' });
  const { token } = await server.person('customer');
  const body = JSON.stringify({ title: 'At the end', message: { body: 'x' } });
  const running = await Raw.open(server);
  running.send(
    `POST ${api}/tickets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
  );
  const idle = await Raw.open(server);
  server.process.kill('SIGTERM');
  await until(async () => (await fetch(`${server.url}/health/ready`)).status === 503, 'readiness to fail');
  assert.equal((await fetch(`${server.url}/health/live`)).status, 200, 'and it still answers');
  await idle.closed;
  running.send(body.slice(5));
  await running.closed;
  assert.deepEqual(running.statuses(), [201]);
  assert.deepEqual(await server.gone, { code: 0, signal: null });
  await server.launch();
  const again = server.client({ token });
  assert.equal((await again.get(`${api}/tickets`)).data[0].title, 'At the end');
  await server.close();
});

test('a request that never ends does not keep the process longer than DRAIN_MS', async () => {
  const server = await Server.start('sqlite', { DRAIN_DELAY_MS: '0', DRAIN_MS: '300' });
  const raw = await Raw.open(server);
  raw.send(`POST ${api}/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{`);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  await server.close();
});
