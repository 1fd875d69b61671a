// The customer portal in Chromium, with scripts and without: whole flows of a customer, axe-core in both
// colour schemes on each page, phone width, keyboard. tests/http/portal.test.mjs tries its forms as plain requests.
import { test, describe, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Server, engines, until } from '../http/harness.mjs';
import { PATIENCE } from './harness.mjs';

const need = createRequire(new URL('../http/package.json', import.meta.url));
const { chromium } = need('playwright-core');
const axe = readFileSync(need.resolve('axe-core/axe.min.js'), 'utf8');
const api = '/api/v1';
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const password = 'kq8vH2rz-blau';
const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
});
after(() => browser?.close());

/** The code of an authenticator app now. */
function totp(key) {
  const bits = [...key].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

/** A browser of one person; notes what must not happen. */
async function visitor(server, { scripts = true, ...options } = {}) {
  const context = await browser.newContext({ javaScriptEnabled: scripts, baseURL: server.url, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const seen = [];
  page.on('console', (m) => {
    if (/Content Security Policy/i.test(m.text())) seen.push(m.text());
  });
  page.on('pageerror', (e) => seen.push(e.message));
  context.on('request', (r) => {
    const { protocol, origin } = new URL(r.url());
    if (!['data:', 'about:'].includes(protocol) && origin !== server.url) seen.push(`request ${r.url()}`);
  });
  /** Presses the button of a form and waits for the page behind it. */
  const send = async (selector = 'main .do button') => {
    await Promise.all([page.waitForNavigation(), page.click(selector)]);
  };
  return { context, page, seen, send, scripts };
}

/** The newest one-time token that the server wrote down for this path. */
async function token(server, path) {
  const words = new RegExp(`${path}#token=([\\w.-]+)`, 'g');
  return until(() => [...server.output.matchAll(words)].at(-1)?.[1], `a link to ${path}`);
}

async function openLink(v, server, path) {
  const t = await token(server, path);
  await v.page.goto(`${path}#token=${t}`);
  if (!v.scripts) await v.page.fill('#f-token', `${server.url}${path}#token=${t}`);
}

async function signIn(v, email) {
  await v.page.goto('/sign-in');
  await v.page.fill('#f-email', email);
  await v.page.fill('#f-password', password);
  await v.send();
  assert.match(v.page.url(), /\/requests$/);
}

/** Registers, confirms, signs in: a customer with a session. */
async function register(v, server, email) {
  await v.page.goto('/register');
  await v.page.fill('#f-name', 'Bea');
  await v.page.fill('#f-email', email);
  await v.page.fill('#f-password', password);
  await v.send();
  assert.match(v.page.url(), /\/register\/done$/);
  await openLink(v, server, '/verify-email');
  await v.send();
  assert.match(v.page.url(), /\/sign-in\?done=verified$/);
  await signIn(v, email);
}

/** No violation in either scheme, nothing wider than a phone. */
async function judge(v, what) {
  for (const colorScheme of ['light', 'dark']) {
    await v.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await v.page.evaluate(axe);
    const found = await v.page.evaluate(() => axe.run({ resultTypes: ['violations'] }));
    assert.deepEqual(found.violations.map((x) => `${x.id}: ${x.nodes.map((n) => n.html).join(' ')}`), [], `${what}, ${colorScheme}`);
  }
  await v.page.setViewportSize({ width: 360, height: 740 });
  assert.equal(await v.page.evaluate(() => document.documentElement.scrollWidth), 360, `${what} is wider than a phone`);
  await v.page.setViewportSize({ width: 1280, height: 800 });
}

for (const engine of engines)
  describe(`portal on ${engine}`, { concurrency: false }, () => {
    const shared = {};
    before(async () => {
      shared.server = await Server.start(engine, { CSRF_PROTECTION: 'true', ENVIRONMENT: 'development' });
      shared.agent = await shared.server.person('admin');
    });
    after(() => shared.server?.close());

    for (const scripts of engine === 'sqlite' ? [true, false] : [true])
      test(`a customer registers, asks, reads, answers, closes and opens again ${scripts ? 'with' : 'without'} scripts`, async () => {
        const { server, agent } = shared;
        const v = await visitor(server, { scripts });
        const { page, send } = v;
        await register(v, server, `bea-${scripts}@example.org`);
        await page.goto('/requests/new');
        await page.fill('#f-body', 'It does not print.\nNot at all.');
        await page.setInputFiles('#f-files', [{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') }, { name: 'shot.png', mimeType: 'image/png', buffer: picture }]);
        if (scripts) await page.waitForSelector('.uploads li:nth-child(2) input');
        await send();
        assert.equal(await page.textContent('#e-title'), 'Please fill this in.');
        assert.equal(await page.inputValue('#f-body'), 'It does not print.\nNot at all.');
        assert.equal(await page.locator('.uploads input:checked').count(), 2, 'files that were sent stay');
        await page.fill('#f-title', 'Printer');
        await send();
        assert.match(page.url(), /\/requests\/\d+\?done=sent$/);
        const path = new URL(page.url()).pathname;
        const id = (await agent.get(`${api}/tickets/number:${path.split('/')[2]}`)).id;
        assert.match(await page.textContent('article'), /It does not print\.\s+Not at all\./);
        assert.equal(await page.locator('article .files a').count(), 2);
        assert.equal(await page.locator('article .files img').count(), 1);
        const file = await v.context.request.get(await page.getAttribute('article .files a:has-text("notes.txt")', 'href'));
        assert.equal(await file.text(), 'notes');
        assert.match(file.headers()['content-disposition'], /^attachment/);

        await agent.post(`${api}/tickets/${id}/messages`, { body: 'Which *tray*?', format: 'markdown' });
        await agent.post(`${api}/tickets/${id}/messages`, { body: 'never shown', visibility: 'internal' });
        await agent.post(`${api}/tickets/${id}/messages`, { body: '<p style="color:red">Dear customer</p><img src="https://evil.invalid/x">', format: 'html' });
        if (scripts) await page.waitForSelector('article.agent:nth-of-type(3)'); // it came by itself
        await page.goto(path);
        assert.equal(await page.locator('article.agent').count(), 2);
        assert.doesNotMatch(await page.content(), /never shown/);
        const frame = page.frameLocator('article iframe');
        assert.match(await frame.locator('body').textContent(), /Dear customer/);

        await page.fill('#f-body', 'Tray 2');
        await send('.answer .do button');
        assert.match(await page.textContent('[role=status]'), /Your message is sent/);
        await send('.close button');
        assert.match(await page.textContent('.answer .notice'), /open it again/);
        await page.goto('/requests');
        assert.equal(await page.locator('.list li').count(), 0);
        await page.goto('/requests?state=closed');
        await send('.list .title');
        await page.fill('#f-body', 'It is back');
        await send('.answer .do button');
        assert.equal((await agent.get(`${api}/tickets/${id}`)).state_type, 'open');
        await send('header form button');
        assert.match(page.url(), /\/sign-in\?done=out$/);
        await page.goto('/requests');
        assert.match(page.url(), /\/sign-in\?next=/);
        assert.deepEqual(v.seen, []);
        await v.context.close();
      });
  });

describe('how the pages of the portal are made', { concurrency: false }, () => {
  const shared = {};
  before(async () => {
    shared.server = await Server.start('sqlite', { CSRF_PROTECTION: 'true', ENVIRONMENT: 'development' });
    const { server } = shared;
    const agent = await server.person('admin');
    const v = await visitor(server);
    await register(v, server, 'ann@example.org');
    Object.assign(shared, { agent, v });
    for (const [name, type, options, screen] of [['room', 'text', {}, 'required'], ['kind', 'tree_choice', { choices: ['Hardware::Printer', 'Software'] }, 'shown'], ['since', 'date', {}, 'shown'], ['people', 'integer', { min: 1, max: 500 }, 'shown'], ['price', 'decimal', {}, 'shown'], ['parts', 'choices', { choices: [{ value: 'a', label: 'Paper' }, { value: 'b', label: 'Network' }] }, 'shown'], ['urgent', 'boolean', {}, 'shown'], ['link', 'url', {}, 'shown'], ['more', 'long_text', {}, 'shown'], ['at', 'datetime', {}, 'shown']])
      await agent.post(`${api}/fields`, { object: 'ticket', name, label: `Field ${name}`, type, options, screens: { customer_create: screen } });
    await agent.post(`${api}/groups`, { name: 'Invoices', customers_may_choose: true });
  });
  after(async () => {
    await shared.v?.context.close();
    await shared.server?.close();
  });

  test('fields of every type are asked for and kept', async () => {
    const { page, send } = shared.v;
    await page.goto('/requests/new');
    const values = { title: 'Everything', body: 'x', 'field.room': 'B 12', 'field.people': '3', 'field.price': '2,5', 'field.since': '2026-11-20', 'field.link': 'https://example.org/', 'field.more': 'a\nb', 'field.at': '2026-11-20T10:30' };
    for (const [name, value] of Object.entries(values)) await page.fill(`[name="${name}"]`, value);
    await page.selectOption('[name="field.kind"]', 'Hardware::Printer');
    await page.selectOption('[name="group"]', { label: 'Invoices' });
    await page.check('[name="field.parts"][value=b]');
    await page.check('[name="field.urgent"]');
    await send();
    shared.path = new URL(page.url()).pathname;
    const t = await shared.agent.get(`${api}/tickets/number:${shared.path.split('/')[2]}`);
    assert.equal(t.group.name, 'Invoices');
    assert.deepEqual(t.fields, { at: '2026-11-20T10:30:00.000Z', kind: 'Hardware::Printer', link: 'https://example.org/', more: 'a\nb', parts: ['b'], people: 3, price: 2.5, room: 'B 12', since: '2026-11-20', urgent: true });
    assert.match(await page.textContent('.facts'), /Hardware › Printer/);
  });

  test('axe-core finds nothing on any page in either scheme, and a phone never scrolls sideways', async () => {
    const { v, agent, path, server } = shared;
    const { page } = v;
    const id = (await agent.get(`${api}/tickets/number:${path.split('/')[2]}`)).id;
    await agent.post(`${api}/tickets/${id}/messages`, { body: `# Title\n\n- one\n- two\n\n\`\`\`\n${'long '.repeat(60)}\n\`\`\`\n\n| a | b |\n|---|---|\n| ${'x'.repeat(90)} | d |`, format: 'markdown' });
    await agent.post(`${api}/tickets/${id}/messages`, { body: `<p>Dear customer</p><table><tr><td>${'wide '.repeat(80)}</td></tr></table>`, format: 'html' });
    for (let i = 0; i < 22; i++) await agent.post(`${api}/tickets`, { title: `Request ${i} ${i % 5 ? '' : 'with a long title that goes on '.repeat(5)}`, message: { body: 'x' }, fields: { room: '1' }, customer: 'ann@example.org' });
    for (const p of ['/requests', '/requests?state=closed', '/requests?q=nosuchword', '/requests?q=no:field', '/requests/new', path, '/profile', '/profile?done=saved', '/profile/email', '/profile/second-step', '/profile/second-step/codes', '/profile/second-step/off', '/requests/99999999', '/nothing']) {
      await page.goto(p);
      await judge(v, p);
    }
    await page.goto('/requests/new');
    await v.send();
    await judge(v, 'a refused form');
    await page.goto('/requests/new');
    await page.click('[name=lang][value=ar]');
    await page.waitForSelector('html[lang=ar][dir=rtl]');
    for (const p of ['/requests', '/requests/new', path, '/profile', '/profile/second-step', '/nothing']) {
      await page.goto(p);
      await judge(v, `${p} in Arabic`);
    }
    const nobody = await visitor(server);
    for (const p of ['/', '/sign-in', '/register', '/register/done', '/verify-email', '/verify-email/again', '/verify-email/again/done', '/forgot-password', '/forgot-password/done', '/reset-password', '/setup']) {
      await nobody.page.goto(p);
      await judge(nobody, p);
    }
    assert.deepEqual([...v.seen, ...nobody.seen], []);
    await nobody.context.close();
  });

  test('the second step is set up by keyboard: the picture, the key and the recovery codes can be read', async () => {
    const v = await visitor(shared.server);
    const { page, send } = v;
    await register(v, shared.server, 'eve@example.org');
    await page.goto('/profile');
    await page.focus('a[href="/profile/second-step"]');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await page.focus('#f-current_password');
    await page.keyboard.type(password);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await page.getByRole('img', { name: 'QR code that holds the key' }).waitFor();
    await judge(v, 'the key');
    const key = (await page.textContent('.key')).replaceAll(' ', '');
    await page.focus('#f-code');
    await page.keyboard.type('000000');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'errors', 'what was refused is read out first');
    await judge(v, 'a wrong code');
    await page.fill('#f-code', totp(key));
    await send();
    assert.equal(await page.locator('.codes li').count(), 10);
    await judge(v, 'the recovery codes');
    await page.goto('/profile/second-step');
    await judge(v, 'the second step that is on');
    await page.emulateMedia({ media: 'print' });
    await page.goto('/requests');
    assert.equal(await page.locator('header nav').first().isVisible(), false, 'paper has no navigation');
    assert.deepEqual(v.seen, []);
    await v.context.close();
  });

  test('the keyboard alone opens a request', async () => {
    const v = await visitor(shared.server);
    const { page } = v;
    await page.goto('/sign-in');
    const type = async (text) => page.keyboard.type(text);
    const to = async (selector) => {
      for (let i = 0; i < 40; i++) {
        if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
        await page.keyboard.press('Tab');
      }
      assert.fail(`the keyboard does not reach ${selector}`);
    };
    await to('#f-email');
    await type('ann@example.org');
    await to('#f-password');
    await type(password);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await to('a.button[href="/requests/new"]');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await to('#f-title');
    await type('By keyboard');
    await to('#f-body');
    await type('words');
    await to('[name="field.room"]');
    await type('7');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.match(page.url(), /done=sent/);
    await v.context.close();
  });

  test('what is typed is kept in the browser until it is sent, and forgotten then', async () => {
    const v = await visitor(shared.server);
    await signIn(v, 'ann@example.org');
    await v.page.goto('/requests/new');
    await v.page.fill('#f-body', 'a draft');
    await v.page.goto('/requests');
    await v.page.goto('/requests/new');
    assert.equal(await v.page.inputValue('#f-body'), 'a draft');
    await v.page.fill('#f-title', 'T');
    await v.page.fill('[name="field.room"]', '7');
    await v.send();
    await v.page.goto('/requests/new');
    assert.equal(await v.page.inputValue('#f-body'), '');
    await v.context.close();
  });
});
