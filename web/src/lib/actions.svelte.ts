// Everything that can be done from the keyboard: the command palette lists it, the help sheet shows its keys, and the
// keys work wherever nobody is typing. A component offers what it can do for as long as it is shown:
//   useActions(() => [{ id: 'reply', label: 'ticket.reply', keys: 'r', group: 'keys.ticket', run: reply }]);
import { untrack } from 'svelte';
import type { Key } from '$/i18n/index.svelte';

export interface Action {
  id: string;
  label: Key;
  /** Said instead of the label: a name that people gave. */
  text?: string;
  /** "j", "shift+s", "mod+k" (Ctrl, or Command), or two in a row: "g i". */
  keys?: string;
  group: Key;
  run: () => void;
  /** Not in the palette: it only makes sense as a key. */
  keyOnly?: boolean;
}

let all = $state.raw<Action[]>([]);
export const actions = {
  get list() {
    return all;
  },
};

export function useActions(make: () => Action[]) {
  $effect(() => {
    const mine = make();
    untrack(() => (all = [...all, ...mine]));
    return () => (all = all.filter((a) => !mine.includes(a)));
  });
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** The name of a key press as it is written in an action. */
export function pressed(event: KeyboardEvent) {
  const mod = isMac ? event.metaKey : event.ctrlKey;
  if ((isMac ? event.ctrlKey : event.metaKey) || (event.altKey && event.key.length === 1)) return '';
  const key = event.key === ' ' ? 'space' : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // "?" needs Shift on most keyboards: what it makes counts, not how.
  const shift = event.shiftKey && (key.length > 1 || /[a-z]/.test(key));
  return (mod ? 'mod+' : '') + (shift ? 'shift+' : '') + key;
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches(
      'textarea, select, [role="menu"] *, [role="combobox"], input:not([type="checkbox"], [type="radio"])',
    ));

let before = '';
let beforeAt = 0;

/** Runs what the pressed key stands for. Called once. */
export function listenToKeys() {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const key = pressed(event);
    if (!key || (isTyping(event.target) && !key.startsWith('mod+'))) return;
    if (document.querySelector('dialog[open]') && !key.startsWith('mod+')) return;
    if (
      (key === 'Enter' || key === 'space') &&
      event.target instanceof HTMLElement &&
      event.target.matches('button, a, summary, input')
    )
      return;
    const pair = Date.now() - beforeAt < 1500 ? `${before} ${key}` : key;
    // What was offered last stands nearest to the eye.
    const found = all.findLast((a) => a.keys === pair) ?? all.findLast((a) => a.keys === key);
    before = key;
    beforeAt = Date.now();
    if (!found) return;
    before = '';
    event.preventDefault();
    found.run();
  });
}

/** "mod+k" as it stands on the keyboard: ["Ctrl", "K"]. */
export function keyNames(keys: string) {
  const names: Record<string, string> = {
    mod: isMac ? '⌘' : 'Ctrl',
    shift: '⇧',
    Enter: '↵',
    Escape: 'Esc',
    space: '␣',
    ArrowUp: '↑',
    ArrowDown: '↓',
  };
  return keys.split(/[+ ]/).map((k) => names[k] ?? k.toUpperCase());
}
