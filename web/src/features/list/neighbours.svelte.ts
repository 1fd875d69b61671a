// The tickets beside the one that was opened from a list, so that j and k go on from it.
let state = $state.raw<{ from: string; ids: number[] }>({ from: '', ids: [] });

export function rememberList(from: string, ids: number[]) {
  state = { from, ids };
}

export function neighbours(from: string | null, id: number) {
  const at = state.from === from ? state.ids.indexOf(id) : -1;
  return at < 0 ? {} : { previous: state.ids[at - 1], next: state.ids[at + 1], place: at + 1, of: state.ids.length };
}
