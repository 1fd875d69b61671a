import { expect, test } from 'vitest';
import { linkify } from './linkify';
import { splitQuotes } from './quotes';
import { usualTimes, whenInWords } from './until';

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

test('times in words are understood, in both languages, and nothing else is', () => {
  const now = new Date(2026, 5, 10, 15, 20); // a Wednesday
  const said = (text: string) => {
    const d = whenInWords(text, now);
    return d && `${d.getMonth() + 1}-${d.getDate()} ${d.getHours()}:${String(d.getMinutes()).padStart(2, '0')}`;
  };
  for (const [text, want] of [
    ['tomorrow', '6-11 9:00'],
    ['Tomorrow 9:30', '6-11 9:30'],
    ['today 18', '6-10 18:00'],
    ['today 6 pm', '6-10 18:00'],
    ['friday 14:30', '6-12 14:30'],
    ['wed', '6-17 9:00'],
    ['in 3 days', '6-13 9:00'],
    ['in 2h', '6-10 17:20'],
    ['in 1 week 8:00', '6-17 8:00'],
    ['2026-12-24 8:00', '12-24 8:00'],
    ['غدًا 10:15', '6-11 10:15'],
    ['بعد 3 أيام', '6-13 9:00'],
  ] as const)
    expect(said(text), text).toBe(want);
  for (const text of ['', 'soon', 'in days', 'tomorrow at some time', '2026-02-31', 'in 99999 days'])
    expect(said(text), text).toBeUndefined();
});
