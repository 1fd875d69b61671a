import type { Key } from '$/i18n/index.svelte';
import type { Ticket } from '$/api/types';

export interface Hit {
  key: string;
  group: Key;
  title: string;
  hint: string;
  excerpt?: string | null;
  ticket?: Ticket;
  to?: string;
  run?: () => void;
}

const fold = (s: string) => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Where the words that were typed stand in a text; search operators are no words. */
export function marks(text: string, query: string): { text: string; hit: boolean }[] {
  const words = query
    .replace(/[\w.-]+:("[^"]*"|\S*)/g, ' ')
    .split(/[\s"*~()]+/)
    .filter((w) => w.length > 1)
    .map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (!words.length) return [{ text, hit: false }];
  return text
    .split(new RegExp(`(${words.join('|')})`, 'giu'))
    .map((part, i) => ({ text: part, hit: i % 2 === 1 }))
    .filter((p) => p.text);
}

/** How well a command fits what was typed: 0 not at all; better when words begin with it. */
export function score(label: string, typed: string): number {
  const want = fold(typed.trim());
  if (!want) return 1;
  const have = fold(label);
  if (have.startsWith(want)) return 4;
  if (have.split(/\s+/).some((w) => w.startsWith(want))) return 3;
  if (have.includes(want)) return 2;
  return want.split(/\s+/).every((w) => have.includes(w)) ? 1 : 0;
}
