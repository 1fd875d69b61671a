// Pictures of the customers' pages, to be looked at: node tests/e2e/portal_shots.mjs FOLDER [NAME…]
// Light and dark, desk and phone, over a server of its own with believable data.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Server } from '../http/harness.mjs';
import { api, desk, phone, tab } from './harness.mjs';

const { chromium } = createRequire(new URL('../http/package.json', import.meta.url))('playwright-core');
const [folder = 'shots', ...only] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const server = await Server.start('sqlite', { CSRF_PROTECTION: 'true', REGISTRATION: 'verify' });
const shared = { server };
const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
try {
  shared.browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const admin = await server.person('admin', 'nora.lind@example.org');
  await admin.patch(`${api}/settings`, { product_name: 'Northwind Help' });
  await admin.patch(`${api}/me`, { name: 'Nora Lind' });
  const ann = await server.person('customer', 'ann.berg@acme.example');
  const fresh = await server.person('customer', 'new@acme.example');
  const org = await admin.post(`${api}/organizations`, { name: 'Acme Ltd', shared: true });
  const org2 = await admin.post(`${api}/organizations`, { name: 'Berg & Sons', shared: true });
  await admin.patch(`${api}/users/${ann.user.id}`, { name: 'Ann Berg', organization_id: org.id, organization_ids: [org2.id] });
  for (const [name, label, type, options, screen, help] of [['room', 'Room', 'text', {}, 'required', 'As on the door, for example B 12.'], ['device', 'Device', 'tree_choice', { choices: ['Hardware::Printer', 'Hardware::Laptop', 'Software'] }, 'shown'],
    ['since', 'Since when', 'date', {}, 'shown'], ['people', 'People concerned', 'integer', { min: 1, max: 500 }, 'shown'], ['parts', 'What is concerned', 'choices', { choices: ['Paper', 'Network', 'Display'] }, 'shown'], ['urgent', 'I cannot work', 'boolean', {}, 'shown']])
    await admin.post(`${api}/fields`, { object: 'ticket', name, label, type, options, help: help ?? '', screens: { customer_create: screen } });
  await admin.post(`${api}/groups`, { name: 'Invoices', customers_may_choose: true });
  const titles = ['Printer on the second floor prints grey stripes', 'Invoice 2026-1187 has the wrong address', 'VPN drops every few minutes when I work from home, and the wireless network at the office does the same since Monday', 'New laptop for our trainee', 'لا أستطيع تسجيل الدخول إلى البريد', 'Password of the meeting room display'];
  const made = [];
  for (const title of titles) made.push(await admin.post(`${api}/tickets`, { title, message: { body: 'Hello,\n\nsince this morning it does not work any more. What can I do?\n\nThank you, Ann' }, fields: { room: 'B 12' }, customer: 'ann.berg@acme.example', organization: org.id }));
  for (let i = 0; i < 20; i++) await admin.post(`${api}/tickets`, { title: `Older request ${i}`, message: { body: 'x' }, fields: { room: '1' }, customer: 'ann.berg@acme.example', organization: org.id });
  const t = made[0];
  await admin.post(`${api}/tickets/${t.id}/messages`, { body: 'Hello Ann,\n\nthank you for the details. Please try these:\n\n1. Take out **both** cartridges\n2. Clean the contacts\n3. Print the page `self-test`\n\n> grey stripes on every page\n\nDoes that help?', format: 'markdown' });
  await admin.post(`${api}/tickets/${t.id}/messages`, { body: '<p>Dear Ann,</p><p>the spare part is <b>ordered</b>.</p><table><tr><th>Part</th><th>Arrives</th></tr><tr><td>Drum unit</td><td>Thursday</td></tr></table>', format: 'html' });
  const upload = (name, type, raw) => ann.expect(201, 'POST', `${api}/uploads?name=${encodeURIComponent(name)}`, { raw, headers: { 'content-type': type } });
  const up = [await upload('stripes.png', 'image/png', picture), await upload('self-test of the second floor, all pages.pdf', 'application/pdf', Buffer.from('%PDF-1.4 x'))];
  await ann.post(`${api}/tickets/${t.id}/messages`, { body: 'No, it is worse now. Here is a picture.', attachments: up.map((u) => u.id) });
  await admin.patch(`${api}/tickets/${made[1].id}`, { state: 'closed' });
  const path = `/requests/${t.number}`;
  const send = (p) => Promise.all([p.waitForNavigation(), p.click('main .do button')]);
  const password = (p) => p.fill('[name=current_password]', ann.password);
  const pages = {
    home: { path: '/', out: true }, signin: { path: '/sign-in', out: true }, register: { path: '/register', out: true }, forgot: { path: '/forgot-password', out: true }, reset: { path: '/reset-password', out: true },
    signinbad: { path: '/sign-in', out: true, act: async (p) => { await p.fill('#f-email', 'ann.berg@acme.example'); await p.fill('#f-password', 'x'); await send(p); } },
    registered: { path: '/register/done', out: true }, again: { path: '/verify-email/again', out: true },
    list: { path: '/requests' }, closed: { path: '/requests?state=closed' }, nothing: { path: '/requests?q=xyzzy' }, badsearch: { path: '/requests?q=a:b' }, empty: { path: '/requests', who: fresh },
    request: { path }, new: { path: '/requests/new' }, refused: { path: '/requests/new', act: async (p) => { await p.fill('#f-body', 'It does not print.'); await p.fill('[name="field.people"]', '900'); await send(p); } },
    done: { path: `/requests/${made[1].number}` },
    profile: { path: '/profile' }, email: { path: '/profile/email' }, second: { path: '/profile/second-step' },
    key: { path: '/profile/second-step', act: async (p) => { await password(p); await send(p); } },
    codes: { path: '/profile/second-step/codes' },
    absent: { path: '/requests/99999' }, arabic: { path, locale: 'ar' }, arabiclist: { path: '/requests', locale: 'ar' }, arabicnew: { path: '/requests/new', locale: 'ar' }, arabicprofile: { path: '/profile', locale: 'ar' }, arabichome: { path: '/', out: true, locale: 'ar' },
    lost: { path, act: async (p, c) => { await p.fill('#f-body', 'Long thoughts that must not be lost.'); await c.clearCookies(); await send(p); } },
    print: { path, act: (p) => p.emulateMedia({ media: 'print' }) },
  };
  for (const [name, page] of Object.entries(pages)) {
    if (only.length && !only.includes(name)) continue;
    for (const [size, viewport] of Object.entries({ desk, phone }))
      for (const colorScheme of ['light', 'dark']) {
        const who = page.who ?? ann;
        const v = await tab(shared, { viewport, colorScheme, locale: page.locale ?? 'en-GB' });
        if (!page.out) await v.context.request.post(`${server.url}${api}/auth/login`, { data: { email: who.email, password: who.password }, headers: { origin: server.url } });
        if (page.locale) await v.context.addCookies([{ name: 'lang', value: page.locale, url: server.url }]);
        await v.page.goto(v.url(page.path));
        try {
          await page.act?.(v.page, v.context);
          await v.page.waitForTimeout(300); // pictures only: frames have come to rest
        } catch (e) {
          console.log(`${name} ${size} ${colorScheme}: ${e.message.split('\n')[0]}`);
        }
        await v.page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png`, fullPage: true });
        if (v.wrong.length) console.log(name, size, colorScheme, v.wrong);
        await v.context.close();
      }
  }
} finally {
  await shared.browser?.close();
  await server.close();
}
