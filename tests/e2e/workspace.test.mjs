// Lists and tickets: open, answer, note, change, search, live.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { api, assertAccessible, inBrowser, phone, signedIn, ticket } from './harness.mjs';
import { until } from '../http/harness.mjs';
import { polyglots } from '../http/polyglots.mjs';

inBrowser('workspace', (shared) => {
  const messages = async (id) => (await shared.admin.get(`${api}/tickets/${id}/messages`)).data;

  test('a list is walked by keys, a ticket opened and left again', async () => {
    for (const title of ['First of three', 'Second of three', 'Third of three']) await ticket(shared, title);
    await ticket(shared, 'Of no number');
    const t = await signedIn(shared, shared.agent, '/app/lists/all?q=three');
    // The code of the ticket's page comes late: the list must not change meanwhile, nor its order be forgotten.
    await t.page.route(/TicketPage/, async (r) => {
      await until(() => t.page.url().includes('/tickets/'), 'the address of the ticket');
      await r.continue();
    });
    await t.page.getByRole('row', { name: /First of three/ }).waitFor();
    await t.page.keyboard.press('j');
    await t.page.keyboard.press('j');
    const focused = () => t.page.evaluate(() => document.activeElement?.textContent);
    assert.equal(await focused(), 'Second of three');
    await t.page.keyboard.press('Enter');
    await t.page.getByRole('heading', { name: 'Second of three', level: 1 }).waitFor();
    await assertAccessible(t, 'ticket');
    await t.page.keyboard.press('j');
    await t.page.getByRole('heading', { name: 'First of three', level: 1 }).waitFor();
    await t.page.goBack();
    await t.page.getByRole('heading', { name: 'Second of three', level: 1 }).waitFor();
    await t.page.goBack();
    await t.page.getByRole('heading', { name: 'All tickets', level: 1 }).waitFor();
    assert.equal(new URL(t.page.url()).searchParams.get('q'), 'three');
    await assertAccessible(t, 'list');
    await t.close();
  });

  test('an answer is sent after a moment and can be taken back before', async () => {
    const { id } = await ticket(shared, 'Needs an answer');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    const box = t.page.getByRole('textbox', { name: 'Answer' });
    await box.fill('Too quick');
    await t.page.clock.install();
    await t.page.clock.pauseAt(Date.now() + 1000); // the moment lasts until this test has clicked
    await box.press('Control+Enter');
    await t.page.getByRole('button', { name: 'Undo' }).click();
    assert.equal(await box.inputValue(), 'Too quick');
    await t.page.clock.resume();
    await box.fill('The **right** answer');
    await t.page.getByRole('button', { name: 'Send', exact: true }).click();
    await t.page.getByRole('article', { name: /^Answer, The agent/ }).waitFor();
    const all = await messages(id);
    assert.deepEqual(all.map((m) => m.body), ['Hello, it does not work.', 'The **right** answer']);
    assert.equal(all[1].visibility, 'public');
    assert.equal((await shared.admin.get(`${api}/tickets/${id}`)).state_type, 'open');
    await t.close();
  });

  test('a note is internal, and looks it', async () => {
    const { id } = await ticket(shared, 'Needs a note');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await t.page.getByRole('textbox', { name: 'Answer' }).waitFor();
    await t.page.keyboard.press('n');
    await t.page.getByRole('textbox', { name: 'Internal note' }).fill('For us only');
    await t.page.getByText('Internal: customers never see this').waitFor();
    await assertAccessible(t, 'note being written');
    await t.page.getByRole('button', { name: 'Add note' }).click();
    const note = t.page.getByRole('article', { name: /^Internal note/ });
    await note.filter({ hasText: 'For us only' }).waitFor();
    assert.equal((await messages(id))[1].visibility, 'internal');
    await t.close();
  });

  test('a draft is there after a reload and on another machine', async () => {
    const { id } = await ticket(shared, 'Half an answer');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await t.page.getByRole('textbox', { name: 'Answer' }).fill('Half written');
    await t.page.getByText('Draft saved').waitFor();
    const other = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await until(async () => (await other.page.getByRole('textbox', { name: 'Answer' }).inputValue()) === 'Half written', 'the draft');
    await t.close();
    await other.close();
  });

  test('who wrote meanwhile is read before an answer goes', async () => {
    const customer = await shared.server.person('customer');
    const { id } = await customer.post(`${api}/tickets`, { title: 'Crossing', message: { body: 'First' } });
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    await t.page.route('**/api/v1/events', () => {}); // nothing is heard of what others do
    await t.page.goto(t.url(`/app/tickets/${id}`));
    const box = t.page.getByRole('textbox', { name: 'Answer' });
    await box.fill('I answer the first');
    await customer.post(`${api}/tickets/${id}/messages`, { body: 'Wait, it works again' });
    await t.page.getByRole('button', { name: 'Send', exact: true }).click();
    const dialog = t.page.getByRole('dialog', { name: 'Something new arrived' });
    await dialog.getByRole('button', { name: 'Read first' }).click();
    assert.equal(await box.inputValue(), 'I answer the first');
    await t.page.getByRole('article').filter({ hasText: 'Wait, it works again' }).waitFor();
    assert.equal((await messages(id)).length, 2);
    await t.close();
  });

  test('fields are changed in the side panel; what the server refuses comes back', async () => {
    const { id } = await ticket(shared, 'Change me');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await t.page.getByLabel('Priority').selectOption({ label: 'urgent' });
    await until(async () => (await shared.admin.get(`${api}/tickets/${id}`)).priority.name === 'urgent', 'the priority');
    await t.page.keyboard.press('m');
    await until(async () => (await shared.admin.get(`${api}/tickets/${id}`)).owner?.id === shared.agent.user.id, 'the owner');
    await t.page.route('**/api/v1/tickets/*', (r) =>
      r.request().method() === 'PATCH' ? r.fulfill({ status: 403, contentType: 'application/problem+json', body: '{"code":"denied","status":403,"detail":"No."}' }) : r.fallback(),
    );
    await t.page.getByLabel('Priority').selectOption({ label: 'low' });
    await t.page.getByText('You may not do this.').waitFor();
    await until(async () => (await t.page.getByLabel('Priority').locator('option:checked').textContent()) === 'urgent', 'the priority of before');
    await t.close();
  });

  test('many tickets are changed at once, and changed back', async () => {
    const ids = [];
    for (const n of [1, 2, 3]) ids.push((await ticket(shared, `Bulk number ${n}`, 'bulky')).id);
    const t = await signedIn(shared, shared.agent, '/app/lists/all?q=bulky');
    await t.page.getByRole('row', { name: /Bulk number 1/ }).waitFor();
    await t.page.getByRole('checkbox', { name: 'Select all' }).check();
    const bar = t.page.getByRole('toolbar', { name: 'Change the selected tickets' });
    await bar.getByText('3 selected').waitFor();
    await assertAccessible(t, 'bulk');
    await bar.getByRole('button', { name: 'Priority' }).click();
    await t.page.getByRole('menuitem', { name: 'high' }).click();
    await t.page.getByText('3 tickets changed').waitFor();
    const priorities = () => Promise.all(ids.map(async (id) => (await shared.admin.get(`${api}/tickets/${id}`)).priority.name));
    assert.deepEqual(await priorities(), ['high', 'high', 'high']);
    await t.page.getByRole('button', { name: 'Undo' }).click();
    await t.page.getByText('Taken back').waitFor();
    assert.deepEqual(await priorities(), ['normal', 'normal', 'normal']);
    await t.close();
  });

  test('a preview stands beside the list and follows the row', async () => {
    for (const title of ['Preview one', 'Preview two']) await ticket(shared, title, 'previewed');
    const t = await signedIn(shared, shared.agent, '/app/lists/all?q=previewed');
    await t.page.getByRole('row', { name: /Preview one/ }).waitFor();
    await t.page.keyboard.press('j');
    await t.page.keyboard.press('p');
    const aside = t.page.getByRole('complementary', { name: 'Preview' });
    await aside.getByRole('heading', { name: 'Preview two' }).waitFor();
    await t.page.keyboard.press('j');
    await aside.getByRole('heading', { name: 'Preview one' }).waitFor();
    await assertAccessible(t, 'preview');
    await t.close();
  });

  test('a wrong filter is explained in its place', async () => {
    const t = await signedIn(shared, shared.agent, '/app/lists/all?q=stat:open');
    const said = t.page.locator('#filter-error');
    await said.waitFor();
    assert.match(await said.textContent(), /state/);
    await assertAccessible(t, 'wrong filter');
    await t.close();
  });

  test('the search language is offered while somebody types, and a filter is kept as a view', async () => {
    await ticket(shared, 'For the view', 'viewable');
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    const box = t.page.getByRole('combobox', { name: 'Filter this list' });
    await box.fill('viewable stat');
    await t.page.getByRole('option', { name: /^state:/ }).waitFor();
    await box.press('ArrowDown');
    await box.press('Enter');
    await t.page.getByRole('option', { name: 'open', exact: true }).click();
    assert.equal(await box.inputValue(), 'viewable state:open ');
    await t.page.getByRole('row', { name: /For the view/ }).waitFor();
    await t.page.getByRole('button', { name: 'Save as a view' }).click();
    await t.page.getByLabel('Name').fill('Kept');
    await assertAccessible(t, 'view being kept');
    await t.page.getByRole('button', { name: 'Save', exact: true }).click();
    await t.page.getByRole('heading', { name: 'Kept', level: 1 }).waitFor();
    await t.page.getByRole('row', { name: /For the view/ }).waitFor();
    await t.page.getByRole('link', { name: /Kept/ }).waitFor();
    await t.close();
  });

  test('everything is found from the palette as somebody types', async () => {
    const { id } = await ticket(shared, 'Zeppelin over the office', 'It is large.');
    const t = await signedIn(shared, shared.agent, '/app/lists/mine');
    await t.page.getByRole('heading', { level: 1 }).waitFor();
    await t.page.keyboard.press('Control+k');
    await t.page.getByRole('dialog').getByRole('combobox').fill('zeppel');
    await t.page.getByRole('option', { name: /Zeppelin over the office/ }).waitFor();
    await assertAccessible(t, 'palette');
    await t.page.keyboard.press('Escape');
    await t.page.getByRole('dialog').waitFor({ state: 'detached' });
    await t.page.keyboard.press('Control+k');
    await t.page.getByRole('dialog').getByRole('combobox').fill('zeppel');
    await t.page.getByRole('option', { name: /Zeppelin over the office/ }).waitFor();
    await t.page.keyboard.press('Enter');
    await t.page.waitForURL(`**/app/tickets/${id}`);
    await t.close();
  });

  test('what another agent does shows by itself, and who is there', async () => {
    const { id } = await ticket(shared, 'Seen by two');
    const one = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await one.page.getByRole('textbox', { name: 'Answer' }).waitFor();
    const two = await signedIn(shared, shared.admin, `/app/tickets/${id}`);
    await two.page.getByText('The agent is looking at this').waitFor();
    await two.page.getByRole('textbox', { name: 'Answer' }).fill('Writing');
    await one.page.getByText('The admin is writing').waitFor();
    await shared.admin.post(`${api}/tickets/${id}/messages`, { body: 'Came in live', visibility: 'internal' });
    await one.page.getByRole('article').filter({ hasText: 'Came in live' }).waitFor();
    await one.close();
    await two.close();
  });

  test('files are attached with progress, and shown where they can be', async () => {
    const { id } = await ticket(shared, 'With files');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    const files = { 'notes.txt': 'first line', 'large.bin': Buffer.alloc(20_000_000, 7) };
    const paths = Object.entries(files).map(([name, content]) => (writeFileSync(join(shared.server.dir, name), content), join(shared.server.dir, name)));
    await t.page.locator('input[type=file]').setInputFiles(paths); // from the disk: what is handed over in pieces takes long
    await t.page.getByRole('button', { name: 'Remove large.bin' }).waitFor();
    await t.page.getByRole('progressbar').first().waitFor({ state: 'detached' });
    await t.page.getByRole('radio', { name: 'Internal note' }).check({ force: true });
    await t.page.getByRole('textbox', { name: 'Internal note' }).fill('Two files');
    await t.page.getByRole('button', { name: 'Add note' }).click();
    await t.page.getByRole('button', { name: 'Open notes.txt' }).click();
    await t.page.getByRole('dialog').getByText('first line').waitFor();
    await assertAccessible(t, 'preview of a file');
    assert.deepEqual((await messages(id))[1].attachments.map((a) => a.size).sort((a, b) => a - b), [10, 20_000_000]);
    await t.close();
  });

  test('custom fields are shown and changed', async () => {
    await shared.admin.post(`${api}/fields`, { object: 'ticket', name: 'room', type: 'text', label: 'Room' });
    const { id } = await ticket(shared, 'In a room', 'x', { fields: { room: 'B12' } });
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    const room = t.page.getByLabel('Room');
    assert.equal(await room.inputValue(), 'B12');
    await room.fill('C3');
    await room.press('Tab');
    await until(async () => (await shared.admin.get(`${api}/tickets/${id}`)).fields.room === 'C3', 'the field');
    await t.close();
  });

  test('two tickets become one, and two again', async () => {
    const one = await ticket(shared, 'Twice reported');
    const other = await ticket(shared, 'Reported first');
    const t = await signedIn(shared, shared.admin, `/app/tickets/${one.id}`);
    await t.page.getByRole('banner').or(t.page.locator('.ticket header')).getByRole('button', { name: 'More' }).first().click();
    await t.page.getByRole('menuitem', { name: 'Merge into another ticket' }).click();
    await t.page.getByLabel('Number of the other ticket').fill(other.number);
    await assertAccessible(t, 'merge');
    await t.page.getByRole('button', { name: 'Merge', exact: true }).click();
    await t.page.getByRole('heading', { name: 'Reported first', level: 1 }).waitFor();
    await t.page.goto(t.url(`/app/tickets/${one.id}`));
    await t.page.getByText('This ticket was merged.').waitFor();
    await t.page.getByRole('button', { name: 'Undo the merge' }).click();
    await t.page.getByText('This ticket was merged.').waitFor({ state: 'detached' });
    await t.close();
  });

  test('hostile texts in every place run nothing and load nothing', async () => {
    const html = polyglots.map((p) => `<p>${p}</p>`).join('') + '<img src=x onerror=alert(1)><img src="http://evil.invalid/x">';
    const { id } = await ticket(shared, polyglots[0].slice(0, 200), polyglots.join('\n'));
    for (const format of ['html', 'markdown', 'text']) await shared.admin.post(`${api}/tickets/${id}/messages`, { body: html, format });
    await shared.admin.post(`${api}/tickets/${id}/tags`, { name: 'x" onload=alert(1)' }, { status: 200, check: false }).catch(() => {});
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    t.page.on('dialog', (d) => (t.wrong.push(`dialog ${d.message()}`), d.dismiss()));
    await t.page.getByRole('article').nth(3).waitFor();
    for (const tabName of ['People', 'History', 'Fields']) await t.page.getByRole('tab', { name: tabName }).click();
    for (const text of polyglots.slice(0, 6)) await t.page.goto(t.url(`/app/lists/all?q=${encodeURIComponent(text)}&ticket=${encodeURIComponent(text)}`));
    await t.page.goto(t.url('/app/lists/all'));
    await t.page.getByRole('grid').waitFor();
    await t.close();
  });

  test('a phone shows the list, the menu and a ticket', async () => {
    await ticket(shared, 'Pocket sized');
    const t = await signedIn(shared, shared.agent, '/app/lists/all?q=pocket', { viewport: phone });
    await t.page.getByRole('button', { name: 'Menu', exact: true }).click();
    await t.page.getByRole('link', { name: /Unassigned/ }).waitFor();
    await assertAccessible(t, 'menu on a phone');
    await t.page.keyboard.press('Escape');
    await t.page.getByRole('link', { name: 'Pocket sized' }).click();
    await t.page.getByRole('heading', { name: 'Pocket sized' }).waitFor();
    assert.equal(await t.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'it scrolls sideways');
    await assertAccessible(t, 'ticket on a phone');
    await t.close();
  });
});
