// Data protection over the API: holds, exports, erasure with the password again, retention, the report.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onServer, until } from './harness.mjs';

const api = '/api/v1';

onServer('data protection', {}, (shared) => {
  let admin, agent, ann, ticket;
  const ended = async (client, job) => until(async () => {
    const j = await client.get(`${api}/jobs/${job.id}`);
    return j.finished_at && j;
  }, 'the job to end', 60000);
  const begin = (client, path, body) => client.post(`${api}${path}`, body, { status: 202 });
  /** Unpacks with another program than the one that packed: {name: bytes}. */
  const unzip = (bytes) => {
    const path = join(shared.server.dir, 'export.zip');
    writeFileSync(path, bytes);
    return JSON.parse(execFileSync('/usr/bin/python3', ['-c', `import zipfile, json, base64, sys
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps({n: base64.b64encode(z.read(n)).decode() for n in z.namelist()}))`, path], { encoding: 'utf8', maxBuffer: 1 << 28 }));
  };
  const download = async (client, job) => {
    const done = await ended(client, job);
    assert.equal(done.state, 'done', JSON.stringify(done));
    const answer = await client.request('GET', done.result.content_url);
    assert.equal(answer.status, 200);
    assert.equal(answer.bytes.length, done.result.size);
    return { ...done.result, answer };
  };

  test('there are people and a ticket with a file', async () => {
    const { server } = shared;
    admin = await server.person('admin');
    agent = await server.person('agent');
    ann = await server.person('customer', 'ann@example.org');
    const file = await ann.post(`${api}/uploads?name=note.txt`, undefined, { status: 201, raw: Buffer.from('hello'), headers: { 'content-type': 'text/plain' } });
    ticket = await ann.post(`${api}/tickets`, { title: 'Printer', message: { body: 'it smokes', attachments: [file.id] } });
    await agent.post(`${api}/tickets/${ticket.id}/messages`, { body: 'a difficult customer', visibility: 'internal' });
  });

  test('a person takes the own data along, and nobody else can fetch the file', async () => {
    const made = await download(ann, await begin(ann, '/auth/me/export'));
    assert.equal(made.name, `person-${ann.user.id}.zip`);
    const files = unzip(made.answer.bytes);
    const text = Buffer.from(files['data.json'], 'base64').toString();
    const data = JSON.parse(text);
    assert.deepEqual(data.tickets.map((t) => t.title), ['Printer']);
    assert.ok(!text.includes('difficult'));
    assert.equal(Buffer.from(files[`attachments/${data.attachments[0].file}`], 'base64').toString(), 'hello');
    for (const other of [admin, agent]) assert.equal((await other.request('GET', made.content_url)).status, 404);
    assert.match((await admin.get(`${api}/audit-log?limit=5&sort=-n`)).data.map((r) => r.action).join(), /user\.export/);
  });

  test('an API token cannot take them, and not everybody the data of others', async () => {
    const { token } = await ann.post(`${api}/tokens`, { name: 'x' });
    const refused = await shared.server.client({ token }).expect(403, 'POST', `${api}/auth/me/export`);
    assert.equal(refused.code, 'session_needed');
    await agent.expect(403, 'POST', `${api}/users/${ann.user.id}/export`);
    const role = await admin.post(`${api}/roles`, { name: 'people only', permissions: ['admin.user'] });
    const clerk = await shared.server.person('customer');
    await admin.patch(`${api}/users/${clerk.user.id}`, { role_ids: [role.id] });
    await clerk.login(clerk.email, clerk.password);
    const no = await clerk.expect(403, 'POST', `${api}/users/${ann.user.id}/export`);
    assert.match(no.detail, /admin\.ticket/);
    await admin.expect(404, 'POST', `${api}/users/999999/export`);
  });

  test('an export that a kill -9 cuts in the middle is made after the restart, once and whole', { timeout: 180000 }, async () => {
    const { server } = shared;
    const big = await server.person('customer');
    const files = [];
    for (let i = 0; i < 6; i++) {
      const raw = randomBytes(5 << 20);
      const { id } = await big.post(`${api}/uploads?name=f${i}`, undefined, { status: 201, raw, headers: { 'content-type': 'application/octet-stream' } });
      files.push([id, raw]);
    }
    await big.post(`${api}/tickets`, { title: 'Many', message: { body: 'x', attachments: files.map(([id]) => id) } });
    const folder = join(server.dir, 'data/attachments');
    const known = new Set(readdirSync(folder, { recursive: true }));
    const job = await begin(big, '/auth/me/export');
    const half = () => readdirSync(folder, { recursive: true }).some((n) => !known.has(n) && statSync(join(folder, n), { throwIfNoEntry: false })?.isFile());
    await until(half, 'the file that is being made', 30000);
    await server.stop('SIGKILL');
    const cut = server.engine === 'postgres'
      ? execFileSync('psql', [server.env.DATABASE_URL, '-Atqc', `SELECT count(*) FROM jobs WHERE id = ${job.id} AND finished_us IS NULL`], { encoding: 'utf8' })
      : execFileSync('sqlite3', [`${server.dir}/test.db`, `SELECT count(*) FROM jobs WHERE id = ${job.id} AND finished_us IS NULL`], { encoding: 'utf8' });
    assert.equal(cut.trim(), '1', 'it was cut before its end');
    await server.launch();
    const late = `UPDATE jobs SET claimed_until_us = 1 WHERE id = ${job.id}`; // as five minutes later: who died does not hold it on
    if (server.engine === 'postgres') execFileSync('psql', [server.env.DATABASE_URL, '-Atqc', late]);
    else execFileSync('sqlite3', ['-cmd', '.timeout 20000', `${server.dir}/test.db`, late]);
    const made = await download(big, job);
    const got = unzip(made.answer.bytes);
    const data = JSON.parse(Buffer.from(got['data.json'], 'base64').toString());
    assert.equal(data.attachments.length, files.length);
    const sums = (all) => all.map((b) => createHash('sha256').update(b).digest('hex')).sort();
    assert.deepEqual(sums(Object.entries(got).filter(([n]) => n !== 'data.json').map(([, b]) => Buffer.from(b, 'base64'))), sums(files.map(([, raw]) => raw)));
    const exports = (await admin.get(`${api}/audit-log?limit=50&sort=-n`)).data.filter((r) => r.action === 'user.export' && r.object?.id === big.user.id);
    assert.ok(exports.length <= 1, 'one entry');
  });

  test('an administrator exports a person, and the same data are the same bytes', async () => {
    const made = await download(admin, await begin(admin, `/users/${ann.user.id}/export`));
    const files = unzip(made.answer.bytes);
    assert.deepEqual(Object.keys(files).map((n) => n.split('/')[0]), ['data.json', 'attachments']);
    const again = await download(admin, await begin(admin, `/users/${ann.user.id}/export`));
    assert.equal(unzip(again.answer.bytes)['data.json'], files['data.json']);
  });

  test('nobody piles up jobs', async () => {
    const bob = await shared.server.person('customer');
    const answers = await Promise.all(Array.from({ length: 12 }, () => bob.request('POST', `${api}/auth/me/export`)));
    const statuses = answers.map((r) => r.status);
    assert.ok(statuses.every((s) => s === 202 || s === 429), statuses.join());
    for (const r of answers.filter((x) => x.status === 202)) assert.equal((await ended(bob, r.json)).state, 'done');
  });

  test('a hold refuses the erasure by its number, until it is released', async () => {
    const hold = await admin.post(`${api}/legal-holds`, { object: 'user', object_id: ann.user.id, reason: 'case 7', asked_by: 'Court of Bonn', until: '2099-12-31T23:59:59Z' });
    assert.deepEqual((await admin.get(`${api}/legal-holds`)).data.map((h) => h.id), [hold.id]);
    for (const [query, found] of [[`object=user&object_id=${ann.user.id}`, [hold.id]], ['object=ticket', []], [`object_id=${ann.user.id + 1}`, []]])
      assert.deepEqual((await admin.get(`${api}/legal-holds?${query}`)).data.map((h) => h.id), found, query);
    const body = { confirm: 'The customer', current_password: admin.password };
    for (const more of [{ dry_run: true }, {}]) {
      const no = await admin.expect(409, 'POST', `${api}/users/${ann.user.id}/erase`, { body: { ...body, ...more } });
      assert.equal(no.code, 'legal_hold');
      assert.match(no.detail, new RegExp(`Legal hold ${hold.id} keeps this`));
    }
    const wrong = await admin.expect(422, 'POST', `${api}/legal-holds`, { body: { object: 'ticket', object_id: 999999, reason: 'xxx', asked_by: 'yyy', until: '2001-01-01T00:00:00Z' } });
    assert.deepEqual(wrong.errors.map((x) => x.pointer), ['/until']);
    await admin.post(`${api}/legal-holds/${hold.id}/release`, { reason: 'case closed' }, { status: 200 });
    assert.equal((await admin.expect(409, 'POST', `${api}/legal-holds/${hold.id}/release`, { body: { reason: 'again' } })).code, 'hold_released');
    assert.equal((await admin.get(`${api}/legal-holds`)).data.length, 0);
    assert.equal((await admin.get(`${api}/legal-holds?all=true`)).data[0].released_why, 'case closed');
    await admin.expect(404, 'GET', `${api}/legal-holds/999999`);
    assert.equal((await shared.server.run(['hold', 'list', '--all'])).stdout.split('\n').length, 2, 'the command line sees the same');
  });

  test('erasing asks for the password again, a dry run changes nothing', async () => {
    const path = `${api}/users/${ann.user.id}/erase`;
    const dry = await admin.expect(200, 'POST', path, { body: { confirm: 'The customer', attachments: true, dry_run: true } });
    assert.equal(dry.attachments, 1);
    assert.equal((await admin.get(`${api}/users/${ann.user.id}`)).name, 'The customer');
    await ann.get(`${api}/auth/me`);
    for (const [body, pointer] of [[{}, '/current_password'], [{ current_password: 'wrong one' }, '/current_password']])
      assert.deepEqual((await admin.expect(422, 'POST', path, { body: { confirm: 'The customer', ...body } })).errors.map((x) => x.pointer), [pointer]);
    const name = await admin.expect(422, 'POST', path, { body: { confirm: 'Somebody', current_password: admin.password } });
    assert.deepEqual(name.errors.map((x) => x.pointer), ['/confirm']);
    const { token } = await admin.post(`${api}/tokens`, { name: 'x' });
    const asToken = await shared.server.client({ token }).expect(403, 'POST', path, { body: { confirm: 'The customer', current_password: admin.password } });
    assert.equal(asToken.code, 'session_needed');
    await agent.expect(403, 'POST', path, { body: { confirm: 'The customer', current_password: agent.password } });

    const done = await admin.expect(200, 'POST', path, { body: { confirm: 'The customer', attachments: true, current_password: admin.password } });
    assert.deepEqual(done, dry, 'as the dry run had said');
    assert.equal((await admin.get(`${api}/users/${ann.user.id}`)).name, `Erased person ${ann.user.id}`);
    assert.equal((await ann.request('GET', `${api}/auth/me`)).status, 401);
    assert.equal((await admin.expect(409, 'POST', path, { body: { confirm: `Erased person ${ann.user.id}`, current_password: admin.password } })).code, 'user_erased');
    const list = join(shared.server.env.DATA_DIR, 'erasures');
    await until(() => existsSync(list) && readFileSync(list, 'utf8').startsWith(`${ann.user.id} `), 'the list of erasures beside the database');
    assert.match((await shared.server.run(['audit', 'verify'])).stdout, /^whole/);
  });

  test('rules of retention are told and run', async () => {
    await admin.patch(`${api}/settings`, { 'retention.drafts_days': 30 });
    const told = await admin.get(`${api}/retention`);
    const rule = told.rules.find((r) => r.kind === 'drafts');
    assert.deepEqual([rule.setting, rule.days, rule.due, rule.held], ['retention.drafts_days', 30, 0, 0]);
    const job = await ended(admin, await begin(admin, '/retention/run'));
    assert.equal(job.result.kinds.drafts.gone, 0);
    const { last_run: last } = await admin.get(`${api}/retention`);
    assert.equal(last.ok, true);
    await agent.expect(403, 'POST', `${api}/retention/run`);
    await agent.expect(403, 'GET', `${api}/retention`);
  });

  test('the report of a period comes as CSV and as HTML, and is recorded', async () => {
    const period = { from: '2026-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' };
    const csv = await download(admin, await begin(admin, '/compliance/reports', period));
    assert.match(csv.name, /^compliance-2026-01-01\.csv$/);
    for (const action of ['user.erase', 'user.export', 'hold.add', 'login.succeeded']) assert.ok(csv.answer.text.includes(`"${action}"`), action);
    const html = await download(admin, await begin(admin, '/compliance/reports', { ...period, format: 'html' }));
    assert.match(html.answer.text, /Erasures, legal holds/);
    assert.match(html.answer.headers.get('content-disposition'), /^attachment/);
    assert.deepEqual((await admin.expect(422, 'POST', `${api}/compliance/reports`, { body: { from: period.to, to: period.from } })).errors.map((x) => x.pointer), ['/to']);
    await agent.expect(403, 'POST', `${api}/compliance/reports`, { body: period });
    const { stdout } = await shared.server.run(['checklist', '--section', 'audit.reports', '--json']);
    assert.equal(JSON.parse(stdout).lines[0].state, 'pass', stdout);
  });
});

