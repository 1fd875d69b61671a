// Editing one thing: only what was changed is sent, and somebody else's change of the same field is not written over.
import { Problem } from '$/api/problem';

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** The fields in which now differs from first. */
export function changedOf<F extends object>(first: F, now: F): Partial<F> {
  const names = (Object.keys(now) as (keyof F)[]).filter((k) => !same(first[k], now[k]));
  return Object.fromEntries(names.map((k) => [k, now[k]])) as Partial<F>;
}

/**
 * Begins when a form opens. save() sends what differs then; nothing when nothing does. A refusal because something else of
 * the thing changed is no refusal; of the same field it is one, and saving again is then meant.
 */
export function editing<T extends { version: number }, F extends object>(before: T, formOf: (thing: T) => F) {
  const first = formOf(before);
  let version = before.version;
  return {
    first,
    async save(now: F, send: (changes: Partial<F>, ifMatch: string) => Promise<T>): Promise<T> {
      const changes = changedOf(first, now);
      if (!Object.keys(changes).length) return before;
      try {
        return await send(changes, `"v${version}"`);
      } catch (error) {
        const there = error instanceof Problem && error.status === 412 ? (error.current as T | undefined) : undefined;
        if (!there) throw error;
        version = there.version;
        const isTouched = Object.keys(changes).some((k) => !same(formOf(there)[k as keyof F], first[k as keyof F]));
        if (isTouched) throw error;
        return await send(changes, `"v${version}"`);
      }
    },
  };
}
