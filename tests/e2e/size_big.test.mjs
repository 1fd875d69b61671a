// The workspace of a large installation; in full: E2E_TICKETS=100000 E2E_PEOPLE=10000.
// SQLite only: what is proved here is the page.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import assert from 'node:assert/strict';
import { api, assertAccessible, inBrowser, signedIn, ticket } from './harness.mjs';
import * as big from './big.mjs';
import { until } from '../http/harness.mjs';
import { polyglots } from '../http/polyglots.mjs';

const TICKETS = Number(process.env.E2E_TICKETS ?? 10000);
const PEOPLE = Number(process.env.E2E_PEOPLE ?? 2000);
const [GROUPS, FIELDS, MESSAGES] = [500, 300, 1000];

const body = (shared) => {
  const at = {};
  before(async () => {
    await big.seedTickets(shared.server, TICKETS);
    await big.groups(shared.admin, GROUPS);
    await big.fields(shared.admin, FIELDS);
    at.crowd = await big.organization(shared.admin, 'Crowd', PEOPLE);
    at.long = await ticket(shared, 'A long story', 'How it began', { customer: at.crowd.first.email });
    await big.thread(shared.admin, at.long.id, MESSAGES - 1);
    const groups = (await shared.admin.get(`${api}/group-choices`)).data;
    const levels = groups.map((g) => ({ group_id: g.id, levels: ['full'] }));
    for (const who of [shared.agent, shared.admin]) await shared.admin.patch(`${api}/users/${who.user.id}`, { group_levels: levels });
  });
  const list = async (t) => t.page.getByRole('grid').evaluate((grid) => ({ rows: grid.querySelectorAll('[data-id]').length, all: Number(grid.ariaRowCount) - 1 }));

  test(`${TICKETS} tickets: the list is walked far down, few rows are drawn, and any of them is opened`, async () => {
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    const grid = t.page.getByRole('grid');
    await grid.waitFor();
    for (let wanted = 500; wanted <= 2000; wanted += 500)
      await until(async () => {
        await grid.evaluate((g) => g.scrollTo(0, g.scrollHeight));
        return (await list(t)).all >= wanted;
      }, `${wanted} rows`);
    const { rows, all } = await list(t);
    assert.ok(rows > 10 && rows < 100, `${rows} of ${all} rows are drawn`);
    await t.page.keyboard.press('j');
    const last = grid.locator('[data-id] a.title').last();
    const title = await last.textContent();
    await last.click();
    await t.page.getByRole('heading', { level: 1, name: title.trim() }).waitFor();
    await t.page.keyboard.press('j');
    await t.page.goBack();
    await t.page.goBack();
    await t.page.getByRole('heading', { name: 'All tickets', level: 1 }).waitFor();
    await t.page.getByRole('link', { name: /All tickets/ }).getByText((TICKETS + 1).toLocaleString('en-US')).waitFor();
    await t.close();
  });

  test('what is rare is found among them as somebody types', async () => {
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    await t.page.getByRole('grid').waitFor();
    await t.page.keyboard.press('Control+k');
    await t.page.getByRole('dialog').getByRole('combobox').pressSequentially('long stor');
    await t.page.getByRole('option', { name: /A long story/ }).waitFor();
    await t.page.getByRole('dialog').getByRole('combobox').fill('Person 00042');
    await t.page.getByRole('option', { name: /Person 00042/ }).waitFor();
    await t.close();
  });

  test(`${GROUPS} groups and ${FIELDS} fields: a ticket shows them, and each is changed`, async () => {
    const one = await ticket(shared, 'Many choices');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${one.id}`);
    const group = t.page.getByLabel('Group', { exact: true });
    await group.locator('option', { hasText: 'Department 499' }).waitFor({ state: 'attached' });
    assert.ok((await group.locator('option').count()) >= GROUPS);
    await group.selectOption({ label: 'Department 499' });
    await until(async () => (await shared.admin.get(`${api}/tickets/${one.id}`)).group.name === 'Department 499', 'the group');
    const last = t.page.getByLabel('Field 290', { exact: true });
    await last.fill('the last but nine');
    await last.press('Tab');
    await until(async () => (await shared.admin.get(`${api}/tickets/${one.id}`)).fields.f290 === 'the last but nine', 'the field');
    await until(async () => (await t.page.getByLabel(/^Field \d+(:|$)/).count()) === FIELDS, 'all fields');
    await assertAccessible(t, 'many fields');
    await t.close();
  });

  test('many tickets at once go to one of many groups', async () => {
    for (const n of [1, 2]) await ticket(shared, `Moves along ${n}`, 'movable');
    const t = await signedIn(shared, shared.agent, '/app/lists/all?q=movable');
    await t.page.getByRole('row', { name: /Moves along 1/ }).waitFor();
    await t.page.getByRole('checkbox', { name: 'Select all' }).check();
    await t.page.getByRole('toolbar', { name: 'Change the selected tickets' }).getByRole('button', { name: 'Group' }).click();
    await t.page.getByRole('menuitem', { name: 'Department 321' }).click();
    await t.page.getByText('2 tickets changed').waitFor();
    await t.close();
  });

  test(`a thread of ${MESSAGES} messages opens at its end, and shows its beginning when asked`, async () => {
    const t = await signedIn(shared, shared.agent, `/app/tickets/${at.long.id}`);
    await t.page.getByText(`Message number ${MESSAGES - 2}`).waitFor();
    assert.ok(await t.page.getByText(`Message number ${MESSAGES - 2}`).isVisible());
    await t.page.getByRole('button', { name: 'Show earlier messages' }).click();
    await until(async () => (await t.page.getByRole('article').count()) === MESSAGES, 'all messages');
    await t.page.getByText('How it began').scrollIntoViewIfNeeded();
    await t.page.getByRole('textbox', { name: 'Answer' }).fill('Typed below a thousand');
    await t.page.getByText('Draft saved').waitFor();
    await t.close();
  });

  test(`an organisation of ${PEOPLE} people: its customer, its people and its tickets are reached`, async () => {
    const t = await signedIn(shared, shared.agent, `/app/tickets/${at.long.id}`);
    await t.page.getByRole('tab', { name: 'People' }).click();
    await t.page.getByRole('link', { name: 'person0@crowd.example' }).waitFor();
    await t.page.getByRole('tab', { name: 'Fields' }).click();
    const owner = t.page.getByRole('combobox', { name: 'Owner' });
    await owner.click();
    await owner.fill(shared.admin.email);
    await t.page.getByRole('option', { name: /The admin/ }).click();
    await until(async () => (await shared.admin.get(`${api}/tickets/${at.long.id}`)).owner?.id === shared.admin.user.id, 'the owner');
    await t.page.goto(t.url('/app/lists/all?q=org:Crowd'));
    await t.page.getByRole('row', { name: /A long story/ }).waitFor();
    await t.close();
  });

  test('25 MB go up and arrive whole; more than the server takes is refused in words, and the text stays', async () => {
    const { id } = await ticket(shared, 'Heavy');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    const path = (name, size) => (writeFileSync(join(shared.server.dir, name), Buffer.alloc(size, 5)), join(shared.server.dir, name));
    await t.page.getByRole('radio', { name: 'Internal note' }).check({ force: true });
    await t.page.getByRole('textbox', { name: 'Internal note' }).fill('With a heavy file');
    const input = t.page.locator('input[type=file]');
    await input.setInputFiles(path('heavy.bin', 25_000_000));
    await t.page.getByRole('listitem').filter({ hasText: /heavy\.bin.*25 MB/ }).waitFor();
    await input.setInputFiles(path('heavier.bin', 27_000_000));
    await t.page.getByRole('alert').filter({ hasText: 'heavier.bin was not taken' }).waitFor();
    assert.equal(await t.page.getByRole('textbox', { name: 'Internal note' }).inputValue(), 'With a heavy file');
    await t.page.getByRole('button', { name: 'Add note' }).click();
    await t.page.getByRole('article').filter({ hasText: 'With a heavy file' }).waitFor();
    const { data } = await shared.admin.get(`${api}/tickets/${id}/messages`);
    assert.deepEqual(data[1].attachments.map((a) => a.size), [25_000_000]);
    await t.close();
  });

  test('hostile texts in every name and field run nothing and load nothing', async () => {
    const text = (n, i) => polyglots[i % polyglots.length].replace(/[\0\n]/g, ' ').trim().slice(0, n);
    const { admin } = shared;
    const group = await admin.post(`${api}/groups`, { name: text(80, 0), note: text(200, 1) });
    const org = await admin.post(`${api}/organizations`, { name: text(80, 2), note: text(200, 3) });
    const person = await admin.post(`${api}/users`, { name: text(80, 4), note: text(200, 5), email: 'evil@crowd.example', organization_id: org.id });
    const field = await admin.post(`${api}/fields`, { object: 'ticket', name: 'hostile', type: 'text', label: text(80, 6), help: text(200, 7) });
    const choice = await admin.post(`${api}/fields`, { object: 'ticket', name: 'hostile2', type: 'choice', label: text(80, 8), options: { choices: [{ value: 'x', label: text(80, 9) }] } });
    const upload = await admin.expect(201, 'POST', `${api}/uploads?name=${encodeURIComponent(text(60, 10))}.html`, { raw: polyglots.join('\n'), headers: { 'content-type': 'text/html' } });
    await admin.post(`${api}/views`, { name: text(80, 11), query: 'is:open' });
    const groups = (await admin.get(`${api}/users/${admin.user.id}`)).group_levels;
    await admin.patch(`${api}/users/${admin.user.id}`, { group_levels: [...groups, { group_id: group.id, levels: ['full'] }] });
    const { id } = await admin.post(`${api}/tickets`, {
      title: text(200, 12), group: group.id, customer: person.id, tags: [text(40, 13).replace(/[,]/g, '')], fields: { hostile: text(200, 14), hostile2: 'x' },
      message: { body: polyglots.join('\n'), format: 'markdown', attachments: [upload.id] },
    });
    await admin.post(`${api}/tickets/${id}/messages`, { body: polyglots.map((p) => `<div>${p}</div>`).join(''), format: 'html' });
    const t = await signedIn(shared, admin, `/app/tickets/${id}`);
    t.page.on('dialog', (d) => (t.wrong.push(`dialog ${d.message()}`), d.dismiss()));
    await t.page.getByRole('article').nth(1).waitFor();
    for (const name of ['People', 'History', 'Fields']) await t.page.getByRole('tab', { name }).click();
    await t.page.getByRole('heading', { level: 1 }).waitFor();
    await t.page.goto(t.url(`/app/lists/all?ticket=${id}`));
    await t.page.getByRole('grid').waitFor();
    await t.page.getByRole('complementary', { name: 'Preview' }).getByRole('article').first().waitFor();
    await t.page.keyboard.press('Control+k');
    for (const one of polyglots.slice(0, 4)) await t.page.getByRole('dialog').getByRole('combobox').fill(one.slice(0, 60));
    assert.ok(field.id && choice.id);
    await t.close();
  });
};

inBrowser('large installation', body, { ATTACHMENT_MAX_KIB: '25600' }, 'sqlite');