onServer('who read what', { ACCESS_LOG: 'true' }, (shared) => {
  const sql = (text) => (shared.engine === 'postgres'
    ? execFileSync('psql', [shared.server.env.DATABASE_URL, '-Atqc', text], { encoding: 'utf8' })
    : execFileSync('sqlite3', ['-cmd', '.timeout 20000', `${shared.server.dir}/test.db`, text], { encoding: 'utf8' })).trim();
  const lines = (client) => sql(`SELECT op, object FROM access_log WHERE status = 200 AND user_id = ${client.user.id} ORDER BY id`).split('\n').filter(Boolean);

  test('is recorded before it is shown, and stands in the report', async () => {
    const { server } = shared;
    const admin = await server.person('admin');
    const agent = await server.person('agent');
    const ann = await server.person('customer');
    const file = await ann.post(`${api}/uploads?name=a.txt`, undefined, { status: 201, raw: Buffer.from('x'), headers: { 'content-type': 'text/plain' } });
    const ticket = await ann.post(`${api}/tickets`, { title: 'Private', message: { body: 'x', attachments: [file.id] } });
    await agent.get(`${api}/tickets/${ticket.id}`);
    await agent.get(`${api}/tickets/${ticket.id}/messages`);
    await agent.get(`${api}/tickets/number:${ticket.number}`);
    await agent.request('GET', `${api}/attachments/${file.id}/content`);
    await agent.get(`${api}/users/${ann.user.id}`);
    await agent.get(`${api}/search?q=private`);
    await agent.request('GET', `${api}/tickets/999999`);
    await agent.get(`${api}/states`);
    assert.deepEqual(lines(agent), [`ticket_show|${ticket.id}`, `ticket_messages_list|${ticket.id}`, `ticket_show|number:${ticket.number}`,
      `attachment_content|${file.id}`, `users_show|${ann.user.id}`, 'search|']);
    assert.deepEqual(lines(ann), [], 'what one writes is no read');

    const job = await admin.post(`${api}/compliance/reports`, { from: '2026-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' }, { status: 202 });
    const done = await until(async () => {
      const j = await admin.get(`${api}/jobs/${job.id}`);
      return j.finished_at && j;
    }, 'the job to end', 60000);
    const { text } = await admin.request('GET', done.result.content_url);
    const read = text.split('\r\n').filter((l) => l.includes('"reads","read"'));
    assert.ok(read.some((l) => l.includes(`"${agent.user.id}","The agent","127.0.0.1","${ticket.id}"`) && l.includes('"ticket_show"')), read.join('\n'));
    assert.match((await server.run(['audit', 'verify'])).stdout, /^whole/);
  });

  test('is not shown when it cannot be recorded', async () => {
    const { server } = shared;
    const agent = await server.person('agent');
    const ticket = await agent.post(`${api}/tickets`, { title: 'Secret words', message: { body: 'x' }, customer: 'c@example.org' });
    sql('ALTER TABLE access_log RENAME TO access_log_away');
    const refused = await agent.request('GET', `${api}/tickets/${ticket.id}`);
    assert.ok(refused.status >= 500, `${refused.status}`);
    assert.ok(!refused.text.includes('Secret'));
    sql('ALTER TABLE access_log_away RENAME TO access_log');
    await until(async () => (await agent.request('GET', `${api}/tickets/${ticket.id}`)).status === 200, 'reads again', 30000);
  });
});

