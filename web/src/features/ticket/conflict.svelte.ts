// A change that met somebody else's change of the same: what each of the two wants, until somebody says what shall stand.
import type { Ticket } from '$/api/types';
import type { Edit } from './change';

export interface Conflict {
  edit: Edit;
  /** The ticket as it was seen when the change was made, and as it is now. */
  before: Ticket;
  now: Ticket;
  use: () => Promise<unknown>;
}
let open = $state.raw<Conflict>();

export const conflict = {
  get open() {
    return open;
  },
  show(one: Conflict) {
    open = one;
  },
  close() {
    open = undefined;
  },
};

export interface Line {
  field: string;
  before: unknown;
  now: unknown;
  mine: unknown;
}

/** What is told of it, field by field; only where the two differ. */
export function linesOf({ edit, before, now }: Pick<Conflict, 'edit' | 'before' | 'now'>): Line[] {
  const lines = Object.entries(edit).flatMap(([field, mine]) =>
    field === 'fields'
      ? Object.entries(mine as Record<string, unknown>).map(([name, value]) => ({
          field: name,
          before: before.fields[name],
          now: now.fields[name],
          mine: value,
        }))
      : [{ field, before: before[field as keyof Ticket], now: now[field as keyof Ticket], mine }],
  );
  const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  return lines.filter((l) => !same(l.now, l.mine));
}
