// deploy/upgrade of one node among several on one PostgreSQL: what another node has migrated already is not taken back under it.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Cluster } from '../http/harness.mjs';
import { Scratch, binary, join, next, renamed, version } from './scratch.mjs';

const newer = version.replace(/\d$/, (d) => String((Number(d) + 1) % 10));

describe('a node among several', () => {
  const m = new Scratch();
  let cluster, second;
  before(async () => {
    cluster = new Cluster();
    m.env.DATABASE_URL = cluster.database();
    const installed = await m.install(m.pack(binary, 'first'));
    assert.equal(installed.code, 0, installed.out);
    second = m.pack(renamed(next, join(m.dir, 'next'), newer), 'second');
  });
  after(() => {
    m.close();
    cluster.stop();
  });
  const isMigrated = () => /next_release +\d{4}-/.test(m.run(join(m.dir, 'next'), ['migrate', '--status']).out);
  const broken = (n) => m.forge(second, `case $1 in version) echo ${n}; exit;; serve) exit 1;; esac\nexec ${m.dir}/next "$@"`, n);

  test('alone on its database, a release that does not come up takes its migrations back', async () => {
    const { code, out } = m.deploy('upgrade', ['--wait', '3', broken(newer).archive]);
    assert.equal(code, 1, out);
    assert.match(out, new RegExp(`${version} is in use again`));
    assert.equal(isMigrated(), false);
    assert.equal((await fetch(`${m.url}/health/ready`)).status, 200);
  });

  test('a server that runs on while another node migrates says so, and stays ready', async () => {
    const { code, out } = m.run(join(m.dir, 'next'), ['migrate']);
    assert.equal(code, 0, out);
    let health;
    do health = await (await fetch(`${m.url}/health`)).json();
    while (!/newer release/.test(JSON.stringify(health)));
    assert.equal(health.status, 'degraded');
    assert.equal((await fetch(`${m.url}/health/ready`)).status, 200);
  });

  test('where others run the new release, it is stopped, and the database left alone', () => {
    const { code, out } = m.deploy('upgrade', ['--wait', '3', broken(newer).archive]);
    assert.equal(code, 1, out);
    assert.match(out, /Other nodes run it on this database, so nothing was taken back; this node is stopped/);
    assert.equal(isMigrated(), true);
    assert.match(m.run('systemctl', ['is-active', 'ticketing-system']).out, /inactive/);
  });
});
