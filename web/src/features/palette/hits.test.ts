import { expect, test } from 'vitest';
import { marks, score } from './hits';

const hit = (text: string, q: string) =>
  marks(text, q)
    .filter((m) => m.hit)
    .map((m) => m.text);

test('the words that were typed are marked, operators are not', () => {
  expect(hit('The printer prints', 'state:open print')).toEqual(['print', 'print']);
  expect(hit('a (b)', '(b) .*')).toEqual([]);
});

test('commands that begin with the words come first', () => {
  expect(score('Go to list', 'go')).toBeGreaterThan(score('All tickets to go', 'go'));
  expect(score('Größe', 'grosse')).toBe(0);
  expect(score('Élan', 'elan')).toBeGreaterThan(0);
});
