// What the OpenAPI document says about each operation, tried from its wrong side: without credentials,
// in the wrong role, with what it does not know, on somebody else's things.  Nothing may change.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { onServer } from './harness.mjs';

const api = '/api/v1';
const never = 999999999;

/** The operations: {method, path, op, body?}; body is the schema of its JSON. */
function operations(doc) {
  return Object.entries(doc.paths).flatMap(([path, item]) =>
    ['get', 'post', 'put', 'patch', 'delete']
      .filter((m) => item[m] && path.startsWith('/api/'))
      .map((m) => ({
        method: m.toUpperCase(),
        path,
        op: item[m],
        name: `${m.toUpperCase()} ${path}`,
        body: item[m].requestBody?.content?.['application/json']?.schema,
        isOpen: !item[m].security || item[m].security.some((s) => Object.keys(s).length === 0),
        permissions: item[m]['x-permissions'] ?? [],
      })),
  );
}

const filled = (path, id = never) => path.replace(/\{slot\}/, 'reply').replace(/\{[^}]+\}/g, id);

/** The least value that the schema takes. */
function sample(doc, schema, depth = 0) {
  if (schema?.$ref) return sample(doc, schema.$ref.split('/').slice(1).reduce((o, k) => o[k.replaceAll('~1', '/')], doc), depth);
  if (schema?.enum) return schema.enum[0];
  if (schema?.anyOf ?? schema?.oneOf) return sample(doc, (schema.anyOf ?? schema.oneOf)[0], depth);
  switch ([schema?.type].flat()[0]) {
    case 'object':
      return Object.fromEntries((schema.required ?? []).map((k) => [k, sample(doc, schema.properties?.[k], depth + 1)]));
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => sample(doc, schema.items, depth + 1));
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case 'string':
      if (schema.format === 'date-time') return '2030-01-01T00:00:00.000Z';
      return 'x'.repeat(Math.max(schema.minLength ?? 1, 1));
    default:
      return 'x';
  }
}

