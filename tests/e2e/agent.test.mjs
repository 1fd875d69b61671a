// What an agent does all day beside answering: links, waiting, removing, lists as one likes them, two who change the same.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { api, assertAccessible, inBrowser, phone, signedIn, ticket } from './harness.mjs';
import { until } from '../http/harness.mjs';

inBrowser('agent', (shared) => {
  const read = (id, more = '') => shared.admin.get(`${api}/tickets/${id}${more}`);

  test('tickets are linked and the link is taken away, by keyboard, and the history tells it in words', async () => {
    const { id } = await ticket(shared, 'Needs a relative');
    const other = await ticket(shared, 'Xylophone out of tune');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await t.page.getByRole('button', { name: 'Add a link' }).focus();
    await t.page.keyboard.press('Enter');
    await t.page.getByLabel('This ticket is').selectOption('duplicate_of');
    await t.page.getByRole('combobox', { name: 'The other ticket' }).focus();
    await t.page.keyboard.type('xyloph');
    await t.page.getByRole('option', { name: /Xylophone/ }).waitFor();
    await assertAccessible(t, 'link being added');
    await t.page.keyboard.press('ArrowDown');
    await t.page.keyboard.press('Enter');
    await t.page.getByRole('link', { name: /Xylophone out of tune/ }).waitFor();
    assert.equal((await read(id, '/links')).data[0].kind, 'duplicate_of');
    await t.page.getByRole('tab', { name: 'History' }).click();
    await t.page.getByText(`linked to #${other.number}: duplicate of`).waitFor();
    await t.page.getByLabel('Show', { exact: true }).selectOption('messages');
    await t.page.getByText('linked to').waitFor({ state: 'detached' });
    await t.page.getByText('opened the ticket').waitFor();
    await assertAccessible(t, 'history');
    await t.page.getByRole('tab', { name: 'Fields' }).click();
    await t.page.getByRole('button', { name: `Remove the link to ${other.number}` }).click();
    await until(async () => (await read(id, '/links')).data.length === 0, 'no link');
    await t.close();
  });

  test('a ticket waits until a day that is said in words', async () => {
    const { id } = await ticket(shared, 'Not today');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await t.page.getByLabel('State', { exact: true }).selectOption({ label: 'pending reminder' });
    const dialog = t.page.getByRole('dialog', { name: 'Waits until when?' });
    await dialog.getByLabel('In words').fill('some day');
    await dialog.getByRole('button', { name: 'Wait' }).click();
    await dialog.getByText('This is not understood yet.').waitFor();
    await assertAccessible(t, 'waiting');
    await dialog.getByLabel('In words').fill('tomorrow 9:30');
    await dialog.getByText(/^Tomorrow, /).waitFor();
    await dialog.getByRole('button', { name: 'Wait' }).click();
    await t.page.getByText(/Waits until: Tomorrow, /).waitFor();
    await until(async () => (await read(id)).until, 'the day');
    const day = new Date((await read(id)).until);
    assert.equal(day.getMinutes(), 30);
    assert.ok(day.getTime() > Date.now());
    await t.close();
  });

  test('the words of a message and one of its files are removed for good, after it is said what that means', async () => {
    const raw = { raw: 'passport', headers: { 'content-type': 'text/plain' } };
    const files = [];
    for (const name of ['passport.txt', 'printer.txt'])
      files.push((await shared.admin.expect(201, 'POST', `${api}/uploads?name=${name}`, raw)).id);
    const { id } = await shared.admin.post(`${api}/tickets`, {
      title: 'Said too much',
      message: { body: 'My card is 1234 5678.', attachments: files },
    });
    const t = await signedIn(shared, shared.admin, `/app/tickets/${id}`);
    const message = t.page.getByRole('article').first();
    await message.getByRole('button', { name: 'More' }).click();
    await t.page.getByRole('menuitem', { name: 'Remove the text' }).click();
    let dialog = t.page.getByRole('dialog', { name: 'Remove the text' });
    await dialog.getByText('It cannot be undone', { exact: false }).waitFor();
    await assertAccessible(t, 'removal of a text');
    await dialog.getByLabel('Reason').fill('card number');
    await dialog.getByRole('button', { name: 'Remove for good' }).click();
    await t.page.getByText('The text was removed: card number').waitFor();
    assert.doesNotMatch(JSON.stringify(await read(id, '/messages')), /1234/);
    await message.getByRole('button', { name: 'Remove passport.txt for good' }).focus();
    await t.page.keyboard.press('Enter');
    dialog = t.page.getByRole('dialog', { name: 'Remove a file' });
    await dialog.getByText('passport.txt').waitFor();
    await assertAccessible(t, 'removal of a file');
    await dialog.getByLabel('Reason').fill('not ours to keep');
    await t.page.keyboard.press('Enter');
    await message.getByText('passport.txt').waitFor({ state: 'detached' });
    await message.getByText('printer.txt').waitFor();
    await t.page.getByRole('tab', { name: 'History' }).click();
    await t.page.getByText('removed a file of a message: not ours to keep').waitFor();
    assert.deepEqual((await read(id, '/attachments')).data.map((f) => f.name), ['printer.txt']);
    await t.close();
  });

  test('a ticket goes to the bin and comes back', async () => {
    const { id } = await ticket(shared, 'Thrown away');
    const t = await signedIn(shared, shared.admin, `/app/tickets/${id}`);
    await t.page.locator('.ticket > header').getByRole('button', { name: 'More' }).click();
    await t.page.getByRole('menuitem', { name: 'Delete' }).click();
    await t.page.getByText('This ticket is deleted.', { exact: false }).waitFor();
    await until(async () => (await read(id)).state_type === 'deleted', 'deleted');
    await assertAccessible(t, 'deleted ticket');
    await t.page.getByRole('button', { name: 'Bring back' }).click();
    await until(async () => (await read(id)).state_type === 'open', 'open again');
    await t.close();
  });

  test('two who change the same: both values are shown, and one is chosen', async () => {
    const { id } = await ticket(shared, 'Two minds');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await t.page.getByLabel('Priority').waitFor();
    await t.page.route('**/api/v1/events', (r) => r.abort());
    await t.page.route(`**/api/v1/tickets/${id}*`, (r) => (r.request().method() === 'GET' ? r.abort() : r.fallback()));
    await shared.admin.patch(`${api}/tickets/${id}`, { priority: 'low' });
    await t.page.getByLabel('Priority').selectOption({ label: 'urgent' });
    const dialog = t.page.getByRole('dialog', { name: 'Somebody else changed this' });
    await dialog.getByRole('row', { name: 'Priority normal low urgent' }).waitFor();
    await assertAccessible(t, 'conflict');
    await dialog.getByRole('button', { name: 'Use mine' }).click();
    await until(async () => (await read(id)).priority.name === 'urgent', 'the priority');
    await t.close();
  });

  test('text is written as it will look, and arrives as Markdown', async () => {
    const { id } = await ticket(shared, 'Pretty words');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await t.page.getByRole('textbox', { name: 'Answer' }).fill('Some **bold** words');
    await t.page.getByRole('button', { name: 'As it will look' }).click();
    const rich = t.page.locator('[contenteditable=true]');
    await rich.locator('strong', { hasText: 'bold' }).waitFor();
    await assertAccessible(t, 'rich editor');
    await rich.press('End');
    await t.page.keyboard.type(' and ');
    await t.page.keyboard.press('Control+i');
    await t.page.keyboard.type('more');
    await t.page.getByText('Draft saved').waitFor();
    await t.page.keyboard.press('Control+Enter');
    await t.page.getByRole('article', { name: /^Answer, The agent/ }).waitFor();
    assert.match((await read(id, '/messages')).data[1].body, /^Some \*\*bold\*\* words and (\*|_)more\1$/);
    await t.close();
  });

  test('on a phone the details lie in a sheet, and the composer stands at the bottom', async () => {
    const { id } = await ticket(shared, 'Small screen', 'line\n'.repeat(80));
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`, { viewport: phone });
    const box = t.page.getByRole('textbox', { name: 'Answer' });
    await box.waitFor();
    assert.equal(await t.page.evaluate(() => document.querySelector('main').scrollHeight <= innerHeight), true, 'the page itself does not scroll');
    await assertAccessible(t, 'ticket on a phone');
    await t.page.getByRole('button', { name: 'Details', exact: true }).click();
    await t.page.getByLabel('Priority').waitFor();
    await assertAccessible(t, 'details on a phone');
    await t.page.keyboard.press('Escape');
    await t.page.getByLabel('Priority').waitFor({ state: 'detached' });
    await box.fill('From the train');
    await t.page.getByRole('button', { name: 'Send', exact: true }).click();
    await t.page.getByRole('article', { name: /^Answer, The agent/ }).waitFor();
    await t.close();
  });

  test('a list is grouped, its columns chosen and put in order, and it looks the same after a reload', async () => {
    const one = await ticket(shared, 'Grouped one', 'sorting hat');
    await ticket(shared, 'Grouped two', 'sorting hat');
    await shared.admin.patch(`${api}/tickets/${one.id}`, { priority: 'high' });
    const t = await signedIn(shared, shared.agent, '/app/lists/all?q=sorting');
    await t.page.getByRole('row', { name: /Grouped one/ }).waitFor();
    await t.page.keyboard.press('v');
    const dialog = t.page.getByRole('dialog', { name: 'How this list looks' });
    await dialog.getByLabel('Group by').selectOption('priority');
    await dialog.getByRole('checkbox', { name: 'Tags' }).click();
    await until(() => t.page.evaluate(() => document.activeElement?.closest('[data-column]')?.dataset.column === 'tags'), 'the focus on what moved');
    await dialog.getByRole('button', { name: 'Move State up' }).click();
    await assertAccessible(t, 'display of a list');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    const look = async () => (await t.page.getByRole('rowheader').allTextContents()).map((x) => x.replace(/\s+/g, ' ').trim());
    await until(async () => (await look()).join() === 'high 1,normal 1', 'the sections');
    await assertAccessible(t, 'grouped list');
    await t.page.keyboard.press('j');
    assert.equal(await t.page.evaluate(() => document.activeElement?.textContent), 'Grouped one');
    await t.page.keyboard.press('j');
    assert.equal(await t.page.evaluate(() => document.activeElement?.textContent), 'Grouped two');
    assert.equal(new URL(t.page.url()).searchParams.get('group'), 'priority');
    await t.page.goto(t.url('/app/lists/all?q=sorting'));
    await until(async () => (await look()).join() === 'high 1,normal 1', 'the sections of before');
    const heads = (await t.page.getByRole('columnheader').allTextContents()).map((x) => x.trim()).filter(Boolean);
    assert.ok(heads.indexOf('State') < heads.indexOf('Customer'), heads.join());
    assert.ok(heads.includes('Tags'));
    await t.close();
  });

  test('many tickets get tags, an owner, and lose them again by one step back', async () => {
    const ids = [];
    for (const n of [1, 2]) ids.push((await ticket(shared, `Heap ${n}`, 'heapish', { tags: ['old', `own${n}`] })).id);
    const t = await signedIn(shared, shared.agent, '/app/lists/all?q=heapish');
    await t.page.getByRole('row', { name: /Heap 1/ }).waitFor();
    await t.page.keyboard.press('Shift+A');
    const bar = t.page.getByRole('toolbar', { name: 'Change the selected tickets' });
    await bar.getByRole('button', { name: 'Tags' }).click();
    const dialog = t.page.getByRole('dialog', { name: 'Tags' });
    await dialog.getByLabel('Add to all').fill('Fresh');
    await dialog.getByLabel('Add to all').press('Enter');
    await dialog.getByLabel('old', { exact: true }).check();
    await assertAccessible(t, 'tags for many');
    await dialog.getByRole('button', { name: 'Change 2 tickets' }).click();
    const tags = async () => (await Promise.all(ids.map(async (id) => (await read(id)).tags.join(' ')))).join(', ');
    await until(async () => (await tags()) === 'fresh own1, fresh own2', 'the tags');
    await t.page.getByRole('button', { name: 'Undo' }).click();
    await until(async () => (await tags()) === 'old own1, old own2', 'the tags of before');
    await t.page.getByRole('checkbox', { name: 'Select all' }).check();
    await bar.getByRole('button', { name: 'Owner' }).click();
    await t.page.getByRole('menuitem', { name: 'Somebody else …' }).click();
    await t.page.getByRole('dialog').getByRole('combobox').fill('The admin');
    await t.page.getByRole('option', { name: /The admin/ }).click();
    await t.page.getByRole('dialog').getByRole('button', { name: 'Change 2 tickets' }).click();
    await until(async () => (await read(ids[1])).owner?.id === shared.admin.user.id, 'the owner');
    await t.close();
  });

  test('a view is changed where its search is wrong it says so, deleted and brought back', async () => {
    await ticket(shared, 'In the view', 'viewfinder');
    const made = await shared.admin.post(`${api}/views`, { name: 'To be changed', query: 'viewfinder' });
    const t = await signedIn(shared, shared.admin, `/app/views/${made.id}`);
    await t.page.getByRole('row', { name: /In the view/ }).waitFor();
    await t.page.getByRole('button', { name: 'Change this view' }).click();
    const dialog = t.page.getByRole('dialog', { name: 'Change this view' });
    await dialog.getByLabel('Name').fill('Changed');
    await dialog.getByLabel('Search').fill('stat:open');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await until(async () => (await dialog.getByLabel('Search').getAttribute('aria-invalid')) === 'true', 'the mark');
    await assertAccessible(t, 'view being changed');
    await dialog.getByLabel('Search').fill('viewfinder state:new');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await t.page.getByRole('heading', { name: 'Changed', level: 1, exact: true }).waitFor();
    assert.equal((await shared.admin.get(`${api}/views/${made.id}`)).query, 'viewfinder state:new');
    await t.page.keyboard.press('Control+k');
    await t.page.getByRole('dialog').getByRole('combobox').fill('changed');
    await t.page.getByRole('option', { name: /^Changed/ }).waitFor();
    await t.page.keyboard.press('Escape');
    await t.page.getByRole('button', { name: 'Change this view' }).click();
    await dialog.getByRole('button', { name: 'Delete this view' }).click();
    await t.page.getByText('The view was deleted').waitFor();
    await t.page.getByRole('button', { name: 'Undo' }).click();
    await t.page.getByRole('heading', { name: 'Changed', level: 1, exact: true }).waitFor();
    await t.close();
  });
});
