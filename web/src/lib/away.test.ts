import { expect, test } from 'vitest';
import { awayState, fromLocal, toLocal } from './away';

const now = Date.parse('2026-07-01T12:00:00Z');
const away = (from: string | null, to: string | null) => ({ from, to, stand_in_id: null });

test('somebody is away between the two times, and without one of them beyond', () => {
  expect(awayState(null, now)).toBe('no');
  expect(awayState(away('2026-06-30T00:00:00Z', '2026-07-02T00:00:00Z'), now)).toBe('now');
  expect(awayState(away(null, null), now)).toBe('now');
  expect(awayState(away('2026-07-02T00:00:00Z', null), now)).toBe('soon');
  expect(awayState(away('2026-06-01T00:00:00Z', '2026-07-01T12:00:00Z'), now)).toBe('no');
});

test('a time comes back from its field as it went in', () => {
  expect(fromLocal(toLocal('2026-07-01T09:30:00.000Z'))).toBe('2026-07-01T09:30:00.000Z');
  expect(fromLocal(toLocal('2026-12-24T23:05:00.000Z'))).toBe('2026-12-24T23:05:00.000Z');
  expect([toLocal(null), fromLocal('')]).toEqual(['', null]);
});
