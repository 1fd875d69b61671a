// The machine behind the firewall, for firewall.test.mjs: runs in the inner namespace (firewall.sh) and drives the visitors.
// Prints what it saw as one JSON object.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';

const [binary, rules, sysctls] = process.argv.slice(2);
const outside = process.env.OUTSIDE;
const listening = new Map();

const listen = (port) =>
  new Promise((done, fail) => {
    const s = net.createServer((c) => c.on('error', () => {}).write('hello\n'));
    s.on('error', fail).listen({ port, host: '::', backlog: 4096 }, done);
    listening.set(port, s);
  });

class Visitors {
  constructor() {
    const script = new URL('firewall_outside.mjs', import.meta.url).pathname;
    this.process = spawn('ip', ['netns', 'exec', outside, process.execPath, script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }
  async ask(what) {
    this.process.stdin.write(`${JSON.stringify(what)}\n`);
    return JSON.parse((await this.lines.next()).value).stand;
  }
  end() {
    this.process.stdin.end();
  }
}

const counter = (name) => {
  const { nftables } = JSON.parse(execFileSync('nft', ['-j', 'list', 'counter', 'inet', 'ticketing', name], { encoding: 'utf8' }));
  return nftables.find((x) => x.counter).counter.packets;
};
const checklist = (id) => {
  let out;
  try {
    out = execFileSync(binary, ['checklist', '--json', '--section', id], { encoding: 'utf8', env: { PATH: process.env.PATH, CHECK_CONTAINER: 'no' }, cwd: '/tmp', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (e) {
    out = e.stdout; // a line that fails is exit code 1
  }
  const line = JSON.parse(out).lines.find((l) => l.id === id);
  return `${line.state}: ${line.evidence}`;
};

const seen = { ports: {} };
const visitors = new Visitors(), others = new Visitors();
for (const port of [22, 80, 443, 8080, 5432]) await listen(port);

seen.before = checklist('network.firewall');
execFileSync('nft', ['-f', rules]);
seen.unnamed = checklist('network.firewall');
listening.get(5432).close();
seen.firewall = checklist('network.firewall');
seen.ddos = checklist('network.ddos');

const v4 = '10.9.0.1', v6 = 'fd09::1';
await listen(5433);
for (const [name, to, from] of [['a stranger', v4, '10.9.0.2'], ['an administrator', v4, '10.0.0.5'], ['the balancer', v4, '10.0.0.10'],
  ['a stranger on IPv6', v6, 'fd09:0:0:3::2']])
  for (const port of [22, 80, 443, 8080, 5433])
    seen.ports[`${name} ${port}`] = await visitors.ask({ to, from, port, wait: 700 });
await visitors.ask({ close: true });

// A connection that stands while the rules are loaded anew.
const standing = new Visitors();
seen.standing = await standing.ask({ to: v4, from: '10.9.0.5', port: 443 });
const [held] = await new Promise((done) => listening.get(443).getConnections((e, n) => done([n])));
execFileSync('nft', ['-f', rules]);
seen.held = held;

// One address floods; another comes all the while.
const flood = visitors.ask({ to: v4, from: '10.9.0.2', port: 443, n: 600, wait: 900 });
seen.otherMeanwhile = await others.ask({ to: v4, from: '10.9.0.3', port: 443, n: 50, wait: 3000 });
seen.flooder = await flood;
seen.tooFast = counter('too_fast');
await visitors.ask({ close: true });

// One IPv6 network floods from one of its addresses; its other address is it as well, the next network is not.
const flood6 = visitors.ask({ to: v6, from: 'fd09:0:0:1::2', port: 443, n: 600, wait: 900 });
const same6 = standing.ask({ to: v6, from: 'fd09:0:0:1::3', port: 443, n: 200, wait: 900 });
seen.flooder6 = (await flood6) + (await same6);
seen.otherNetwork6 = await others.ask({ to: v6, from: 'fd09:0:0:2::2', port: 443, n: 60, wait: 3000 });
await visitors.ask({ close: true });
await others.ask({ close: true });

// One address keeps connections: it comes slowly enough, and still gets no more than its share.
let kept = 0;
for (let i = 0; i < 3; i++) kept += await visitors.ask({ to: v4, from: '10.9.0.4', port: 80, n: 150, wait: 3500 });
seen.kept = kept;
seen.keptOther = await others.ask({ to: v4, from: '10.9.0.3', port: 80, n: 20, wait: 3000 });
seen.tooMany = counter('too_many');
seen.unasked = counter('unasked');

seen.sysctl = {};
for (const line of readFileSync(sysctls, 'utf8').split('\n')) {
  const [, key, value] = /^([\w.]+) = (.*)$/.exec(line) ?? [];
  if (!key) continue;
  const file = `/proc/sys/${key.replaceAll('.', '/')}`;
  try {
    writeFileSync(file, value);
    seen.sysctl[key] = readFileSync(file, 'utf8').trim().split(/\s+/).join(' ') === value ? 'set' : 'refused';
  } catch (e) {
    seen.sysctl[key] = e.code;
  }
}
for (const v of [visitors, others, standing]) v.end();
console.log(JSON.stringify(seen));
process.exit(0);
