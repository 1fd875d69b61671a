// The blocks of code in the documents: which of them a test runs, and which say why not.
//
// A block marked "sh" in a document of RUN_BY is run, command by command, by the test named there.  Every other block that holds a
// command has the reason before it, as a comment that readers do not see:  <!-- not run: it needs a name in the public DNS -->
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Documents in the order in which they are run: deployment.md installs what the others look at. */
export const RUN_BY = {
  'README.md': 'readme.test.mjs',
  'docs/network.md': 'network_doc.test.mjs',
  ...Object.fromEntries(['deployment', 'runbook', 'checklist', 'monitoring', 'secrets', 'compliance', 'troubleshooting', 'on-call', 'incident-response',
    'disaster-recovery', 'postgresql', 'rollback'].map((name) => [`docs/${name}.md`, 'documents.test.mjs'])),
};

/** The user's own document, held word for word: what it names is done by docs/rollback.md and deploy/kubernetes, which tests compare with it. */
const NOT_OURS = ['docs/production-checklist.md'];

export const documents = () => ['README.md', ...readdirSync(join(root, 'docs')).filter((n) => n.endsWith('.md')).map((n) => `docs/${n}`)].filter((n) => !NOT_OURS.includes(n));

const MARK = /^<!-- not run: (.*) -->$/;

/** Blocks of a text, fenced or indented: {line, kind, text, reason}; kind: the word behind the fence. Marks that stand before none: {line, reason}. */
export function blocksOf(text) {
  const found = [];
  let open, mark, before = '';
  const close = () => {
    if (open) found.push({ line: open.line, kind: open.kind, text: open.lines.join('\n'), reason: open.reason });
    open = undefined;
  };
  text.split('\n').forEach((line, i) => {
    if (open?.fence) {
      if (line.startsWith('```')) close();
      else open.lines.push(line);
    } else if (open && /^( {4}|$)/.test(line)) {
      open.lines.push(line.slice(4));
    } else {
      close();
      const fence = /^```(\w*)/.exec(line);
      const indented = /^ {4}\S/.test(line) && /^($|#|<!--)/.test(before);
      if (fence || indented) {
        open = { line: i + 1, fence: !!fence, kind: fence?.[1] ?? 'indented', lines: indented ? [line.slice(4)] : [], reason: mark?.reason };
        mark = undefined;
      } else if (MARK.test(line)) {
        mark = { line: i + 1, reason: MARK.exec(line)[1].trim() };
      } else if (mark && line.trim() !== '') {
        found.push(mark);
        mark = undefined;
      }
    }
    before = line;
  });
  close();
  return found;
}

/** The blocks of a document that a test runs. */
export const toRun = (name) => blocksOf(readFileSync(join(root, name), 'utf8')).filter((b) => b.kind === 'sh' && !b.reason);

/** The word that a line runs, if it runs one: behind settings, sudo, a parenthesis. */
export const commandOf = (line) => /^[($ ]*(?:sudo (?:-u \S+ )?)?(?:[A-Z_]+=\S+ )*([./a-z][\w./-]*)(?= |$)/.exec(line)?.[1].replace(/^.*\//, '');
