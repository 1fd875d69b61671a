// The dashboard, the audit log, the health of the system.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { until } from '../http/harness.mjs';
import { api, assertAccessible, inBrowser, phone, signedIn, ticket } from './harness.mjs';

inBrowser('insight', (shared) => {
  test('a new desk is told what will be here', async () => {
    const t = await signedIn(shared, shared.agent, '/app/dashboard');
    await t.page.getByText('No tickets yet').waitFor();
    await t.page.getByText('Nobody waits for an answer of yours.').waitFor();
    await assertAccessible(t, 'empty dashboard');
    await t.close();
  });

  test('the dashboard shows what waits for the agent and how the desk does, and follows what happens', async () => {
    const customer = await shared.server.person('customer');
    const { id } = await customer.post(`${api}/tickets`, { title: 'The projector hums', message: { body: 'Since noon' } });
    await ticket(shared, 'A second one');
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    await t.page.getByRole('row', { name: /projector/ }).waitFor();
    await t.page.keyboard.press('g');
    await t.page.keyboard.press('d');
    await t.page.getByRole('heading', { name: 'Dashboard', level: 1 }).waitFor();
    const volume = t.page.getByRole('region', { name: 'Volume', exact: true }).first();
    await volume.locator('canvas').waitFor();
    await assertAccessible(t, 'dashboard');
    // By keyboard: the figures behind a chart.
    await volume.locator('summary').focus();
    await t.page.keyboard.press('Enter');
    await volume.getByRole('table', { name: 'Volume' }).getByRole('row').nth(30).waitFor();
    assert.match(await volume.getByRole('row').last().textContent(), /2\s*0/); // two came in today, none is closed
    // It is his now: the list follows without a reload.
    await shared.admin.patch(`${api}/tickets/${id}`, { owner: shared.agent.user.id });
    await t.page.getByRole('link', { name: /The projector hums/ }).waitFor();
    await t.page.getByLabel('Period').selectOption('7');
    await until(async () => new URL(t.page.url()).searchParams.get('days') === '7', 'the period in the address');
    await t.page.reload();
    assert.equal(await t.page.getByLabel('Period').inputValue(), '7');
    await t.page.getByRole('link', { name: /^Open now/ }).click();
    await t.page.getByRole('row', { name: /projector/ }).waitFor();
    await t.close();
  });

  test('the dashboard fits a phone, and what the server refuses stands in its place', async () => {
    const t = await signedIn(shared, shared.agent, '/app/dashboard', { viewport: phone });
    await t.page.getByRole('region', { name: 'Backlog', exact: true }).first().locator('canvas').waitFor();
    assert.ok(await t.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth <= innerWidth));
    await t.page.route('**/api/v1/reports/overview*', (r) => r.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"code":"internal","status":500,"request_id":"abc"}' }));
    await t.page.getByLabel('Period').selectOption('90');
    await t.page.getByRole('alert').waitFor();
    await t.page.getByText('My tickets to work on').waitFor();
    await t.close();
  });

  test('the audit log is filtered, read and checked', async () => {
    await shared.admin.patch(`${api}/settings`, { product_name: 'Desk of insight' });
    const t = await signedIn(shared, shared.admin, '/app/admin/audit');
    const log = t.page.getByRole('table', { name: 'Audit log' });
    await log.getByRole('row').nth(2).waitFor();
    await assertAccessible(t, 'audit log');
    await t.page.getByLabel('Action', { exact: true }).fill('setting.update');
    await t.page.keyboard.press('Enter');
    await until(async () => new URL(t.page.url()).searchParams.get('action') === 'setting.update', 'the filter in the address');
    const entry = log.getByRole('button', { name: 'setting.update' }).first();
    await entry.focus();
    await t.page.keyboard.press('Enter');
    const dialog = t.page.getByRole('dialog');
    await dialog.getByText('Desk of insight').waitFor();
    await assertAccessible(t, 'entry of the audit log');
    await dialog.getByRole('button', { name: 'All of this request' }).click();
    await until(async () => new URL(t.page.url()).searchParams.get('request_id'), 'the request in the address');
    await log.getByRole('button', { name: 'setting.update' }).waitFor();
    await t.page.getByRole('button', { name: 'Check the whole log' }).click();
    await t.page.getByText(/^Whole: /).waitFor();
    await t.close();
  });

  test('a log that somebody altered is told with the first wrong entry', async () => {
    const t = await signedIn(shared, shared.admin, '/app/admin/audit');
    await t.page.route('**/api/v1/audit-log/verify', (r) =>
      r.fulfill({ json: { whole: false, finding: 'altered', detail: 'x', first_wrong: 4711, checked: 9, erased: 0, witnessed: 0, head: 9, head_hash: 'a' } }),
    );
    await t.page.getByRole('button', { name: 'Check the whole log' }).click();
    await t.page.getByText('Entry 4,711 is not what was written', { exact: false }).waitFor();
    await assertAccessible(t, 'broken chain');
    await t.close();
  });

  test('the health of the system is told in words, with what to do', async () => {
    const t = await signedIn(shared, shared.admin, '/app/admin/health');
    await t.page.getByRole('heading', { name: /^Database/ }).waitFor();
    await t.page.getByText('Run “server drill”', { exact: false }).waitFor();
    await t.page.getByText('Something needs attention').waitFor();
    await assertAccessible(t, 'health');
    await t.close();
  });

  test('who administers nothing reaches neither', async () => {
    const t = await signedIn(shared, shared.agent, '/app/admin/audit');
    await t.page.getByText('You may not do this.').waitFor();
    await t.close();
  });
});
