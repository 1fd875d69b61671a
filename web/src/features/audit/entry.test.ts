import { expect, test } from 'vitest';
import { lines, query } from './entry';

test('before and after become lines, and what stands beside them, too', () => {
  expect(lines({ before: { a: 1, b: 'x' }, after: { b: 'y', c: [2] }, via: 'token' })).toEqual([
    { field: 'a', before: '1', after: undefined },
    { field: 'b', before: 'x', after: 'y' },
    { field: 'c', before: undefined, after: '[2]' },
    { field: 'via', after: 'token' },
  ]);
  expect(lines(null)).toEqual([]);
  expect(lines('altered')).toEqual([{ field: '', after: 'altered' }]);
});

test('filters that make no sense are left out, and the last day counts whole', () => {
  const of = (v: Record<string, string>) => query((n) => v[n] ?? '');
  expect(of({ actor_id: 'x', object_id: '0', from: 'soon' })).toEqual({});
  const q = of({ from: '2026-11-01', to: '2026-11-01', action: 'ticket.update', actor_id: '7' });
  expect(q.actor_id).toBe(7);
  expect(Date.parse(q.to!) - Date.parse(q.from!)).toBe(86400000);
});
