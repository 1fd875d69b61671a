// Short words in a corner: what was done, with a way back, or what failed.
export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'good' | 'bad';
  action?: { label: string; run: () => void };
  /** How long it stays, in ms; 0: until it is closed. */
  lasts: number;
}

let next = 1;
const state = $state<{ list: Toast[] }>({ list: [] });

export const toasts = {
  get list() {
    return state.list;
  },
};

export function toast(text: string, more: Partial<Omit<Toast, 'id' | 'text'>> = {}) {
  const one: Toast = { id: next++, text, kind: 'info', lasts: more.action ? 10000 : 5000, ...more };
  state.list = [...state.list.slice(-3), one];
  return one.id;
}

export function dismiss(id: number) {
  state.list = state.list.filter((t) => t.id !== id);
}
