import type { Key } from '$/i18n/index.svelte';

/** Usual times to come back to a ticket: at nine in the morning, where the agent is. */
export function usualTimes(now: Date): { label: Key; when: Date }[] {
  const at = (days: number) => {
    const d = new Date(now);
    d.setDate(d.getDate() + days);
    d.setHours(9, 0, 0, 0);
    return d;
  };
  const toMonday = (8 - now.getDay()) % 7 || 7;
  return [
    { label: 'pending.tomorrow', when: at(1) },
    { label: 'pending.monday', when: at(toMonday) },
    { label: 'pending.week', when: at(7) },
  ];
}
