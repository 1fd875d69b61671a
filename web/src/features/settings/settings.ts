// Settings: those that administrators change while the server runs, and those that it was started with.
import type { QueryClient } from '@tanstack/svelte-query';
import { api, ask } from '$/api/client';
import { loadName } from '$/lib/session.svelte';
import type { components } from '$/api/schema.gen';
import { maybe, t } from '$/i18n/index.svelte';
import { bytes, number } from '$/lib/time';

type Value = string | number | boolean | null;
type Sharp<T> = Omit<T, 'value' | 'default' | 'type'> & {
  value: Value;
  default: Value;
  type: 'integer' | 'boolean' | 'choice' | 'text';
};
export type Setting = Sharp<components['schemas']['Setting']>;
export type Started = Sharp<components['schemas']['ConfigurationSetting']>;

export const settingQuery = { tagsFrozen: 'tags.frozen' } as const;

export const settingsQuery = () => ({
  queryKey: ['settings'],
  queryFn: async () => (await ask(api.GET('/api/v1/settings'))).data as Setting[],
});
export const startedQuery = () => ({
  queryKey: ['configuration'],
  queryFn: async () => (await ask(api.GET('/api/v1/configuration'))).data as Started[],
});

/** Sends changes; null gives the default back. All are taken, or none. */
export async function changeSettings(client: QueryClient, changes: Record<string, Value>) {
  const all = (await ask(api.PATCH('/api/v1/settings', { body: changes }))).data as Setting[];
  if ('product_name' in changes) void loadName().catch(() => undefined);
  client.setQueryData(['settings'], all);
}

/** Its name for people; the API's own where nobody has given it one. */
export const nameOf = (name: string) => maybe(`setting.${name}`) ?? name;
/** What it is for: in the reader's language where it is there, else as the server says it. */
export const helpOf = (s: { name: string; help: string }) => maybe(`setting.${s.name}.help`) ?? s.help;
export const isTranslated = (name: string) => maybe(`setting.${name}.help`) !== undefined;

/** The part of a name before its point: settings stand together by it. */
export const groupOf = (name: string) => (name.includes('.') ? name.slice(0, name.indexOf('.')) : 'general');

export function hits(s: { name: string; help: string }, words: string) {
  const all = `${s.name} ${nameOf(s.name)} ${helpOf(s)}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((w) => all.includes(w));
}

const MS = 1000;
const spans: [string, number][] = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];
/** 86400 "s" as a day: the largest unit that makes it a whole number. */
function span(seconds: number) {
  const [unit, size] = spans.find(([, size]) => seconds >= size && seconds % size === 0) ?? spans[3]!;
  return t(`unit.${unit}` as 'unit.day', { count: seconds / size, shown: number(seconds / size) });
}

const units: Record<string, (n: number) => string> = {
  s: span,
  ms: (n) => (n % MS === 0 ? span(n / MS) : `${number(n)} ms`),
  min: (n) => span(n * 60),
  h: (n) => span(n * 3600),
  days: (n) => span(n * 86400),
  bytes,
  KiB: (n) => bytes(n * 1024),
  MiB: (n) => bytes(n * 1024 * 1024),
};

/** A value as people read it. */
export function shown(value: Value, unit = ''): string {
  if (value === true) return t('settings.on');
  if (value === false) return t('settings.off');
  if (value === '' || value === null) return t('settings.empty');
  if (typeof value !== 'number') return value;
  const make = units[unit];
  if (make) return make(value);
  return value === 1 ? number(value) : `${number(value)} ${unit}`.trim();
}
/** One of a choice, in words where there are some. */
export const choice = (name: string, value: string) => maybe(`setting.${name}.${value}`) ?? value;
