// An event of a ticket's history as lines that people read, and of which kind it is.
import type { TicketEvent } from '$/api/types';
import { maybe, t } from '$/i18n/index.svelte';
import { moment } from '$/lib/time';

export function shownValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return t('history.nothing');
  if (Array.isArray(value)) return value.length ? value.map(shownValue).join(', ') : t('history.nothing');
  if (typeof value === 'boolean') return t(value ? 'side.yes' : 'side.no');
  if (typeof value === 'object') return 'name' in value ? String(value.name) : JSON.stringify(value);
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(text) ? moment(text) : text;
}

export type Kind = 'messages' | 'fields' | 'rest';
const REST = new Set(['links', 'participants', 'merged_from', 'merged_into', 'split_from', 'split_to']);
const MESSAGES = new Set(['note_edited', 'redacted', 'file_removed']);

export function kindsOf(event: TicketEvent): Set<Kind> {
  const kinds = new Set<Kind>();
  if (event.message_id || event.type === 'create') kinds.add('messages');
  for (const name of Object.keys(event.changes ?? {}))
    kinds.add(REST.has(name) ? 'rest' : MESSAGES.has(name) ? 'messages' : 'fields');
  if (/merge|split/.test(event.type)) kinds.add('rest');
  return kinds.size ? kinds : new Set<Kind>(['fields']);
}

const part = (value: unknown, name: string) =>
  value && typeof value === 'object' && name in value ? (value as Record<string, unknown>)[name] : undefined;
/** "123" or {number: "123"}. */
const numberOf = (value: unknown) => String(part(value, 'number') ?? part(value, 'ticket') ?? value ?? '');
const numberIn = (value: unknown) => {
  const ticket = part(value, 'ticket') ?? value;
  return numberOf(ticket);
};

/** What is no change of a field, by the name that the server gives it. */
const special: Record<string, (before: unknown, after: unknown) => string> = {
  links: (before, after) =>
    after
      ? t('history.linked', {
          number: numberIn(after),
          kind: maybe(`side.kind_${String(part(after, 'kind'))}`) ?? String(part(after, 'kind') ?? ''),
        })
      : t('history.unlinked', { number: numberIn(before) }),
  participants: (before, after) =>
    after ? t('history.joined', { name: shownValue(after) }) : t('history.left', { name: shownValue(before) }),
  redacted: (_, after) => t('history.redacted', { reason: String(part(after, 'reason') ?? '') }),
  file_removed: (_, after) => t('history.file_removed', { reason: String(part(after, 'reason') ?? '') }),
  note_edited: () => t('history.note_edited'),
  split_from: (_, after) => t('history.split', { number: numberIn(after) }),
  split_to: (_, after) => t('history.split', { number: numberIn(after) }),
  merged_from: (before, after) =>
    after ? t('history.merged_from', { number: numberIn(after) }) : t('history.unlinked', { number: numberIn(before) }),
};

const isNothing = (v: unknown) => v === null || v === undefined || v === '' || (Array.isArray(v) && !v.length);

export function eventLines(event: TicketEvent): string[] {
  const lines = Object.entries(event.changes ?? {})
    .filter(([, pair]) => Array.isArray(pair))
    .flatMap(([name, [before, after]]) => {
      if (special[name]) return [special[name](before, after)];
      // The custom fields come as one, with what changed in it.
      if (name === 'fields' && typeof after === 'object' && !Array.isArray(after)) {
        const [b, a] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>];
        return [...new Set([...Object.keys(b), ...Object.keys(a)])]
          .filter((k) => JSON.stringify(b[k] ?? null) !== JSON.stringify(a[k] ?? null))
          .map((k) => changed(k, b[k], a[k]));
      }
      return [changed(maybe(`ticket.${name}`) ?? name.replace(/^fields\./, ''), before, after)];
    });
  if (event.type === 'create') return [t('history.create')];
  if (event.message_id && !MESSAGES.has(Object.keys(event.changes ?? {})[0] ?? ''))
    lines.unshift(event.is_internal ? t('message.note') : t('history.message'));
  if (event.type === 'unmerged') lines.unshift(t('history.unmerged'));
  else if (event.type === 'merged_into') lines.unshift(t('history.merged_into'));
  else if (event.type === 'reminder') lines.unshift(t('history.reminder'));
  return lines.length ? lines : [t('history.other', { type: event.type })];
}

function changed(field: string, before: unknown, after: unknown): string {
  if (isNothing(before)) return t('history.set', { field, after: shownValue(after) });
  if (isNothing(after)) return t('history.emptied', { field, before: shownValue(before) });
  return t('history.changed', { field, before: shownValue(before), after: shownValue(after) });
}
