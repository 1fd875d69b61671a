// Lighthouse over pages of the workspace and the portal, offline, against a server of its own:
//   cd tests/e2e/lighthouse && npm ci --ignore-scripts && node run.mjs [NAME …]
// Not part of make test: it is heavy, and performance is only worth a number on a quiet machine.
import { createRequire } from 'node:module';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import lighthouse, { desktopConfig } from 'lighthouse';
import { freePort, Server } from '../../http/harness.mjs';
import { api } from '../harness.mjs';
import { seedTickets } from '../big.mjs';

const { chromium } = createRequire(new URL('../../http/package.json', import.meta.url))('playwright-core');
const only = process.argv.slice(2);
const port = await freePort();
const server = await Server.start('sqlite', { CSRF_PROTECTION: 'true' });
let context;

async function measure(name, path, phone) {
  const { lhr } = await lighthouse(
    server.url + path,
    { port, output: 'json', logLevel: 'error', disableStorageReset: true, onlyCategories: ['performance', 'accessibility', 'best-practices'] },
    phone ? undefined : desktopConfig,
  );
  const points = Object.fromEntries(Object.values(lhr.categories).map((c) => [c.id, Math.round(c.score * 100)]));
  console.log(`${name}, ${phone ? 'phone' : 'desk'}: ${JSON.stringify(points)}, load ${loadavg()[0].toFixed(1)}`);
  const of = (id) => lhr.audits[id]?.displayValue;
  console.log(`   first paint ${of('first-contentful-paint')}, largest ${of('largest-contentful-paint')}, blocked ${of('total-blocking-time')}, shift ${of('cumulative-layout-shift')}`);
  for (const category of Object.values(lhr.categories))
    for (const { id, weight } of category.auditRefs) {
      const audit = lhr.audits[id];
      if (weight && audit.score !== null && audit.score < 0.9) console.log(`   ${category.id}: ${id} ${audit.score} ${audit.displayValue ?? ''} ${audit.details?.items?.slice(0, 3).map((i) => i.node?.snippet ?? i.description ?? i.source ?? '').join(' | ')}`);
    }
}

try {
  await seedTickets(server, 1000);
  // The tabs of Lighthouse are in the browser's own context, whose cookies are set here.
  context = await chromium.launchPersistentContext(join(server.dir, 'browser'), {
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', `--remote-debugging-port=${port}`],
  });
  const admin = await server.person('admin');
  const customer = await server.person('customer');
  const { data } = await admin.get(`${api}/groups?limit=200`);
  await admin.patch(`${api}/users/${admin.user.id}`, { group_levels: data.map((g) => ({ group_id: g.id, levels: ['full'] })) });
  const mine = await customer.post(`${api}/tickets`, { title: 'My request', message: { body: 'It does not work.' } });
  const signIn = async (who) => {
    await context.clearCookies();
    if (who) await context.request.post(`${server.url}${api}/auth/login`, { data: { email: who.email, password: who.password }, headers: { origin: server.url } });
  };
  const pages = [
    ['workspace list', '/app/lists/all', admin],
    ['workspace ticket', `/app/tickets/${(await admin.get(`${api}/tickets?limit=1`)).data[0].id}`, admin],
    ['workspace sign-in', '/app/'],
    ['portal front', '/'],
    ['portal request', `/requests/${mine.id}`, customer],
  ];
  for (const [name, path, who] of pages) {
    if (only.length && !only.some((o) => name.includes(o))) continue;
    await signIn(who);
    for (const phone of [false, true]) await measure(name, path, phone);
  }
} finally {
  await context?.close();
  await server.close();
}
