// Changes of the desk's catalogue: each asks the server, then what is shown everywhere is asked for anew.
import type { QueryClient } from '@tanstack/svelte-query';
import { api, ask } from '$/api/client';
import { sentence } from '$/api/problem';
import type { Priority, State } from '$/api/types';
import { toast } from '$/lib/toasts.svelte';
import type { Place } from './order';

export const match = (one: { version?: number }) => ({ 'If-Match': `"v${one.version}"` });

// A move makes a new version of what is moved. Who opened it before the move was through is not told that somebody else
// changed it: which version his own moves led to is known here.
let moving: Promise<unknown> = Promise.resolve();
const led = new Map<string, number>();
const versionKey = (key: string, one: { id: number; version?: number }) => `${key} ${one.id} ${one.version}`;

async function matchMoved(key: string, one: { id: number; version?: number }) {
  await moving;
  let { version } = one;
  for (let next; (next = led.get(versionKey(key, { id: one.id, version })));) version = next;
  return match({ version });
}

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
  await ask(
    api.PATCH('/api/v1/states/{id}', {
      params: { path: { id: state.id } },
      body,
      headers: await matchMoved('states', state),
    }),
  );
  await client.invalidateQueries({ queryKey: ['states'] });
}

export async function patchPriority(client: QueryClient, priority: Priority, body: Record<string, unknown>) {
  await ask(
    api.PATCH('/api/v1/priorities/{id}', {
      params: { path: { id: priority.id } },
      body,
      headers: await matchMoved('priorities', priority),
    }),
  );
  await client.invalidateQueries({ queryKey: ['priorities'] });
}

/** Shows the new places at once, sends them, and shows what holds in the end. */
export async function place<T extends { id: number; version?: number }>(
  client: QueryClient,
  key: string,
  changes: Place<T>[],
  member: keyof T,
  send: (item: T, place: number) => Promise<{ version?: number }>,
) {
  const to = new Map(changes.map((c) => [c.item.id, c.place]));
  await client.cancelQueries({ queryKey: [key] });
  client.setQueryData([key], (all: T[] | undefined) =>
    all
      ?.map((x) => (to.has(x.id) ? { ...x, [member]: to.get(x.id) } : x))
      .sort((a, b) => Number(a[member]) - Number(b[member])),
  );
  const work = (async () => {
    for (const c of changes) {
      const { version } = await send(c.item, c.place);
      if (version) led.set(versionKey(key, c.item), version);
    }
  })();
  moving = Promise.allSettled([moving, work]);
  await orTell(work);
  await client.invalidateQueries({ queryKey: [key] });
}
