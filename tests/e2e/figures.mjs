// Figures of the workspace: node tests/e2e/figures.mjs [first|ready|open|palette|scroll|day …]
// E2E_TICKETS (100,000), E2E_ROUNDS (20), E2E_DAY (300 tickets). What else runs on the machine is in the figures: the load is printed.
import { createRequire } from 'node:module';
import { loadavg } from 'node:os';
import { Server } from '../http/harness.mjs';
import { api, signedIn } from './harness.mjs';
import { firstLoad } from './first_load.mjs';
import { seedTickets } from './big.mjs';

const { chromium } = createRequire(new URL('../http/package.json', import.meta.url))('playwright-core');
const TICKETS = Number(process.env.E2E_TICKETS ?? 100000);
const ROUNDS = Number(process.env.E2E_ROUNDS ?? 20);
const DAY = Number(process.env.E2E_DAY ?? 300);
const only = process.argv.slice(2);

const sorted = (list) => [...list].sort((a, b) => a - b);
const at = (list, share) => sorted(list)[Math.min(list.length - 1, Math.floor(list.length * share))];
const tell = (name, list, unit = 'ms') =>
  console.log(`${name}: median ${at(list, 0.5).toFixed(0)} ${unit}, 90 % ${at(list, 0.9).toFixed(0)} ${unit}, most ${Math.max(...list).toFixed(0)} ${unit} (${list.length})`);

/** In the page: painted(what) tells when something was there and painted; pressed() when the last key went down. */
const clock = () => {
  let down = 0;
  addEventListener('keydown', (e) => (down = e.timeStamp), true);
  window.pressed = () => down;
  window.painted = (fits) =>
    new Promise((done) => {
      const look = () => {
        if (!fits()) return false;
        // The frame that shows it is made after the next callback; a task behind that one runs when it is out.
        requestAnimationFrame(() => {
          const c = new MessageChannel();
          c.port1.onmessage = () => done(performance.now());
          c.port2.postMessage(0);
        });
        return true;
      };
      if (look()) return;
      const o = new MutationObserver(() => look() && o.disconnect());
      o.observe(document, { childList: true, subtree: true, characterData: true });
    });
};

const server = await Server.start('sqlite', { CSRF_PROTECTION: 'true' });
const shared = { server };
const slow = async (t, rate) => (await t.context.newCDPSession(t.page)).send('Emulation.setCPUThrottlingRate', { rate });
const open = async (path, options) => {
  const t = await signedIn(shared, shared.admin, '/health/live', options);
  await t.context.addInitScript(clock);
  await t.page.goto(t.url(path));
  await t.page.getByRole('grid').waitFor();
  return t;
};

