// An event of a ticket's history as lines that people read.
import type { TicketEvent } from '$/api/types';
import { maybe, t } from '$/i18n/index.svelte';
import { moment } from '$/lib/time';

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return t('history.nothing');
  if (Array.isArray(value)) return value.length ? value.map(shown).join(', ') : t('history.nothing');
  if (typeof value === 'object') return 'name' in value ? String(value.name) : JSON.stringify(value);
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(text) ? moment(text) : text;
}

export function eventLines(event: TicketEvent): string[] {
  const lines = Object.entries(event.changes ?? {})
    .filter(([, pair]) => Array.isArray(pair))
    .map(([name, [before, after]]) =>
      t('history.changed', { field: maybe(`ticket.${name}`) ?? name, before: shown(before), after: shown(after) }),
    );
  if (event.type === 'create') return [t('history.create')];
  if (event.message_id) lines.unshift(event.is_internal ? t('message.note') : t('history.message'));
  if (event.type.includes('merge')) lines.unshift(t('history.merged_into'));
  return lines.length ? lines : [t('history.other', { type: event.type })];
}
