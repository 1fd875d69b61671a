import { expect, test } from 'vitest';
import { moved } from './order';

const list = (...places: number[]) => places.map((at, i) => ({ id: i, at }));
const of = (x: { at: number }) => x.at;
/** The ids in their order after the changes. */
function after(items: ReturnType<typeof list>, from: number, to: number, most?: number) {
  const changes = moved(items, from, to, of, most);
  const places = new Map(items.map((x) => [x.id, x.at]));
  for (const { item, place } of changes) places.set(item.id, place);
  return { ids: [...places].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([id]) => id), n: changes.length, places };
}

test('a move between gaps changes one place', () => {
  expect(after(list(10, 20, 30), 2, 0)).toMatchObject({ ids: [2, 0, 1], n: 1 });
  expect(after(list(10, 20, 30), 0, 2)).toMatchObject({ ids: [1, 2, 0], n: 1 });
  expect(after(list(10, 20, 30), 0, 1)).toMatchObject({ ids: [1, 0, 2], n: 1 });
});

test('where there is no room, all are numbered anew', () => {
  expect(after(list(0, 0, 0), 2, 0).ids).toEqual([2, 0, 1]);
  expect(after(list(0, 1, 2), 2, 0).ids).toEqual([2, 0, 1]);
  expect(after(list(1, 2, 3), 0, 1).ids).toEqual([1, 0, 2]);
});

test('places stay within their limit', () => {
  const { ids, places } = after(list(998, 999, 1000), 0, 2, 1000);
  expect(ids).toEqual([1, 2, 0]);
  expect(Math.max(...places.values())).toBeLessThanOrEqual(1000);
});

test('a move to nowhere changes nothing', () => {
  expect(moved(list(1, 2), 0, 0, of)).toEqual([]);
  expect(moved(list(1, 2), 0, 2, of)).toEqual([]);
});
