// Tags as their manager sees them: with how many tickets have each.
import { api, ask } from '$/api/client';
import type { Page } from '$/api/queries';
import type { components } from '$/api/schema.gen';
import { t } from '$/i18n/index.svelte';
import { number } from '$/lib/time';

export type Tag = components['schemas']['Tag'];
/** The server counts no further. */
const USES_MAX = 1000;

export async function getTags(prefix: string, after?: string, limit = 50) {
  return (await ask(
    api.GET('/api/v1/tags', { params: { query: { limit, after, prefix: prefix || undefined, uses: true } } }),
  )) as unknown as Page<Tag>;
}

/** "12 tickets", "1,000+ tickets" */
export function uses(tag: Tag) {
  const n = tag.uses ?? 0;
  return t('tags.uses', { count: n, shown: number(n) + (n >= USES_MAX ? '+' : '') });
}

/** As the server will keep it: to see beforehand that two become one. */
export const normalised = (name: string) => name.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();
