// Light, dark or as the system has it; how dense lists are. Kept on this machine.
export type Theme = 'system' | 'light' | 'dark';
export type Density = 'dense' | 'roomy';
/** Of times: 12 or 24 hours, or as the language has it. */
export type Clock = 'auto' | '12' | '24';

const read = (name: string) => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage may be forbidden; then nothing is kept
  }
};
const write = (name: string, value: string) => {
  try {
    localStorage.setItem(name, value);
  } catch {
    // nothing is kept
  }
};

const state = $state({
  theme: (read('theme') ?? 'system') as Theme,
  density: (read('density') ?? 'dense') as Density,
  clock: (read('clock') ?? 'auto') as Clock,
});

function show() {
  const root = document.documentElement;
  if (state.theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = state.theme;
  root.dataset.density = state.density;
}

export const looks = {
  get theme() {
    return state.theme;
  },
  set theme(value: Theme) {
    state.theme = value;
    write('theme', value);
    show();
  },
  get density() {
    return state.density;
  },
  set density(value: Density) {
    state.density = value;
    write('density', value);
    show();
  },
  get clock() {
    return state.clock;
  },
  set clock(value: Clock) {
    state.clock = value;
    write('clock', value);
  },
};
export { read as readLocal, write as writeLocal };
show();
