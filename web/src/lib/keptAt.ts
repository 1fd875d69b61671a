// A draft on the server: read, written over, thrown away. A change names the version that it replaces; who types now has
// the last word, also over what another window kept meanwhile.
import { Problem } from '$/api/problem';
import type { Draft } from '$/api/types';

export interface Place {
  list: () => Promise<{ data: unknown[] }>;
  put: (body: { data: never; version?: number }) => Promise<unknown>;
  drop: () => Promise<unknown>;
}

export function keptAt(slot: string, place: Place) {
  let version = 0;
  const body = (data: object) => ({ data: data as never, ...(version ? { version } : {}) });
  return {
    body,
    async read(): Promise<object | undefined> {
      const mine = ((await place.list()).data as Draft[]).find((d) => d.slot === slot);
      version = mine?.version ?? 0;
      return mine?.data as object | undefined;
    },
    async put(data: object) {
      for (let tries = 0; ; tries++)
        try {
          version = ((await place.put(body(data))) as Draft).version ?? 0;
          return;
        } catch (error) {
          if (tries || !(error instanceof Problem) || error.status !== 412) throw error;
          version = (error.current as Draft | undefined)?.version ?? 0;
        }
    },
    async drop() {
      version = 0;
      await place.drop().catch(() => undefined);
    },
  };
}
