// deploy/install, upgrade and rollback with the real binary: there, back, across a migration, and by themselves
// when the new release does not come up.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { Scratch, binary, cpSync, existsSync, join, next, readFileSync, renamed, root, sha256, version, writeFileSync } from './scratch.mjs';

const other = (n) => version.replace(/\d$/, (d) => String((Number(d) + n) % 10));

describe('installing, upgrading, going back', () => {
  const m = new Scratch();
  let first, second;
  before(async () => {
    first = m.pack(binary, 'first');
    second = m.pack(renamed(next, join(m.dir, 'next'), other(1)), 'second');
  });
  after(() => m.close());

  const inUse = () => m.server('version').out.trim();
  const schema = () => m.server('migrate', '--status').out;
  const isReady = async () => (await fetch(`${m.url}/health/ready`)).status === 200;
  const person = (email) => m.run(join(m.app, 'server'), ['user', 'create', '--email', email, '--name', 'P', '--role', 'customer', '--password-stdin'], {}, 'a long enough one\n');
  const people = () => m.server('user', 'list').out;

  test('a release names what it was made of, and packing it again gives the same bytes', () => {
    const release = JSON.parse(readFileSync(join(first.tree, 'release.json')));
    assert.equal(release.version, version);
    assert.equal(release.binary_sha256, sha256(join(first.tree, 'server')));
    assert.equal(release.docs['runbook.md'], sha256(join(root, 'docs/runbook.md')));
    assert.equal(release.deploy['systemd/ticketing-system.service'], sha256(join(root, 'deploy/systemd/ticketing-system.service')));
    assert.ok(release.dependencies.length > 10);
    for (const d of release.dependencies) assert.ok(d.package && d.version, JSON.stringify(d));
    assert.ok(release.dependencies.some((d) => d.library.startsWith('libsqlite3') && d.version));
    assert.deepEqual(release.tests, {});
    const bill = JSON.parse(readFileSync(join(first.tree, 'sbom.spdx.json')));
    assert.equal(bill.spdxVersion, 'SPDX-2.3');
    assert.deepEqual(new Set(bill.packages.slice(1).map((p) => p.name)), new Set(release.dependencies.map((d) => d.package)));
    assert.equal(sha256(m.pack(binary, 'again').archive), sha256(first.archive));
  });

  test('install makes secrets, settings and units, and waits until the server is ready', async () => {
    const { code, out } = await m.install(first);
    assert.equal(code, 0, out);
    assert.equal(await isReady(), true);
    assert.match(readFileSync(join(m.dir, 'etc/JWT_SECRET'), 'utf8'), /^[0-9a-f]{96}$/);
    assert.doesNotMatch(readFileSync(join(m.app, '.env'), 'utf8'), /[0-9a-f]{64}/);
    assert.ok(existsSync(join(m.dir, 'units/ticketing-system.service')));
    assert.ok(m.calls().includes('daemon-reload'));
    assert.equal(person('first@example.org').code, 0);
  });

  test('install again changes nothing of the settings', () => {
    appendFileSync(join(m.app, '.env'), '# mine\n');
    const { code, out } = m.run(join(first.tree, 'deploy/install'));
    assert.equal(code, 0, out);
    assert.match(readFileSync(join(m.app, '.env'), 'utf8'), /# mine\n$/);
  });

  test('what the checklist asks of a release holds for the one that is installed', () => {
    const judge = (section) => JSON.parse(m.server('checklist', '--json', '--section', section).out).lines;
    const lines = ['build', 'backup', 'docs', 'testing.unit'].flatMap(judge);
    const of = (id) => lines.find((l) => l.id === id);
    for (const id of ['build.binary', 'build.dependencies', 'build.local', 'backup.scripts', 'backup.documentation', 'docs.runbook'])
      assert.equal(of(id)?.state, 'pass', JSON.stringify(of(id)));
    assert.equal(of('testing.unit').state, 'fail');
    assert.match(of('testing.unit').evidence, /was not run/);
  });

  test('a rehearsal without a former release goes from this one to itself, and is recorded', () => {
    const { code, out } = m.deploy('rollback', ['--rehearse']);
    assert.equal(code, 0, out);
    assert.match(m.server('evidence', 'list', 'rollback').out, /ok +rollback/);
  });

  test('a damaged archive is refused and nothing changes', () => {
    const bad = join(m.dir, 'bad.tar.gz');
    const bytes = readFileSync(second.archive);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(bad, bytes);
    const { code, out } = m.deploy('upgrade', [bad]);
    assert.equal(code, 1, out);
    assert.equal(inUse(), version);
  });

  test('a file that was exchanged in an archive is named', () => {
    const tree = join(m.dir, 'forged/ticketing-system-x');
    cpSync(second.tree, tree, { recursive: true });
    appendFileSync(join(tree, 'docs/runbook.md'), 'x');
    assert.equal(m.run('tar', ['-czf', join(m.dir, 'forged.tar.gz'), '-C', join(m.dir, 'forged'), 'ticketing-system-x']).code, 0);
    const { code, out } = m.deploy('upgrade', [join(m.dir, 'forged.tar.gz')]);
    assert.equal(code, 1);
    assert.match(out, /docs\/runbook\.md/);
    assert.equal(inUse(), version);
  });

  test('the same release again is refused', () => {
    assert.match(m.deploy('upgrade', [first.archive]).out, /in use already/);
  });

  test('upgrade tries the migrations on a copy, switches, keeps the former release', async () => {
    const { code, out } = m.deploy('upgrade', [second.archive]);
    assert.equal(code, 0, out);
    assert.match(out, /copy: applied .* next_release/);
    assert.equal(inUse(), other(1));
    assert.equal(await isReady(), true);
    assert.match(schema(), /next_release +\d{4}-/);
    assert.ok(existsSync(join(m.app, 'releases', version, 'server')));
    assert.match(m.server('evidence', 'list', 'upgrade').out, /ok +upgrade/);
    assert.equal(person('second@example.org').code, 0);
  });

  test('a rehearsal goes back across the migration and forth again; the server in use notices nothing', async () => {
    const before = m.journal().length;
    const { code, out } = m.deploy('rollback', ['--rehearse']);
    assert.equal(code, 0, out);
    assert.match(out, /taken back .* next_release/);
    assert.equal(inUse(), other(1));
    assert.match(schema(), /next_release +\d{4}-/);
    assert.doesNotMatch(m.journal().slice(before), /server\.(draining|stopped)/);
    assert.match(m.server('evidence', 'list', 'rollback').out, new RegExp(`from ${other(1)} to ${version}`));
  });

  test('a release that does not start on the copy is refused, and nothing was changed', () => {
    const broken = m.forge(second, `case $1 in version) echo ${other(2)};; serve) exit 1;; *) exec ${m.dir}/next "$@";; esac`, other(2));
    const { code, out } = m.deploy('upgrade', ['--wait', '5', broken.archive]);
    assert.equal(code, 1);
    assert.match(out, /does not start on a copy: nothing was changed/);
    assert.equal(inUse(), other(1));
  });

  test('rollback takes the migration back and keeps what was written since', async () => {
    const { code, out } = m.deploy('rollback');
    assert.equal(code, 0, out);
    assert.equal(inUse(), version);
    assert.equal(await isReady(), true);
    assert.doesNotMatch(schema(), /next_release/);
    assert.match(people(), /first@example\.org/);
    assert.match(people(), /second@example\.org/);
    assert.equal(m.server('audit', 'verify').code, 0);
  });

  test('a release that starts on the copy but not in its place is taken back by itself', async () => {
    const broken = m.forge(second, `case $1 in version) echo ${other(3)}; exit;; serve) [ "$SERVER_PORT" = 0 ] || exit 1;; esac
exec ${m.dir}/next "$@"`, other(3));
    const { code, out } = m.deploy('upgrade', ['--wait', '3', broken.archive]);
    assert.equal(code, 1, out);
    assert.match(out, /going back/);
    assert.equal(inUse(), version);
    assert.equal(await isReady(), true);
    assert.doesNotMatch(schema(), /next_release/);
    assert.match(m.server('evidence', 'list', 'upgrade').out, /FAILED +upgrade/);
    assert.match(people(), /second@example\.org/);
  });

  test('the steps of the deployment document work as they stand there', async () => {
    const steps = /### Rollback Steps\n```bash\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/production-checklist.md'), 'utf8'))[1];
    const { code, out } = m.run('bash', ['-e', '-c', steps
      .replace('/backup/server-v1.0', join(m.app, 'releases', version, 'server'))
      .replace('/opt/ticketing-system', m.app)
      .replace('http://localhost:8080', m.url)
      .replace('curl ', 'curl -sSf ')]);
    assert.equal(code, 0, out);
    assert.match(out, /"status":"(pass|warn|ok)/);
  });
});
