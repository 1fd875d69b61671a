import type { Key } from '$/i18n/index.svelte';

const MORNING = 9;

/** Usual times to come back to a ticket: at nine in the morning, where the agent is. */
export function usualTimes(now: Date): { label: Key; when: Date }[] {
  const toMonday = (8 - now.getDay()) % 7 || 7;
  return [
    { label: 'pending.tomorrow', when: at(now, 1) },
    { label: 'pending.monday', when: at(now, toMonday) },
    { label: 'pending.week', when: at(now, 7) },
  ];
}

function at(now: Date, days: number, hour = MORNING, minute = 0) {
  const d = new Date(now);
  d.setDate(d.getDate() + days);
  d.setHours(hour, minute, 0, 0);
  return d;
}

const WEEKDAYS = [
  ['sunday', 'sun', 'الأحد', 'الاحد'],
  ['monday', 'mon', 'الاثنين', 'الإثنين'],
  ['tuesday', 'tue', 'الثلاثاء'],
  ['wednesday', 'wed', 'الأربعاء', 'الاربعاء'],
  ['thursday', 'thu', 'الخميس'],
  ['friday', 'fri', 'الجمعة'],
  ['saturday', 'sat', 'السبت'],
];
const TODAY = ['today', 'اليوم'];
const TOMORROW = ['tomorrow', 'tmrw', 'غدا', 'غدًا', 'غداً'];
const IN = ['in', 'بعد'];
const HOURS = /^(h|hours?|ساعة|ساعات)$/;
const MINUTES = /^(min|minutes?|دقيقة|دقائق)$/;
const DAYS = /^(d|days?|يوم|أيام|يوما|يومًا)$/;
const WEEKS = /^(w|weeks?|أسبوع|أسابيع)$/;

function timeIn(words: string[]): { hour: number; minute: number } | undefined {
  for (const [i, word] of words.entries()) {
    const found = /^(\d{1,2})(?:[:.](\d{2}))?(am|pm)?$/.exec(
      word + (/^(am|pm)$/.test(words[i + 1] ?? '') ? words[i + 1] : ''),
    );
    if (!found) continue;
    const hour = (Number(found[1]) % (found[3] ? 12 : 24)) + (found[3] === 'pm' ? 12 : 0);
    const minute = Number(found[2] ?? 0);
    if (Number(found[1]) < 25 && minute < 60) return { hour, minute };
  }
  return undefined;
}

/** "tomorrow 9:00", "in 3 days", "friday 14:30", "2026-12-24 8:00"; undefined when it is none of these. */
export function whenInWords(text: string, now: Date): Date | undefined {
  const words = text
    .trim()
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  const first = words[0];
  if (!first) return undefined;
  if (IN.includes(first)) {
    const [count, unit] = split(words.slice(1));
    const n = Number(count);
    if (!count || !Number.isFinite(n) || n > 3660) return undefined;
    if (HOURS.test(unit)) return new Date(now.getTime() + n * 3600000);
    if (MINUTES.test(unit)) return new Date(now.getTime() + n * 60000);
    const days = WEEKS.test(unit) ? n * 7 : DAYS.test(unit) ? n : undefined;
    if (days === undefined) return undefined;
    const time = timeIn(words.slice(3));
    return at(now, days, time?.hour, time?.minute);
  }
  const time = timeIn(words.slice(1));
  if (words.length > 1 && !time) return undefined;
  if (TOMORROW.includes(first)) return at(now, 1, time?.hour, time?.minute);
  if (TODAY.includes(first)) return time && at(now, 0, time.hour, time.minute);
  const weekday = WEEKDAYS.findIndex((names) => names.includes(first));
  if (weekday >= 0) return at(now, (weekday - now.getDay() + 7) % 7 || 7, time?.hour, time?.minute);
  const date = /^(\d{4})-(\d{2})-(\d{2})$/.exec(first);
  if (date) {
    const d = new Date(Number(date[1]), Number(date[2]) - 1, Number(date[3]), time?.hour ?? MORNING, time?.minute ?? 0);
    return d.getMonth() === Number(date[2]) - 1 ? d : undefined;
  }
  return undefined;
}

/** "3 days" and "3d" alike. */
const split = (words: string[]): [string, string] => {
  const found = /^(\d+)(\D*)$/.exec(words[0] ?? '');
  return [found?.[1] ?? '', found?.[2] || (words[1] ?? '')];
};
