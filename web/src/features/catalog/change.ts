// Changes of the desk's catalogue: each asks the server, then what is shown everywhere is asked for anew.
import type { QueryClient } from '@tanstack/svelte-query';
import { api, ask } from '$/api/client';
import { sentence } from '$/api/problem';
import type { Priority, State } from '$/api/types';
import { toast } from '$/lib/toasts.svelte';
import type { Place } from './order';

export const match = (one: { version?: number }) => ({ 'If-Match': `"v${one.version}"` });

/** What the server refuses outside of a form is told in a corner. */
export async function orTell(work: Promise<unknown>) {
  try {
    await work;
    return true;
  } catch (e) {
    toast(sentence(e), { kind: 'bad' });
    return false;
  }
}

export async function patchState(client: QueryClient, state: State, body: Record<string, unknown>) {
  await ask(api.PATCH('/api/v1/states/{id}', { params: { path: { id: state.id } }, body, headers: match(state) }));
  await client.invalidateQueries({ queryKey: ['states'] });
}

export async function patchPriority(client: QueryClient, priority: Priority, body: Record<string, unknown>) {
  await ask(
    api.PATCH('/api/v1/priorities/{id}', { params: { path: { id: priority.id } }, body, headers: match(priority) }),
  );
  await client.invalidateQueries({ queryKey: ['priorities'] });
}

/** Shows the new places at once, sends them, and shows what holds in the end. */
export async function place<T extends { id: number }>(
  client: QueryClient,
  key: string,
  changes: Place<T>[],
  member: keyof T,
  send: (item: T, place: number) => Promise<unknown>,
) {
  const to = new Map(changes.map((c) => [c.item.id, c.place]));
  await client.cancelQueries({ queryKey: [key] });
  client.setQueryData([key], (all: T[] | undefined) =>
    all
      ?.map((x) => (to.has(x.id) ? { ...x, [member]: to.get(x.id) } : x))
      .sort((a, b) => Number(a[member]) - Number(b[member])),
  );
  await orTell(
    (async () => {
      for (const c of changes) await send(c.item, c.place);
    })(),
  );
  await client.invalidateQueries({ queryKey: [key] });
}
