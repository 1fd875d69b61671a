// The columns that a ticket list can show: what stands in them, how wide they are, by what they sort.
import type { Key } from '$/i18n/index.svelte';
import { readLocal, writeLocal } from '$/lib/theme.svelte';

export interface Column {
  id: string;
  label: Key;
  width: string;
  sort?: string;
}

export const columns = [
  { id: 'number', label: 'ticket.number', width: '5.5rem', sort: 'number' },
  { id: 'title', label: 'ticket.title', width: 'minmax(14rem, 4fr)' },
  { id: 'customer', label: 'ticket.customer', width: 'minmax(7rem, 1.5fr)' },
  { id: 'organization', label: 'ticket.organization', width: 'minmax(6rem, 1fr)' },
  { id: 'state', label: 'ticket.state', width: '7.5rem' },
  { id: 'priority', label: 'ticket.priority', width: '5.5rem', sort: 'priority' },
  { id: 'group', label: 'ticket.group', width: 'minmax(6rem, 1fr)' },
  { id: 'owner', label: 'ticket.owner', width: 'minmax(7.5rem, 1.2fr)' },
  { id: 'tags', label: 'ticket.tags', width: 'minmax(6rem, 1fr)' },
  { id: 'due', label: 'ticket.due', width: '6.5rem', sort: 'due' },
  { id: 'created_at', label: 'ticket.created', width: '6.5rem', sort: 'created_at' },
  { id: 'updated_at', label: 'ticket.updated', width: '6.5rem', sort: 'updated_at' },
] as const satisfies Column[];
export type ColumnId = (typeof columns)[number]['id'];

export const standard: ColumnId[] = [
  'number',
  'title',
  'customer',
  'state',
  'priority',
  'group',
  'owner',
  'updated_at',
];

export function keptColumns(of: string, viewColumns: readonly string[] = []): ColumnId[] {
  const known = (ids: readonly string[]) => ids.filter((id): id is ColumnId => columns.some((c) => c.id === id));
  const kept = known((readLocal(`columns.${of}`) ?? '').split(','));
  if (kept.length) return kept;
  const fromView = known(viewColumns);
  return fromView.length ? [...new Set<ColumnId>([...known(['number', 'title']), ...fromView])] : standard;
}

export function keepColumns(of: string, ids: ColumnId[]) {
  writeLocal(`columns.${of}`, ids.join(','));
}

/** The columns with one of them moved. */
export function reordered(ids: readonly ColumnId[], id: ColumnId, by: number): ColumnId[] {
  const at = ids.indexOf(id);
  const to = Math.max(0, Math.min(ids.length - 1, at + by));
  const next = ids.filter((x) => x !== id);
  next.splice(to, 0, id);
  return next;
}
