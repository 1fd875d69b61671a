// The live stream: what happens to tickets, as it happens. After a break it goes on behind the last event that was
// seen; when too much was missed, everything that is shown is loaded anew.
import type { Presence, TicketEvent } from '$/api/types';
import { line } from './online.svelte';
import { signInAgain } from './session.svelte';

type Handlers = {
  ticket: (event: TicketEvent) => void;
  presence: (event: Presence & { ticket_id: number }) => void;
  reset: () => void;
  /** It is open (again): what nobody keeps, such as who is where, is asked for now. */
  open: () => void;
};
type Listeners = { [K in keyof Handlers]: Set<Handlers[K]> };

const listeners: Listeners = { ticket: new Set(), presence: new Set(), reset: new Set(), open: new Set() };
const SILENCE_MS = 45000; // the server says something at least every 15 s
let lastId = '';
let stop: AbortController | undefined;

/** What is asked for from now on knows everything up to this event: the stream goes on behind it. */
export function beginBehind(id: string) {
  lastId ||= id;
}

/** Listens until the function that is returned is called. */
export function onLive<K extends keyof Handlers>(kind: K, run: Handlers[K]) {
  (listeners[kind] as Set<Handlers[K]>).add(run);
  return () => void (listeners[kind] as Set<Handlers[K]>).delete(run);
}

/** Takes the whole frames off the front of text and gives the rest back. */
export function readFrames(text: string, take: (event: string, data: string, id: string) => void) {
  const frames = text.split('\n\n');
  const rest = frames.pop() ?? '';
  for (const frame of frames) {
    const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(frame)?.[1] ?? '';
    const data = field('data');
    if (data) take(field('event') || 'message', data, field('id'));
  }
  return rest;
}

function take(event: string, data: string, id: string) {
  if (id) lastId = id;
  if (event === 'reset') for (const run of listeners.reset) run();
  else if (event === 'ticket') for (const run of listeners.ticket) run(JSON.parse(data));
  else if (event === 'presence') for (const run of listeners.presence) run(JSON.parse(data));
}

async function read(signal: AbortSignal): Promise<'ended' | 'unauthenticated'> {
  const abort = new AbortController();
  const giveUp = () => abort.abort();
  signal.addEventListener('abort', giveUp);
  let watch = setTimeout(giveUp, SILENCE_MS);
  try {
    const response = await fetch('/api/v1/events', {
      headers: { accept: 'text/event-stream', ...(lastId ? { 'last-event-id': lastId } : {}) },
      signal: abort.signal,
    });
    if (response.status === 401) return 'unauthenticated';
    if (!response.ok || !response.body) throw new Error(String(response.status));
    line.worked();
    for (const run of listeners.open) run();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ''; ;) {
      const { value, done } = await reader.read();
      if (done) return 'ended';
      clearTimeout(watch);
      watch = setTimeout(giveUp, SILENCE_MS);
      text = readFrames(text + value, take);
    }
  } finally {
    clearTimeout(watch);
    signal.removeEventListener('abort', giveUp);
  }
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((done) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    addEventListener('online', end);
    signal.addEventListener('abort', end);
  });

/** Keeps the stream open until it is stopped. */
export async function startLive() {
  stop?.abort();
  stop = new AbortController();
  const { signal } = stop;
  for (let tries = 0; !signal.aborted;) {
    const began = Date.now();
    try {
      if ((await read(signal)) === 'unauthenticated') await signInAgain();
    } catch {
      if (signal.aborted) return;
      line.failed();
    }
    tries = Date.now() - began > 10000 ? 0 : tries + 1;
    await pause(Math.min(500 * 2 ** Math.min(tries, 5), 15000) * (0.75 + Math.random() / 2), signal);
  }
}

export function stopLive() {
  stop?.abort();
}