onServer('refusals', {}, (shared) => {
  const who = {};
  const theirs = {};
  let doc, all, before;

  /** What must stay: the audit log counts every change. */
  const state = async () => (await who.admin.get(`${api}/audit-log?limit=1&sort=-n`)).data[0].n;

  test('there is somebody, and something of theirs', async () => {
    doc = shared.server.contract.doc;
    all = operations(doc);
    for (const role of ['admin', 'agent', 'customer']) who[role] = await shared.server.person(role);
    who.owner = await shared.server.person('customer');
    const up = (name) =>
      who.owner.expect(201, 'POST', `${api}/uploads?name=${name}`, { raw: 'bytes', headers: { 'content-type': 'text/plain' } });
    const ticket = await who.owner.post(`${api}/tickets`, {
      title: 'Private',
      message: { body: 'privately', attachments: [(await up('a.txt')).id] },
    });
    const message = (await who.owner.get(`${api}/tickets/${ticket.id}/messages`)).data[0];
    Object.assign(theirs, {
      tickets: ticket.id,
      messages: message.id,
      attachments: message.attachments[0].id,
      waiting: (await up('b.txt')).id,
      users: who.owner.user.id,
      tokens: (await who.owner.post(`${api}/tokens`, { name: 'mine' })).id,
      sessions: (await who.owner.get(`${api}/auth/sessions`)).data[0].id,
      views: (await who.agent.post(`${api}/views`, { name: 'mine', query: 'state:open' })).id,
    });
    before = await state();
  });

  test('without credentials every operation that is not open answers 401', async () => {
    const anybody = shared.server.client();
    for (const o of all.filter((x) => !x.isOpen)) {
      const body = o.body && sample(doc, o.body);
      const r = await anybody.request(o.method, filled(o.path, 1), { body });
      assert.equal(r.status, 401, `${o.name}: ${r.text}`);
      assert.ok(r.headers.get('www-authenticate'), o.name);
    }
  });

  test('a token that is none answers 401, whatever is wrong with it', async () => {
    const [head, claims, mac] = who.customer.token.split('.');
    const enc = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
    const decoded = JSON.parse(Buffer.from(claims, 'base64url'));
    for (const token of [
      'x', 'null', `${head}.${claims}.`, `${head}.${claims}`, `${head}.${claims}.${mac.slice(1)}A`,
      `${enc({ alg: 'none', typ: 'JWT' })}.${claims}.`, `${enc({ alg: 'HS512', typ: 'JWT' })}.${claims}.${mac}`,
      `${head}.${enc({ ...decoded, sub: '1' })}.${mac}`, `${head}.${claims}.${mac}.x`, `${head}=.${claims}.${mac}`,
    ])
      assert.equal((await shared.server.client({ token }).request('GET', `${api}/auth/me`)).status, 401, token);
  });

  test('in the wrong role every operation answers 403 or 404', async () => {
    const mine = (await who.customer.get(`${api}/auth/me`)).permissions;
    const closed = all.filter((o) => o.permissions.length && !o.permissions.some((p) => mine.includes(p)));
    assert.ok(closed.length > 10);
    for (const o of closed) {
      const body = o.body && sample(doc, o.body);
      const r = await who.customer.request(o.method, filled(o.path, theirs.tickets), { body });
      assert.ok([403, 404].includes(r.status), `${o.name}: ${r.status} ${r.text}`);
    }
  });

  test('an unknown query parameter answers 400 and is named', async () => {
    for (const o of all) {
      const body = o.body && sample(doc, o.body);
      const r = await who.admin.request(o.method, `${filled(o.path)}?bogus_name=1`, { body });
      assert.equal(r.status, 400, `${o.name}: ${r.status} ${r.text}`);
      assert.match(r.text, /bogus_name/, o.name);
    }
  });

  test('an unknown field answers 422 and is named', async () => {
    for (const o of all.filter((x) => x.body)) {
      const body = { ...sample(doc, o.body), bogus_name: 1 };
      const r = await who.admin.request(o.method, filled(o.path), { body });
      assert.equal(r.status, 422, `${o.name}: ${r.status} ${r.text}`);
      assert.ok(r.json.errors.some((e) => e.pointer.includes('bogus_name')), r.text);
    }
  });

  test('a body of another type answers 415, one that is no JSON 400', async () => {
    for (const o of all.filter((x) => x.body)) {
      const path = filled(o.path);
      const other = await who.admin.request(o.method, path, { raw: '{}', headers: { 'content-type': 'text/plain' } });
      assert.equal(other.status, 415, `${o.name}: ${other.status} ${other.text}`);
      for (const raw of ['{', '[1,]', '{"a":1}x', '{"a":1,"a":2}', '{"a":"\ud800"}', '\u{feff}{}', `${'['.repeat(500)}`, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])]) {
        const r = await who.admin.request(o.method, path, { raw, headers: { 'content-type': 'application/json' } });
        assert.ok([400, 422].includes(r.status), `${o.name} ${raw}: ${r.status} ${r.text}`);
      }
    }
  });

  test('ids that are none answer 404 or 400', async () => {
    for (const o of all.filter((x) => x.path.includes('{id}')))
      for (const id of ['0', '-1', '1e3', 'x', '99999999999999999999', '%00', '1%20', "1'--", 'number:', 'number:%25']) {
        const body = o.body && sample(doc, o.body);
        const r = await who.admin.request(o.method, filled(o.path, id), { body });
        assert.ok([400, 404, 422].includes(r.status), `${o.name} ${id}: ${r.status} ${r.text}`);
      }
  });

  test("somebody else's things answer like things that never were", async () => {
    const bare = ({ status, json }) => ({ status, code: json?.code, detail: json?.detail, errors: json?.errors });
    const ids = all.filter((o) => /\{id\}/.test(o.path));
    let tried = 0;
    for (const o of ids) {
      const kind = o.path.slice(api.length + 1).replace('auth/', '').split('/')[0];
      if (!theirs[kind]) continue;
      const targets = kind === 'attachments' ? [theirs.attachments, theirs.waiting] : [theirs[kind]];
      const body = o.body && sample(doc, o.body);
      const absent = await who.customer.request(o.method, filled(o.path), { body });
      for (const id of targets) {
        const foreign = await who.customer.request(o.method, filled(o.path, id), { body });
        assert.deepEqual(bare(foreign), bare(absent), `${o.name} of somebody else`);
        assert.ok(foreign.status >= 400, `${o.name}: ${foreign.status}`);
        tried++;
      }
    }
    assert.ok(tried > 20, `${tried} operations tried`);
  });

  test("somebody else's ids inside of a body are refused like ids that never were", async () => {
    const errors = async (make) => {
      const bodies = [never, make.id].map((id) => make.body(id));
      const [a, b] = await Promise.all(bodies.map((body) => who.customer.request('POST', make.path, { body })));
      assert.ok(b.status >= 400, `${make.path} ${JSON.stringify(bodies[1])}: ${b.status} ${b.text}`);
      assert.deepEqual([b.status, b.json.errors], [a.status, a.json.errors]);
    };
    const own = await who.customer.post(`${api}/tickets`, { title: 'Own', message: { body: 'x' } });
    const messages = `${api}/tickets/${own.id}/messages`;
    for (const id of [theirs.attachments, theirs.waiting]) {
      await errors({ id, path: messages, body: (x) => ({ body: 'steal', attachments: [x] }) });
      await errors({ id, path: `${api}/tickets`, body: (x) => ({ title: 't', message: { body: 'steal', attachments: [x] } }) });
    }
    await errors({ id: theirs.users, path: messages, body: (x) => ({ body: 'as him', on_behalf_of: x }) });
    await errors({ id: theirs.users, path: `${api}/tickets`, body: (x) => ({ title: 't', customer: x, message: { body: 'x' } }) });
    before++; // the ticket that is his own
  });

  test('no list, count or search of a customer shows what is not his', async () => {
    const list = await who.customer.get(`${api}/tickets?limit=200`);
    assert.deepEqual(list.data.map((t) => t.title), ['Own']);
    const found = await who.customer.get(`${api}/search?q=privately&types=tickets,users&count=exact`);
    assert.deepEqual([found.tickets, found.users, found.count], [[], [], 0]);
    const filtered = await who.customer.get(`${api}/tickets?customer=${who.owner.user.id}`);
    assert.deepEqual(filtered.data, []);
  });

  test('after all this nothing has changed', async () => {
    assert.equal(await state(), before);
    const t = await who.owner.get(`${api}/tickets/${theirs.tickets}`);
    assert.equal(t.version, 1);
    assert.equal((await who.owner.request('GET', `${api}/auth/me`)).status, 200, 'the session still stands');
  });
});
