// What is being written, kept on the server as somebody types: it is there after a reload and on another machine.
import { api, ask, csrfToken } from '$/api/client';
import { Problem } from '$/api/problem';
import type { Draft, FileRef } from '$/api/types';

export interface DraftData {
  body: string;
  mode: 'answer' | 'note';
  files: FileRef[];
}
const SLOT = 'reply';
const PAUSE_MS = 800;
const AGAIN_MS = 5000;

export const emptyDraft = (): DraftData => ({ body: '', mode: 'answer', files: [] });
const isEmpty = (data: DraftData) => !data.body.trim() && !data.files.length;

/** Both texts, the one that was sent first. */
export function joined(first: DraftData, second: DraftData): DraftData {
  if (isEmpty(second)) return first;
  const ids = new Set(first.files.map((f) => f.id));
  return {
    mode: first.mode,
    body: [first.body, second.body].filter((b) => b.trim()).join('\n\n'),
    files: [...first.files, ...second.files.filter((f) => !ids.has(f.id))],
  };
}

const whole = (ticketId: number) => ({ params: { path: { id: String(ticketId), slot: SLOT } } });
const read = (draft: Draft) => ({ ...emptyDraft(), ...(draft.data as unknown as DraftData) });

type Receiver = (data: DraftData) => void;
// A draft outlives its composer while something of it is on its way.
const drafts = new Map<number, ReturnType<typeof make>>();

export function draftOf(ticketId: number) {
  const known = drafts.get(ticketId) ?? make(ticketId);
  drafts.set(ticketId, known);
  return known;
}

function make(ticketId: number) {
  let kept = JSON.stringify(emptyDraft());
  let version = 0; // of what is kept; 0: nothing is
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest: DraftData | undefined;
  let receiver: Receiver | undefined;
  let saved = $state<'nothing' | 'saved' | 'unsaved'>('nothing');
  // One request after the other: an older text must not overtake a newer one.
  let queue: Promise<void> = Promise.resolve();
  // What waits to be sent stays kept until the server has it.
  let letters = 0;

  async function drop() {
    version = 0;
    await ask(api.DELETE('/api/v1/tickets/{id}/drafts/{slot}', whole(ticketId))).catch(() => undefined);
  }
  async function put(data: DraftData) {
    const body = { data: data as never, version };
    version = (await ask(api.PUT('/api/v1/tickets/{id}/drafts/{slot}', { ...whole(ticketId), body }))).version;
  }
  /** It was changed on another machine: what was written there stands below what is written here. */
  function meet(theirs: Draft) {
    version = theirs.version;
    const found = read(theirs);
    const known = (JSON.parse(kept) as DraftData).body;
    if (!latest || found.body === known || latest.body.includes(found.body)) return;
    latest = joined(latest, found);
    receiver?.(latest);
  }
  const isKept = () => !latest || JSON.stringify(latest) === kept;
  const tidy = () => void (receiver || letters || !isKept() || drafts.delete(ticketId));

  async function load(): Promise<DraftData | undefined> {
    if (latest && !isEmpty(latest)) return latest;
    await queue;
    if (letters) return undefined;
    const { data } = await ask(api.GET('/api/v1/tickets/{id}/drafts', { params: { path: { id: String(ticketId) } } }));
    const mine = (data as unknown as Draft[]).find((d) => d.slot === SLOT);
    if (!mine) return undefined;
    const found = read(mine);
    version = mine.version;
    kept = JSON.stringify(found);
    saved = 'saved';
    return found;
  }
  async function write(now = latest) {
    if (!now || JSON.stringify(now) === kept || (isEmpty(now) && letters)) return tidy();
    try {
      if (isEmpty(now)) await drop();
      else await put(now);
      kept = JSON.stringify(now);
      if (latest === now) saved = isEmpty(now) ? 'nothing' : 'saved';
      tidy();
    } catch (error) {
      saved = 'unsaved';
      const theirs =
        error instanceof Problem && error.status === 412 ? (error.current as Draft | undefined) : undefined;
      if (theirs) meet(theirs);
      else if (error instanceof Problem && error.status === 412) version = 0; // it was deleted there
      timer = setTimeout(() => void save(), theirs ? 0 : AGAIN_MS);
    }
  }
  function save() {
    clearTimeout(timer);
    return (queue = queue.then(() => write()));
  }
  function keep(data: DraftData) {
    latest = data;
    if (isKept()) return;
    saved = isEmpty(data) ? 'nothing' : 'unsaved';
    clearTimeout(timer);
    timer = setTimeout(() => void save(), PAUSE_MS);
  }

  /** It is about to be sent. */
  function sending() {
    const letter = latest;
    clearTimeout(timer);
    queue = queue.then(() => write(letter));
    letters++;
  }
  /** It was sent. What was written since is a draft of its own. */
  function sent() {
    letters--;
    if (latest && !isEmpty(latest)) return;
    saved = 'nothing';
    kept = JSON.stringify(latest ?? emptyDraft());
    queue = queue.then(drop).then(tidy);
  }
  /** It did not go, and comes back to where it was written, or waits there for the next time. */
  function back(letter: DraftData) {
    letters--;
    latest = joined(letter, latest ?? emptyDraft());
    if (receiver) receiver(latest);
    else void save();
  }
  /** The window closes: what was not kept yet is kept now. */
  function leave() {
    clearTimeout(timer);
    if (!latest || isKept() || isEmpty(latest)) return;
    void fetch(`/api/v1/tickets/${ticketId}/drafts/${SLOT}`, {
      method: 'PUT',
      keepalive: true,
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken() },
      body: JSON.stringify({ data: latest, version }),
    });
  }
  /** A composer shows it from now on, until the function that is returned is called. */
  function shownBy(one: Receiver) {
    receiver = one;
    return () => {
      if (receiver !== one) return;
      receiver = undefined;
      void save();
    };
  }
  return {
    load,
    keep,
    sending,
    sent,
    back,
    leave,
    shownBy,
    get saved() {
      return saved;
    },
  };
}
