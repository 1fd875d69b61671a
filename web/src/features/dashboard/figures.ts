// Figures as people read them, and as a file for a spreadsheet.
import { i18n } from '$/i18n/index.svelte';

/** 5400 → "1.5 hr" */
export function duration(seconds: number, locale = i18n.locale) {
  const [value, unit] =
    seconds < 3600
      ? [Math.max(1, Math.round(seconds / 60)), 'minute']
      : seconds < 86400
        ? [seconds / 3600, 'hour']
        : [seconds / 86400, 'day'];
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: unit as string,
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  }).format(value as number);
}

export const percent = (part: number, whole: number, locale = i18n.locale) =>
  new Intl.NumberFormat(locale, { style: 'percent' }).format(whole ? part / whole : 0);

/** "2026-11-01" as a day of its own, whatever the zone of the reader. */
export const dayName = (date: string, locale = i18n.locale) =>
  new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(
    new Date(`${date}T00:00:00Z`),
  );

/** Rows for a spreadsheet: what it would take for a formula is text. */
export function csv(rows: (string | number | null)[][]) {
  const cell = (v: string | number | null) => {
    if (typeof v === 'number') return String(v);
    const text = v === null ? '' : /^[=+\-@\t\r]/.test(v) ? `'${v}` : v;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((r) => r.map(cell).join(',')).join('\r\n') + '\r\n';
}

/** Days back, from today in the reader's zone: where a period of so many days begins. */
export function firstDay(days: number, zone: string, now = new Date()) {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(now);
  return new Date(Date.parse(`${today}T00:00:00Z`) - (days - 1) * 86400000).toISOString().slice(0, 10);
}
