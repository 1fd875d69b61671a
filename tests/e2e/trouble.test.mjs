// What goes wrong around an agent: each has its picture, says what to do, and takes nothing of what was typed.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { api, assertAccessible, inBrowser, signedIn, ticket } from './harness.mjs';
import { until } from '../http/harness.mjs';

const problem = (status, code, more = {}) => ({ status, contentType: 'application/problem+json', body: JSON.stringify({ status, code, title: 'x', ...more }) });

inBrowser('trouble', (shared) => {
  const messages = async (id) => (await shared.admin.get(`${api}/tickets/${id}/messages`)).data.map((m) => m.body);
  const answer = (t) => t.page.getByRole('textbox', { name: 'Answer' });
  const note = (t) => t.page.getByRole('textbox', { name: 'Internal note' });
  const beginNote = async (t, text) => {
    await answer(t).waitFor();
    await t.page.getByRole('radio', { name: 'Internal note' }).check({ force: true });
    await note(t).fill(text);
  };
  const addNote = (t) => t.page.getByRole('button', { name: 'Add note' }).click();
  const typed = (box, text) => until(async () => (await box.inputValue()) === text, `"${text}" in the box`);
  /** Answers requests of this method to addresses that fit with what is given, until it is called. */
  const meddle = async (t, method, url, give) => {
    const handler = (r) => (r.request().method() === method ? give(r) : r.fallback());
    await t.page.route(url, handler);
    return () => t.page.unroute(url, handler);
  };

  test('a full disk is said where one sent, and the text stays until there is room', async () => {
    const { id } = await ticket(shared, 'No room left');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    const heal = [
      await meddle(t, 'POST', '**/actions', (r) => r.fulfill(problem(507, 'full', { detail: 'The server has no room left; nothing was changed.' }))),
      await meddle(t, 'PUT', '**/drafts/*', (r) => r.fulfill(problem(507, 'full'))),
    ];
    await beginNote(t, 'Typed while the disk was full');
    await t.page.getByText('Draft not saved yet').waitFor();
    await addNote(t);
    const alert = t.page.getByRole('region', { name: 'Write' }).getByRole('alert');
    await alert.getByText('The server has no room left.').waitFor();
    await typed(note(t), 'Typed while the disk was full');
    await assertAccessible(t, 'full disk');
    for (const run of heal) await run();
    await alert.getByRole('button', { name: 'Try again' }).click();
    await t.page.getByRole('article').filter({ hasText: 'Typed while the disk was full' }).waitFor();
    assert.deepEqual((await messages(id)).slice(1), ['Typed while the disk was full']);
    await t.close();
  });

  test('an answer that is refused after one moved on is there when one comes back', async () => {
    const { id } = await ticket(shared, 'Refused later');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    const heal = await meddle(t, 'POST', '**/actions', (r) => r.fulfill(problem(503, 'busy')));
    await answer(t).fill('Sent, and gone on');
    await t.page.getByRole('button', { name: 'Send', exact: true }).click();
    await t.page.getByRole('link', { name: /All tickets/ }).click();
    await t.page.getByRole('heading', { name: 'All tickets', level: 1 }).waitFor();
    const said = t.page.getByRole('alert').filter({ hasText: 'The server is busy or restarting.' });
    await said.getByRole('button', { name: 'Open' }).click();
    await typed(answer(t), 'Sent, and gone on');
    await heal();
    await t.page.getByText('Draft saved').waitFor();
    await t.page.reload();
    await typed(answer(t), 'Sent, and gone on');
    await t.close();
  });

  test('a line that breaks while one writes loses nothing, whatever page one goes to', async () => {
    const { id } = await ticket(shared, 'The line breaks');
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    await t.page.getByRole('link', { name: 'The line breaks' }).click();
    await answer(t).waitFor();
    await t.context.setOffline(true);
    await answer(t).fill('Written without a line');
    await t.page.getByText('Draft not saved yet').waitFor();
    await t.page.getByText('The server cannot be reached.', { exact: false }).first().waitFor();
    await t.page.getByRole('link', { name: /All tickets/ }).click();
    await t.page.getByRole('link', { name: 'The line breaks' }).click();
    await typed(answer(t), 'Written without a line');
    await t.context.setOffline(false);
    await t.page.getByText('Draft saved').waitFor();
    await t.page.reload();
    await typed(answer(t), 'Written without a line');
    await t.close();
  });

  test('a server that restarts is waited for, and what came meanwhile is shown', async () => {
    const { id } = await ticket(shared, 'Restarts');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await beginNote(t, 'Before the restart');
    await t.page.getByText('Draft saved').waitFor();
    await shared.server.stop();
    await t.page.getByText('The server cannot be reached.', { exact: false }).first().waitFor();
    await note(t).fill('Before and while it restarts');
    await assertAccessible(t, 'server away');
    await shared.server.launch();
    await shared.admin.post(`${api}/tickets/${id}/messages`, { body: 'Came right after', visibility: 'internal' });
    await t.page.getByRole('article').filter({ hasText: 'Came right after' }).waitFor();
    await t.page.getByText('Draft saved').waitFor();
    await addNote(t);
    await t.page.getByRole('article').filter({ hasText: 'Before and while it restarts' }).waitFor();
    await t.close();
  });

  test('two agents: what the other changed is not written over, and shown', async () => {
    const { id } = await ticket(shared, 'Two at once');
    await shared.admin.post(`${api}/fields`, { object: 'ticket', name: 'floor', type: 'text', label: 'Floor', options: { max_length: 10 } });
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    await t.page.route('**/api/v1/events', () => {}); // he hears nothing
    await t.page.goto(t.url(`/app/tickets/${id}`));
    const priority = t.page.getByLabel('Priority');
    await priority.locator('option', { hasText: 'urgent' }).waitFor({ state: 'attached' });
    await t.page.getByLabel('Floor').waitFor();
    const levels = (await shared.admin.get(`${api}/priorities`)).data;
    await shared.admin.patch(`${api}/tickets/${id}`, { priority: levels.find((p) => p.name === 'high').id });
    await priority.selectOption({ label: 'low' });
    await t.page.getByRole('dialog', { name: 'Somebody else changed this' }).getByRole('button', { name: 'Leave it as it is now' }).click();
    await until(async () => (await priority.locator('option:checked').textContent()) === 'high', 'what the other chose');
    assert.equal((await shared.admin.get(`${api}/tickets/${id}`)).priority.name, 'high');
    // A field of one's own still goes, though the ticket has changed.
    await shared.admin.patch(`${api}/tickets/${id}`, { title: 'Two at once, renamed' });
    await t.page.getByLabel('Floor').fill('3rd');
    await t.page.getByLabel('Floor').press('Tab');
    await until(async () => (await shared.admin.get(`${api}/tickets/${id}`)).fields.floor === '3rd', 'the floor');
    await t.close();
  });

  test('what one types into a field stays while another changes it, and when it is refused', async () => {
    const { id } = await ticket(shared, 'Typed in a field', 'x', { fields: { floor: '1st' } });
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    const floor = t.page.getByLabel('Floor');
    await floor.press('End');
    await floor.pressSequentially('!');
    await shared.admin.patch(`${api}/tickets/${id}`, { title: 'Renamed while typing', fields: { floor: '2nd' } });
    await t.page.getByRole('heading', { name: 'Renamed while typing' }).waitFor();
    assert.equal(await floor.inputValue(), '1st!');
    const heal = await meddle(t, 'PATCH', `**/api/v1/tickets/${id}`, (r) =>
      r.fulfill(problem(422, 'invalid', { errors: [{ pointer: '/fields/floor', code: 'length', detail: 'Too long for a floor.' }] })),
    );
    await floor.press('Tab');
    await t.page.getByText('Too long for a floor.').waitFor();
    assert.equal(await floor.inputValue(), '1st!');
    assert.equal(await floor.getAttribute('aria-invalid'), 'true');
    await assertAccessible(t, 'field refused');
    await heal();
    await floor.fill('4th');
    await floor.press('Tab');
    await until(async () => (await shared.admin.get(`${api}/tickets/${id}`)).fields.floor === '4th', 'the floor');
    await t.page.getByText('Too long for a floor.').waitFor({ state: 'detached' });
    await t.close();
  });

  test('an answer that is none is said in words, with a way on', async () => {
    const { id } = await ticket(shared, 'Broken answers');
    const t = await signedIn(shared, shared.agent, '/app/lists/all');
    await t.page.getByRole('link', { name: 'Broken answers' }).waitFor();
    for (const body of ['<html>a proxy speaks</html>', '{"id": 5, "ti', '']) {
      const heal = await meddle(t, 'GET', new RegExp(`/api/v1/tickets/${id}\\?`), (r) => r.fulfill({ status: 200, contentType: 'application/json', body }));
      await t.page.goto(t.url(`/app/tickets/${id}`));
      const alert = t.page.getByRole('alert');
      await alert.getByText('Something went wrong.').waitFor();
      await heal();
      await alert.getByRole('button', { name: 'Try again' }).click();
      await t.page.getByRole('heading', { name: 'Broken answers', level: 1 }).waitFor();
    }
    const heal = await meddle(t, 'POST', '**/actions', (r) => r.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }));
    await beginNote(t, 'Through a broken proxy');
    await addNote(t);
    await t.page.getByRole('region', { name: 'Write' }).getByRole('alert').waitFor();
    await typed(note(t), 'Through a broken proxy');
    await heal();
    await t.close();
  });

  test('a right that is missing is said where it is missed', async () => {
    const group = await shared.admin.post(`${api}/groups`, { name: 'Closed to him' });
    const { id } = await ticket(shared, 'Not his', 'x', { group: group.id });
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await t.page.getByText('This ticket is not there').waitFor();
    await assertAccessible(t, 'a ticket that one may not see');
    await shared.admin.patch(`${api}/users/${shared.agent.user.id}`, { group_levels: [...(await shared.admin.get(`${api}/users/${shared.agent.user.id}`)).group_levels, { group_id: group.id, levels: ['read'] }] });
    await t.page.reload();
    await beginNote(t, 'May read, may not write');
    await addNote(t);
    await t.page.getByRole('region', { name: 'Write' }).getByRole('alert').getByText('You may not do this.').waitFor();
    await typed(note(t), 'May read, may not write');
    await t.close();
  });

  test('a ticket that is taken away under one’s hands says so, and gives back what was typed', async () => {
    const { id } = await ticket(shared, 'Taken away meanwhile');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await beginNote(t, 'Typed before it was gone');
    const group = await shared.admin.post(`${api}/groups`, { name: 'Of others' });
    await shared.admin.patch(`${api}/tickets/${id}`, { group: group.id });
    await addNote(t);
    await t.page.getByText('This ticket is not there').waitFor();
    await t.page.getByRole('region', { name: 'Write' }).getByRole('alert').waitFor();
    await typed(note(t), 'Typed before it was gone');
    await assertAccessible(t, 'ticket taken away');
    await t.close();
  });

  test('a session that ends while a file is on its way asks for the password, and the file arrives', async () => {
    const { id } = await ticket(shared, 'Uploads');
    const t = await signedIn(shared, shared.agent, `/app/tickets/${id}`);
    await answer(t).waitFor();
    await t.context.clearCookies();
    await t.page.locator('input[type=file]').setInputFiles([{ name: 'late.txt', mimeType: 'text/plain', buffer: Buffer.from('late') }]);
    const dialog = t.page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.getByLabel('Password').fill(shared.agent.password);
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
    await t.page.getByRole('progressbar').waitFor({ state: 'detached' });
    await t.page.getByRole('listitem').filter({ hasText: 'late.txt' }).waitFor();
    await t.close();
  });
}, {}, 'sqlite');
