// server person erase against a running server, and after a restore to a time before it.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, onServer } from './harness.mjs';

const api = '/api/v1';

onServer('erasure', { BACKUP_DIR: 'backups', BACKUP_AT: '', BACKUP_DRILL_DAYS: '0', BACKUP_SHIP: '0' }, (shared) => {
  test('an erased person is gone for the running server, and stays gone in a restored backup', async () => {
    const { server } = shared;
    const admin = await server.person('admin');
    const sqlite = server.env.DATABASE_URL.startsWith('sqlite');
    const ann = await admin.post(`${api}/users`, { name: 'Ann Zyxwvu', email: 'zyx@qrs.example', role_ids: [3] });
    const ticket = await admin.post(`${api}/tickets`, { title: 'Printer', message: { body: 'smokes' }, customer: ann.id });
    if (sqlite) assert.equal((await server.run(['backup'])).code, 0);

    const dry = await server.run(['person', 'erase', String(ann.id), '--dry-run', '--json']);
    assert.equal(dry.code, 0, dry.stderr);
    assert.equal((await admin.get(`${api}/users/${ann.id}`)).name, 'Ann Zyxwvu');
    assert.equal((await server.run(['person', 'erase', String(ann.id)])).code, 2);
    assert.equal((await server.run(['person', 'erase', String(ann.id), '--confirm', 'Ann'])).code, 1);
    assert.equal((await server.run(['person', 'erase', '999999', '--dry-run'])).code, 1);
    const done = await server.run(['person', 'erase', String(ann.id), '--confirm', 'Ann Zyxwvu', '--json']);
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(JSON.parse(done.stdout), JSON.parse(dry.stdout));
    assert.equal((await admin.get(`${api}/tickets/${ticket.id}`)).customer.name, `Erased person ${ann.id}`);
    assert.equal((await admin.get(`${api}/tickets?q=Zyxwvu`)).data.length, 0);
    assert.match((await server.run(['audit', 'verify'])).stdout, /^whole/);
    assert.doesNotMatch((await server.run(['audit', 'export'])).stdout, /Zyxwvu|zyx@qrs/);
    const again = await server.run(['person', 'erase', String(ann.id), '--confirm', `Erased person ${ann.id}`]);
    assert.match(again.stderr, /erased before/);

    if (!sqlite) return;
    const list = join(server.dir, 'backups', 'erasures');
    const kept = readFileSync(list, 'utf8');
    assert.match(kept, new RegExp(`^${ann.id} \\d+ \\d+\n$`));
    assert.equal(readFileSync(join(server.env.DATA_DIR, 'erasures'), 'utf8'), kept);
    const restore = async (to) => {
      const r = await server.run(['restore', '--to', to, '--json']);
      assert.equal(r.code, 0, r.stderr);
      return { again: JSON.parse(r.stdout).erased_again, dir: join(server.dir, to) };
    };
    const people = async (dir) => {
      const copy = { run: server.run, dir: server.dir, env: { ...server.env, DATABASE_URL: `sqlite:///${dir}/test.db`, DATA_DIR: dir } };
      return (await copy.run(['user', 'list'])).stdout;
    };
    const sound = await restore('sound');
    assert.equal(sound.again, 1);
    assert.doesNotMatch(await people(sound.dir), /Zyxwvu/);

    // Without the lists the copy names the person; whoever serves it with a list does so no more.
    for (const path of [list, join(server.env.DATA_DIR, 'erasures')]) rmSync(path);
    const old = await restore('old');
    assert.equal(old.again, 0);
    assert.match(await people(old.dir), /Ann Zyxwvu/);
    writeFileSync(join(old.dir, 'erasures'), kept);
    const env = { DATABASE_URL: `sqlite:///${old.dir}/test.db`, DATA_DIR: old.dir, JWT_SECRET: server.env.JWT_SECRET };
    const second = await Server.start('sqlite', env);
    await second.close();
    assert.doesNotMatch(await people(old.dir), /Zyxwvu/);
    writeFileSync(join(old.dir, 'erasures'), 'nonsense\n');
    await assert.rejects(Server.start('sqlite', env), /holds a line that is no erasure/);
  });
});
