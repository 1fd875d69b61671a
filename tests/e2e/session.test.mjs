// Signing in and out, the second step, a session that ends while somebody works, a line that breaks.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { api, assertAccessible, inBrowser, signedIn, tab, ticket, totp } from './harness.mjs';

inBrowser('session', (shared) => {
  test('somebody signs in, reaches the page that he asked for, and signs out', async () => {
    const t = await tab(shared);
    await t.page.goto(t.url('/app/lists/all'));
    await assertAccessible(t, 'sign-in');
    await t.page.getByLabel('E-mail address').fill(shared.agent.email);
    await t.page.getByLabel('Password').fill('wrong password');
    await t.page.getByRole('button', { name: 'Sign in' }).click();
    await t.page.getByRole('alert').waitFor();
    await t.page.getByLabel('Password').fill(shared.agent.password);
    await t.page.getByRole('button', { name: 'Sign in' }).click();
    await t.page.getByRole('heading', { name: 'All tickets', level: 1 }).waitFor();
    await t.page.getByRole('button', { name: /Your menu/ }).click();
    await t.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await t.page.getByLabel('E-mail address').waitFor();
    await t.close();
  });

  test('a customer is shown the way to the portal', async () => {
    const customer = await shared.server.person('customer');
    const t = await signedIn(shared, customer);
    await t.page.getByRole('link', { name: 'Go to my requests' }).waitFor();
    await assertAccessible(t, 'no access');
    await t.close();
  });

  test('an address of no page says so', async () => {
    const t = await signedIn(shared, shared.agent, '/app/nothing/here');
    await t.page.getByText('There is no such page').first().waitFor();
    await t.close();
  });

  test('what was typed outlives a session that ends, and is sent after the password', async () => {
    const { id } = await ticket(shared, 'The session ends');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await t.page.getByRole('radio', { name: 'Internal note' }).check({ force: true });
    const box = t.page.getByRole('textbox', { name: 'Internal note' });
    await box.fill('Typed before it ended');
    await t.context.clearCookies();
    await t.page.getByRole('button', { name: 'Add note' }).click();
    const dialog = t.page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.getByLabel('Password').fill(shared.agent.password);
    await assertAccessible(t, 'sign in again');
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    await t.page.getByRole('article').filter({ hasText: 'Typed before it ended' }).waitFor();
    await t.close();
  });

  test('a lost connection is said, and heals by itself', async () => {
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    await t.page.getByRole('heading', { level: 1 }).waitFor();
    await t.context.setOffline(true);
    await t.page.getByRole('link', { name: /Unassigned/ }).click();
    await t.page.getByText('The server cannot be reached.', { exact: false }).first().waitFor();
    await t.context.setOffline(false);
    await t.page.getByText('The server cannot be reached.', { exact: false }).first().waitFor({ state: 'detached' });
    await t.page.getByRole('heading', { name: 'Unassigned' }).waitFor();
    await ticket(shared, 'After the line came back');
    await t.page.getByText('After the line came back').waitFor();
    await t.close();
  });

  test('the second step is asked for, and a wrong code is refused in words', async () => {
    const one = await shared.server.person('agent');
    const { secret } = await one.expect(200, 'POST', `${api}/auth/mfa/setup`, { body: { current_password: one.password } });
    await one.expect(200, 'POST', `${api}/auth/mfa/confirm`, { body: { code: totp(secret) } });
    const t = await tab(shared);
    await t.page.goto(t.url('/app/'));
    await t.page.getByLabel('E-mail address').fill(one.email);
    await t.page.getByLabel('Password').fill(one.password);
    await t.page.getByRole('button', { name: 'Sign in' }).click();
    await t.page.getByLabel('Code').fill('000000');
    await t.page.getByRole('button', { name: 'Confirm' }).click();
    await t.page.getByRole('alert').waitFor();
    await assertAccessible(t, 'second step');
    await t.close();
  });

  test('the page is in the reader’s language and direction', async () => {
    const t = await signedIn(shared, shared.agent, '/app/lists/all', { locale: 'ar' });
    await t.page.getByRole('heading', { name: 'كل التذاكر', level: 1 }).waitFor();
    assert.equal(await t.page.evaluate(() => document.documentElement.dir), 'rtl');
    await assertAccessible(t, 'Arabic list');
    await t.close();
  });
});
