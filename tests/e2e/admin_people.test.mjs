// Administration: people, organisations, groups, roles, and the first start of a desk.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, until } from '../http/harness.mjs';
import { api, assertAccessible, inBrowser, PATIENCE, phone, signedIn, tab, totp } from './harness.mjs';

const at = (t, path) => t.page.waitForURL((url) => new RegExp(path).test(url.pathname), { timeout: PATIENCE });
const said = (t, words) => t.page.getByRole('status').filter({ hasText: words }).first().waitFor();
const card = (t, name) => t.page.getByRole('region', { name, exact: true });
const rand = () => Math.random().toString(36).slice(2, 8);

/** The window of this title, and its field that the server refused. */
const dialogOf = (t, name) => t.page.getByRole('dialog', { name });
async function refusedAt(field) {
  await field.and(field.page().locator('[aria-invalid=true]')).waitFor();
  assert.notEqual(await field.getAttribute('aria-describedby'), null);
}

inBrowser('people', (shared) => {
  const person = (name, more = {}) => shared.admin.post(`${api}/users`, { name, email: `${name.toLowerCase().replace(/\W+/g, '.')}.${rand()}@example.org`, ...more });
  const open = (path, who = shared.admin, options = {}) => signedIn(shared, who, `/app${path}`, options);

  test('what may be administered is offered, and nothing else', async () => {
    const t = await open('/lists/all');
    await t.page.getByRole('link', { name: 'Administration' }).click();
    await t.page.getByRole('heading', { name: 'Administration', level: 1 }).waitFor();
    await t.page.getByText('Still to do before customers come').waitFor();
    const nav = t.page.getByRole('navigation', { name: 'Administration' }).first();
    for (const name of ['Users', 'Organisations', 'Groups', 'Roles']) await nav.getByRole('link', { name }).waitFor();
    await assertAccessible(t, 'administration');
    await t.close();
    const agent = await open('/admin/users', shared.agent);
    await agent.page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
    assert.equal(await agent.page.getByRole('navigation', { name: 'Administration' }).first().getByRole('link', { name: 'Roles' }).count(), 0);
    await agent.page.goto(agent.url('/app/admin/roles'));
    await agent.page.getByText('You may not do this.').first().waitFor();
    await agent.close();
  });

  test('a person is added by keyboard; what is refused stands in its field, and nothing typed is lost', async () => {
    const taken = (await person('Taken')).email;
    const t = await open('/admin/users');
    await t.page.getByRole('table', { name: 'Users' }).waitFor();
    await t.page.keyboard.press('n');
    const dialog = dialogOf(t, 'New person');
    await dialog.getByLabel('Name').fill('Grace Hopper');
    await dialog.getByLabel('E-mail').fill(taken);
    await assertAccessible(t, 'new person');
    await t.page.keyboard.press('Enter');
    await refusedAt(dialog.getByLabel('E-mail'));
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'Grace Hopper');
    await t.page.keyboard.press('Escape');
    await dialog.getByRole('alertdialog').waitFor();
    await t.page.keyboard.press('Enter'); // keeps editing
    const mail = `grace.${rand()}@example.org`;
    await dialog.getByLabel('E-mail').fill(mail);
    await t.page.keyboard.press('Enter');
    await at(t, '/admin/users/\\d+$');
    await t.page.getByRole('heading', { name: 'Grace Hopper', level: 1 }).waitFor();
    await card(t, 'Addresses and numbers').getByText(mail).waitFor();
    await assertAccessible(t, 'a person');
    await t.close();
  });

  test('people are found as somebody types, and the rest comes page by page', async () => {
    const word = `Zz${rand()}`;
    for (let i = 0; i < 55; i++) await person(`${word} ${String(i).padStart(2, '0')}`);
    const t = await open('/admin/users');
    await t.page.getByRole('searchbox', { name: 'Find by name or address' }).fill(word);
    const rows = t.page.getByRole('table', { name: 'Users' }).getByRole('link', { name: word });
    await rows.nth(49).waitFor();
    await t.page.getByRole('button', { name: 'Show more' }).click();
    await t.page.getByText('55 shown').waitFor();
    assert.equal(await rows.count(), 55);
    await t.page.getByRole('searchbox').fill(`${word} 07`);
    await t.page.getByText('1 shown').waitFor();
    await t.page.reload();
    await t.page.getByText('1 shown').waitFor();
    await t.page.getByRole('searchbox').fill(`${word} none`);
    await t.page.getByText('Nothing found').waitFor();
    await assertAccessible(t, 'nobody found');
    await t.close();
  });

  test('a profile is changed, beside somebody who changes something else', async () => {
    const one = await person('Ada Profile');
    const org = await shared.admin.post(`${api}/organizations`, { name: `Org ${rand()}` });
    const t = await open(`/admin/users/${one.id}`);
    await t.page.getByRole('link', { name: 'Roles', exact: true }).click();
    await t.page.getByRole('heading', { name: 'Roles', level: 1 }).waitFor();
    await t.page.evaluate(() => history.back());
    await t.page.getByRole('heading', { name: 'Ada Profile', level: 1 }).waitFor();
    await t.page.getByRole('button', { name: 'Edit', exact: true }).first().click();
    const dialog = dialogOf(t, 'Edit the profile');
    await dialog.getByLabel('Name').fill('Ada Changed');
    await t.page.evaluate(() => history.forward());
    await dialog.getByRole('alertdialog').getByRole('button', { name: 'Keep' }).click();
    assert.match(t.page.url(), new RegExp(`/admin/users/${one.id}$`), 'nobody left what was typed');
    await dialog.getByLabel('Organisation', { exact: true }).fill(org.name);
    await t.page.getByRole('option', { name: org.name }).click();
    await assertAccessible(t, 'a profile');
    await shared.admin.patch(`${api}/users/${one.id}`, { note: 'Meanwhile' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await t.page.getByRole('heading', { name: 'Ada Changed', level: 1 }).waitFor();
    const now = await shared.admin.get(`${api}/users/${one.id}`);
    assert.deepEqual([now.name, now.note, now.organization.id], ['Ada Changed', 'Meanwhile', org.id]);
    await t.close();
  });

  test('the same field is not written over unseen', async () => {
    const one = await person('Stale Name');
    const t = await open(`/admin/users/${one.id}`);
    await t.page.getByRole('button', { name: 'Edit', exact: true }).first().click();
    const dialog = dialogOf(t, 'Edit the profile');
    await dialog.getByLabel('Name').fill('Mine');
    await shared.admin.patch(`${api}/users/${one.id}`, { name: 'Theirs' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'Somebody else' }).waitFor();
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'Mine');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await t.page.getByRole('heading', { name: 'Mine', level: 1 }).waitFor();
    await t.close();
  });

  test('roles and levels are given', async () => {
    const group = await shared.admin.post(`${api}/groups`, { name: `Group ${rand()}` });
    const one = await person('Rita Rights');
    const t = await open(`/admin/users/${one.id}`);
    await card(t, 'Roles and groups').getByRole('button', { name: 'Edit' }).click();
    const dialog = dialogOf(t, 'Rights of Rita Rights');
    await dialog.getByRole('checkbox', { name: 'Agent', exact: true }).check();
    await dialog.getByRole('combobox', { name: 'Add a group' }).fill(group.name);
    await t.page.getByRole('option', { name: group.name }).click();
    await dialog.getByRole('checkbox', { name: `${group.name}: Full` }).uncheck();
    await dialog.getByRole('checkbox', { name: `${group.name}: Change` }).uncheck();
    await assertAccessible(t, 'rights of a person');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await card(t, 'Roles and groups').getByText('Overview, Read, Create').waitFor();
    const now = await shared.admin.get(`${api}/users/${one.id}`);
    assert.deepEqual(now.roles.map((r) => r.name).sort(), ['Agent', 'Customer']);
    assert.deepEqual(now.group_levels, [{ group_id: group.id, levels: ['read', 'create', 'overview'] }]);
    await t.close();
  });

  test('addresses are added, preferred and removed', async () => {
    const one = await person('Iris Addresses');
    const taken = (await person('Somebody')).email;
    const t = await open(`/admin/users/${one.id}`);
    const place = card(t, 'Addresses and numbers');
    await place.getByRole('button', { name: 'Add', exact: true }).click();
    const dialog = dialogOf(t, 'Add an address or number');
    const field = dialog.getByLabel('E-mail address');
    await field.fill(taken);
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await refusedAt(field);
    const second = `iris.${rand()}@example.org`;
    await field.fill(second);
    await dialog.getByRole('checkbox', { name: 'It is known to be theirs' }).check();
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await place.getByRole('button', { name: `Use ${second} from now on` }).click();
    await place.getByRole('button', { name: `Use ${one.email} from now on` }).waitFor();
    await place.getByRole('button', { name: `Remove ${one.email}` }).click();
    await dialogOf(t, `Remove ${one.email}`).getByRole('button', { name: 'Remove', exact: true }).click();
    await place.getByText(one.email).waitFor({ state: 'detached' });
    assert.deepEqual((await shared.admin.get(`${api}/users/${one.id}`)).identities.map((i) => [i.value, i.primary]), [[second, true]]);
    await t.close();
  });

  test('sessions are seen and ended, the second step is taken off, the account locked and unlocked', async () => {
    const one = await shared.server.person('customer');
    const { secret } = await one.expect(200, 'POST', `${api}/auth/mfa/setup`, { body: { current_password: one.password } });
    await one.expect(200, 'POST', `${api}/auth/mfa/confirm`, { body: { code: totp(secret) } });
    const t = await open(`/admin/users/${one.user.id}`);
    const place = card(t, 'Signing in');
    await place.getByRole('list', { name: 'Sessions' }).waitFor();
    await assertAccessible(t, 'sessions');
    await place.getByRole('button', { name: 'Switch the second step off' }).click();
    await dialogOf(t, 'Switch the second step off').getByRole('button', { name: 'Switch the second step off' }).click();
    await place.getByText('Off', { exact: true }).waitFor();
    await place.getByText('Not signed in anywhere.').waitFor();
    assert.equal((await one.request('GET', `${api}/me`)).status, 401);
    await one.login(one.email, one.password);
    await t.page.reload();
    await place.getByRole('button', { name: 'End all sessions' }).click();
    await dialogOf(t, 'End all sessions').getByRole('button', { name: 'End all sessions' }).click();
    await place.getByText('Not signed in anywhere.').waitFor();
    await t.page.getByRole('button', { name: 'Lock', exact: true }).click();
    await dialogOf(t, /^Lock/).getByRole('button', { name: 'Lock', exact: true }).click();
    await t.page.getByText('Locked: nobody signs in').waitFor();
    assert.equal((await one.request('POST', `${api}/auth/login`, { body: { email: one.email, password: one.password }, token: null })).status, 401);
    await t.page.getByRole('button', { name: 'Unlock' }).click();
    await t.page.getByText('Locked: nobody signs in').waitFor({ state: 'detached' });
    await t.close();
  });

  test('a duplicate is merged, and taken apart again', async () => {
    const [one, other] = [await person('Twin One'), await person('Twin Two', { phone: '+4412345' })];
    const t = await open(`/admin/users/${one.id}`);
    await t.page.getByRole('button', { name: 'Merge a duplicate' }).click();
    const dialog = dialogOf(t, 'Merge a duplicate');
    await dialog.getByLabel('The duplicate').fill('Twin Two');
    await t.page.getByRole('option', { name: /Twin Two/ }).click();
    await dialog.getByRole('radiogroup', { name: 'Name', exact: true }).getByText('Twin Two').click();
    await assertAccessible(t, 'merging people');
    await dialog.getByRole('button', { name: 'Merge', exact: true }).click();
    await t.page.getByRole('heading', { name: 'Twin Two', level: 1 }).waitFor();
    await card(t, 'Addresses and numbers').getByText(other.email).waitFor();
    await t.page.getByRole('button', { name: 'Undo' }).click();
    await card(t, 'Addresses and numbers').getByText(other.email).waitFor({ state: 'detached' });
    assert.equal((await shared.admin.get(`${api}/users/${other.id}`)).merged_into_id, null);
    await t.close();
  });

  test('all data is handed out, a hold keeps it, and then it is erased for good', async () => {
    const one = await person('Edna Erased');
    const t = await open(`/admin/users/${one.id}`);
    const data = card(t, 'Data protection');
    await data.getByRole('button', { name: 'Prepare all data' }).click();
    const link = data.getByRole('link', { name: /^Download/ });
    await link.waitFor();
    const [download] = await Promise.all([t.page.waitForEvent('download'), link.click()]);
    const file = join(mkdtempSync(join(tmpdir(), 'ticketing-e2e-')), 'data.zip');
    await download.saveAs(file);
    assert.equal(readFileSync(file).subarray(0, 2).toString(), 'PK');
    const holds = card(t, 'Legal hold');
    await holds.getByRole('button', { name: 'Set a hold' }).click();
    const dialog = dialogOf(t, 'Set a hold');
    await dialog.getByLabel('Reason').fill('xx');
    await dialog.getByLabel('Who wants it').fill('Court of Bonn');
    await dialog.getByRole('button', { name: 'Set a hold' }).click();
    await refusedAt(dialog.getByLabel('Reason'));
    await dialog.getByLabel('Reason').fill('Case 7');
    await dialog.getByRole('button', { name: 'Set a hold' }).click();
    await holds.getByText('Case 7 — asked for by Court of Bonn').waitFor();
    await data.getByText('Under legal hold').waitFor();
    assert.equal(await data.getByRole('button', { name: 'Erase for good' }).isDisabled(), true);
    await assertAccessible(t, 'legal hold');
    await holds.getByRole('button', { name: 'Release' }).click();
    await dialogOf(t, 'Release the hold').getByLabel('Why it may go').fill('Case closed');
    await dialogOf(t, 'Release the hold').getByRole('button', { name: 'Release' }).click();
    await data.getByRole('button', { name: 'Erase for good' }).click();
    const erase = dialogOf(t, 'Erase Edna Erased');
    await erase.getByLabel(/Type the name/).fill('Somebody else');
    await erase.getByRole('button', { name: 'See what would go' }).click();
    await refusedAt(erase.getByLabel(/Type the name/));
    await erase.getByLabel(/Type the name/).fill('Edna Erased');
    await erase.getByRole('button', { name: 'See what would go' }).click();
    await erase.getByText('It cannot be taken back.').waitFor();
    await assertAccessible(t, 'erasing');
    await erase.getByLabel('Your own password').fill('not it');
    await erase.getByRole('button', { name: 'Erase for good' }).click();
    await refusedAt(erase.getByLabel('Your own password'));
    await erase.getByLabel('Your own password').fill(shared.admin.password);
    await erase.getByRole('button', { name: 'Erase for good' }).click();
    await at(t, '/admin/users$');
    assert.match((await shared.admin.get(`${api}/users/${one.id}`)).name, /^Erased person/);
    await t.close();
  });

  test('an organisation is made, changed, and shows its members', async () => {
    const t = await open('/admin/organizations');
    await t.page.getByRole('button', { name: 'New organisation' }).click();
    const name = `Acme ${rand()}`;
    const dialog = dialogOf(t, 'New organisation');
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByLabel('Mail domains').fill('not a domain!');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await refusedAt(dialog.getByLabel('Mail domains'));
    await dialog.getByLabel('Mail domains').fill(`a${rand()}.example\nb${rand()}.example`);
    await dialog.getByRole('checkbox', { name: /Members see/ }).check();
    await assertAccessible(t, 'new organisation');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await t.page.getByRole('heading', { name, level: 1 }).waitFor();
    await card(t, 'Members').getByText('No members').waitFor();
    await card(t, 'Members').getByRole('button', { name: 'Add a person' }).click();
    await dialogOf(t, 'New person').getByLabel('Name').fill('Mia Member');
    await dialogOf(t, 'New person').getByRole('button', { name: 'Create' }).click();
    await t.page.getByRole('heading', { name: 'Mia Member' }).waitFor();
    await t.page.getByRole('link', { name, exact: true }).click();
    await card(t, 'Members').getByRole('link', { name: 'Mia Member' }).waitFor();
    await assertAccessible(t, 'an organisation');
    await t.page.getByRole('button', { name: 'Edit', exact: true }).click();
    await dialogOf(t, 'Edit the organisation').getByRole('checkbox', { name: /Members see/ }).uncheck();
    await dialogOf(t, 'Edit the organisation').getByRole('button', { name: 'Save' }).click();
    await said(t, 'Saved');
    const id = Number(new URL(t.page.url()).pathname.split('/').at(-1));
    assert.equal((await shared.admin.get(`${api}/organizations/${id}`)).shared, false);
    await t.close();
  });

  test('a group is made and changed', async () => {
    const [name, taken] = [`Night ${rand()}`, `Day ${rand()}`];
    await shared.admin.post(`${api}/groups`, { name: taken });
    const t = await open('/admin/groups');
    await t.page.getByRole('button', { name: 'New group' }).click();
    const dialog = dialogOf(t, 'New group');
    await dialog.getByLabel('Name').fill(taken);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await refusedAt(dialog.getByLabel('Name'));
    await dialog.getByLabel('Name').fill(name);
    await assertAccessible(t, 'new group');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.waitFor({ state: 'detached' });
    await t.page.getByRole('searchbox', { name: 'Find a group' }).fill(name);
    await t.page.getByRole('button', { name, exact: true }).click();
    const edit = dialogOf(t, `Edit the group ${name}`);
    await edit.getByLabel('Sender address').fill('night@example.org');
    await edit.getByRole('checkbox', { name: 'In use' }).uncheck();
    await edit.getByRole('button', { name: 'Save' }).click();
    await t.page.getByText('Not in use').waitFor();
    await t.page.getByText('night@example.org').waitFor();
    await assertAccessible(t, 'groups');
    await t.close();
  });

  test('permissions are ticked in a matrix and saved together', async () => {
    const name = `Helpers ${rand()}`;
    const t = await open('/admin/roles');
    await t.page.getByRole('button', { name: 'New role' }).click();
    await dialogOf(t, 'New role').getByLabel('Name').fill(name);
    await dialogOf(t, 'New role').getByRole('button', { name: 'Create' }).click();
    const cell = (words) => t.page.getByRole('checkbox', { name: `${name}: ${words}` });
    await cell('Look up people and organisations').check();
    await cell('Read reports').check();
    await t.page.getByText('2 changes not saved').waitFor();
    await assertAccessible(t, 'roles');
    assert.equal(await t.page.getByRole('checkbox', { name: 'Admin: Manage roles' }).isDisabled(), true);
    await t.page.getByRole('button', { name: 'Save', exact: true }).click();
    await said(t, 'The roles are saved');
    const role = (await shared.admin.get(`${api}/roles?limit=200`)).data.find((r) => r.name === name);
    assert.deepEqual(role.permissions.sort(), ['report', 'user.read']);
    await t.page.getByRole('button', { name, exact: true }).click();
    const edit = dialogOf(t, `Edit the role ${name}`);
    await edit.getByRole('combobox', { name: 'Add a group' }).fill('Support');
    await t.page.getByRole('option', { name: 'Support', exact: true }).click();
    await assertAccessible(t, 'a role');
    await edit.getByRole('button', { name: 'Save' }).click();
    await edit.waitFor({ state: 'detached' });
    assert.equal((await shared.admin.get(`${api}/roles/${role.id}`)).group_levels.length, 1);
    await t.close();
  });

  test('what is gone, a line that is down and a right that is lost are told', async () => {
    const t = await open('/admin/users/99999999');
    await t.page.getByText('This person is not there').waitFor();
    await assertAccessible(t, 'a person who is gone');
    await t.page.goto(t.url('/app/admin/organizations/99999999'));
    await t.page.getByText('This organisation is not there').waitFor();
    await t.close();

    const other = await shared.server.person('admin');
    const all = (await shared.admin.get(`${api}/roles?limit=200`)).data.find((r) => r.builtin === 'admin').permissions;
    const role = await shared.admin.post(`${api}/roles`, { name: 'Clerks for a day', permissions: all });
    await shared.admin.patch(`${api}/users/${other.user.id}`, { role_ids: [role.id] });
    const one = await person('Lena Lost');
    const u = await open(`/admin/users/${one.id}`, other);
    await u.page.getByRole('button', { name: 'Edit', exact: true }).first().click();
    const dialog = dialogOf(u, 'Edit the profile');
    await dialog.getByLabel('Name').fill('Typed before');
    await u.context.setOffline(true);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor();
    await u.context.setOffline(false);
    await shared.admin.patch(`${api}/roles/${role.id}`, { permissions: ['ticket.customer'] });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'may not' }).waitFor();
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'Typed before');
    await u.close();
  });

  test('a phone and the other direction show it, too', async () => {
    const one = await person('Pat Pocket');
    const t = await open('/admin', shared.admin, { viewport: phone });
    await t.page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Users' }).click();
    await t.page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
    await assertAccessible(t, 'users on a phone');
    await t.page.goto(t.url(`/app/admin/users/${one.id}`));
    await t.page.getByRole('heading', { name: 'Pat Pocket' }).waitFor();
    assert.equal(await t.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'it scrolls sideways');
    await t.close();
    const ar = await open(`/admin/users/${one.id}`, shared.admin, { locale: 'ar' });
    await ar.page.getByRole('heading', { name: 'Pat Pocket' }).waitFor();
    await ar.page.getByText('العناوين والأرقام').waitFor();
    await assertAccessible(ar, 'a person in Arabic');
    await ar.close();
  });

  test('the link of the first start makes a desk that works, once', async () => {
    const fresh = await Server.start(shared.engine, { CSRF_PROTECTION: 'true' });
    try {
      const link = await until(() => /\/setup#token=[\w-]+/.exec(fresh.output)?.[0], 'the link to be printed');
      const t = await tab({ ...shared, server: fresh });
      await t.page.goto(t.url('/setup#token=wrong'));
      const form = async (group) => {
        await t.page.getByLabel('Your name').or(t.page.getByLabel('Name', { exact: true })).first().fill('Ada Admin');
        await t.page.getByLabel('E-mail').first().fill('ada@example.org');
        await t.page.locator('input[type=password]').fill('correct horse battery');
        await t.page.getByLabel('Name of the help desk').fill('Wonder Desk');
        await t.page.getByLabel('First group').fill(group);
        await assertAccessible(t, 'first start');
        await t.page.getByRole('button', { name: 'Create administrator' }).click();
      };
      await form('First line');
      await t.page.getByText('server user setup-link').waitFor();
      assert.equal(await t.page.getByLabel('First group').inputValue(), 'First line');
      await t.page.goto('about:blank');
      await t.page.goto(t.url(link));
      await form('First line');
      await at(t, '^/app/admin$');
      await t.page.getByRole('heading', { name: 'Administration', level: 1 }).waitFor();
      await t.page.getByRole('navigation').getByText('Wonder Desk').waitFor();
      assert.match(await t.page.title(), /Wonder Desk/);
      await t.page.goto(t.url('/app/admin/groups'));
      await t.page.getByRole('button', { name: 'First line', exact: true }).waitFor();
      await t.page.goto('about:blank');
      await t.page.goto(t.url(link));
      await t.page.getByText('The help desk is set up already').first().waitFor();
      await assertAccessible(t, 'a used link');
      await t.page.goto(t.url('/profile'));
      await t.page.getByText('Wonder Desk').first().waitFor();
      await t.close();
    } finally {
      await fresh.close();
    }
  });
});
