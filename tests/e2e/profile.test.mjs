// One's own account: preferences, address, password, second step, sessions, tokens, data.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { api, assertAccessible, inBrowser, signedIn, ticket } from './harness.mjs';
import { until } from '../http/harness.mjs';

inBrowser('profile', (shared) => {
  const open = (who) => signedIn(shared, who, '/app/profile');
  const card = (t, name) => t.page.getByRole('region', { name, exact: true });
  const dialog = (t, name) => t.page.getByRole('dialog', { name });

  test('name and looks are kept with the account, on another machine too', async () => {
    const one = await shared.server.person('agent');
    const t = await signedIn(shared, one, '/app/lists/all');
    await t.page.getByRole('button', { name: /Your menu/ }).click();
    await t.page.getByRole('menuitem', { name: 'Your account' }).click();
    await t.page.getByRole('heading', { name: 'Your account', level: 1 }).waitFor();
    await assertAccessible(t, 'profile');
    await t.page.getByLabel('Name', { exact: true }).fill('Ada Lovelace');
    await t.page.getByLabel('Name', { exact: true }).press('Enter');
    await until(async () => (await one.get(`${api}/me`)).name === 'Ada Lovelace', 'the name');
    await t.page.getByLabel('Colours').selectOption('dark');
    await until(async () => (await one.get(`${api}/me`)).preferences.theme === 'dark', 'the theme');
    await t.page.getByLabel('Time of day').selectOption('24');
    await until(async () => (await one.get(`${api}/me`)).preferences.clock === '24', 'the clock');
    await t.page.getByText(/17:05/).waitFor();
    await t.page.getByLabel('Language').selectOption('ar');
    await t.page.getByRole('heading', { name: 'حسابك', level: 1 }).waitFor();
    await until(async () => (await one.get(`${api}/me`)).locale === 'ar', 'the language of mails');
    await assertAccessible(t, 'profile in Arabic');
    await t.close();
    const other = await open(one);
    await other.page.getByRole('heading', { name: 'حسابك', level: 1 }).waitFor();
    assert.equal(await other.page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await other.close();
  });

  test('who is out of office says until when and who stands in, and colleagues see it', async () => {
    const [one, other] = [await shared.server.person('agent'), await shared.server.person('agent')];
    const t = await open(one);
    const away = card(t, 'Out of office');
    await away.getByLabel('Away from').fill('2020-01-01T08:00');
    await away.getByLabel('Back at').fill('2019-01-01T08:00');
    await away.getByRole('button', { name: 'Save' }).click();
    await away.getByText('The end comes before the beginning.').waitFor();
    assert.equal(await away.getByLabel('Back at').inputValue(), '2019-01-01T08:00');
    await assertAccessible(t, 'a refused absence');
    await away.getByLabel('Back at').fill('2099-01-01T08:00');
    await away.getByRole('combobox', { name: 'Who stands in' }).fill(other.email);
    await t.page.getByRole('option', { name: other.email }).click();
    await away.getByRole('button', { name: 'Save' }).click();
    await away.getByText(/You are away until/).waitFor();
    const kept = (await one.get(`${api}/me`)).out_of_office;
    assert.equal(kept.stand_in_id, other.user.id);
    const { id } = await ticket(shared, 'Whose');
    const colleague = await signedIn(shared, other, `/app/tickets/${id}`);
    await colleague.page.getByRole('combobox', { name: 'Owner' }).fill(one.email);
    await colleague.page.getByRole('option', { name: /Away until/ }).waitFor();
    await colleague.close();
    await away.getByRole('button', { name: 'I am back' }).click();
    await until(async () => (await one.get(`${api}/me`)).out_of_office === null, 'back');
    await away.getByText(/You are away until/).waitFor({ state: 'detached' });
    assert.equal(await away.getByLabel('Back at').inputValue(), '');
    await t.close();
  });

  test('another address waits for its mail', async () => {
    const one = await shared.server.person('agent');
    const t = await open(one);
    await t.page.getByRole('button', { name: 'Change the address' }).click();
    const form = dialog(t, 'Change the address');
    await form.getByLabel('New address').fill('new.address@example.org');
    await form.getByLabel('Your password now').fill('not my password');
    await form.getByRole('button', { name: 'Send the mail' }).click();
    await form.getByText('This is not the current password.').waitFor();
    await assertAccessible(t, 'a refused address');
    assert.equal(await form.getByLabel('New address').inputValue(), 'new.address@example.org');
    await form.getByLabel('Your password now').fill(one.password);
    await form.getByRole('button', { name: 'Send the mail' }).click();
    await t.page.getByText(/A mail went to new.address@example.org/).waitFor();
    assert.equal((await one.get(`${api}/me`)).email, one.email);
    await t.close();
  });

  test('the password is changed, with what is wrong said in its place', async () => {
    const one = await shared.server.person('agent');
    const t = await open(one);
    await t.page.getByRole('button', { name: 'Change the password' }).click();
    const form = dialog(t, 'Change the password');
    await form.getByLabel('Your password now').fill(one.password);
    await form.getByLabel('New password', { exact: true }).fill('password123');
    await form.getByLabel('New password once more').fill('password12');
    await form.getByText('These two are not the same.').waitFor();
    await form.getByLabel('New password once more').fill('password123');
    await form.getByRole('button', { name: 'Change the password' }).click();
    await form.getByText('The password is too easy to guess.').waitFor();
    await form.getByLabel('New password', { exact: true }).fill('a much longer sentence');
    await form.getByLabel('New password once more').fill('a much longer sentence');
    await form.getByRole('button', { name: 'Change the password' }).click();
    await form.waitFor({ state: 'detached' });
    await shared.server.client().login(one.email, 'a much longer sentence');
    await t.close();
  });

  test('the second step is set up with a key, its codes are shown once, and it is taken off', async () => {
    const one = await shared.server.person('agent');
    const t = await open(one);
    await t.page.getByRole('button', { name: 'Set it up' }).click();
    await dialog(t, 'Set it up').getByLabel('Your password now').fill(one.password);
    await dialog(t, 'Set it up').getByRole('button', { name: 'Next' }).click();
    const scan = dialog(t, 'Scan with the app');
    await scan.getByRole('img', { name: /QR code/ }).waitFor();
    await assertAccessible(t, 'QR code');
    const secret = (await scan.locator('code').innerText()).replace(/\s/g, '');
    await scan.getByLabel('Code', { exact: true }).fill('000000');
    await scan.getByRole('button', { name: 'Switch it on' }).click();
    await scan.getByText('The code is wrong, was used or is too old.').waitFor();
    await scan.getByLabel('Code', { exact: true }).fill(codeOf(secret, 0));
    await scan.getByRole('button', { name: 'Switch it on' }).click();
    const codes = dialog(t, 'Recovery codes');
    await codes.getByRole('listitem').first().waitFor();
    const all = await codes.getByRole('listitem').allInnerTexts();
    assert.equal(all.length, 10);
    await assertAccessible(t, 'recovery codes');
    const [file] = await Promise.all([t.page.waitForEvent('download'), codes.getByRole('link', { name: 'Download' }).click()]);
    assert.match(await text(file), new RegExp(all[3].trim()));
    await codes.getByLabel('I have kept them in a safe place').check();
    await codes.getByRole('button', { name: 'Done' }).click();
    await t.page.getByText('10 recovery codes left').waitFor();
    await t.page.getByRole('button', { name: 'Switch it off' }).click();
    const off = dialog(t, 'Switch it off');
    await off.getByLabel('Your password now').fill(one.password);
    await off.getByLabel('Code', { exact: true }).fill(all[0].trim());
    await off.getByRole('button', { name: 'Switch it off' }).click();
    await t.page.getByRole('button', { name: 'Set it up' }).waitFor();
    assert.equal((await shared.admin.get(`${api}/users/${one.user.id}`)).mfa_enabled, false); // his other sessions have ended
    await t.close();
  });

  test('sessions are listed, and another one is ended', async () => {
    const one = await shared.server.person('agent');
    const t = await open(one);
    const sessions = card(t, 'Where you are signed in');
    await sessions.getByText('This one').waitFor();
    await sessions.getByRole('button', { name: /^End/ }).click();
    await t.page.getByText('1 session ended').waitFor();
    assert.equal((await one.request('GET', `${api}/me`)).status, 401);
    await t.close();
  });

  test('a token is made with fewer rights, shown once, and revoked', async () => {
    const one = await shared.server.person('agent');
    const t = await open(one);
    await t.page.getByRole('button', { name: 'New token' }).click();
    const form = dialog(t, 'New token');
    await form.getByLabel('What it is for').fill('Nightly report');
    await form.getByLabel('It ends after').selectOption('7');
    await assertAccessible(t, 'new token');
    await form.getByRole('button', { name: 'Create' }).press('Enter');
    const once = dialog(t, /Nightly report/);
    const token = await once.locator('code').innerText();
    await assertAccessible(t, 'the token');
    const program = shared.server.client({ token });
    assert.equal((await program.get(`${api}/me`)).id, one.user.id);
    assert.equal((await program.request('PATCH', `${api}/me`, { body: { name: 'x' } })).status, 403);
    await once.getByLabel('I have put it where it is needed').check();
    await once.getByRole('button', { name: 'Done' }).click();
    await t.page.getByRole('button', { name: /Revoke.*Nightly report/ }).click();
    await dialog(t, /Revoke the token/).getByRole('button', { name: 'Revoke' }).click();
    await t.page.getByText('No tokens yet.').waitFor();
    assert.equal((await program.request('GET', `${api}/me`)).status, 401);
    await t.close();
  });

  test('all data about oneself comes as a file', async () => {
    const one = await shared.server.person('agent');
    const t = await open(one);
    await t.page.getByRole('button', { name: 'Make the file' }).click();
    const [file] = await Promise.all([t.page.waitForEvent('download'), t.page.getByRole('link', { name: /^Download/ }).click()]);
    assert.match(file.suggestedFilename(), /\.zip$/);
    await t.close();
  });
});

async function text(download) {
  const parts = [];
  for await (const part of await download.createReadStream()) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** A TOTP code (RFC 6238), so many steps from now. */
function codeOf(secret, steps) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const h = createHmac('sha1', key).update(counter).digest();
  const at = h[19] & 15;
  return String((h.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0');
}
