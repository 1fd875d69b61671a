// The rights matrix: every place of the API where an id can stand, in every role, with the id of
// something that this role may not see.  The answer must be that of an id which never was: status,
// headers, body and the statements that ran.  Once more after a right was taken away.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { onServer, until } from './harness.mjs';
import { counted, said } from './alike.mjs';
import { catalog, request, rows } from './rights_rows.mjs';

const api = '/api/v1';
const never = 999999999;
const TRIES = 6; // what runs in the background counts statements too

onServer('rights', { REGISTRATION: 'open' }, (shared) => {
  const theirs = {}, who = {};
  let doc, all, changes;

  /** The audit log counts every change. */
  const state = async () => (await who.admin.get(`${api}/audit-log?limit=1&sort=-n`)).data[0].n;

  const upload = (c, name) =>
    c.expect(201, 'POST', `${api}/uploads?name=${name}`, { raw: 'bytes', headers: { 'content-type': 'text/plain' } });

  /** A ticket with a file, and what hangs on it. */
  async function ticket(customer, title) {
    const file = await upload(customer, 'a.txt');
    const t = await customer.post(`${api}/tickets`, { title, message: { body: `${title} text`, attachments: [file.id] } });
    const [m] = (await customer.get(`${api}/tickets/${t.id}/messages`)).data;
    return { ticket: t.id, number: t.number, message: m.id, attachment: file.id };
  }

  async function agent(name, levels) {
    const c = await shared.server.person('agent');
    const role = await who.admin.post(`${api}/roles`, {
      name, permissions: ['ticket.agent', 'ticket.customer'], group_levels: levels.map(([group_id, l]) => ({ group_id, levels: l })),
    });
    await who.admin.patch(`${api}/users/${c.user.id}`, { role_ids: [role.id] });
    await c.login(c.email, c.password); // other roles end the sessions
    return Object.assign(c, { role: role.id });
  }

  /** Own things of somebody who may work on the open group. */
  async function ownOf(c, isAgent) {
    const made = await ticket(who.guest, `for ${c.email}`);
    const other = await ticket(who.guest, `also for ${c.email}`);
    const mine = isAgent ? made : await ticket(c, 'mine');
    return { user: c.user.id, ...mine, 'other ticket': other.ticket };
  }

  test('there are people in every role, and things that are none of theirs', async () => {
    doc = shared.server.contract.doc;
    all = rows(doc);
    who.admin = await shared.server.person('admin');
    who.guest = await shared.server.person('customer');
    who.owner = await shared.server.person('customer');
    const closed = await who.admin.post(`${api}/groups`, { name: 'Closed' });
    const org = await who.admin.post(`${api}/organizations`, { name: 'Theirs', shared: true });
    await who.admin.patch(`${api}/users/${who.owner.user.id}`, { organization_id: org.id });
    Object.assign(theirs, await ticket(who.owner, 'Private'), { user: who.owner.user.id, organization: org.id, group: closed.id });
    theirs.waiting = (await upload(who.owner, 'b.txt')).id;
    theirs.token = (await who.owner.post(`${api}/tokens`, { name: 'theirs' })).id;
    theirs.session = (await who.owner.get(`${api}/auth/sessions`)).data[0].id;
    theirs.identity = (await who.admin.get(`${api}/users/${theirs.user}`)).identities[0].id;
    const insider = await agent('insider', [[1, ['full']], [closed.id, ['full']]]);
    theirs.role = insider.role;
    await insider.patch(`${api}/tickets/${theirs.ticket}`, { group: closed.id });
    theirs.note = (await insider.post(`${api}/tickets/${theirs.ticket}/messages`, { body: 'note', visibility: 'internal' })).id;
    theirs['other ticket'] = (await ticket(who.owner, 'Also private')).ticket;
    await insider.patch(`${api}/tickets/${theirs['other ticket']}`, { group: closed.id });
    const link = { kind: 'related', ticket: theirs['other ticket'] };
    theirs.link = (await insider.post(`${api}/tickets/${theirs.ticket}/links`, link)).id;
    theirs.view = (await insider.post(`${api}/views`, { name: 'theirs', query: 'state:open' })).id;
    const absent = Array.from({ length: 1001 }, () => ({ ticket: never, title: 'x' }));
    theirs.job = (await insider.post(`${api}/bulk`, { changes: absent }, { status: 202 })).job.id;
    await until(async () => (await insider.get(`${api}/jobs/${theirs.job}`)).finished_at, 'the job to end'); // it runs statements too
    who.insider = insider;
    theirs.hold = (await who.admin.post(`${api}/legal-holds`, { object: 'user', object_id: (await shared.server.person('customer')).user.id, reason: 'matrix', asked_by: 'matrix' })).id;
  });

  /** The ids of things of this kind that the role may not see. */
  function foreign(role, row) {
    const more = { attachment: ['waiting'], message: ['note'], ticket: ['other ticket'] };
    if (catalog.includes(row.kind)) return [];
    const ids = [row.kind, ...(more[row.kind] ?? [])].filter((k) => theirs[k] && !role.sees(k, row)).map((k) => theirs[k]);
    if (!ids.length) return [];
    if (row.kind === 'ticket' && row.in === 'path') ids.push(`number:${theirs.number}`);
    if (row.kind === 'user' && row.isFree) ids.push(who.owner.email);
    return ids;
  }

  /** An id of the same form that nothing has. */
  const neverLike = (id) => (typeof id === 'number' ? never : id.startsWith('number:') ? 'number:99999999' : 'nobody@never.example');

  /** One row: what is not his, and what never was. */
  async function same(role, row, id, others) {
    const send = (x) => role.client.request(...request(doc, row, x, role.own, others));
    const words = `${role.name}: ${row.name} ${row.where} = ${id}`;
    const no = neverLike(id);
    let absent, there;
    for (let i = 0; i < TRIES; i++) {
      absent = await counted(shared.server, () => send(no));
      there = await counted(shared.server, () => send(id));
      if (absent.ran === there.ran) break;
    }
    const [a, b] = [absent, there].map((x) => ({ ...said(x.answer, [id, no]), ran: x.ran }));
    for (const k of Object.keys(a)) if (JSON.stringify(a[k]) !== JSON.stringify(b[k])) throw new Error(`${words}: ${k}: ${b[k]}, not ${a[k]}`);
    if (row.in !== 'query') refused(row, there.answer, words);
  }

  /** The request failed because of the id, not because of something else in it. */
  function refused(row, answer, words) {
    const text = `${words}: ${answer.status} ${answer.text.slice(0, 600)}`;
    if (row.path === `${api}/bulk` && answer.status === 200) return assert.ok(answer.json.results.every((r) => r.status >= 400), text);
    if (row.in === 'path') return assert.ok([403, 404].includes(answer.status), text);
    assert.ok(answer.status >= 400 && answer.status < 500, text);
    if (answer.status === 422) assert.ok(answer.json.errors.some((x) => row.at.includes(x.pointer.split('/').filter((k) => !/^\d*$/.test(k)).at(-1))), text);
    else assert.ok([403, 404, 409].includes(answer.status), text);
  }

  async function matrix(role) {
    const before = await state();
    const wrong = [];
    let tried = 0;
    for (const row of all) {
      const isNested = row.in === 'path' && row.path.match(/\{[a-z_]*id\}/g).length > 1;
      for (const id of foreign(role, row))
        for (const others of isNested ? [role.own, theirs] : [role.own]) {
          tried++;
          await same(role, row, id, others).catch((e) => wrong.push(e.message));
        }
    }
    assert.deepEqual(wrong, [], `${wrong.length} of ${tried}`);
    assert.ok(tried >= role.least, `${role.name}: ${tried} tried`);
    assert.equal(await state(), before, `${role.name} changed something`);
  }

  const token = async (c, more) => shared.server.client({ token: (await c.post(`${api}/tokens`, { name: 'matrix', ...more })).token });
  const nothing = () => false;
  const asAgent = (k) => ['user', 'organization', 'role', 'identity', 'group'].includes(k);

  test('a person without any right', async () => {
    const c = await shared.server.person('customer');
    const role = await who.admin.post(`${api}/roles`, { name: 'nothing at all', permissions: [] });
    await who.admin.patch(`${api}/users/${c.user.id}`, { role_ids: [role.id] });
    await c.login(c.email, c.password);
    await matrix({ name: 'nobody', client: c, own: { user: c.user.id }, sees: nothing, least: 100 });
  });

  test('a customer, and his token that may only read', async () => {
    const c = await shared.server.person('customer');
    const own = await ownOf(c, false);
    await matrix({ name: 'customer', client: c, own, sees: nothing, least: 100 });
    await matrix({ name: 'read-only token', client: await token(c, { read_only: true }), own, sees: nothing, least: 100 });
  });

  test('a customer of another organisation that shares its tickets, and a colleague of the owner', async () => {
    const org = await who.admin.post(`${api}/organizations`, { name: 'Ours', shared: true });
    const c = await shared.server.person('customer');
    await who.admin.patch(`${api}/users/${c.user.id}`, { organization_id: org.id });
    await matrix({ name: 'other organisation', client: c, own: await ownOf(c, false), sees: nothing, least: 100 });
    const colleague = await shared.server.person('customer');
    await who.admin.patch(`${api}/users/${colleague.user.id}`, { organization_id: theirs.organization });
    assert.equal((await colleague.get(`${api}/tickets/${theirs.ticket}`)).title, 'Private');
    const shows = ['ticket', 'other ticket', 'message', 'attachment', 'link', 'organization'];
    const sees = (k, row) => shows.includes(k) || (row.in === 'query' && ['user', 'group'].includes(k));
    await matrix({ name: 'colleague', client: colleague, own: await ownOf(colleague, false), sees, least: 30 });
  });

  test('words of a search that name what is hidden find what words of nothing find', async () => {
    const c = await shared.server.person('customer');
    await ownOf(c, false);
    const owner = who.insider.email;
    const pairs = [
      ['group:Closed', 'group:Nowhere'], [`owner:${owner}`, 'owner:nobody@never.example'], ['org:Theirs', 'org:Nobodys'],
      [`from:${who.owner.email}`, 'from:nobody@never.example'], [`number:${theirs.number}`, 'number:99999999'],
      [String(theirs.number), '99999999'], ['privately', 'neversaid'], [`customer:${who.owner.email}`, 'customer:nobody@never.example'],
    ];
    const lists = ['/tickets?q=', '/search?count=exact&types=tickets,users,organizations&q='];
    for (const [hidden, nothing] of pairs)
      for (const path of lists) {
        const got = await Promise.all([hidden, nothing].map((q) => c.request('GET', `${api}${path}${encodeURIComponent(q)}`)));
        const [h, n] = got.map((r) => JSON.stringify(said(r, [hidden, nothing])));
        assert.equal(h, n, `${path}${hidden}`);
      }
  });

  test('an agent of another group, one who may only read there, and tokens with a part of the rights', async () => {
    const outsider = await agent('outsider', [[1, ['full']]]);
    const own = await ownOf(outsider, true);
    await matrix({ name: 'agent', client: outsider, own, sees: asAgent, least: 60 });
    const reader = await agent('reader', [[1, ['read', 'overview']]]);
    await matrix({ name: 'reading agent', client: reader, own, sees: asAgent, least: 60 });
    const narrow = await token(who.insider, { permissions: ['ticket.customer'] });
    await matrix({ name: "agent's token for customers", client: narrow, own: { user: who.insider.user.id }, sees: (k) => k === 'job', least: 100 });
  });

  test('an administrator, in what is private to others', async () => {
    const hidden = ['waiting', 'session', 'job'];
    const sees = (k) => !hidden.includes(k);
    await matrix({ name: 'admin', client: who.admin, own: await ownOf(who.admin, true), sees, least: 5 });
  });

  test('again, after the right was taken away, in the same session and with a token from before', async () => {
    const closed = theirs.group;
    const former = await agent('former', [[1, ['full']], [closed, ['full']]]);
    const own = await ownOf(former, true);
    const clients = { session: former, token: await token(former) };
    for (const c of Object.values(clients)) assert.equal((await c.get(`${api}/tickets/${theirs.ticket}`)).title, 'Private');
    await who.admin.patch(`${api}/roles/${former.role}`, { group_levels: [{ group_id: 1, levels: ['full'] }] });
    for (const [name, client] of Object.entries(clients))
      await matrix({ name: `former agent, ${name}`, client, own, sees: asAgent, least: 60 });

    const guest = await shared.server.person('customer');
    await who.insider.post(`${api}/tickets/${theirs.ticket}/participants`, { user: guest.user.id }, { status: 200 });
    await who.admin.patch(`${api}/users/${guest.user.id}`, { organization_id: theirs.organization });
    const both = { session: guest, token: await token(guest) };
    for (const c of Object.values(both)) await c.get(`${api}/tickets/${theirs.ticket}`);
    await who.admin.patch(`${api}/users/${guest.user.id}`, { organization_id: null });
    await who.insider.delete(`${api}/tickets/${theirs.ticket}/participants/${guest.user.id}`);
    const guestOwn = await ownOf(guest, false);
    for (const [name, client] of Object.entries(both))
      await matrix({ name: `former guest, ${name}`, client, own: guestOwn, sees: nothing, least: 100 });

    const boss = await shared.server.person('admin');
    const bossToken = await token(boss);
    await bossToken.get(`${api}/users/${theirs.user}`);
    await who.admin.patch(`${api}/users/${boss.user.id}`, { role_ids: [3] });
    await matrix({ name: 'former administrator', client: bossToken, own: { user: boss.user.id }, sees: nothing, least: 100 });
  });
});
