// The real server, a real Chromium, and people in it. Built on the harness of tests/http.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, after, afterEach, describe } from 'node:test';
import { binary, onBoth, Server } from '../http/harness.mjs';

const need = createRequire(new URL('../http/package.json', import.meta.url));
const { chromium } = need('playwright-core');
const axePath = need.resolve('axe-core/axe.min.js');

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const PATIENCE = Number(process.env.PATIENCE ?? 60000); // a loaded machine is slow; conditions are waited for, not times
export const phone = { width: 360, height: 740 };
export const desk = { width: 1440, height: 900 };
const api = '/api/v1';

/** One browser and one server for the tests of a suite, once on each database (or on the one named by only): body(shared). */
export function inBrowser(name, body, env = {}, only = undefined) {
  onBoth((engine) => (only ?? engine) === engine &&
    describe(`${name} on ${engine}`, () => {
      const shared = { engine, tabs: new Set() };
      before(async () => {
        shared.server = await Server.start(engine, { CSRF_PROTECTION: 'true', ...env });
        shared.browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
        shared.agent = await shared.server.person('agent');
        shared.admin = await shared.server.person('admin');
        await allowEverything(shared);
      });
      afterEach((test) => settle(shared, test));
      after(async () => {
        await shared.browser?.close();
        await shared.server?.close();
      });
      body(shared);
    }),
  );
}

/** What a test that failed left open is told and kept as a picture; nothing stays open. */
async function settle(shared, test) {
  const { error } = test;
  for (const t of shared.tabs) {
    if (error) {
      const said = await look(t, `${shared.engine} ${test.name} ${t.nth}`).catch((e) => e.message);
      const to = error.cause ?? error;
      to.message += `\n${said}`;
    }
    await t.context.close().catch(() => {});
  }
  shared.tabs.clear();
}

/** Where a tab is, what it shows and what it said, in words; the picture goes beside the binary. */
async function look(t, name) {
  const folder = join(dirname(binary), 'e2e-failures');
  mkdirSync(folder, { recursive: true });
  const picture = join(folder, `${name.replace(/[^\w]+/g, '-').slice(0, 120)}.png`);
  await t.page.screenshot({ path: picture, timeout: 5000 }).catch(() => {});
  const text = await t.page.locator('body').ariaSnapshot({ timeout: 5000 }).catch(() => 'nothing');
  return [`tab ${t.nth} at ${t.page.url()}, seen in ${picture}`, ...t.said.slice(-15), 'it shows:', text.slice(0, 2500)].join('\n');
}

/** The agent may do everything in the groups that there are. */
async function allowEverything({ admin, agent }) {
  const groups = (await admin.get(`${api}/groups`)).data;
  await admin.patch(`${api}/users/${agent.user.id}`, { group_levels: groups.map((g) => ({ group_id: g.id, levels: ['full'] })) });
}

/** A tab of somebody who has not signed in yet; errors of the page fail the test that closes it. */
export async function tab(shared, options = {}) {
  const context = await shared.browser.newContext({ viewport: desk, locale: 'en-GB', reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  if (process.env.E2E_SLOW) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: Number(process.env.E2E_SLOW) });
  const wrong = [];
  const said = [];
  page.on('console', (m) => said.push(`${m.type()}: ${m.text().slice(0, 300)}`));
  page.on('requestfailed', (r) => said.push(`failed: ${r.method()} ${r.url()} ${r.failure()?.errorText}`));
  page.on('response', (r) => r.status() >= 400 && said.push(`${r.status()}: ${r.request().method()} ${r.url()}`));
  page.on('pageerror', (e) => wrong.push(`error: ${e.message}`));
  page.on('console', (m) => /Content Security Policy/i.test(m.text()) && wrong.push(m.text()));
  page.on('request', (r) => {
    const u = new URL(r.url());
    if (!['data:', 'blob:', 'about:'].includes(u.protocol) && u.origin !== shared.server.url) wrong.push(`request to ${r.url()}`);
  });
  const t = { page, context, wrong, said, url: (path) => shared.server.url + path };
  t.close = async () => {
    await context.close();
    shared.tabs?.delete(t);
    assert.deepEqual(wrong, []);
  };
  t.nth = (shared.tabs?.size ?? 0) + 1;
  shared.tabs?.add(t);
  return t;
}

export async function signIn(t, who, path = '/app/') {
  await t.page.goto(t.url(path));
  await t.page.getByLabel('E-mail address').fill(who.email);
  await t.page.getByLabel('Password').fill(who.password);
  await t.page.getByRole('button', { name: 'Sign in' }).click();
  await t.page.getByRole('navigation', { name: 'Tickets' }).waitFor({ state: 'attached' });
}

/** A tab in which somebody works: signed in by the session cookie, which is quicker than the form. */
export async function signedIn(shared, who, path = '/app/', options = {}) {
  const t = await tab(shared, options);
  const { url } = shared.server;
  const answer = await t.context.request.post(`${url}${api}/auth/login`, { data: { email: who.email, password: who.password }, headers: { origin: url } });
  assert.equal(answer.status(), 200);
  await t.page.goto(t.url(path));
  return t;
}

/** A ticket of some customer: {id, number}. */
export function ticket(shared, title, message = 'Hello, it does not work.', more = {}) {
  return shared.admin.post(`${api}/tickets`, { title, message: { body: message }, customer: 'carla@example.org', ...more });
}

/** What axe finds wrong with the page as it stands, in both themes. */
export async function assertAccessible(t, where) {
  for (const colorScheme of ['light', 'dark']) {
    await t.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Two frames: colours have changed everywhere.
    await t.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    if (!(await t.page.evaluate(() => 'axe' in window))) await t.page.evaluate((await import('node:fs')).readFileSync(axePath, 'utf8') + ';0');
    const found = await t.page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], iframes: false }));
    const words = found.violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.slice(0, 4).map((n) => `${n.html.slice(0, 200)} — ${n.failureSummary?.split('\n')[1]?.trim()}`).join('\n    ')}`);
    assert.deepEqual(words, [], `${where}, ${colorScheme}`);
  }
  await t.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

/** A TOTP code of now (RFC 6238). */
export function totp(secret) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const h = createHmac('sha1', key).update(counter).digest();
  return String((h.readUInt32BE(h[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

export { api };
