// What is being written, kept on the server as somebody types: it is there after a reload and on another machine.
import { csrfToken } from '$/api/client';
import type { keptAt } from './keptAt';

const PAUSE_MS = 800;
const AGAIN_MS = 5000;

/** url: its address, for the request that goes while the window closes. */
export function keptDraft<T extends object>(
  place: ReturnType<typeof keptAt>,
  url: string,
  blank: () => T,
  isBlank: (data: T) => boolean,
) {
  let kept = JSON.stringify(blank());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest: T | undefined;
  let going: Promise<void> | undefined;
  let saved = $state<'nothing' | 'saved' | 'unsaved'>('nothing');

  async function load(): Promise<T | undefined> {
    const mine = await place.read();
    if (!mine) return undefined;
    const found = { ...blank(), ...(mine as T) };
    kept = JSON.stringify(found);
    saved = 'saved';
    return found;
  }
  async function write() {
    while (latest && JSON.stringify(latest) !== kept) {
      const data = latest;
      const text = JSON.stringify(data);
      if (isBlank(data)) await place.drop();
      else await place.put(data);
      kept = text;
      saved = isBlank(data) ? 'nothing' : 'saved';
    }
  }
  /** One after the other: two at once would take each other for somebody else. */
  async function save() {
    clearTimeout(timer);
    timer = undefined;
    going ??= write()
      .catch(() => {
        saved = 'unsaved';
        timer = setTimeout(() => void save(), AGAIN_MS);
      })
      .finally(() => (going = undefined));
    await going;
  }
  function keep(data: T) {
    latest = data;
    if (JSON.stringify(data) === kept) return;
    saved = 'unsaved';
    clearTimeout(timer);
    timer = setTimeout(() => void save(), PAUSE_MS);
  }
  /** It was sent, or thrown away. */
  async function done() {
    latest = undefined;
    clearTimeout(timer);
    kept = JSON.stringify(blank());
    saved = 'nothing';
    await going;
    await place.drop();
  }
  /** The window closes or the page changes: what was not kept yet is kept now. */
  function leave() {
    clearTimeout(timer);
    if (!latest || JSON.stringify(latest) === kept) return;
    if (isBlank(latest)) return void place.drop();
    const body = JSON.stringify(place.body(latest));
    kept = JSON.stringify(latest);
    void fetch(url, {
      method: 'PUT',
      keepalive: body.length < 60000, // browsers take no more with it
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken() },
      body,
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
