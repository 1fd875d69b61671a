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

  test('the words of a message are removed for good, after it is said what that means', async () => {
    const { id } = await ticket(shared, 'Said too much', 'My card is 1234 5678.');
    const t = await signedIn(shared, shared.admin, `/app/tickets/${id}`);
    const message = t.page.getByRole('article').first();
    await message.getByRole('button', { name: 'More' }).click();
    await t.page.getByRole('menuitem', { name: 'Remove the text' }).click();
    const dialog = t.page.getByRole('dialog', { name: 'Remove the text' });
    await dialog.getByText('It cannot be undone', { exact: false }).waitFor();
    await assertAccessible(t, 'removal of a text');
    await dialog.getByLabel('Reason').fill('card number');
    await dialog.getByRole('button', { name: 'Remove for good' }).click();
    await t.page.getByText('The text was removed: card number').waitFor();
    assert.doesNotMatch(JSON.stringify(await read(id, '/messages')), /1234/);
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
});
