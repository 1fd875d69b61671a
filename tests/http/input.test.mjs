// Each field and each parameter of each operation, with what it does not take: the refusal names it and says
// what is allowed (contract.mjs), and nothing changes.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { onServer } from './harness.mjs';
import { bodyOf, complete, operations, pathOf, put, resolve } from './rights_rows.mjs';
import { bodyPlaces, pointerOf, queryPlaces, strangers } from './input_rows.mjs';

const api = '/api/v1';

onServer('input', {}, (shared) => {
  const own = {};
  let admin, doc, all, before;

  /** All that an administrator sees in lists, and the length of the audit log. */
  async function everything() {
    const lists = all.filter((o) => o.method === 'GET' && !o.path.includes('{') && o.op['x-permissions'] && o.path !== `${api}/events`);
    const seen = { audit: (await admin.get(`${api}/audit-log?limit=1&sort=-n`)).data[0].n };
    for (const o of lists) {
      const r = await admin.request('GET', o.path);
      if (r.status === 200) seen[o.path] = r.json.data ?? r.json;
    }
    for (const path of ['/audit-log', '/audit-log/verify', '/counters', '/retention', '/reports/overview', '/reports/my-work', '/system']) delete seen[api + path]; // grow with time
    return seen;
  }

  test('there is one of everything', async () => {
    doc = shared.server.contract.doc;
    all = operations(doc).filter((o) => o.path.startsWith('/api/'));
    admin = await shared.server.person('admin');
    const up = await admin.expect(201, 'POST', `${api}/uploads?name=a.txt`, { raw: 'a', headers: { 'content-type': 'text/plain' } });
    const guest = await shared.server.person('customer');
    for (const k of ['ticket', 'other ticket'])
      own[k] = (await admin.post(`${api}/tickets`, { title: k, customer: guest.user.id, message: { body: 'x' } })).id;
    const [m] = (await admin.get(`${api}/tickets/${own.ticket}/messages`)).data;
    const made = {
      user: guest.user.id, message: m.id, attachment: up.id, group: 1, role: 2, state: 1, priority: 1,
      organization: (await admin.post(`${api}/organizations`, { name: 'Ours' })).id,
      view: (await admin.post(`${api}/views`, { name: 'v', query: 'state:open' })).id,
      token: (await admin.post(`${api}/tokens`, { name: 't' })).id,
      field: (await admin.post(`${api}/fields`, { name: 'room', object: 'ticket', type: 'text', label: 'Room' })).id,
    };
    Object.assign(own, made);
    before = await everything();
    assert.ok(Object.keys(before).length > 8, Object.keys(before).join(' '));
  });

  /** With the words that a message needs, around a field of it. */
  const whole = (o, body) => (o.path === `${api}/bulk` && Array.isArray(body?.changes) ? { ...body, changes: body.changes.map(complete) } : complete(body));

  const wrong = [];
  const note = (words, r, names) => {
    if ([400, 422].includes(r.status) && r.json.errors.some((e) => names(e.pointer))) return;
    const each = r.json?.results; // of a bulk: each change has a status of its own
    if (each?.every((x) => x.status === 422 && x.errors.some((e) => names(`/changes/0${e.pointer}`)))) return;
    wrong.push(`${words}: ${r.status} ${r.text.slice(0, 300)}`);
  };

  test('a field of a body that is wrong is named by its JSON pointer', async () => {
    let tried = 0;
    for (const o of all.filter((x) => x.schema)) {
      const path = pathOf(o, (kind) => own[kind] ?? 1);
      for (const { at, words, value } of bodyPlaces(doc, o.schema)) {
        const body = whole(o, put(bodyOf(doc, o, own), at, value));
        // JSON.stringify() leaves __proto__ out of a literal, and put() makes it an own member
        const r = await admin.request(o.method, path, { body });
        const pointer = pointerOf(at);
        note(`${o.name} ${pointer} ${words}`, r, (p) => p === pointer || p.startsWith(`${pointer}/`));
        tried++;
      }
    }
    assert.deepEqual(wrong.splice(0), [], `of ${tried}`);
    assert.ok(tried > 1000, `${tried} tried`);
  });

  test('a parameter that is wrong is named', async () => {
    let tried = 0;
    for (const o of all) {
      const path = pathOf(o, (kind) => own[kind] ?? 1);
      for (const { name, words, text } of queryPlaces(doc, o.op)) {
        const r = await admin.request(o.method, `${path}?${name}=${text}`, { body: bodyOf(doc, o, own) });
        note(`${o.name} ?${name}=${text} ${words}`, r, (p) => p === name);
        tried++;
      }
    }
    assert.deepEqual(wrong.splice(0), [], `of ${tried}`);
    assert.ok(tried > 200, `${tried} tried`);
  });

  test('references take no lists, no foreign members and no other things', async () => {
    const anything = ['preferences', 'data', 'options', 'screens'];
    const values = [{ id: 1, role: 'admin' }, { id: 1, password: 'quite-fine-2-blau' }, [], [[]], [{ id: 1 }], {}, { role: 'admin' }, JSON.parse('{"id":1,"__proto__":{"role_ids":[1]}}'), { id: 1.5 }, { id: '1' }, { id: { id: 1 } }, { id: -1 }, { email: 5 }, true, -1, 0, 1.5, '', ' ', 'no such name', '1; DROP TABLE users'];
    let tried = 0;
    const free = (schema, at = []) =>
      Object.entries(resolve(doc, schema)?.properties ?? {}).flatMap(([k, v]) => {
        const s = resolve(doc, v);
        if (!s.type && !s.anyOf && !s.oneOf && !s.enum && !anything.includes(k)) return [[...at, k]];
        return s.items ? free(s.items, [...at, k, '[]']) : free(s, [...at, k]);
      });
    for (const o of all.filter((x) => x.schema))
      for (const at of free(o.schema))
        for (const value of values) {
          if (at.at(-1) === 'fields' && JSON.stringify(value) === '{}') continue;
          const body = whole(o, put(bodyOf(doc, o, own), at, value));
          const r = await admin.request(o.method, pathOf(o, (kind) => own[kind] ?? 1), { body });
          const pointer = pointerOf(at);
          note(`${o.name} ${pointer} = ${JSON.stringify(value)}`, r, (p) => p === pointer || p.startsWith(`${pointer}/`));
          tried++;
        }
    assert.deepEqual(wrong.splice(0), [], `of ${tried}`);
    assert.ok(tried > 100 && strangers.length, `${tried} tried`);
  });

  test('after all this nothing has changed', async () => {
    assert.deepEqual(await everything(), before);
  });
});
