// The laboratory: server checklist names what is wrong with an installation, one thing at a time, and nothing in a sound
// one.  It runs in network, mount and process namespaces of its own, so the real firewall, ports and /etc/hosts are tried,
// and nothing is left behind.  LAB_ONLY=words runs the breaks whose name matches.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { engines } from './harness.mjs';
import { Installation } from './lab_installation.mjs';
import { breaks } from './lab_breaks.mjs';

if (!process.env.LAB_INSIDE && engines.includes('sqlite')) {
  const own = process.getuid() === 0 ? [] : ['--map-root-user'];
  const args = [...own, '-m', '-n', '-p', '-f', '--kill-child', '--mount-proc', process.execPath, fileURLToPath(import.meta.url)];
  const ran = spawnSync('unshare', args, { stdio: 'inherit', env: { ...process.env, LAB_INSIDE: 'yes' } });
  process.exit(ran.status ?? 1);
}

// Of a build for coverage or a sanitiser the checklist rightly says that it is none for production.
const findings = (outcome) =>
  outcome.lines.filter((l) => l.state !== 'pass' && l.state !== 'not_applicable' && !/sanitiser build|not optimised/.test(l.evidence));
const told = (lines) => lines.map((l) => `${l.state} ${l.id}: ${l.evidence}`).join('\n');

if (process.env.LAB_INSIDE)
  describe('the checklist in the laboratory', () => {
    const lab = new Installation();
    before(() => lab.build());
    after(() => lab.destroy());

    test('finds nothing in a sound installation, in under a minute', async () => {
      const outcome = await lab.checklist();
      assert.equal(told(findings(outcome)), '');
      assert.ok(outcome.lines.length > 170 && outcome.took_ms < 60000, `${outcome.took_ms} ms`);
    });

    test('there are at least 40 ways to break it', () => {
      assert.ok(breaks.length >= 40);
      assert.equal(new Set(breaks.map((b) => b.name)).size, breaks.length);
    });

    for (const b of breaks.filter((b) => new RegExp(process.env.LAB_ONLY ?? '').test(b.name)))
      test(`finds: ${b.name}`, async () => {
        if (!b.unsettled) await lab.settled();
        try {
          const { env } = (await b.do(lab)) ?? {};
          const found = findings(await lab.checklist([], env));
          const ids = found.map((l) => l.id);
          const missed = b.lines.filter((id) => !ids.includes(id));
          assert.deepEqual(missed, [], `these say nothing; told was:\n${told(found)}`);
          if (!b.others) assert.equal(told(found.filter((l) => ![...b.lines, ...(b.may ?? [])].includes(l.id))), '', 'these have nothing to do with it');
          for (const l of found) {
            assert.match(l.evidence, b.words, l.id);
            if (!b.others) assert.equal(l.state, b.state ?? 'fail', l.id);
          }
        } finally {
          await b.heal(lab);
        }
      });

    test('is sound again', async () => {
      await lab.settled();
      assert.equal(told(findings(await lab.checklist())), '');
    });
  });
