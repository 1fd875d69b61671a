// Where we are. The whole state of a page stands in the address, so that back, forward, reload and a link sent to
// somebody else all show the same.
export const BASE = '/app';

const here = () => ({
  path: location.pathname.replace(/^\/app\/?/, '/').replace(/(.)\/$/, '$1'),
  query: new URLSearchParams(location.search),
});

const state = $state({ at: here(), shown: here() });

/** The address changed. While another page is on its way, the one that is shown keeps the query that is its own. */
function move() {
  state.at = here();
  if (state.at.path === state.shown.path) state.shown = state.at;
}

// Where we stand among the entries of the history that are ours: so that it is known how far somebody went back.
let at = Number(history.state?.at ?? 0);
const guards = new Set<() => boolean>();

/** Asked before back or forward leaves the page, as long as the answer is in use; false: it stays. */
export function guardBack(may: () => boolean) {
  guards.add(may);
  return () => void guards.delete(may);
}

function moved() {
  const to = Number(history.state?.at ?? 0);
  if (to !== at && ![...guards].every((may) => may())) {
    history.go(at - to); // the browser has gone already: it is led back to where what was typed stands
    return;
  }
  at = to;
  move();
}

export const router = {
  get path() {
    return state.at.path;
  },
  /** Of the page that is shown, which may be the one before. */
  get shownPath() {
    return state.shown.path;
  },
  get query() {
    return state.shown.query;
  },
  /** The page of the address is shown from now on. */
  arrived() {
    if (state.shown !== state.at) state.shown = state.at;
  },
};

/** The address of a page of ours: href('/tickets/5', { view: 3 }). */
export function href(path: string, query?: Record<string, string | number | undefined | null> | URLSearchParams) {
  const q =
    query instanceof URLSearchParams
      ? query
      : new URLSearchParams(
          Object.entries(query ?? {}).flatMap(([k, v]) =>
            v === undefined || v === null || v === '' ? [] : [[k, String(v)]],
          ),
        );
  const text = q.toString();
  return BASE + (path === '/' ? '/' : path) + (text ? `?${text}` : '');
}

export function go(to: string, { replace = false } = {}) {
  if (to === location.pathname + location.search) return;
  if (!replace) at++;
  history[replace ? 'replaceState' : 'pushState']({ at }, '', to);
  move();
}

/** Changes some parameters of the address and keeps the others; null takes one away. */
export function setQuery(changes: Record<string, string | null>, { replace = true } = {}) {
  const q = new URLSearchParams(location.search);
  for (const [k, v] of Object.entries(changes)) {
    if (v === null || v === '') q.delete(k);
    else q.set(k, v);
  }
  go(href(state.at.path, q), { replace });
}

/** Follows links to our own pages without loading the document again. Called once. */
export function listenToLinks() {
  addEventListener('popstate', moved);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const a = (event.target as Element).closest?.('a[href]') as HTMLAnchorElement | null;
    if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin) return;
    if (a.pathname !== BASE && !a.pathname.startsWith(`${BASE}/`)) return;
    event.preventDefault();
    go(a.pathname + a.search);
  });
}

/** Whether a path fits a pattern such as /tickets/:id, and with what. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const want = pattern.split('/');
  const got = path.split('/');
  if (want.length !== got.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of want.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(got[i] ?? '');
    else if (part !== got[i]) return null;
  }
  return params;
}
