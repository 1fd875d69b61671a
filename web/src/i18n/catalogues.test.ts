// Every text stands in a catalogue, in every language, and no component holds words of its own.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, test } from 'vitest';
import { languages } from './index.svelte';

type Message = string | Record<string, string>;
const here = import.meta.dirname;
const read = (lang: string, file: string) =>
  JSON.parse(readFileSync(join(here, lang, file), 'utf8')) as Record<string, Message>;
const areas = readdirSync(join(here, 'en'));
const holes = (m: Message) =>
  [...new Set(Object.values(typeof m === 'string' ? [m] : m).flatMap((x) => x.match(/\{\w+\}/g) ?? []))].sort();

describe.each(Object.keys(languages).filter((l) => l !== 'en'))('%s', (lang) => {
  test('has the same areas', () => expect(readdirSync(join(here, lang))).toEqual(areas));
  test.each(areas)('%s: the same keys, each filled', (file) => {
    const [en, other] = [read('en', file), read(lang, file)];
    expect(Object.keys(other).sort()).toEqual(Object.keys(en).sort());
    for (const [key, m] of Object.entries(other))
      for (const text of typeof m === 'string' ? [m] : Object.values(m)) expect(text.trim(), key).not.toBe('');
  });
  test.each(areas)('%s: the same places for values', (file) => {
    const [en, other] = [read('en', file), read(lang, file)];
    for (const key of Object.keys(en))
      if (typeof en[key] === 'string') expect(holes(other[key]!), key).toEqual(holes(en[key]!));
  });
  test.each(areas)('%s: all plural forms of the language', (file) => {
    const forms = new Intl.PluralRules(lang).resolvedOptions().pluralCategories.sort();
    for (const [key, m] of Object.entries(read(lang, file)))
      if (typeof m !== 'string') expect(Object.keys(m).sort(), key).toEqual(forms);
  });
});

test('keys are sorted into one area each', () => {
  const all = areas.flatMap((file) => Object.keys(read('en', file)));
  expect(all.length).toBe(new Set(all).size);
});

const src = join(here, '..');
// Its words are samples, and it is no part of what is shipped.
const components = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (f) => f.endsWith('.svelte') && !f.endsWith('DesignPage.svelte'),
);
const spoken = new Set(['aria-label', 'aria-description', 'title', 'placeholder', 'alt', 'label']);

/** Words that people would read: texts between tags, and attributes that are read out. */
function wordsOf(source: string) {
  const found: string[] = [];
  const visit = (node: unknown, parent = ''): void => {
    if (Array.isArray(node)) return node.forEach((n) => visit(n, parent));
    if (!node || typeof node !== 'object') return;
    const n = node as { type?: string; name?: string; data?: string; value?: unknown; [k: string]: unknown };
    if (n.type === 'Text' && parent !== 'attribute' && /\p{L}/u.test(n.data ?? '')) found.push(n.data!.trim());
    if (n.type === 'Attribute') {
      if (spoken.has(n.name!) && Array.isArray(n.value))
        for (const v of n.value as { type: string; data?: string }[])
          if (v.type === 'Text' && /\p{L}/u.test(v.data ?? '')) found.push(`${n.name}="${v.data}"`);
      return visit(n.value, 'attribute');
    }
    if (n.type === 'StyleDirective') return;
    for (const [key, value] of Object.entries(n)) if (key !== 'metadata' && key !== 'loc') visit(value, parent);
  };
  visit((parse(source, { modern: true }) as { fragment: unknown }).fragment);
  return found;
}

test('the search for words finds them', () => {
  expect(wordsOf('<p title="Hello">{x} words</p>')).toEqual(['title="Hello"', 'words']);
});

test.each(components)('%s holds no words', (file) => {
  expect(wordsOf(readFileSync(join(src, file), 'utf8'))).toEqual([]);
});
