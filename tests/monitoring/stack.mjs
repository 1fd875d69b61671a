// Prometheus, Alertmanager, the blackbox exporter and a webhook on free loopback ports, with the files of deploy/:
// only addresses and times are replaced, and what is to be replaced must be there.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, root, until } from '../http/harness.mjs';

/** A minute of the rules takes three seconds here. */
export const faster = 20;

const program = (names) => names.map((n) => `/usr/bin/${n}`).find((p) => existsSync(p)) ?? names[0];
export const programs = {
  prometheus: program(['prometheus']),
  promtool: program(['promtool']),
  alertmanager: program(['prometheus-alertmanager', 'alertmanager']),
  amtool: program(['amtool']),
  blackbox: program(['prometheus-blackbox-exporter', 'blackbox_exporter']),
};

export const deployed = (path) => readFileSync(join(root, 'deploy', path), 'utf8');

/** Replaces each [what, by]; what is not there has changed in deploy/ and must change here. */
export function replaced(text, pairs) {
  for (const [what, by] of pairs) {
    const next = text.replaceAll(what, by);
    if (next === text) throw new Error(`${what} is not there any more:\n${text}`);
    text = next;
  }
  return text;
}

const units = { ms: 1, s: 1000, m: 60000, h: 3600000 };
const shorter = (all, n, unit) => `${Math.round((n * units[unit]) / faster)}ms`;

/** rules.yml with shorter times. */
export const fastRules = () =>
  deployed('prometheus/rules.yml')
    .replace(/(?<=for: )(\d+)(s|m|h)\b/g, shorter)
    .replace(/(?<=\[)(\d+)(s|m|h)(?=\])/g, shorter);

const children = new Set();
process.on('exit', () => children.forEach((p) => p.kill('SIGKILL')));

/** A program that answers on url when it is ready. */
export async function run(name, args, url) {
  const p = spawn(programs[name] ?? name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let ended;
  children.add(p);
  for (const s of [p.stdout, p.stderr]) s.on('data', (d) => (output += d));
  p.on('error', (e) => (ended = e.message));
  const gone = new Promise((done) =>
    p.on('exit', (code, signal) => {
      ended ??= `${name} ended: ${code ?? signal}`;
      children.delete(p);
      done();
    }),
  );
  if (url)
    await until(async () => {
      if (ended) throw new Error(`${ended}\n${output}`);
      return fetch(url).then((r) => r.ok, () => false);
    }, `${name} to be ready`);
  return {
    process: p,
    output: () => output,
    stop(signal = 'SIGTERM') {
      p.kill(signal);
      return gone;
    },
  };
}

/** Takes what Alertmanager posts: one entry an alert. */
class Webhook {
  static async start() {
    const w = new Webhook();
    w.seen = [];
    w.server = createServer(async (req, res) => {
      let body = '';
      for await (const part of req) body += part;
      res.end();
      for (const a of JSON.parse(body).alerts) w.seen.push({ ...a, at: Date.now(), receiver: req.url.slice(1) });
    });
    await new Promise((done) => w.server.listen(0, '127.0.0.1', done));
    w.url = `http://127.0.0.1:${w.server.address().port}`;
    return w;
  }
  find(name, instance, status = 'firing') {
    return this.seen.find((a) => a.labels.alertname === name && a.labels.instance === instance && a.status === status);
  }
}

export class Stack {
  static async start() {
    const s = new Stack();
    s.dir = mkdtempSync(join(tmpdir(), 'ticketing-watch-'));
    s.webhook = await Webhook.start();
    for (const name of ['prometheus', 'alertmanager', 'blackbox', 'cluster', 'check']) s[`${name}Port`] = await freePort();
    await s.startAlertmanager();
    const at = `127.0.0.1:${s.blackboxPort}`;
    s.blackbox = await run('blackbox', [`--config.file=${join(root, 'deploy/blackbox/blackbox.yml')}`, `--web.listen-address=${at}`], `http://${at}/-/healthy`);
    return s;
  }

  async startAlertmanager() {
    const file = join(this.dir, 'alertmanager.yml');
    const at = `127.0.0.1:${this.alertmanagerPort}`;
    const hook = (name) => `webhook_configs: [{url: "${this.webhook.url}/${name}"}]`;
    writeFileSync(
      file,
      replaced(deployed('alertmanager/alertmanager.yml'), [
        ['email_configs: [{to: "oncall@example.org"}]', hook('oncall')],
        ['email_configs: [{to: "team@example.org"}]', hook('team')],
        ['alerts@example.org', 'alerts@localhost'],
        ['127.0.0.1:9095', `127.0.0.1:${this.checkPort}`],
        ['group_wait: 10s', 'group_wait: 500ms'],
        ['group_interval: 1m', 'group_interval: 1s'],
      ]),
    );
    this.alertmanager = await run(
      'alertmanager',
      [`--config.file=${file}`, `--storage.path=${join(this.dir, 'am')}`, `--web.listen-address=${at}`, `--cluster.listen-address=127.0.0.1:${this.clusterPort}`],
      `http://${at}/-/ready`,
    );
    this.alertmanagerUrl = `http://${at}`;
  }

  /** Watches these servers from now on. */
  async watch(servers) {
    const list = (of) => `targets: [${servers.map((s) => JSON.stringify(of(s))).join(', ')}]`;
    writeFileSync(join(this.dir, 'rules.yml'), fastRules());
    writeFileSync(
      join(this.dir, 'prometheus.yml'),
      replaced(deployed('prometheus/prometheus.yml'), [
        ['_interval: 15s', '_interval: 1s'],
        ['127.0.0.1:9093', `127.0.0.1:${this.alertmanagerPort}`],
        ['127.0.0.1:9115', `127.0.0.1:${this.blackboxPort}`],
        ['targets: ["127.0.0.1:8080"]', list((s) => `127.0.0.1:${s.port}`)],
        ['targets: ["http://127.0.0.1:8080/health"]', list((s) => `${s.url}/health`)],
      ]),
    );
    if (this.prometheus) this.prometheus.process.kill('SIGHUP');
    else {
      const at = `127.0.0.1:${this.prometheusPort}`;
      this.prometheusUrl = `http://${at}`;
      this.prometheus = await run(
        'prometheus',
        [`--config.file=${join(this.dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(this.dir, 'data')}`, `--web.listen-address=${at}`, '--log.level=warn'],
        `${this.prometheusUrl}/-/ready`,
      );
    }
    await until(async () => {
      const up = await this.query('up == 1');
      return servers.every((s) => up.some((v) => v.metric.instance === `127.0.0.1:${s.port}`));
    }, 'every server to be scraped', 60000);
  }

  /** The result of an instant query; throws what Prometheus says against it. */
  async query(expr) {
    const r = await fetch(`${this.prometheusUrl}/api/v1/query?query=${encodeURIComponent(expr)}`);
    const v = await r.json();
    if (v.status !== 'success') throw new Error(`${expr}: ${v.error}`);
    return v.data.result;
  }

  /** What Alertmanager knows of an alert. */
  async known(name, instance) {
    const r = await fetch(`${this.alertmanagerUrl}/api/v2/alerts`);
    return (await r.json()).find((a) => a.labels.alertname === name && a.labels.instance === instance);
  }

  async stop() {
    await Promise.all([this.prometheus, this.alertmanager, this.blackbox].map((p) => p?.stop()));
    this.webhook.server.closeAllConnections();
    this.webhook.server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