const measures = {
  async first() {
    const files = await firstLoad(server.url);
    console.log(`first load: ${([...files.values()].reduce((n, f) => n + f.bytes.length, 0) / 1000).toFixed(1)} KB in ${files.size} files (brotli)`);
  },

  /** From the navigation to rows that can be walked. */
  async ready() {
    for (const [name, fresh] of [['nothing in the cache', true], ['files in the cache', false]]) {
      const times = [];
      let t;
      for (let i = 0; i < Math.min(ROUNDS, 10); i++) {
        if (!t || fresh) {
          await t?.context.close();
          t = await open('/app/lists/all');
          await slow(t, 4);
          if (fresh) await (await t.context.newCDPSession(t.page)).send('Network.clearBrowserCache');
        }
        await t.page.reload({ waitUntil: 'commit' });
        times.push(await t.page.evaluate(() => window.painted(() => document.querySelector('[role=grid] [data-id]'))));
      }
      await t.context.close();
      tell(`ready at a quarter of the speed, ${name}`, times);
    }
  },

  /** From the key to the painted text of the ticket. */
  async open() {
    const t = await open('/app/lists/all');
    const p = t.page;
    const times = { 'opened from the list by Enter': [], 'the next one by j': [] };
    for (let i = 0; i < ROUNDS; i++) {
      await p.keyboard.press('j');
      await p.waitForTimeout(400); // somebody reads the row
      const title = await p.evaluate(() => document.activeElement.textContent);
      const shown = (wanted) => p.evaluate((title) => window.painted(() => document.querySelector('h1')?.textContent === title && document.querySelector('article')?.textContent).then((end) => end - window.pressed()), wanted);
      let wait = shown(title);
      await p.keyboard.press('Enter');
      times['opened from the list by Enter'].push(await wait);
      await p.waitForTimeout(400);
      const before = await p.locator('h1').textContent();
      wait = p.evaluate((title) => window.painted(() => document.querySelector('h1') && document.querySelector('h1').textContent !== title && document.querySelector('article')).then((end) => end - window.pressed()), before);
      await p.keyboard.press('j');
      times['the next one by j'].push(await wait);
      await p.goBack();
      await p.goBack();
      await p.getByRole('grid').waitFor();
      for (let k = 0; k < i; k++) await p.keyboard.press('j');
    }
    for (const [name, list] of Object.entries(times)) {
      console.log(`${name}, the first: ${list[0].toFixed(0)} ms`);
      tell(name, list.slice(1));
    }
    await t.context.close();
  },

  /** From the last letter to painted hits. */
  async palette() {
    const t = await open('/app/lists/all');
    const times = [];
    for (let i = 0; i < ROUNDS; i++) {
      const word = ['printer', 'invoice', 'password', 'network', 'delivery', 'update', 'license', 'display'][i % 8];
      await t.page.keyboard.press('Control+k');
      const box = t.page.getByRole('dialog').getByRole('combobox');
      await box.pressSequentially(word.slice(0, 3), { delay: 120 });
      await t.page.waitForTimeout(300);
      const wait = t.page.evaluate((word) => window.painted(() => [...document.querySelectorAll('[role=option] mark')].some((m) => m.textContent.toLowerCase() === word)).then((end) => end - window.pressed()), word.slice(0, 4));
      await t.page.keyboard.press(word[3]);
      times.push(await Promise.race([wait, t.page.waitForTimeout(3000).then(() => NaN)]));
      await t.page.keyboard.press('Escape');
      await t.page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    tell('hits while one types', times.filter((x) => !Number.isNaN(x)));
    await t.context.close();
  },

  async scroll() {
    const t = await open('/app/lists/all');
    const grid = t.page.getByRole('grid');
    const rows = () => grid.evaluate((g) => Number(g.ariaRowCount) - 1);
    const began = Date.now();
    while ((await rows()) < Math.min(10000, TICKETS)) {
      await grid.evaluate((g) => g.scrollTo(0, g.scrollHeight));
      await t.page.waitForTimeout(5);
    }
    console.log(`10,000 rows were fetched in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    for (const [name, step] of [['slowly', 40], ['quickly', 400], ['wildly', 4000]]) {
      const frames = await grid.evaluate(
        (g, step) =>
          new Promise((done) => {
            const list = [];
            let last;
            g.scrollTop = 0;
            const frame = (now) => {
              if (last) list.push(now - last);
              last = now;
              g.scrollTop += step;
              if (list.length < 300) requestAnimationFrame(frame);
              else done(list);
            };
            requestAnimationFrame(frame);
          }),
        step,
      );
      const late = frames.filter((ms) => ms > 25);
      console.log(`scrolling ${name}: ${late.length} of ${frames.length} frames late, longest ${Math.max(...frames).toFixed(0)} ms`);
    }
    await t.context.close();
  },

  /** What a tab holds while somebody works through tickets, lists and searches. */
  async day() {
    const t = await open('/app/lists/all');
    const p = t.page;
    const cdp = await t.context.newCDPSession(p);
    await cdp.send('Performance.enable');
    const held = async () => {
      for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage');
      const { metrics } = await cdp.send('Performance.getMetrics');
      const of = (name) => metrics.find((m) => m.name === name).value;
      return `${(of('JSHeapUsedSize') / 1e6).toFixed(1)} MB, ${of('Nodes')} nodes, ${of('JSEventListeners')} listeners`;
    };
    for (let i = 0; i <= DAY; i++) {
      if (i % Math.max(1, Math.floor(DAY / 6)) === 0) console.log(`after ${i} tickets: ${await held()}`);
      await p.getByRole('link', { name: i % 2 ? /All tickets/ : /All open/ }).click();
      await p.getByRole('grid').waitFor();
      for (let k = 0; k < (i % 40) + 1; k++) await p.keyboard.press('j');
      await p.keyboard.press('Enter');
      await p.getByRole('article').first().waitFor();
      if (i % 3 === 0) await p.getByRole('tab', { name: 'People' }).click();
      if (i % 5 === 0) {
        await p.keyboard.press('Control+k');
        await p.getByRole('dialog').getByRole('combobox').fill('printer');
        await p.getByRole('option').nth(3).waitFor();
        await p.keyboard.press('Escape');
      }
    }
    await t.context.close();
  },
};

try {
  if (only.length === 0 || only.some((n) => n !== 'first')) await seedTickets(server, TICKETS);
  shared.browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
  shared.admin = await server.person('admin');
  const { data } = await shared.admin.get(`${api}/groups?limit=200`);
  await shared.admin.patch(`${api}/users/${shared.admin.user.id}`, { group_levels: data.map((g) => ({ group_id: g.id, levels: ['full'] })) });
  for (const [name, measure] of Object.entries(measures)) {
    if (only.length && !only.includes(name)) continue;
    console.log(`-- ${name}, ${TICKETS} tickets, load ${loadavg()[0].toFixed(1)}`);
    await measure();
  }
} finally {
  await shared.browser?.close();
  await server.close();
}
