// How the workspace looks and speaks, kept with the account: the same on every machine. What is kept on this machine
// alone holds until somebody chooses something.
import { api, ask } from '$/api/client';
import type { User } from '$/api/types';
import { languages, setLanguage, type Language } from '$/i18n/index.svelte';
import { loadSession, session } from './session.svelte';
import { looks, writeLocal, type Clock, type Density, type Theme } from './theme.svelte';

export interface Preferences {
  theme?: Theme;
  density?: Density;
  clock?: Clock;
  language?: Language;
}

const known: { [K in keyof Preferences]-?: readonly string[] } = {
  theme: ['system', 'light', 'dark'],
  density: ['dense', 'roomy'],
  clock: ['auto', '12', '24'],
  language: Object.keys(languages),
};

/** Shows what was chosen; what this version does not know is left alone. */
export async function showPreferences(chosen: Preferences) {
  const fits = (name: keyof Preferences) => known[name].includes(chosen[name] ?? '');
  if (fits('theme')) looks.theme = chosen.theme!;
  if (fits('density')) looks.density = chosen.density!;
  if (fits('clock')) looks.clock = chosen.clock!;
  if (fits('language')) {
    writeLocal('language', chosen.language!);
    await setLanguage(chosen.language!);
  }
}
export const preferencesOf = (user: User | null) => (user?.preferences ?? {}) as Preferences;

// One after the other: each carries what the one before has left, as preferences are replaced as a whole.
let before: Promise<void> = Promise.resolve();

async function keep(change: Preferences) {
  const preferences = { ...preferencesOf(session.user), ...change };
  const body = change.language ? { preferences, locale: change.language } : { preferences };
  await ask(api.PATCH('/api/v1/me', { body }));
  await loadSession();
}

/** Shown at once, then kept; other members of the account's preferences stay. Throws what was refused. */
export async function choose(change: Preferences) {
  await showPreferences(change);
  const kept = before.then(() => keep(change));
  before = kept.catch(() => undefined);
  return kept;
}
