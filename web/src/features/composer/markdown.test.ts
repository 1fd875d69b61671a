import { expect, test } from 'vitest';
import { format, quoted } from './markdown';

test('a mark is put around what is chosen, and taken away again', () => {
  const bold = format({ text: 'a word b', start: 2, end: 6 }, 'bold');
  expect(bold).toEqual({ text: 'a **word** b', start: 4, end: 8 });
  expect(format(bold, 'bold')).toEqual({ text: 'a word b', start: 2, end: 6 });
});

test('lines are quoted and listed as a whole', () => {
  const list = format({ text: 'one\ntwo', start: 1, end: 6 }, 'list');
  expect(list.text).toBe('- one\n- two');
  expect(format({ ...list, start: 0, end: list.text.length }, 'list').text).toBe('one\ntwo');
});

test('an answer begins with what it answers', () => {
  expect(quoted(' hello\nthere \n')).toBe('> hello\n> there\n\n');
});
