// Places in lists: numbers with gaps, so that a move changes one of them where it can.

export interface Place<T> {
  item: T;
  place: number;
}

/** What must change so that the item at `from` stands at `to`. The items are in order; places go from 0 to `most`. */
export function moved<T>(
  items: T[],
  from: number,
  to: number,
  placeOf: (item: T) => number,
  most = 1000000,
): Place<T>[] {
  if (from === to || from < 0 || to < 0 || from >= items.length || to >= items.length) return [];
  const next = items.toSpliced(from, 1).toSpliced(to, 0, items[from]!);
  const before = to > 0 ? placeOf(next[to - 1]!) : -1;
  const after = to + 1 < next.length ? placeOf(next[to + 1]!) : Math.min(most + 1, before + 20);
  if (after - before > 1) return [{ item: items[from]!, place: Math.floor((before + after) / 2) }];
  const step = Math.max(1, Math.min(10, Math.floor(most / next.length)));
  return next.map((item, i) => ({ item, place: (i + 1) * step })).filter(({ item, place }) => placeOf(item) !== place);
}
