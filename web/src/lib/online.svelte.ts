// Whether the server can be reached, from what requests and the live stream see. While it cannot, it is asked again and
// again whether it lives.
const ASK_MS = 2000;
const state = $state({ down: false });
const waiting: (() => void)[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

async function ask() {
  timer = undefined;
  const lives = await fetch('/health/live').then(
    (r) => r.ok,
    () => false,
  );
  if (lives) line.worked();
  else if (state.down) timer ??= setTimeout(() => void ask(), ASK_MS);
}

export const line = {
  get down() {
    return state.down;
  },
  failed() {
    state.down = true;
    timer ??= setTimeout(() => void ask(), ASK_MS);
  },
  worked() {
    if (!state.down) return;
    state.down = false;
    clearTimeout(timer);
    timer = undefined;
    for (const run of waiting) run();
  },
  /** Called each time when the server is there again. */
  onReturn(run: () => void) {
    waiting.push(run);
  },
};

addEventListener('offline', () => line.failed());
addEventListener('online', () => void ask());
