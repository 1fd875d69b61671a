// What is being written, kept on the server as somebody types: it is there after a reload and on another machine.
import { api, ask, csrfToken } from '$/api/client';
import type { Draft, FileRef } from '$/api/types';

export interface DraftData {
  body: string;
  mode: 'answer' | 'note';
  files: FileRef[];
}
const SLOT = 'reply';
const PAUSE_MS = 800;

export const emptyDraft = (): DraftData => ({ body: '', mode: 'answer', files: [] });

export function draftOf(ticketId: number) {
  const path = { id: String(ticketId), slot: SLOT };
  let kept = JSON.stringify(emptyDraft());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest: DraftData | undefined;
  let saved = $state<'nothing' | 'saved' | 'unsaved'>('nothing');

  async function load(): Promise<DraftData | undefined> {
    const { data } = await ask(api.GET('/api/v1/tickets/{id}/drafts', { params: { path: { id: path.id } } }));
    const mine = (data as unknown as Draft[]).find((d) => d.slot === SLOT);
    if (!mine) return undefined;
    const found = { ...emptyDraft(), ...(mine.data as unknown as DraftData) };
    kept = JSON.stringify(found);
    saved = 'saved';
    return found;
  }
  async function save() {
    clearTimeout(timer);
    timer = undefined;
    if (!latest) return;
    const text = JSON.stringify(latest);
    if (text === kept) return;
    try {
      if (!latest.body.trim() && !latest.files.length) await drop();
      else
        await ask(api.PUT('/api/v1/tickets/{id}/drafts/{slot}', { params: { path }, body: { data: latest as never } }));
      kept = text;
      saved = latest.body.trim() || latest.files.length ? 'saved' : 'nothing';
    } catch {
      saved = 'unsaved';
      timer = setTimeout(() => void save(), 5000);
    }
  }
  function keep(data: DraftData) {
    latest = data;
    if (JSON.stringify(data) === kept) return;
    saved = 'unsaved';
    clearTimeout(timer);
    timer = setTimeout(() => void save(), PAUSE_MS);
  }
  async function drop() {
    clearTimeout(timer);
    await ask(api.DELETE('/api/v1/tickets/{id}/drafts/{slot}', { params: { path } })).catch(() => undefined);
  }
  /** It was sent. */
  async function done() {
    latest = undefined;
    kept = JSON.stringify(emptyDraft());
    saved = 'nothing';
    await drop();
  }
  /** The window closes or the page changes: what was not kept yet is kept now. */
  function leave() {
    clearTimeout(timer);
    if (!latest || JSON.stringify(latest) === kept) return;
    if (!latest.body.trim() && !latest.files.length) return void drop();
    void fetch(`/api/v1/tickets/${path.id}/drafts/${SLOT}`, {
      method: 'PUT',
      keepalive: true,
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken() },
      body: JSON.stringify({ data: latest }),
    });
  }
  return {
    load,
    keep,
    save,
    done,
    leave,
    get saved() {
      return saved;
    },
  };
}
