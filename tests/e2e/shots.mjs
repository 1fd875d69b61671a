// Pictures of the pages, to be looked at: node tests/e2e/shots.mjs FOLDER [NAME…]
// Light and dark, desk and phone, over a server of its own with believable data.
import { mkdirSync } from 'node:fs';
import { Server } from '../http/harness.mjs';
import { createRequire } from 'node:module';
import { api, desk, phone, signedIn, tab } from './harness.mjs';

const { chromium } = createRequire(new URL('../http/package.json', import.meta.url))('playwright-core');
const [folder = 'shots', ...only] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const server = await Server.start('sqlite', { CSRF_PROTECTION: 'true' });
const shared = { server };
try {
  await server.run(['seed', '--tickets', '400']);
  shared.browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  shared.admin = await server.person('admin', 'ann@example.org');
  const me = await shared.admin.get(`${api}/me`);
  await shared.admin.patch(`${api}/users/${me.id}`, { group_levels: (await shared.admin.get(`${api}/groups?limit=200`)).data.map((g) => ({ group_id: g.id, levels: ['full'] })) });
  for (const [name, query] of [['Urgent and open', 'priority:urgent state:open'], ['Waiting for the customer', 'state:pending'], ['With attachments', 'has:attachment']])
    await shared.admin.request('POST', `${api}/views`, { body: { name, query } });
  const { data } = await shared.admin.get(`${api}/tickets?limit=50&q=has:attachment`);
  const long = data.find((t) => t.message_count > 3) ?? data[0];
  await shared.admin.post(`${api}/tickets/${long.id}/messages`, { body: 'He called: the **old** printer is gone, see the `lpstat` output.', format: 'markdown', visibility: 'internal', kind: 'note' });
  const firm = await shared.admin.post(`${api}/organizations`, { name: 'Northwind Traders', shared: true, domains: ['northwind.example'], domain_assignment: true, note: 'Pays on time.' });
  const jo = await shared.admin.post(`${api}/users`, { name: 'Jo Marsh', email: 'jo@northwind.example', phone: '+44 20 7946 0000', organization_id: firm.id, vip: true, note: 'Prefers to be called.', group_levels: [{ group_id: 1, levels: ['read', 'create'] }] });
  await shared.admin.post(`${api}/legal-holds`, { object: 'user', object_id: jo.id, reason: 'Case 7/2026', asked_by: 'Court of Bonn' });
  const dialog = (name) => async (p) => { await p.getByRole('button', { name, exact: true }).first().click(); await p.getByRole('dialog').waitFor(); };
  const pages = {
    admin: { path: '/app/admin' },
    users: { path: '/app/admin/users' },
    usersnone: { path: '/app/admin/users?q=xyzzyplugh' },
    usernew: { path: '/app/admin/users?new=customer' },
    user: { path: `/app/admin/users/${jo.id}` },
    useredit: { path: `/app/admin/users/${jo.id}`, act: dialog('Edit') },
    userrights: { path: `/app/admin/users/${jo.id}`, act: async (p) => { await p.getByRole('region', { name: 'Roles and groups' }).getByRole('button').click(); await p.getByRole('dialog').waitFor(); } },
    usermerge: { path: `/app/admin/users/${jo.id}`, act: async (p) => { await dialog('Merge a duplicate')(p); await p.getByRole('combobox').fill('a'); await p.getByRole('option').first().click(); await p.getByRole('radio').first().waitFor(); } },
    usergone: { path: '/app/admin/users/99999999' },
    organizations: { path: '/app/admin/organizations' },
    organization: { path: `/app/admin/organizations/${firm.id}` },
    organizationedit: { path: `/app/admin/organizations/${firm.id}`, act: dialog('Edit') },
    groups: { path: '/app/admin/groups' },
    groupedit: { path: '/app/admin/groups', act: async (p) => { await p.locator('.row-link').first().click(); await p.getByRole('dialog').waitFor(); } },
    roles: { path: '/app/admin/roles', act: async (p) => { await p.getByRole('checkbox', { name: /^Agent: Read reports/ }).click(); } },
    roleedit: { path: '/app/admin/roles', act: dialog('Agent') },
    arabicuser: { path: `/app/admin/users/${jo.id}`, locale: 'ar' },
    arabicroles: { path: '/app/admin/roles', locale: 'ar' },
    list: { path: '/app/lists/all' },
    preview: { path: `/app/lists/open?ticket=${long.id}` },
    bulk: { path: '/app/lists/open', act: async (p) => { for (const i of [1, 2, 3]) await p.locator('[role=row] input[type=checkbox]').nth(i).click(); await p.getByRole('toolbar').waitFor(); } },
    grouped: { path: '/app/lists/open?group=state' },
    display: { path: '/app/lists/open', act: async (p) => { await p.getByRole('grid').waitFor(); await p.getByRole('button', { name: 'Display' }).click(); await p.getByRole('dialog').waitFor(); } },
    sheet: { path: `/app/tickets/${long.id}`, act: async (p) => { const b = p.getByRole('button', { name: 'Details', exact: true }); if (await b.isVisible()) await b.click(); } },
    filter: { path: '/app/lists/all?q=stat:open' },
    nothing: { path: '/app/lists/all?q=xyzzyplugh' },
    ticket: { path: `/app/tickets/${long.id}` },
    people: { path: `/app/tickets/${long.id}`, act: (p) => p.getByRole('tab', { name: 'People' }).click() },
    history: { path: `/app/tickets/${long.id}`, act: (p) => p.getByRole('tab', { name: 'History' }).click() },
    note: { path: `/app/tickets/${long.id}`, act: async (p) => { await p.getByText('Internal note', { exact: true }).last().click(); await p.getByRole('textbox', { name: 'Internal note' }).fill('For colleagues only'); } },
    menu: { path: '/app/lists/all', act: async (p) => { const b = p.getByRole('button', { name: /Your menu/ }); if (!(await b.isVisible())) await p.getByRole('button', { name: 'Menu', exact: true }).click(); await b.click(); await p.getByRole('menu').waitFor(); } },
    palette: { path: '/app/lists/all', act: async (p) => { await p.getByRole('grid').waitFor(); await p.keyboard.press('Control+k'); await p.getByRole('dialog').getByRole('combobox').fill('printer'); await p.getByRole('option').nth(2).waitFor(); } },
    keys: { path: '/app/lists/all', act: async (p) => { await p.getByRole('grid').waitFor(); await p.keyboard.press('Shift+?'); await p.getByRole('dialog').waitFor(); } },
    gone: { path: '/app/tickets/999999' },
    notfound: { path: '/app/nothing/here' },
    dashboard: { path: '/app/dashboard', tall: 2300 },
    arabicdashboard: { path: '/app/dashboard', locale: 'ar', tall: 2300 },
    audit: { path: '/app/admin/audit' },
    health: { path: '/app/admin/health', tall: 1700 },
    arabic: { path: `/app/tickets/${long.id}`, locale: 'ar' },
    arabiclist: { path: '/app/lists/all', locale: 'ar' },
    newticket: { path: '/app/tickets/new' },
    newticketfull: { path: '/app/tickets/new', act: async (p) => {
      await p.getByRole('combobox', { name: 'Customer' }).fill(data[0].customer.name.slice(0, 4));
      await p.locator('.menu-item').first().click();
      await p.getByLabel('Subject').fill(data[0].title);
      await p.getByRole('textbox', { name: 'What was said' }).fill('He called about it again, and needs it **today**.');
      await p.getByRole('region', { name: 'Already open' }).waitFor();
      await p.getByRole('button', { name: 'Create ticket' }).click({ trial: true });
    } },
    newticketrefused: { path: '/app/tickets/new', act: async (p) => { await p.getByRole('combobox', { name: 'Customer' }).fill('Somebody'); await p.getByRole('option', { name: /Add/ }).click(); await p.getByRole('button', { name: 'Create ticket' }).click(); } },
    states: { path: '/app/admin/states' },
    stateedit: { path: '/app/admin/states', act: (p) => p.getByRole('button', { name: 'pending', exact: false }).first().click() },
    priorities: { path: '/app/admin/priorities' },
    priorityedit: { path: '/app/admin/priorities', act: (p) => p.getByRole('button', { name: 'New priority' }).click() },
    tags: { path: '/app/admin/tags' },
    fields: { path: '/app/admin/fields' },
    fieldnew: { path: '/app/admin/fields/new', act: async (p) => {
      await p.getByLabel('Shown name').fill('Which device?');
      await p.getByLabel('Type', { exact: true }).selectOption('tree_choice');
      await p.getByLabel('Value 1').fill('Hardware::Printer');
      await p.getByLabel('When a customer asks').selectOption('required');
      await p.getByLabel('Hint beside it').fill('The sticker on its back tells.');
    } },
    settings: { path: '/app/admin/settings' },
    settingsserver: { path: '/app/admin/settings?show=server&q=session' },
    security: { path: '/app/admin/security' },
    profile: { path: '/app/profile' },
    profilemfa: { path: '/app/profile', act: async (p) => { await p.getByRole('button', { name: 'Set it up' }).click(); await p.getByLabel('Your password now').fill(shared.admin.password); await p.getByRole('button', { name: 'Next' }).click(); await p.getByRole('img', { name: /QR/ }).waitFor(); } },
    profiletoken: { path: '/app/profile', act: (p) => p.getByRole('button', { name: 'New token' }).click() },
    profilearabic: { path: '/app/profile', locale: 'ar' },
    statesarabic: { path: '/app/admin/states', locale: 'ar' },
    settingsarabic: { path: '/app/admin/settings', locale: 'ar' },
    signin: { path: '/app/', out: true },
  };
  for (const [name, page] of Object.entries(pages)) {
    if (only.length && !only.includes(name)) continue;
    for (const [size, viewport] of Object.entries({ desk, phone }))
      for (const colorScheme of ['light', 'dark']) {
        const options = { viewport: page.tall ? { ...viewport, height: page.tall } : viewport, colorScheme, ...(page.locale ? { locale: page.locale } : {}) };
        const t = page.out ? await tab(shared, options) : await signedIn(shared, shared.admin, page.path, options);
        if (page.out) await t.page.goto(t.url(page.path));
        try {
          await t.page.waitForLoadState('load');
          for (const loading of await t.page.locator('[role=status] .sr-only', { hasText: 'Loading' }).all()) await loading.waitFor({ state: 'detached' });
          await t.page.waitForTimeout(500); // pictures only: fonts and frames have come to rest
          await page.act?.(t.page);
          await t.page.waitForTimeout(300);
        } catch (e) {
          console.log(`${name} ${size} ${colorScheme}: ${e.message.split('\n')[0]}`);
        }
        await t.page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png` });
        if (t.wrong.length) console.log(name, size, colorScheme, t.wrong);
        await t.context.close();
      }
  }
} finally {
  await shared.browser?.close();
  await server.close();
}
