// deploy/container/compose.yaml: what the Compose specification allows, and its service "server" run without an engine on the very tree
// that goes into the image.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { root } from '../http/harness.mjs';
import { join } from 'node:path';
import { composeFaults, yamlFile } from './schemas.mjs';
import { Container, filled } from './container.mjs';
import { deployed } from './front.mjs';
import { Scratch, binary, version } from './scratch.mjs';

const file = () => yamlFile(deployed('container/compose.yaml'));

describe('the Compose file', () => {
  test('is one in the eyes of the Compose specification', () => assert.deepEqual(composeFaults(file()), []));

  for (const [what, plant] of [
    ['a key that is none', (c) => (c.services.server.imagee = 'x')],
    ['a number where words belong', (c) => (c.services.server.restart = 5)],
    ['a health check without a test of its form', (c) => (c.services.postgres.healthcheck.test = { cmd: 'x' })],
    ['a section that is none', (c) => (c.servicess = {})],
  ])
    test(`${what} would be found`, () => {
      const c = file();
      plant(c);
      assert.notDeepEqual(composeFaults(c), []);
    });

  test('volumes, secrets and settings that services name are there', () => {
    const c = file();
    const known = readFileSync(join(root, 'src/base/config.def'), 'utf8');
    for (const s of Object.values(c.services)) {
      for (const v of s.volumes) assert.ok(v.split(':')[0] in c.volumes, v);
      for (const n of s.secrets) assert.ok(n in c.secrets, n);
    }
    for (const name of Object.keys(c.services.server.environment)) assert.ok(known.includes(`"${name.replace(/_FILE$/, '')}"`), name);
    assert.equal(c.services.server.image, `ticketing-system:\${VERSION:-${version}}`);
  });

  test('without the address that people type it does not start, and says what is missing', () => {
    assert.throws(() => filled(file().services.server.environment.BASE_URL, {}), /BASE_URL: the address that people type/);
  });
});

describe('its server, run without an engine', { skip: process.getuid() !== 0 && 'namespaces need root' }, () => {
  const m = new Scratch();
  const service = file().services.server;
  let c;
  before(async () => {
    c = new Container(m.pack(binary, 'packed').tree);
    await c.start(service, { BASE_URL: 'https://help.example.org' });
  });
  after(() => {
    c?.close();
    m.close();
  });

  test('the image is below 60 MB', (t) => {
    t.diagnostic(`${(c.size() / 1e6).toFixed(1)} MB`);
    assert.ok(c.size() < 60e6);
  });

  test('its own health check says that it is well', () => {
    const { code, out } = c.run(c.image.health);
    assert.equal(code, 0, out);
    assert.match(out, /^200 /);
  });

  test('it is nobody, can become nobody else, and writes to its volumes alone', () => {
    const status = readFileSync(`/proc/${c.pid()}/status`, 'utf8');
    assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.match(status, /^CapEff:\t0000000000000000$/m);
    assert.match(status, /^Groups:\t *$/m);
    const mounts = readFileSync(`/proc/${c.pid()}/mounts`, 'utf8').trim().split('\n').map((l) => l.split(' '));
    assert.ok(mounts.filter(([, at]) => at === '/').at(-1)[3].split(',').includes('ro'));
    const writable = mounts.filter(([, at, , options]) => options.split(',').includes('rw')).map(([, at]) => at).filter((at) => at !== '/');
    assert.deepEqual([...new Set(writable)].sort(), ['/data', '/proc', '/tmp']);
  });

  test('what it keeps is there again in the next container', async () => {
    const server = c.image.entry[0];
    const made = c.run([server, 'user', 'create', '--email', 'ann@example.org', '--name', 'Ann', '--role', 'admin', '--password-stdin'], 'a long enough one\n');
    assert.equal(made.code, 0, made.out);
    const { code, signal } = await c.stop();
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, c.output);
    await c.start(service, { BASE_URL: 'https://help.example.org' });
    assert.match(c.run([server, 'user', 'list']).out, /ann@example\.org/);
    assert.equal(c.run([server, 'audit', 'verify']).code, 0);
  });
});
