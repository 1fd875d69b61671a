import { expect, test } from 'vitest';
import { Problem, sentence, words } from './problem';

test('every status that may come has words and advice', () => {
  for (const status of [0, 403, 404, 409, 412, 413, 429, 500, 502, 503, 504, 507]) {
    const { title, advice } = words(new Problem(status, {}, 3));
    expect(title, String(status)).not.toBe('');
    expect(advice, String(status)).not.toBe('');
  }
});

test('what the server says about fields is told', () => {
  const p = new Problem(422, {
    code: 'invalid',
    detail: 'x',
    errors: [{ pointer: '/title', code: 'length', detail: 'Too long.', allowed: '255' }],
  });
  expect(words(p).title).toBe('Too long. (255)');
  expect(p.field('title')).toBe('Too long. (255)');
});

test('an unknown error is not shown raw', () => {
  expect(sentence(new TypeError('x is undefined'))).not.toContain('undefined');
});

test('what is wrong inside of a field is told at the field', () => {
  const p = new Problem(422, { errors: [{ pointer: '/domains/2', code: 'x', detail: 'No domain.' }] });
  expect(p.field('domains')).toBe('No domain.');
  expect(p.field('domain')).toBeUndefined();
});
