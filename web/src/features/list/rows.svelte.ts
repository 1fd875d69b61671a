// The rows of a list while they live: pages as they are asked for, changes put in where the rows stand, and what is
// new kept back until it cannot make a row jump under somebody's hand.
import { createInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/svelte-query';
import { getRow, getRows, type ListSource, type Page } from '$/api/queries';
import type { Ticket } from '$/api/types';
import { onLive } from '$/lib/live.svelte';

type Pages = InfiniteData<Page<Ticket>, string | undefined>;
const LOOK_MS = 1500; // many events at once are looked at once

export function useRows(source: () => ListSource) {
  const client = useQueryClient();
  const key = $derived(['tickets', source()]);
  let idle = $state(true);
  let waiting = $state(0);
  let fresh = $state.raw<ReadonlySet<number>>(new Set());

  const query = createInfiniteQuery(() => ({
    queryKey: key,
    queryFn: ({ pageParam }: { pageParam: string | undefined }) => getRows(source(), pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page<Ticket>) => last.page.next ?? undefined,
    staleTime: 5000,
  }));
  const rows = $derived.by(() => {
    const seen = new Set<number>();
    return (query.data?.pages ?? []).flatMap((p) => p.data).filter((r) => !seen.has(r.id) && seen.add(r.id));
  });

  function mark(id: number) {
    fresh = new Set([...fresh, id]);
    setTimeout(() => (fresh = new Set([...fresh].filter((x) => x !== id))), 3000);
  }
  /** Puts changed tickets in where they stand. */
  function put(tickets: Ticket[]) {
    const by = new Map(tickets.map((r) => [r.id, r]));
    client.setQueriesData<Pages>(
      { queryKey: ['tickets'] },
      (old) =>
        old && {
          ...old,
          pages: old.pages.map((p) => ({
            ...p,
            data: p.data.map((r) => (by.has(r.id) ? { ...r, ...by.get(r.id) } : r)),
          })),
        },
    );
  }
  /** Begins the list anew. */
  async function renew() {
    waiting = 0;
    const before = new Set(rows.map((r) => r.id));
    const page = await getRows(source());
    client.setQueryData<Pages>(key, { pages: [page], pageParams: [undefined] });
    for (const r of page.data) if (!before.has(r.id)) mark(r.id);
  }

  let timer: ReturnType<typeof setTimeout> | undefined;
  async function look() {
    timer = undefined;
    if (!query.isSuccess) return;
    try {
      const page = await getRows(source());
      const shown = new Set(rows.map((r) => r.id));
      waiting = page.data.filter((r) => !shown.has(r.id)).length;
      const sameOrder = page.data.every((r, i) => rows[i]?.id === r.id);
      if (idle && !sameOrder) await renew();
    } catch {
      // The next event, or the line that comes back, looks again.
    }
  }
  $effect(() => {
    const off = onLive('ticket', (event) => {
      const at = rows.find((r) => r.id === event.ticket_id);
      if (at && at.version < event.ticket_version)
        void getRow(event.ticket_id).then(
          (r) => (put([r]), mark(r.id)),
          () => undefined,
        );
      timer ??= setTimeout(() => void look(), LOOK_MS);
    });
    return () => {
      off();
      clearTimeout(timer);
      timer = undefined;
    };
  });
  $effect(() => {
    void key;
    waiting = 0;
  });

  return {
    query,
    put,
    renew,
    get rows() {
      return rows;
    },
    get fresh() {
      return fresh;
    },
    /** How many tickets would be new at the top. */
    get waiting() {
      return waiting;
    },
    set idle(now: boolean) {
      idle = now;
      if (now && waiting) void renew().catch(() => undefined);
    },
  };
}
