// The rows of a list in sections, by what they have in common.
import type { Ref, Ticket } from '$/api/types';

export const groupings = ['state', 'owner', 'group', 'priority', 'customer'] as const;
export type Grouping = (typeof groupings)[number];
export const isGrouping = (name: string | null | undefined): name is Grouping =>
  (groupings as readonly string[]).includes(name ?? '');

export interface Section {
  /** Of its first row. */
  at: number;
  /** null: who has none. */
  name: string | null;
  count: number;
}

/** order: the values in the order in which they shall stand; others come behind, by name; nothing at all stands last. */
export function arrange(rows: readonly Ticket[], by: Grouping, order: readonly Ref[] = []) {
  const place = new Map(order.map((x, i) => [x.id, i]));
  const sections = new Map<number, { name: string | null; rows: Ticket[] }>();
  for (const r of rows) {
    const value = r[by];
    const id = value?.id ?? 0;
    if (!sections.has(id)) sections.set(id, { name: value?.name ?? null, rows: [] });
    sections.get(id)!.rows.push(r);
  }
  const sorted = [...sections].sort(([a, x], [b, y]) => {
    if (!a || !b) return a ? -1 : 1;
    const [p, q] = [place.get(a) ?? order.length, place.get(b) ?? order.length];
    return p - q || (x.name ?? '').localeCompare(y.name ?? '');
  });
  const arranged: Ticket[] = [];
  const heads: Section[] = [];
  for (const [, { name, rows: own }] of sorted) {
    heads.push({ at: arranged.length, name, count: own.length });
    arranged.push(...own);
  }
  return { rows: arranged, heads };
}
