// Who is out of office, when and until when.
import type { User } from '$/api/types';

export type Away = NonNullable<User['out_of_office']>;

/** no: at work, or back again; soon: it is planned; now: away. No beginning is the distant past, no end the distant future. */
export function awayState(away: Away | null | undefined, now = Date.now()): 'no' | 'soon' | 'now' {
  if (!away || (away.to && Date.parse(away.to) <= now)) return 'no';
  return away.from && Date.parse(away.from) > now ? 'soon' : 'now';
}

/** For a field of date and time, which knows no zones: the machine's time, to the minute. */
export function toLocal(iso: string | null | undefined): string {
  if (!iso) return '';
  const d = new Date(iso);
  return new Date(d.getTime() - d.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
export const fromLocal = (local: string) => (local ? new Date(local).toISOString() : null);
