import { expect, test } from 'vitest';
import { visibleRows } from './window';

test('only rows in sight and a few around are drawn', () => {
  expect(visibleRows(0, 400, 40, 10000, 5)).toEqual({ first: 0, last: 15 });
  expect(visibleRows(4000, 400, 40, 10000, 5)).toEqual({ first: 95, last: 115 });
});

test('never more than there are', () => {
  expect(visibleRows(0, 400, 40, 3)).toEqual({ first: 0, last: 3 });
  expect(visibleRows(99999, 400, 40, 3)).toEqual({ first: 3, last: 3 });
});
