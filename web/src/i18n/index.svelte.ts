// All texts that people read come from catalogues: src/i18n/LANGUAGE/AREA.json. A key begins with its area's words;
// the area "core" is there from the start, others are loaded with the pages that need them.
import core from './en/core.json';

type Catalogues = {
  core: typeof core;
  audit: typeof import('./en/audit.json');
  health: typeof import('./en/health.json');
  dashboard: typeof import('./en/dashboard.json');
  admin: typeof import('./en/admin.json');
  people: typeof import('./en/people.json');
  newticket: typeof import('./en/newticket.json');
  agent: typeof import('./en/agent.json');
  catalog: typeof import('./en/catalog.json');
  settings: typeof import('./en/settings.json');
  profile: typeof import('./en/profile.json');
};
export type Area = keyof Catalogues;
export type Key = { [A in Area]: keyof Catalogues[A] }[Area];
type Message = string | Record<string, string>;

export const languages = { en: { name: 'English', dir: 'ltr' }, ar: { name: 'العربية', dir: 'rtl' } } as const;
export type Language = keyof typeof languages;

const files = import.meta.glob<{ default: Record<string, Message> }>(['./*/*.json', '!./en/core.json']);
const state = $state<{ lang: Language; texts: Record<string, Message>; product: string }>({
  lang: 'en',
  texts: core,
  product: '',
});
const loaded = new Set<Area>(['core']);

export const i18n = {
  get lang() {
    return state.lang;
  },
  /** For Intl: digits as in the rest of the interface. */
  get locale() {
    return state.lang === 'ar' ? 'ar-u-nu-latn' : state.lang;
  },
  get dir() {
    return languages[state.lang].dir;
  },
};

async function read(lang: Language, area: Area): Promise<Record<string, Message>> {
  if (lang === 'en' && area === 'core') return core;
  return (await files[`./${lang}/${area}.json`]?.())?.default ?? {};
}

/** Loads the texts of an area; a page names the areas it needs in routes.ts. */
export async function needTexts(areas: Area[]) {
  const missing = areas.filter((a) => !loaded.has(a));
  if (!missing.length) return;
  const texts = await Promise.all(missing.map((a) => read(state.lang, a)));
  for (const a of missing) loaded.add(a);
  state.texts = Object.assign({}, state.texts, ...texts);
}

export async function setLanguage(lang: Language) {
  const texts = await Promise.all([...loaded].map((a) => read(lang, a)));
  state.texts = Object.assign({}, ...texts);
  state.lang = lang;
  document.documentElement.lang = lang;
  document.documentElement.dir = languages[lang].dir;
}

/** The language to begin with: the one kept here, else what the browser asks for, else English. */
export function firstLanguage(kept: string | null): Language {
  for (const want of [kept, ...navigator.languages]) {
    const short = want?.split('-')[0];
    if (short && short in languages) return short as Language;
  }
  return 'en';
}

/** Fills {name} in, and takes the form that fits {count}. */
export function format(message: Message, lang: string, values: Record<string, string | number> = {}) {
  let text = message;
  if (typeof text !== 'string') {
    const form = new Intl.PluralRules(lang).select(Number(values.count ?? 0));
    text = text[form] ?? text.other ?? '';
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** What the administrators called the help desk stands wherever the catalogues say app.name; '': they did not. */
export const nameProduct = (name: string) => (state.product = name);

export function t(key: Key, values?: Record<string, string | number>): string {
  if (key === 'app.name' && state.product) return state.product;
  const message = state.texts[key] ?? (core as Record<string, Message>)[key];
  return message === undefined ? key : format(message, state.lang, values);
}

/** A text whose key is made from data, such as problem.<code>; undefined when there is none. */
export function maybe(key: string, values?: Record<string, string | number>): string | undefined {
  const message = state.texts[key];
  return message === undefined ? undefined : format(message, state.lang, values);
}
