import { expect, test } from 'vitest';
import type { Ticket } from '$/api/types';
import { arrange } from './arrange';
import { reordered } from './columns';

const row = (id: number, owner: [number, string] | null) =>
  ({ id, owner: owner && { id: owner[0], name: owner[1] } }) as Ticket;

test('rows stand in sections, in their own order, and those without one last', () => {
  const rows = [row(1, null), row(2, [7, 'Zoe']), row(3, [5, 'Ann']), row(4, [7, 'Zoe'])];
  const { rows: arranged, heads } = arrange(rows, 'owner');
  expect(arranged.map((r) => r.id)).toEqual([3, 2, 4, 1]);
  expect(heads).toEqual([
    { at: 0, name: 'Ann', count: 1 },
    { at: 1, name: 'Zoe', count: 2 },
    { at: 3, name: null, count: 1 },
  ]);
});

test('values with an order of their own keep it', () => {
  const rows = [row(1, [5, 'Ann']), row(2, [7, 'Zoe'])];
  const { heads } = arrange(rows, 'owner', [{ id: 7, name: 'Zoe' }]);
  expect(heads.map((h) => h.name)).toEqual(['Zoe', 'Ann']);
});

test('a column moves by one, and not beyond the ends', () => {
  expect(reordered(['number', 'title', 'state'], 'state', -1)).toEqual(['number', 'state', 'title']);
  expect(reordered(['number', 'title'], 'number', -1)).toEqual(['number', 'title']);
});
