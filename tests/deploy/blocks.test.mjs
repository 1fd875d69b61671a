// No command stands in the documents that no test runs and that does not say why.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_BY, blocksOf, commandOf, documents, root, toRun } from './blocks.mjs';

const all = documents().map((name) => [name, blocksOf(readFileSync(join(root, name), 'utf8'))]);

/** Whatever runs somewhere is a command everywhere; and what people type in the documents of a help desk. */
const words = new Set(['make', 'npm', 'node', 'npx', 'docker', 'kubectl', 'helm', 'git', 'ssh', 'apt', 'apt-get', 'psql', 'nft', 'certbot', 'restic', 'server']);
for (const [, blocks] of all)
  for (const b of blocks.filter((x) => ['sh', 'console'].includes(x.kind)))
    for (const line of b.text.split('\n')) if (commandOf(line)) words.add(commandOf(line));

/** What is wrong with a block of a document, in words. */
function wrong(name, b) {
  if (b.kind === undefined) return 'this reason stands before no block';
  if (b.reason !== undefined) return b.reason.length > 15 ? undefined : 'the reason says nothing';
  if (b.kind === 'sh') return RUN_BY[name] ? undefined : 'no test runs this document: name it in blocks.mjs';
  if (b.kind === 'console') return 'it is not run and does not say why';
  const command = b.text.split('\n').map(commandOf).find((w) => words.has(w));
  return command && `it runs ${command}: mark it "sh", or say why it is not run`;
}
const faults = (name, blocks) => blocks.filter((b) => wrong(name, b)).map((b) => `${name}, line ${b.line}: ${wrong(name, b)}`);

test('every command of the documents is run by a test, or says why not', (t) => {
  assert.deepEqual(all.flatMap(([name, blocks]) => faults(name, blocks)), []);
  const run = Object.keys(RUN_BY).flatMap(toRun);
  const told = all.flatMap(([, blocks]) => blocks.filter((b) => b.reason));
  t.diagnostic(`${run.length} blocks are run, ${told.length} say why not`);
  assert.ok(run.length > 70);
});

test('what runs them is there and takes them from the documents', () => {
  for (const [name, file] of Object.entries(RUN_BY)) {
    assert.ok(existsSync(join(root, name)), name);
    assert.ok(toRun(name).length > 0, `${name} has nothing to run`);
    assert.match(readFileSync(join(root, 'tests/deploy', file), 'utf8'), /toRun\(/, file);
  }
});

test('a command that nothing runs is found, whatever it is dressed as', () => {
  const found = (text, name = 'docs/api.md') => faults(name, blocksOf(text));
  for (const text of ['```sh\ntrue\n```', '```\nmake test\n```', '```text\nFOO=1 ./server serve\n```', 'So:\n\n    server checklist\n', '## Now\n    sudo -u x psql -c y\n',
    '```console\nfoo\n```', '<!-- not run: no -->\n```console\nfoo\n```', '<!-- not run: there is no block behind this one -->\nwords\n'])
    assert.equal(found(text).length, 1, text);
  for (const text of ['```text\nGET /api/v1/tickets\n```', '<!-- not run: it needs another machine -->\n```console\nfoo\n```', '- a list\n    make goes on in it\n'])
    assert.deepEqual(found(text), [], text);
  assert.deepEqual(found('```sh\ntrue\n```', 'docs/runbook.md'), []);
});
