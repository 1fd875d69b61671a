// A ticket that an agent opens for somebody on the phone or at the desk.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { api, assertAccessible, inBrowser, phone, signedIn, ticket } from './harness.mjs';
import { until } from '../http/harness.mjs';

inBrowser('new ticket', (shared) => {
  const find = async (title) => (await shared.admin.get(`${api}/tickets?q=${encodeURIComponent(`title:"${title}"`)}`)).data[0];
  const messages = async (id) => (await shared.admin.get(`${api}/tickets/${id}/messages`)).data;
  const create = (t) => t.page.getByRole('button', { name: 'Create ticket' });

  test('a caller who is not known yet gets a ticket, with the keyboard alone', async () => {
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    await t.page.getByRole('heading', { level: 1 }).waitFor();
    await t.page.keyboard.press('c');
    await t.page.getByRole('heading', { name: 'New ticket' }).waitFor();
    await assertAccessible(t, 'new ticket, empty');
    const box = t.page.getByRole('combobox', { name: 'Customer' });
    await until(() => box.evaluate((e) => e === document.activeElement), 'the focus in the customer');
    await t.page.keyboard.type('Nora Novak');
    await t.page.getByRole('option', { name: 'Add “Nora Novak”' }).waitFor();
    await t.page.keyboard.press('ArrowDown');
    await t.page.keyboard.press('Enter');
    const mail = t.page.getByRole('group', { name: 'New customer' }).getByLabel('E-mail address');
    await until(() => mail.evaluate((e) => e === document.activeElement), 'the focus in the address');
    assert.equal(await t.page.getByLabel('Name', { exact: true }).inputValue(), 'Nora Novak');
    await t.page.keyboard.type('nora@example.org');
    await t.page.keyboard.press('Tab');
    await t.page.keyboard.type('+49 30 901820');
    await t.page.getByLabel('Subject').focus();
    await t.page.keyboard.type('Called about the gate');
    await t.page.getByRole('textbox', { name: 'What was said' }).focus();
    await t.page.keyboard.type('The **gate** does not open.');
    await t.page.keyboard.press('Control+Enter');
    await t.page.getByRole('heading', { name: 'Called about the gate', level: 1 }).waitFor();
    const made = await find('Called about the gate');
    const whole = await shared.admin.get(`${api}/tickets/${made.id}`);
    assert.equal(whole.customer.name, 'Nora Novak');
    assert.equal(whole.channel, 'phone');
    const [first] = await messages(made.id);
    assert.equal(first.kind, 'phone_in');
    assert.equal(first.sender_type, 'customer');
    const person = await shared.admin.get(`${api}/users/${whole.customer.id}`);
    assert.deepEqual([person.email, person.phone], ['nora@example.org', '+49 30 901820']);
    await t.page.goto(t.url('/app/tickets/new'));
    assert.equal(await t.page.getByLabel('Subject').inputValue(), '', 'the draft is gone');
    await t.close();
  });

  test('somebody known is found by name, address or number; everything of the form arrives', async () => {
    await shared.admin.post(`${api}/users`, { name: 'Frieda Findable', email: 'frieda@example.org', phone: '+49 171 5550199' });
    await shared.admin.post(`${api}/fields`, { object: 'ticket', name: 'floor', type: 'integer', label: 'Floor', options: { min: 0, max: 9 } });
    await shared.admin.post(`${api}/fields`, { object: 'ticket', name: 'parts', type: 'choices', label: 'Parts', options: { choices: ['door', { value: 'lamp', label: 'lamp' }] } });
    const t = await signedIn(shared, shared.agent, '/app/tickets/new');
    const box = t.page.getByRole('combobox', { name: 'Customer' });
    for (const typed of ['frieda@exa', 'findab', '+49 171 5550']) {
      await box.fill(typed);
      await t.page.getByRole('option', { name: /Frieda Findable/ }).waitFor();
    }
    await t.page.getByRole('option', { name: /Frieda Findable/ }).click();
    await t.page.getByRole('radio', { name: 'In person' }).check({ force: true });
    await t.page.getByLabel('Subject').fill('Lamp at the desk');
    await t.page.getByRole('textbox', { name: 'What was said' }).fill('It flickers.');
    await t.page.getByLabel('Priority').selectOption({ label: 'high' });
    await t.page.getByLabel('State').selectOption({ label: (await shared.admin.get(`${api}/states`)).data.find((s) => s.until === 'required').name });
    await t.page.getByLabel('Add a tag').fill('Desk');
    await t.page.getByLabel('Add a tag').press('Enter');
    await t.page.getByLabel('Floor').fill('12');
    await t.page.getByRole('button', { name: 'Parts' }).click();
    await t.page.getByRole('menuitemcheckbox', { name: 'lamp' }).click();
    await t.page.keyboard.press('Escape');
    await t.page.locator('input[type=file]').setInputFiles({ name: 'photo.txt', mimeType: 'text/plain', buffer: Buffer.from('a photo') });
    await t.page.getByRole('button', { name: 'Remove photo.txt' }).waitFor();
    await create(t).click();
    await t.page.getByText('This state needs a day and a time.').waitFor();
    await t.page.getByLabel('Waits until').fill('2040-05-06T09:00');
    await create(t).click();
    // The server's own refusal stands at its field, and nothing typed is gone.
    const floor = t.page.getByLabel('Floor');
    await until(async () => (await floor.getAttribute('aria-invalid')) === 'true', 'the refusal at the field');
    await assertAccessible(t, 'new ticket, refused');
    await floor.fill('3');
    await create(t).click();
    await t.page.getByRole('heading', { name: 'Lamp at the desk', level: 1 }).waitFor();
    const made = await shared.admin.get(`${api}/tickets/${(await find('Lamp at the desk')).id}`);
    assert.equal(made.channel, 'walk_in');
    assert.equal(made.priority.name, 'high');
    assert.equal(made.state_type, 'pending');
    assert.deepEqual(made.tags, ['desk']);
    assert.deepEqual(made.fields, { floor: 3, parts: ['lamp'] });
    const [first] = await messages(made.id);
    assert.equal(first.on_behalf_of.name, 'Frieda Findable');
    assert.equal(first.attachments[0].name, 'photo.txt');
    await t.close();
  });

  test('what may be the same is shown while typing, looked at beside, and used instead', async () => {
    await ticket(shared, 'Coffee machine leaks water', 'It drips.', { customer: 'dup@example.org' });
    await ticket(shared, 'Coffee machine leaks badly', 'Here, too.', { customer: 'other@example.org' });
    const t = await signedIn(shared, shared.agent, '/app/tickets/new');
    await t.page.getByRole('combobox', { name: 'Customer' }).fill('dup@example.org');
    await t.page.getByRole('option', { name: /^dup/ }).first().click();
    const warning = t.page.getByRole('region', { name: 'Already open' });
    await warning.getByText('Coffee machine leaks water').waitFor();
    await t.page.getByLabel('Subject').fill('coffee machine leaking');
    await t.page.getByText('This may be the same').waitFor();
    await until(async () => (await warning.getByRole('listitem').count()) === 2, 'both tickets');
    assert.match(await warning.getByRole('listitem').first().textContent(), /leaks water/, 'the customer’s own first');
    await assertAccessible(t, 'duplicate warning');
    await t.page.getByRole('textbox', { name: 'What was said' }).fill('Dup called again.');
    await warning.getByRole('listitem').first().getByRole('button', { name: 'Look beside' }).click();
    await t.page.getByRole('complementary', { name: 'Preview' }).getByRole('heading', { name: 'Coffee machine leaks water' }).waitFor();
    await warning.getByRole('listitem').first().getByRole('button', { name: 'Use this one' }).click();
    await t.page.getByRole('heading', { name: 'Coffee machine leaks water', level: 1 }).waitFor();
    await until(async () => (await t.page.getByRole('textbox', { name: 'Internal note' }).inputValue()) === 'Dup called again.', 'the words in the note');
    await t.close();
  });

  test('what is typed is there after a reload and on another machine', async () => {
    const t = await signedIn(shared, shared.agent, '/app/tickets/new');
    const subject = t.page.getByLabel('Subject');
    await subject.fill('Half a');
    await t.page.getByText('Draft saved').waitFor();
    await subject.fill('Half a ticket');
    await until(async () => (await shared.agent.get(`${api}/drafts`)).data[0]?.data.title === 'Half a ticket', 'the second state of the draft');
    await t.page.reload();
    await until(async () => (await subject.inputValue()) === 'Half a ticket', 'the draft after a reload');
    const other = await signedIn(shared, shared.agent, '/app/tickets/new');
    await until(async () => (await other.page.getByLabel('Subject').inputValue()) === 'Half a ticket', 'the draft elsewhere');
    await other.page.getByRole('button', { name: 'Discard' }).click();
    await until(async () => (await shared.agent.get(`${api}/drafts`)).data.length === 0, 'no draft');
    await t.close();
    await other.close();
  });

  test('a person whom the server refuses is marked, and on a phone all of it is in reach', async () => {
    const t = await signedIn(shared, shared.agent, '/app/tickets/new', { viewport: phone });
    await t.page.getByRole('combobox', { name: 'Customer' }).fill('somebody');
    await t.page.getByRole('option', { name: 'Add “somebody”' }).click();
    await t.page.getByLabel('E-mail address').fill('no address');
    await t.page.getByLabel('Subject').fill('On the phone');
    await t.page.getByRole('textbox', { name: 'What was said' }).fill('x');
    await create(t).click();
    await until(async () => (await t.page.getByLabel('E-mail address').getAttribute('aria-invalid')) === 'true', 'the mark');
    assert.equal(await t.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'it scrolls sideways');
    await assertAccessible(t, 'new ticket on a phone');
    await t.page.getByRole('button', { name: 'Discard' }).click();
    await t.page.getByLabel('Subject').waitFor();
    await until(async () => (await t.page.getByLabel('Subject').inputValue()) === '', 'an empty form');
    await t.close();
  });
});
