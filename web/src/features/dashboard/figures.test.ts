import { expect, test } from 'vitest';
import { csv, dayName, duration, firstDay, percent } from './figures';

test('times are told in the largest unit that fits', () => {
  expect(duration(20, 'en')).toBe('1 min');
  expect(duration(1500, 'en')).toBe('25 min');
  expect(duration(5400, 'en')).toBe('1.5 hr');
  expect(duration(200000, 'en')).toBe('2.3 days');
});

test('shares of nothing are none', () => {
  expect(percent(1, 4, 'en')).toBe('25%');
  expect(percent(0, 0, 'en')).toBe('0%');
});

test('a day stays the day that the server named', () => {
  expect(dayName('2026-11-01', 'en-GB')).toBe('1 Nov');
});

test('a spreadsheet takes no text for a formula', () => {
  expect(
    csv([
      ['a', 1, null],
      ['=1+1', -2, 'x,"y"'],
    ]),
  ).toBe(`a,1,\r\n'=1+1,-2,"x,""y"""\r\n`);
});

test('a period begins so many days back in the zone, today among them', () => {
  const now = new Date('2026-11-23T23:30:00Z');
  expect(firstDay(1, 'UTC', now)).toBe('2026-11-23');
  expect(firstDay(7, 'Europe/Berlin', now)).toBe('2026-11-18');
});