onServer('who was refused', {}, (shared) => {
  const sql = (text) => (shared.engine === 'postgres'
    ? execFileSync('psql', [shared.server.env.DATABASE_URL, '-Atqc', text], { encoding: 'utf8' })
    : execFileSync('sqlite3', ['-cmd', '.timeout 20000', `${shared.server.dir}/test.db`, text], { encoding: 'utf8' })).trim();
  const rows = () => sql('SELECT user_id, address, op, object, status, sum(times) FROM access_log WHERE status >= 400 GROUP BY 1, 2, 3, 4, 5 ORDER BY 5, 3, 4').split('\n').filter(Boolean);

  test('stands in the report: who, from where, what and how often, and nothing that was sent', async () => {
    const { server } = shared;
    const admin = await server.person('admin');
    const agent = await server.person('agent');
    const ann = await server.person('customer');
    const ticket = await agent.post(`${api}/tickets`, { title: 'Private', message: { body: 'x' }, customer: 'c@example.org' });
    for (let i = 0; i < 20; i++) assert.equal((await ann.request('GET', `${api}/tickets/${ticket.id}`)).status, 404);
    assert.equal((await ann.request('GET', `${api}/audit-log`)).status, 403);
    assert.equal((await server.client().request('GET', `${api}/tickets/${ticket.id}?q=zyxwvu`)).status, 401);
    for (let i = 0; i < 700; i++) await server.client().request('GET', `/zyxwvu/${i}`, { check: false });
    const all = [`0|127.0.0.1|ticket_show||401|1`, `${ann.user.id}|127.0.0.1|audit_list||403|1`, `0|127.0.0.1|||404|700`, `${ann.user.id}|127.0.0.1|ticket_show|${ticket.id}|404|20`];
    await until(() => all.every((row) => rows().includes(row)), `what was refused to be written: ${all}`, 60000);
    assert.ok(Number(sql('SELECT count(*) FROM access_log WHERE status >= 400')) < 100, 'a flood is some rows');

    // A restart writes what was not written yet.
    await ann.request('GET', `${api}/roles`);
    await server.stop();
    assert.ok(rows().some((row) => row.startsWith(`${ann.user.id}|127.0.0.1|roles_list|`)), rows().join('\n'));
    await server.launch();

    const from = ['--from', '2026-01-01', '--to', '2098-01-01'];
    assert.equal((await server.run(['compliance', 'report', ...from, '--out', 'refused.csv'])).code, 0);
    const lines = readFileSync(join(server.dir, 'refused.csv'), 'utf8').split('\r\n').filter((l) => l.includes('"refused_requests","refused"'));
    assert.ok(lines.some((l) => l.includes(`"${ann.user.id}","The customer","127.0.0.1","${ticket.id}","","404 ticket_show, `)), lines.join('\n'));
    assert.ok(lines.some((l) => l.includes('"nobody signed in","127.0.0.1"') && l.includes('401 ticket_show, 1 times')), lines.join('\n'));
    assert.equal((await server.run(['compliance', 'report', ...from, '--format', 'html', '--out', 'refused.html'])).code, 0);
    assert.match(readFileSync(join(server.dir, 'refused.html'), 'utf8'), /<h2>Requests that were refused/);
    assert.doesNotMatch(readFileSync(join(server.dir, 'refused.html'), 'utf8') + lines.join(''), /zyxwvu/);

    await admin.post(`${api}/users/${ann.user.id}/erase`, { confirm: 'The customer', current_password: admin.password }, { status: 200 });
    assert.deepEqual(rows().filter((row) => row.startsWith(`${ann.user.id}|127`)), [], 'the address goes with the person');
  });
});

onServer('who read what, unasked', {}, (shared) => {
  test('is not recorded, and a read writes nothing', async () => {
    const agent = await shared.server.person('agent');
    await agent.get(`${api}/tickets`);
    await agent.get(`${api}/users/${agent.user.id}`);
    const out = shared.engine === 'postgres'
      ? execFileSync('psql', [shared.server.env.DATABASE_URL, '-Atqc', 'SELECT count(*) FROM access_log'], { encoding: 'utf8' })
      : execFileSync('sqlite3', [`${shared.server.dir}/test.db`, 'SELECT count(*) FROM access_log'], { encoding: 'utf8' });
    assert.equal(out.trim(), '0');
  });
});
