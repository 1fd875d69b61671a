// Times as people say them, in the language that is chosen.
import { i18n } from '$/i18n/index.svelte';
import { looks } from './theme.svelte';

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31536000],
  ['month', 2592000],
  ['week', 604800],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];

const formats = new Map<string, Intl.RelativeTimeFormat | Intl.DateTimeFormat | Intl.NumberFormat>();
function cached<T extends Intl.RelativeTimeFormat | Intl.DateTimeFormat | Intl.NumberFormat>(
  name: string,
  make: () => T,
) {
  const key = `${i18n.locale} ${looks.clock} ${name}`;
  if (!formats.has(key)) formats.set(key, make());
  return formats.get(key) as T;
}

/** "5 min ago", "in 2 days". In Arabic the short forms of the past say "in". */
export function ago(iso: string, now = Date.now()) {
  const seconds = (Date.parse(iso) - now) / 1000;
  const format = cached(
    'ago',
    () => new Intl.RelativeTimeFormat(i18n.locale, { numeric: 'auto', style: i18n.lang === 'ar' ? 'long' : 'short' }),
  );
  for (const [unit, size] of units)
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  return format.format(0, 'second');
}

const hours = () => (looks.clock === 'auto' ? {} : { hour12: looks.clock === '12' });

/** Day and time in full, for a title or a message. */
export function moment(iso: string) {
  const day = new Date(iso);
  return cached(
    'moment',
    () => new Intl.DateTimeFormat(i18n.locale, { dateStyle: 'medium', timeStyle: 'short', ...hours() }),
  ).format(day);
}

/** Today the time, else the day: for columns. */
export function brief(iso: string, now = new Date()) {
  const day = new Date(iso);
  if (day.toDateString() === now.toDateString())
    return cached('time', () => new Intl.DateTimeFormat(i18n.locale, { timeStyle: 'short', ...hours() })).format(day);
  const sameYear = day.getFullYear() === now.getFullYear();
  return cached(
    `day${sameYear}`,
    () => new Intl.DateTimeFormat(i18n.locale, sameYear ? { month: 'short', day: 'numeric' } : { dateStyle: 'medium' }),
  ).format(day);
}

export const number = (n: number) => cached('number', () => new Intl.NumberFormat(i18n.locale)).format(n);

/** 1.4 MB */
export function bytes(n: number) {
  const names = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let i = 0;
  while (n >= 1000 && i < names.length - 1) {
    n /= 1000;
    i++;
  }
  return new Intl.NumberFormat(i18n.locale, {
    style: 'unit',
    unit: names[i] ?? 'byte',
    maximumFractionDigits: i ? 1 : 0,
    unitDisplay: 'short',
  }).format(n);
}

/** The time of day. */
export const clock = (iso: string) =>
  cached('time', () => new Intl.DateTimeFormat(i18n.locale, { timeStyle: 'short' })).format(new Date(iso));

/** "today", "tomorrow", "Friday" within a week, else the date. */
export function dayName(iso: string, now = new Date()) {
  const day = new Date(iso);
  const midnight = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((midnight(day) - midnight(now)) / 86400000);
  if (Math.abs(days) <= 1) {
    const name = cached('day-name', () => new Intl.RelativeTimeFormat(i18n.locale, { numeric: 'auto' })).format(
      days,
      'day',
    );
    return name.charAt(0).toLocaleUpperCase(i18n.locale) + name.slice(1);
  }
  if (days > 1 && days < 7)
    return cached('weekday', () => new Intl.DateTimeFormat(i18n.locale, { weekday: 'long' })).format(day);
  return cached(
    'full-day',
    () => new Intl.DateTimeFormat(i18n.locale, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }),
  ).format(day);
}

/** "Tomorrow, 09:00" */
export const dayAndTime = (iso: string, now = new Date()) => `${dayName(iso, now)}, ${clock(iso)}`;
