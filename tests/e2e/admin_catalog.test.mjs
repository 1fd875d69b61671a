// The desk's catalogue and its settings: states, priorities, tags, custom fields, settings, security.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { api, assertAccessible, inBrowser, signedIn, ticket } from './harness.mjs';
import { until } from '../http/harness.mjs';

inBrowser('catalogue', (shared) => {
  const get = async (path) => (await shared.admin.get(`${api}/${path}`)).data;
  const admin = (path, options) => signedIn(shared, shared.admin, `/app/admin/${path}`, options);
  const heading = (t, name) => t.page.getByRole('heading', { name, level: 1 }).waitFor();
  /** Whatever it opens from: the window with this name. */
  const dialog = (t, name) => t.page.getByRole('dialog', { name });

  test('a state is made, refused where the name is taken, ordered and switched off', async () => {
    const t = await admin('states');
    await heading(t, 'States');
    await t.page.getByRole('list', { name: 'States' }).getByRole('listitem').first().waitFor();
    await assertAccessible(t, 'states');
    await t.page.getByRole('button', { name: 'New state' }).click();
    const form = dialog(t, 'New state');
    await form.getByLabel('Name', { exact: true }).fill((await get('states'))[0].name);
    await form.getByLabel('Type').selectOption('pending');
    await form.getByLabel('A date').selectOption('required');
    await assertAccessible(t, 'new state');
    await form.getByRole('button', { name: 'Create' }).click();
    await form.getByText('This name is taken.').waitFor();
    await form.getByLabel('Name', { exact: true }).fill('Waiting for parts');
    await form.getByLabel('Name', { exact: true }).press('Enter');
    await form.waitFor({ state: 'detached' });
    const find = async () => (await get('states?limit=200')).find((s) => s.name === 'Waiting for parts');
    assert.deepEqual([(await find()).type, (await find()).until, (await find()).customer_name], ['pending', 'required', 'Waiting for parts']);

    // By the keyboard alone: to the top, and switched off in its window.
    const row = t.page.getByRole('button', { name: 'Waiting for parts', exact: true });
    const before = (await find()).position;
    await row.press('Alt+ArrowUp');
    await until(async () => (await find()).position < before, 'the new place');
    await row.press('Enter');
    await dialog(t, /Waiting for parts/).getByLabel('May be chosen').press('Space');
    await dialog(t, /Waiting for parts/).getByRole('button', { name: 'Save' }).press('Enter');
    await until(async () => !(await find()).active, 'it being switched off');
    await t.page.getByText('Switched off', { exact: true }).first().waitFor();
    await t.close();
  });

  test('what is used cannot go, and can be switched off in the same place', async () => {
    const state = await shared.admin.post(`${api}/states`, { name: 'In use', type: 'open' });
    await ticket(shared, 'Uses it', 'Hello', { state: 'In use' });
    const t = await admin('states');
    await t.page.getByRole('button', { name: 'More for In use' }).click();
    await t.page.getByRole('menuitem', { name: 'Remove' }).click();
    const ask = dialog(t, /Remove the state/);
    await ask.getByRole('button', { name: 'Remove' }).click();
    await ask.getByRole('button', { name: 'Switch it off instead' }).click();
    await ask.waitFor({ state: 'detached' });
    assert.equal((await shared.admin.get(`${api}/states/${state.id}`)).active, false);
    await t.close();
  });

  test('what somebody else changed meanwhile is not overwritten unseen, and nothing typed is lost', async () => {
    const state = await shared.admin.post(`${api}/states`, { name: 'Contested', type: 'open' });
    const t = await admin('states');
    await t.page.getByRole('button', { name: 'Contested', exact: true }).click();
    const form = dialog(t, /Contested/);
    await form.getByLabel('Customers read').fill('mine');
    await shared.admin.patch(`${api}/states/${state.id}`, { clock_stops: true });
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Somebody else changed it meanwhile.').waitFor();
    assert.equal(await form.getByLabel('Customers read').inputValue(), 'mine');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    assert.equal((await shared.admin.get(`${api}/states/${state.id}`)).customer_name, 'mine');
    await t.close();
  });

  test('a priority is made with a colour, becomes the default, and moves', async () => {
    const t = await admin('priorities');
    await t.page.getByRole('button', { name: 'New priority' }).click();
    const form = dialog(t, 'New priority');
    await form.getByLabel('Name', { exact: true }).fill('Burning');
    await form.getByRole('radio', { name: '#dc2626' }).check({ force: true });
    await assertAccessible(t, 'new priority');
    await form.getByRole('button', { name: 'Create' }).click();
    await form.waitFor({ state: 'detached' });
    const find = async (name) => (await get('priorities')).find((p) => p.name === name);
    const first = await find('Burning');
    assert.equal(first.color, '#dc2626');
    await t.page.getByRole('button', { name: 'More for Burning' }).click();
    await t.page.getByRole('menuitem', { name: 'Make it the default' }).click();
    await until(async () => (await find('Burning')).default, 'the new default');
    await t.page.getByRole('button', { name: 'Move Burning down' }).click();
    await until(async () => (await find('Burning')).rank < first.rank, 'the new rank');
    await assertAccessible(t, 'priorities');
    await t.close();
  });

  test('tags are found, renamed, merged and removed, with how many tickets have them', async () => {
    const { id } = await ticket(shared, 'Tagged', 'Hello', { tags: ['prnter', 'toner'] });
    await ticket(shared, 'Tagged too', 'Hello', { tags: ['drucker'] });
    const tagsOf = async () => (await shared.admin.get(`${api}/tickets/${id}`)).tags;
    const t = await admin('tags');
    await t.page.getByRole('row', { name: /prnter.*1 ticket/ }).waitFor();
    await assertAccessible(t, 'tags');
    await t.page.getByRole('searchbox').fill('prn');
    await t.page.getByRole('row', { name: /toner/ }).waitFor({ state: 'detached' });
    await t.page.getByRole('button', { name: 'prnter', exact: true }).click();
    const form = dialog(t, /Rename the tag/);
    await form.getByLabel('Name', { exact: true }).fill('Printer');
    await form.getByRole('button', { name: 'Rename' }).click();
    await form.waitFor({ state: 'detached' });
    assert.deepEqual(await tagsOf(), ['printer', 'toner']);
    await t.page.getByRole('searchbox').fill('');
    await t.page.getByRole('button', { name: 'More for printer' }).click();
    await t.page.getByRole('menuitem', { name: /Merge into/ }).click();
    const merge = dialog(t, /Merge the tag/);
    await merge.getByLabel('Into which tag').fill('druck');
    await t.page.getByRole('option', { name: /drucker/ }).click();
    await merge.getByText(/“drucker” is there already/).waitFor();
    await merge.getByRole('button', { name: 'Merge' }).click();
    await merge.waitFor({ state: 'detached' });
    assert.deepEqual(await tagsOf(), ['drucker', 'toner']);
    await t.page.getByRole('button', { name: 'More for toner' }).click();
    await t.page.getByRole('menuitem', { name: 'Remove' }).click();
    await dialog(t, /Remove the tag/).getByRole('button', { name: 'Remove' }).click();
    await t.page.getByRole('row', { name: /toner/ }).waitFor({ state: 'detached' });
    assert.deepEqual(await tagsOf(), ['drucker']);
    await t.close();
  });

  test('a field is made beside a picture of it, is asked of customers, and keeps what was typed', async () => {
    const t = await admin('fields');
    await t.page.getByRole('link', { name: 'New field' }).first().click();
    await heading(t, 'New field');
    await t.page.getByLabel('Shown name').fill('Which room?');
    assert.equal(await t.page.getByLabel(/Name in the API/).inputValue(), 'which_room');
    await t.page.getByLabel('Type', { exact: true }).selectOption('choice');
    await t.page.getByLabel('Value 1').fill('b12');
    await t.page.getByLabel('Words 1').fill('Room B12');
    await t.page.getByLabel('Words 1').press('Enter');
    await t.page.getByLabel('Value 2').fill('b12');
    await t.page.getByLabel('When a customer asks').selectOption('required');
    const preview = t.page.getByRole('region', { name: 'How it will look' });
    await preview.getByRole('combobox', { name: 'Which room?' }).first().waitFor();
    assert.equal(await preview.getByRole('option', { name: 'Room B12' }).count(), 2); // for agents and for customers
    await assertAccessible(t, 'new field');
    await t.page.reload();
    assert.equal(await t.page.getByLabel('Words 1').inputValue(), 'Room B12');
    await t.page.getByRole('button', { name: 'Create' }).click();
    await t.page.getByText('This choice is there twice.').waitFor();
    await t.page.getByLabel('Value 2').fill('c3');
    await t.page.getByRole('button', { name: 'Create' }).click();
    await heading(t, 'Fields');
    await t.page.getByRole('link', { name: 'Which room?' }).waitFor();
    await assertAccessible(t, 'fields');
    const [field] = await get('fields');
    assert.deepEqual(field.options, { choices: [{ value: 'b12', label: 'Room B12' }, { value: 'c3', label: 'c3' }] });
    assert.equal(field.screens.customer_create, 'required');
    const portal = await (await fetch(`${shared.server.url}/requests/new`, { headers: { cookie: (await cookies(shared)) } })).text();
    assert.match(portal, /Which room\?/);

    await t.page.getByRole('link', { name: 'Which room?' }).click();
    await t.page.getByLabel('In use').uncheck();
    await t.page.getByRole('button', { name: 'Save' }).click();
    await t.page.getByText('Switched off', { exact: true }).first().waitFor();
    assert.equal((await get('fields'))[0].active, false);
    await t.close();
  });

  test('every type of field has a picture, and is taken as the form sends it', async () => {
    const t = await admin('fields/new');
    await t.page.getByLabel('Type', { exact: true }).waitFor();
    const types = await t.page.getByLabel('Type', { exact: true }).getByRole('option').evaluateAll((all) => all.map((o) => o.value));
    assert.equal(types.length, 14);
    for (const type of types) {
      await t.page.goto(t.url('/app/admin/fields/new'));
      await t.page.getByLabel('Shown name').fill(`Of type ${type}`);
      await t.page.getByLabel('Type', { exact: true }).selectOption(type);
      if (/choice/.test(type)) await t.page.getByLabel('Value 1').fill('One::Two');
      await t.page.getByLabel('When a customer asks').selectOption('shown');
      await t.page.getByRole('button', { name: 'Create' }).click();
      await heading(t, 'Fields');
      await t.page.getByRole('link', { name: `Of type ${type}`, exact: true }).waitFor();
    }
    await t.close();
  });

  test('a setting is found, changed in its place, refused in words, and given its default back', async () => {
    const t = await admin('settings');
    const digits = t.page.getByLabel('Least digits');
    await digits.waitFor();
    await assertAccessible(t, 'settings');
    await t.page.getByRole('searchbox').fill('least digits');
    await t.page.getByLabel('Name of the help desk').waitFor({ state: 'detached' });
    await digits.fill('99');
    await digits.press('Enter');
    await t.page.getByRole('alert').filter({ hasText: /\d/ }).waitFor();
    assert.equal(await digits.inputValue(), '99');
    await assertAccessible(t, 'a refused setting');
    await digits.fill('7');
    await digits.press('Enter');
    await t.page.getByText('Saved', { exact: true }).waitFor();
    const value = async (name) => (await get('settings')).find((s) => s.name === name).value;
    assert.equal(await value('ticket.number_digits'), 7);
    await t.page.getByText(/changed by The admin/).waitFor();
    await t.page.getByRole('button', { name: /Back to the default/ }).click();
    await until(async () => (await value('ticket.number_digits')) === 5, 'the default');
    await t.page.getByRole('searchbox').fill('frozen');
    await t.page.getByRole('switch').press('Space');
    await until(async () => (await value('tags.frozen')) === true, 'frozen tags');
    await t.page.getByRole('tab', { name: /Set where/ }).click();
    await t.page.getByRole('searchbox').fill('secret of tokens');
    await t.page.getByText('Set, never shown').waitFor();
    await assertAccessible(t, 'settings of the server');
    await shared.admin.patch(`${api}/settings`, { 'tags.frozen': null });
    await t.close();
  });

  test('the security page says what holds and what to look at', async () => {
    const t = await admin('security');
    await t.page.getByRole('heading', { name: 'Failed sign-ins' }).waitFor();
    await t.page.getByText('Below the minimum that OWASP advises').first().waitFor(); // tests hash quickly
    await assertAccessible(t, 'security');
    await t.page.getByLabel('Ended sessions').fill('31');
    await t.page.getByLabel('Ended sessions').press('Enter');
    await t.page.getByText('Saved', { exact: true }).waitFor();
    await t.close();
  });

  test('who may not is told so', async () => {
    const t = await signedIn(shared, shared.agent, '/app/admin/settings');
    await t.page.getByText('You may not do this.').waitFor();
    await t.close();
  });
});

async function cookies(shared) {
  const customer = await shared.server.person('customer');
  const r = await fetch(`${shared.server.url}${api}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: shared.server.url },
    body: JSON.stringify({ email: customer.email, password: customer.password }),
  });
  return r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
}
