// Changes of a ticket: shown at once, taken back with words when the server says no.
import type { QueryClient } from '@tanstack/svelte-query';
import { api, ask } from '$/api/client';
import { Problem, sentence } from '$/api/problem';
import { queries } from '$/api/queries';
import type { Ref, Ticket } from '$/api/types';
import { t } from '$/i18n/index.svelte';
import { toast } from '$/lib/toasts.svelte';
import { conflict } from './conflict.svelte';

export type Edit = {
  title?: string;
  state?: Ref;
  until?: string | null;
  priority?: Ref;
  group?: Ref;
  owner?: Ref | null;
  customer?: Ref;
  organization?: Ref | null;
  tags?: string[];
  fields?: Record<string, unknown>;
};

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** What the API takes: references by id. */
export function bodyOf(edit: Edit) {
  return Object.fromEntries(
    Object.entries(edit).map(([k, v]) => [
      k,
      v && typeof v === 'object' && 'id' in v && 'name' in v ? (v as Ref).id : v,
    ]),
  );
}

async function send(ticket: Ticket, edit: Edit, version: number): Promise<Ticket> {
  return (await ask(
    api.PATCH('/api/v1/tickets/{id}', {
      params: { path: { id: String(ticket.id) } },
      headers: { 'If-Match': `"v${version}"` },
      body: bodyOf(edit) as never,
    }),
  )) as unknown as Ticket;
}

/** What the edit touches, as this ticket has it. */
const touchedOf = (ticket: Ticket, edit: Edit) =>
  Object.keys(edit).map((k) =>
    k === 'fields' ? Object.keys(edit.fields!).map((name) => ticket.fields[name]) : ticket[k as keyof Ticket],
  );

/** Changes the ticket; answers why not. Somebody else's change of the same field is not written over. quiet: the caller
 *  tells what was refused in its place. */
export async function changeTicket(
  client: QueryClient,
  ticket: Ticket,
  edit: Edit,
  { quiet = false } = {},
): Promise<Problem | undefined> {
  const { queryKey } = queries.ticket(ticket.id);
  const merge = (more: Partial<Ticket>) =>
    client.setQueryData<Ticket>(
      queryKey,
      (old) => old && { ...old, ...more, messages: old.messages, participants: old.participants, links: old.links },
    );
  const before = client.getQueryData<Ticket>(queryKey) ?? ticket;
  await client.cancelQueries({ queryKey });
  merge({ ...edit, ...(edit.fields ? { fields: { ...before.fields, ...edit.fields } } : {}) } as Partial<Ticket>);
  try {
    let after: Ticket;
    try {
      after = await send(ticket, edit, before.version);
    } catch (error) {
      // Something else of the ticket changed (a message came): that is no reason to refuse.
      const now = error instanceof Problem && error.status === 412 ? (error.current as Ticket | undefined) : undefined;
      const touched = now && !same(touchedOf(now, edit), touchedOf(before, edit));
      if (!now || touched) throw error;
      after = await send(ticket, edit, now.version);
    }
    merge(after);
    void client.invalidateQueries({ queryKey: ['history', ticket.id] });
    return undefined;
  } catch (error) {
    merge(Object.fromEntries(Object.keys(edit).map((k) => [k, before[k as keyof Ticket]])));
    void client.invalidateQueries({ queryKey });
    const stale = error instanceof Problem && error.status === 412;
    const now = stale ? (error.current as Ticket | undefined) : undefined;
    // Shown with both values; whoever changes on purpose what the other one chose may do so.
    if (now && !quiet) {
      merge(now);
      conflict.show({ edit, before, now, use: () => changeTicket(client, now, edit) });
      return new Problem(412, { detail: t('ticket.changed_by') });
    }
    const said = stale ? t('ticket.changed_by') : sentence(error);
    if (!quiet) toast(said, { kind: 'bad', lasts: 10000 });
    return error instanceof Problem && error.fields.length ? error : new Problem(0, { detail: said });
  }
}
