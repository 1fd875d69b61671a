import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { needTexts } from '$/i18n/index.svelte';
import { parts } from './security';
import { groupOf, hits, isTranslated, nameOf, shown } from './settings';

const source = (path: string) => readFileSync(join(import.meta.dirname, '../../../../src', path), 'utf8');
const desk = [...source('desk/settings.def').matchAll(/^[IBCT]\(\w+, "([^"]+)"/gm)].map((m) => m[1]!);
const started = [...source('base/config.def').matchAll(/^[SIBE]\(\w+, "([^"]+)"/gm)].map((m) => m[1]!);

beforeAll(() => needTexts(['settings']));

test('each setting of the desk has a name and words', () => {
  expect(desk.length).toBeGreaterThan(10);
  expect(desk.filter((name) => nameOf(name) === name || !isTranslated(name))).toEqual([]);
});

test('the security page names settings that there are, in words', () => {
  for (const part of parts) {
    expect(part.started.filter((name) => !started.includes(name) || !isTranslated(name))).toEqual([]);
    expect((part.settings ?? []).filter((name) => !desk.includes(name))).toEqual([]);
  }
});

test('values are said as people say them', () => {
  expect(shown(86400, 's')).toBe('1 day');
  expect(shown(90, 's')).toBe('90 seconds');
  expect(shown(10000, 'ms')).toBe('10 seconds');
  expect(shown(25600, 'KiB')).toBe('26.2 MB');
  expect(shown(7, 'requests')).toBe('7 requests');
  expect(shown('')).toBe('Empty');
});

test('a setting is found by its name, its words and what it is for', () => {
  const setting = { name: 'ticket.hook', help: '' };
  expect(hits(setting, 'hook')).toBe(true);
  expect(hits(setting, 'word NUMBER')).toBe(true);
  expect(hits(setting, 'retention')).toBe(false);
  expect(groupOf('product_name')).toBe('general');
});
