import { expect, test } from 'vitest';
import { linkify } from './linkify';
import { splitQuotes } from './quotes';
import { usualTimes } from './until';

test('quoted text is told apart', () => {
  const parts = splitQuotes('Thanks!\n\nOn Monday Ann wrote:\n> does it work?\n> really?\n\nBye');
  expect(parts.map((p) => p.quoted)).toEqual([false, true, false]);
  expect(parts[0]!.text.trim()).toBe('Thanks!');
  expect(parts[1]!.text).toContain('> really?');
});

test('text without quotations is one part', () => {
  expect(splitQuotes('a\nb')).toEqual([{ quoted: false, text: 'a\nb' }]);
});

test('addresses become links without the full stop behind them', () => {
  expect(linkify('See https://example.org/a?b=1. Or write to ann@example.org!')).toEqual([
    { text: 'See ' },
    { text: 'https://example.org/a?b=1', href: 'https://example.org/a?b=1' },
    { text: '. Or write to ' },
    { text: 'ann@example.org', href: 'mailto:ann@example.org' },
    { text: '!' },
  ]);
});

test('what is no web address is no link', () => {
  expect(linkify('javascript:alert(1) data:text/html,x')).toEqual([{ text: 'javascript:alert(1) data:text/html,x' }]);
});

test('usual times lie ahead, in the morning', () => {
  for (const day of [1, 2, 3, 4, 5, 6, 7]) {
    const now = new Date(2026, 5, day, 23, 30);
    for (const { when } of usualTimes(now)) {
      expect(when.getTime()).toBeGreaterThan(now.getTime());
      expect(when.getHours()).toBe(9);
    }
    expect(usualTimes(now)[1]!.when.getDay()).toBe(1);
  }
});
