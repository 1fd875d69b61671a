// What the pages ask for, under the names by which the cache knows it. Whoever changes something invalidates by these.
import { api, ask } from './client';
import type { Priority, Ref, State, Ticket, View, ViewCount } from './types';

export interface Page<T> {
  data: T[];
  page: { next: string | null; prev: string | null; has_more: boolean; count?: number };
}

/** What rows of lists show. */
export const ROW_FIELDS = [
  'id',
  'number',
  'title',
  'state',
  'state_type',
  'priority',
  'group',
  'owner',
  'customer',
  'organization',
  'channel',
  'tags',
  'until',
  'created_at',
  'updated_at',
  'waiting_since',
  'due',
  'message_count',
  'attachment_count',
  'version',
];

/** The lists that everybody has; saved views come beside them. */
export const OPEN = ['new', 'open', 'pending', 'hold'];
export const builtinLists = {
  mine: { owner: ['me'], state_type: OPEN },
  unassigned: { owner: ['none'], state_type: OPEN },
  open: { state_type: OPEN },
  waiting: { state_type: ['pending', 'hold'] },
  solved: { state_type: ['solved', 'closed'] },
  all: {},
} as const;
export type BuiltinList = keyof typeof builtinLists;
/** The same in the search language, for a view that is made of a list and a filter. */
export const listWords: Record<BuiltinList, string> = {
  mine: 'is:mine is:open',
  unassigned: 'is:unassigned is:open',
  open: 'is:open',
  waiting: '(state:pending OR state:hold)',
  solved: '(state:solved OR state:closed)',
  all: '',
};

export interface ListSource {
  list?: string;
  view?: string;
  q: string;
  sort: string;
}

const LONG = 10 * 60 * 1000; // what administrators change, not everybody all the time

export const queries = {
  views: () => ({
    queryKey: ['views'],
    queryFn: async () => (await ask(api.GET('/api/v1/views'))).data as View[],
    staleTime: LONG,
  }),
  counts: () => ({
    queryKey: ['counts', 'lists'],
    queryFn: async () => countLists((await ask(api.GET('/api/v1/counters'))).states),
  }),
  viewCounts: () => ({
    queryKey: ['counts', 'views'],
    queryFn: async () => (await ask(api.GET('/api/v1/views/counts'))).data as ViewCount[],
  }),
  states: () => ({
    queryKey: ['states'],
    queryFn: async () =>
      ((await ask(api.GET('/api/v1/states', { params: { query: { limit: 200 } } }))).data as State[]).sort(
        (a, b) => (a.position ?? 0) - (b.position ?? 0) || a.id - b.id,
      ),
    staleTime: LONG,
  }),
  priorities: () => ({
    queryKey: ['priorities'],
    queryFn: async () =>
      ((await ask(api.GET('/api/v1/priorities', { params: { query: { limit: 200 } } }))).data as Priority[]).sort(
        (a, b) => a.rank - b.rank || a.id - b.id,
      ),
    staleTime: LONG,
  }),
  groups: () => ({
    queryKey: ['groups'],
    queryFn: async () => (await ask(api.GET('/api/v1/group-choices'))).data as Ref[],
    staleTime: LONG,
  }),
  searchFields: () => ({
    queryKey: ['search-fields'],
    queryFn: async () => (await ask(api.GET('/api/v1/search/fields'))).data,
    staleTime: LONG,
  }),
  ticket: (id: string | number) => ({
    queryKey: ['ticket', String(id)],
    queryFn: () => getTicket(id),
  }),
};

export async function getTicket(id: string | number) {
  return (await ask(
    api.GET('/api/v1/tickets/{id}', {
      params: { path: { id: String(id) }, query: { include: ['messages', 'participants', 'links'] } },
    }),
  )) as unknown as Ticket;
}

export async function getRow(id: number) {
  return (await ask(
    api.GET('/api/v1/tickets/{id}', { params: { path: { id: String(id) }, query: { fields: ROW_FIELDS } } }),
  )) as unknown as Ticket;
}

export async function getRows(source: ListSource, after?: string, limit = 50): Promise<Page<Ticket>> {
  const query = { limit, after, sort: source.sort || undefined, q: source.q || undefined, fields: ROW_FIELDS };
  if (source.view)
    return (await ask(
      api.GET('/api/v1/views/{id}/tickets', { params: { path: { id: Number(source.view) }, query } }),
    )) as unknown as Page<Ticket>;
  const filter = builtinLists[(source.list ?? 'mine') as BuiltinList] ?? {};
  return (await ask(
    api.GET('/api/v1/tickets', { params: { query: { ...query, ...(filter as Record<string, string[]>) } } }),
  )) as unknown as Page<Ticket>;
}

/** How many tickets the lists of everybody hold, from the counters by state. */
export function countLists(states: { type: string; total: number; unassigned: number; mine: number }[]) {
  const sum = (types: readonly string[] | null, of: 'total' | 'unassigned' | 'mine') =>
    states.filter((s) => !types || types.includes(s.type)).reduce((n, s) => n + s[of], 0);
  return {
    mine: sum(OPEN, 'mine'),
    unassigned: sum(OPEN, 'unassigned'),
    open: sum(OPEN, 'total'),
    waiting: sum(['pending', 'hold'], 'total'),
    solved: sum(['solved', 'closed'], 'total'),
    all: sum(null, 'total'),
  } satisfies Record<BuiltinList, number>;
}
