// Every operation of the OpenAPI document answers well at least once, on both databases, and its
// answer is what the document says (contract.mjs).  The last test names the ones that nobody tried.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { onServer, until } from './harness.mjs';

const api = '/api/v1';

/** The six digits of an authenticator app (RFC 6238), steps from now. */
function totp(secret, steps = 0) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}

onServer('operations', { REGISTRATION: 'verify' }, (shared) => {
  const who = {};
  const link = (path) =>
    until(() => [...shared.server.output.matchAll(new RegExp(`${path}#token=([\\w-]+)`, 'g'))].at(-1)?.[1], `a link to ${path}`);
  const open = (title, more) =>
    who.agent.post(`${api}/tickets`, { title, message: { body: title }, customer: 'c@example.org', ...more });

  test('accounts', async () => {
    const c = shared.server.client();
    const { access_token } = await c.post(`${api}/auth/setup`, {
      token: await link('/setup'), name: 'Ada', email: 'ada@example.org', password: 'correct horse battery',
    });
    who.admin = shared.server.client({ token: access_token });
    who.agent = await shared.server.person('agent');
    const mail = { email: 'new@example.org', password: 'a gentle breeze' };
    await c.post(`${api}/auth/register`, { name: 'New', ...mail }, { status: 202 });
    await c.post(`${api}/auth/email/verify-again`, { email: mail.email }, { status: 202 });
    await c.post(`${api}/auth/email/verify`, { token: await link('/verify-email') }, { status: 204 });
    const { refresh_token } = await c.login(mail.email, mail.password);
    const fresh = await c.post(`${api}/auth/refresh`, { refresh_token }, { status: 200 });
    c.token = fresh.access_token;
    await c.get(`${api}/auth/csrf`);
    await c.patch(`${api}/auth/me`, { name: 'Newer', preferences: { theme: 'dark' } });
    assert.equal((await c.get(`${api}/auth/me`)).name, 'Newer');
    await c.patch(`${api}/me`, { zone: 'Europe/Berlin' });
    assert.equal((await c.get(`${api}/me`)).zone, 'Europe/Berlin');
    const password = 'another gentle breeze';
    await c.post(`${api}/auth/password`, { current_password: mail.password, new_password: password }, { status: 204 });
    const other = shared.server.client();
    await other.login(mail.email, password);
    const sessions = (await c.get(`${api}/auth/sessions`)).data;
    await c.delete(`${api}/auth/sessions/${sessions.find((s) => !s.current).id}`);
    assert.equal((await other.request('GET', `${api}/auth/me`)).status, 401);
    await c.post(`${api}/auth/email`, { email: 'newest@example.org', current_password: password }, { status: 202 });
    await c.post(`${api}/auth/password/forgot`, { email: mail.email }, { status: 202 });
    await c.post(`${api}/auth/password/reset`, { token: await link('/reset-password'), password: mail.password }, { status: 204 });
    await c.login(mail.email, mail.password);
    await c.post(`${api}/auth/logout`, undefined, { status: 204 });
    await c.login(mail.email, mail.password);
    await c.post(`${api}/auth/logout-all`, undefined, { status: 204 });
    await c.login(mail.email, mail.password);
    who.customer = c;
    who.mail = mail;
  });

  test('second step', async () => {
    const c = who.customer;
    assert.equal((await c.get(`${api}/auth/mfa`)).enabled, false);
    const { secret } = await c.post(`${api}/auth/mfa/setup`, { current_password: who.mail.password }, { status: 200 });
    const { recovery_codes } = await c.post(`${api}/auth/mfa/confirm`, { code: totp(secret, -1) }, { status: 200 });
    const first = await c.expect(200, 'POST', `${api}/auth/login`, { body: who.mail, token: null });
    assert.equal(first.mfa_required, true);
    assert.equal(first.access_token, undefined);
    const second = await c.expect(200, 'POST', `${api}/auth/mfa/login`, {
      body: { mfa_token: first.mfa_token, recovery_code: recovery_codes[0] }, token: null,
    });
    c.token = second.access_token;
    const made = await c.post(`${api}/auth/mfa/recovery-codes`, { current_password: who.mail.password, code: totp(secret) }, { status: 200 });
    assert.notDeepEqual(made.recovery_codes, recovery_codes);
    await c.post(`${api}/auth/mfa/disable`, { current_password: who.mail.password, recovery_code: made.recovery_codes[0] }, { status: 204 });
    await c.login(who.mail.email, who.mail.password);
  });

  test('API tokens', async () => {
    const t = await who.customer.post(`${api}/tokens`, { name: 'script', read_only: true });
    await who.customer.get(`${api}/tokens`);
    await who.customer.get(`${api}/tokens/${t.id}`);
    const script = shared.server.client({ token: t.token });
    await script.get(`${api}/tickets`);
    const write = await script.request('POST', `${api}/tickets`, { body: { title: 'x', message: { body: 'x' } } });
    assert.equal(write.status, 403, 'read only');
    await who.customer.delete(`${api}/tokens/${t.id}`);
    assert.equal((await script.request('GET', `${api}/tickets`)).status, 401);
  });

  test('people, organisations, groups, roles', async () => {
    const { admin } = who;
    await admin.get(`${api}/permissions`);
    const org = await admin.post(`${api}/organizations`, { name: 'Acme', shared: true, domains: ['acme.example'] });
    await admin.patch(`${api}/organizations/${org.id}`, { note: 'good' });
    await admin.get(`${api}/organizations/${org.id}`);
    await admin.get(`${api}/organizations?q=acm`);
    const group = await admin.post(`${api}/groups`, { name: 'Second level' });
    await admin.patch(`${api}/groups/${group.id}`, { reopen_days: 3 });
    await admin.get(`${api}/groups/${group.id}`);
    await admin.get(`${api}/groups`);
    const levels = [{ group_id: group.id, levels: ['read', 'overview'] }];
    const role = await admin.post(`${api}/roles`, { name: 'Watcher', permissions: ['ticket.agent'], group_levels: levels });
    await admin.patch(`${api}/roles/${role.id}`, { note: 'only looks' });
    await admin.get(`${api}/roles/${role.id}`);
    await admin.get(`${api}/roles`);
    const user = await admin.post(`${api}/users`, { name: 'Ute', email: 'ute@acme.example', role_ids: [role.id], organization_id: org.id });
    const path = `${api}/users/${user.id}`;
    await admin.patch(path, { vip: true });
    await admin.get(`${api}/users?q=ute`);
    await admin.post(`${path}/identities`, { kind: 'email', value: 'ute2@acme.example', verified: true });
    const { identities } = await admin.get(path);
    const added = identities.find((i) => i.value === 'ute2@acme.example');
    const first = identities.find((i) => i.value === 'ute@acme.example');
    const primary = await admin.request('POST', `${path}/identities/${added.id}/primary`);
    assert.ok(primary.status < 300, primary.text);
    await admin.request('DELETE', `${path}/identities/${first.id}`);
    assert.deepEqual((await admin.get(path)).identities.map((i) => i.value), ['ute2@acme.example']);
    const twin = await admin.post(`${api}/users`, { name: 'Ute again', email: 'ute@else.example' });
    await admin.post(`${path}/merge`, { source: twin.id }, { status: 200 });
    await admin.post(`${api}/users/${twin.id}/unmerge`, undefined, { status: 200 });
    const customer = `${api}/users/${who.customer.user.id}`;
    await admin.get(`${customer}/sessions`);
    const reset = await admin.request('DELETE', `${customer}/mfa`);
    assert.ok(reset.status < 300, reset.text);
    await admin.request('DELETE', `${customer}/sessions`);
    assert.equal((await who.customer.request('GET', `${api}/auth/me`)).status, 401);
    await who.customer.login(who.mail.email, who.mail.password);
  });

  test('audit log and settings', async () => {
    await who.admin.get(`${api}/audit-log`);
    await who.admin.get(`${api}/audit-log/verify`);
    assert.equal((await who.admin.get(`${api}/system`)).parts.find((p) => p.name === 'database').status, 'ok');
    await who.admin.get(`${api}/settings`);
    await who.admin.patch(`${api}/settings`, { product_name: 'Desk' });
    const { data } = await who.admin.get(`${api}/configuration`);
    assert.deepEqual(
      data.filter((s) => ['ENVIRONMENT', 'JWT_SECRET'].includes(s.name)).map((s) => [s.value, s.set, s.source]),
      [['test', true, 'environment'], [null, true, 'environment']],
    );
  });

  test('tickets and messages', async () => {
    const { agent, customer } = who;
    const t = await open('One', { tags: ['printer'] });
    const path = `${api}/tickets/${t.id}`;
    await agent.get(`${api}/tickets?state_type=new&tag=printer`);
    await agent.get(path);
    await agent.patch(path, { priority: 'high' });
    await agent.post(`${path}/actions`, { add_tags: ['urgent'], message: { body: 'Both at once' } }, { status: 200 });
    const note = await agent.post(`${path}/messages`, { body: 'note', visibility: 'internal' });
    await agent.get(`${path}/messages`);
    await agent.get(`${path}/events`);
    await agent.get(`${api}/messages/${note.id}`);
    await agent.patch(`${api}/messages/${note.id}`, { body: 'better note' });
    await who.admin.post(`${api}/messages/${note.id}/redact`, { reason: 'a name in it' }, { status: 200 });
    await agent.get(`${api}/counters`);
    const report = await agent.get(`${api}/reports/overview?zone=Europe/Berlin&group=${t.group.id}`);
    assert.equal(report.days.length, 30);
    assert.equal((await agent.get(`${api}/reports/my-work`)).zone, 'UTC');
    const raw = { raw: 'bytes', headers: { 'content-type': 'text/plain' } };
    const up = await customer.expect(201, 'POST', `${api}/uploads?name=a.txt`, raw);
    const own = await customer.post(`${api}/tickets`, { title: 'Own', message: { body: 'x', attachments: [up.id] } });
    await customer.get(`${api}/tickets/${own.id}/attachments`);
    await customer.get(`${api}/attachments/${up.id}`);
    assert.equal((await customer.request('GET', `${api}/attachments/${up.id}/content`)).text, 'bytes');
    const left = await who.admin.post(`${api}/attachments/${up.id}/redact`, { reason: 'a passport' }, { status: 200 });
    assert.deepEqual(left.attachments, []);
  });

  test('merge, split, links, watching, participants, drafts', async () => {
    const { agent } = who;
    const [a, b] = [await open('A'), await open('B')];
    const path = `${api}/tickets/${a.id}`;
    await agent.post(`${path}/merge`, { into: b.id }, { status: 200 });
    await agent.post(`${path}/unmerge`, undefined, { status: 200 });
    const second = await agent.post(`${path}/messages`, { body: 'another matter' });
    await agent.post(`${path}/split`, { messages: [second.id], mode: 'copy', title: 'Split' });
    const made = await agent.post(`${path}/links`, { kind: 'related', ticket: b.id });
    await agent.get(`${path}/links`);
    await agent.delete(`${path}/links/${made.id}`);
    await agent.post(`${path}/tags`, { name: 'single' }, { status: 200 });
    await agent.get(`${path}/tags`);
    await agent.delete(`${path}/tags/single`);
    await agent.post(`${path}/watch`, undefined, { status: 200 });
    await agent.get(`${path}/watch`);
    await agent.expect(200, 'DELETE', `${path}/watch`);
    await agent.post(`${path}/presence`, { state: 'writing' }, { status: 200 });
    await agent.get(`${path}/presence`);
    await agent.post(`${path}/participants`, { user: who.customer.user.id, role: 'cc' }, { status: 200 });
    await agent.get(`${path}/participants`);
    const gone = await agent.request('DELETE', `${path}/participants/${who.customer.user.id}`);
    assert.ok(gone.status < 300, gone.text);
    for (const [put, list] of [[`${path}/drafts/reply`, `${path}/drafts`], [`${api}/drafts/new`, `${api}/drafts`]]) {
      await agent.expect(200, 'PUT', put, { body: { data: { body: 'unfinished' } } });
      const stale = await agent.expect(412, 'PUT', put, { body: { data: { body: 'another' } } });
      assert.equal(stale.errors[0].pointer, '/version');
      await agent.get(list);
      await agent.delete(put);
    }
  });

  test('states, priorities, tags, fields', async () => {
    const { admin } = who;
    const state = await admin.post(`${api}/states`, { name: 'waiting for parts', type: 'pending', until: 'optional' });
    await admin.patch(`${api}/states/${state.id}`, { customer_name: 'waiting' });
    await admin.get(`${api}/states/${state.id}`);
    await admin.get(`${api}/states`);
    await admin.delete(`${api}/states/${state.id}`);
    const priority = await admin.post(`${api}/priorities`, { name: 'burning', rank: 90 });
    await admin.patch(`${api}/priorities/${priority.id}`, { color: '#ff0000' });
    await admin.get(`${api}/priorities/${priority.id}`);
    await admin.get(`${api}/priorities`);
    await admin.delete(`${api}/priorities/${priority.id}`);
    const tag = await admin.post(`${api}/tags`, { name: 'scanner' });
    await admin.patch(`${api}/tags/${tag.id}`, { name: 'scanners' });
    await admin.get(`${api}/tags/${tag.id}`);
    await admin.get(`${api}/tags?prefix=scan`);
    const { data: counted } = await admin.get(`${api}/tags?prefix=printer&uses=true`);
    assert.ok(counted[0].uses > 0, JSON.stringify(counted));
    assert.equal((await who.agent.request('GET', `${api}/tags?uses=true`)).status, 403);
    await admin.delete(`${api}/tags/${tag.id}`);
    const field = await admin.post(`${api}/fields`, { object: 'ticket', name: 'room', type: 'text', label: 'Room' });
    await admin.patch(`${api}/fields/${field.id}`, { help: 'where it stands' });
    await admin.get(`${api}/fields/${field.id}`);
    await admin.get(`${api}/fields`);
  });

  test('bulk, jobs, the feed of events', async () => {
    const t = await open('Bulk');
    await who.agent.post(`${api}/bulk`, { changes: [{ ticket: t.id, title: 'Bulked' }] }, { status: 200 });
    const absent = Array.from({ length: 1200 }, () => ({ ticket: 999999999, title: 'x' }));
    const many = { changes: [...absent, { ticket: t.id, title: 'Bulked by a job' }] };
    const begin = () => who.agent.post(`${api}/bulk`, many, { status: 202 });
    const { job } = await begin();
    await until(async () => (await who.agent.get(`${api}/jobs/${job.id}`)).finished_at, 'the job to end');
    assert.equal((await who.agent.get(`${api}/tickets/${t.id}`)).title, 'Bulked by a job');
    await until(async () => {
      const stop = await who.agent.request('POST', `${api}/jobs/${(await begin()).job.id}/cancel`);
      return stop.status === 200;
    }, 'a job that is cancelled before it ends');
    assert.equal((await who.agent.get(`${api}/jobs`)).data.at(-1).id, job.id);
    await who.agent.get(`${api}/events`, { headers: { accept: 'application/json' } });
  });

  test('data protection', async () => {
    const { admin } = who;
    const file = async (client, job) => {
      const done = await until(async () => {
        const j = await client.get(`${api}/jobs/${job.id}`);
        return j.finished_at && j;
      }, 'the job to end');
      assert.equal(done.state, 'done', JSON.stringify(done.result));
      return done.result;
    };
    const gone = await admin.post(`${api}/users`, { name: 'To Go', email: 'to-go@example.org' });
    const hold = await admin.post(`${api}/legal-holds`, { object: 'user', object_id: gone.id, reason: 'case 7', asked_by: 'Court' });
    await admin.get(`${api}/legal-holds/${hold.id}`);
    await admin.get(`${api}/legal-holds`);
    await admin.post(`${api}/legal-holds/${hold.id}/release`, { reason: 'it is over' }, { status: 200 });
    const zip = await file(admin, await admin.post(`${api}/users/${gone.id}/export`, undefined, { status: 202 }));
    assert.equal((await admin.request('GET', zip.content_url)).bytes.subarray(0, 2).toString(), 'PK');
    await file(who.customer, await who.customer.post(`${api}/auth/me/export`, undefined, { status: 202 }));
    await admin.post(`${api}/users/${gone.id}/erase`, { confirm: 'To Go', dry_run: true }, { status: 200 });
    await admin.post(`${api}/users/${gone.id}/erase`, { confirm: 'To Go', current_password: 'correct horse battery' }, { status: 200 });
    await admin.get(`${api}/retention`);
    await file(admin, await admin.post(`${api}/retention/run`, undefined, { status: 202 }));
    const period = { from: '2026-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' };
    const report = await file(admin, await admin.post(`${api}/compliance/reports`, period, { status: 202 }));
    assert.match((await admin.request('GET', report.content_url)).text, /^n,at,section,action/);
  });

  test('search, views, the root', async () => {
    const { agent } = who;
    assert.equal((await agent.get(api)).product_name, 'Desk');
    await who.customer.get(`${api}/group-choices`);
    await agent.get(`${api}/search?q=One`);
    await agent.get(`${api}/search/fields`);
    const view = await agent.post(`${api}/views`, { name: 'Mine', query: 'is:open' });
    await agent.patch(`${api}/views/${view.id}`, { name: 'Ours' });
    await agent.get(`${api}/views/${view.id}`);
    await agent.get(`${api}/views`);
    await agent.get(`${api}/views/counts`);
    await agent.get(`${api}/views/${view.id}/tickets`);
    await agent.delete(`${api}/views/${view.id}`);
  });

  test('no operation of the document was left out', () => {
    assert.deepEqual(shared.server.contract.untried(), []);
  });
});
