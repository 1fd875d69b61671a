import { expect, test } from 'vitest';
import { keyNames, pressed } from './actions.svelte';

const key = (k: string, more: KeyboardEventInit = {}) => pressed(new KeyboardEvent('keydown', { key: k, ...more }));

test('a key press is named as actions name it', () => {
  expect(key('j')).toBe('j');
  expect(key('K', { ctrlKey: true })).toBe('mod+k');
  expect(key('?', { shiftKey: true })).toBe('?');
  expect(key('S', { shiftKey: true })).toBe('shift+s');
  expect(key('Enter', { ctrlKey: true })).toBe('mod+Enter');
});

test("the system's own keys are left alone", () => {
  expect(key('l', { altKey: true })).toBe('');
  expect(key('q', { metaKey: true })).toBe('');
});

test('names as they stand on the keyboard', () => {
  expect(keyNames('mod+k')).toEqual(['Ctrl', 'K']);
  expect(keyNames('g m')).toEqual(['G', 'M']);
});
