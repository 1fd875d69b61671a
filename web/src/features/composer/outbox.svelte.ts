// Answers that were sent wait here a moment, so that they can be taken back. They go even when somebody moves on to
// another page; the draft stays until the server has the answer, so nothing is lost on the way.
import { api, ask, csrfToken } from '$/api/client';
import type { Ticket } from '$/api/types';

export const UNDO_MS = 5000;

export interface Letter {
  ticketId: number;
  body: Record<string, unknown> & { last_seen_message?: number };
  /** The same letter sent twice is one. */
  key: string;
  delivered: (ticket: Ticket) => void;
  refused: (error: unknown) => void;
}
interface Waiting {
  letter: Letter;
  timer: ReturnType<typeof setTimeout>;
}
const waiting = new Map<string, Waiting>();

async function deliver(letter: Letter) {
  waiting.delete(letter.key);
  try {
    const ticket = await ask(
      api.POST('/api/v1/tickets/{id}/actions', {
        params: { path: { id: String(letter.ticketId) } },
        headers: { 'Idempotency-Key': letter.key },
        body: letter.body as never,
      }),
    );
    letter.delivered(ticket as unknown as Ticket);
  } catch (error) {
    letter.refused(error);
  }
}

export function post(letter: Letter, wait: number) {
  if (wait <= 0) return void deliver(letter);
  waiting.set(letter.key, { letter, timer: setTimeout(() => void deliver(letter), wait) });
}

/** True when it had not gone yet. */
export function takeBack(key: string) {
  const one = waiting.get(key);
  if (!one) return false;
  clearTimeout(one.timer);
  return waiting.delete(key);
}

// Who closes the window meant to send: it goes now.
addEventListener('pagehide', () => {
  for (const { letter, timer } of waiting.values()) {
    clearTimeout(timer);
    void fetch(`/api/v1/tickets/${letter.ticketId}/actions`, {
      method: 'POST',
      keepalive: true,
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken(), 'idempotency-key': letter.key },
      body: JSON.stringify(letter.body),
    });
  }
  waiting.clear();
});
