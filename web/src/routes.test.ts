// A page whose catalogue of texts was not loaded shows the keys: each page names what it, and all that it imports, says.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const src = import.meta.dirname;
const areaOf = new Map<string, string>();
for (const file of readdirSync(join(src, 'i18n/en')))
  for (const key of Object.keys(JSON.parse(readFileSync(join(src, 'i18n/en', file), 'utf8')) as object))
    areaOf.set(key, file.replace('.json', ''));

const words = (list = '') => [...list.matchAll(/'(\w+)'/g)].map((m) => m[1]!);
const place = (from: string, path: string) => {
  const at = path.startsWith('$/') ? join(src, path.slice(2)) : join(dirname(from), path);
  return [at, `${at}.ts`, `${at}/index.ts`].find((f) => /\.(svelte|ts)$/.test(f) && existsSync(f));
};

/** The keys that are said below a file, of areas that neither the page nor a file on the way has asked for. */
function unloaded(file: string, have: string[], seen = new Set<string>()): string[] {
  if (seen.has(file) || file === join(src, 'routes.ts')) return [];
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  // What can be done is offered with its key; the palette and the help sheet, which say it, load its words themselves.
  const spoken = text.replace(/^ *\/\/.*$/gm, '').replace(/useActions\(\(\) => \[.*?\n {2}\]\);/gs, '');
  const own = [...have, ...words(/needTexts\(\[([^\]]*)\]\)/.exec(text)?.[1])];
  const said = [...spoken.matchAll(/'([a-z_]+(?:\.[a-z_]+)+)'/g)].map((m) => m[1]!);
  const missing = said.filter((key) => areaOf.has(key) && !own.includes(areaOf.get(key)!));
  const below = [...text.matchAll(/(?:from|import)\s*\(?\s*'([$.][^']+)'/g)].flatMap((m) => place(file, m[1]!) ?? []);
  return [
    ...missing.map((key) => `${key} in ${file.slice(src.length + 1)}`),
    ...below.flatMap((f) => unloaded(f, own, seen)),
  ];
}

const table = readFileSync(join(src, 'routes.ts'), 'utf8');
const pages = [...table.matchAll(/path: '([^']+)',\s*(?:load: \(\) => import\('([^']+)'\))?[^}]*?\}/g)].map((m) => ({
  path: m[1]!,
  file: join(src, m[2] ?? './pages/ListPage.svelte'),
  texts: words(/texts: \[([^\]]*)\]/.exec(m[0])?.[1]),
}));

test('every page is looked at', () => expect(pages.length).toBeGreaterThan(20));
test.each(pages.filter((p) => p.path !== '/design'))('$path has its texts', ({ file, texts }) =>
  expect(unloaded(file, ['core', ...texts])).toEqual([]),
);
