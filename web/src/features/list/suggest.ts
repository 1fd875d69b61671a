// What may stand next in a search: names of fields, then the values that they take.
export interface Suggestion {
  /** The whole text when it is taken, and where the caret goes. */
  text: string;
  caret: number;
  label: string;
  hint: string;
}
export interface Language {
  fields: { name: string; help: string }[];
  values: Record<string, string[]>;
}
const MOST = 8;

/** The word in which the caret stands: where it begins, and what of it is typed. A minus in front negates. */
export function wordAt(text: string, caret: number) {
  const before = text.slice(0, caret);
  const inQuotes = (before.match(/"/g) ?? []).length % 2 === 1;
  const from = inQuotes
    ? before.lastIndexOf(' ', before.lastIndexOf('"')) + 1
    : Math.max(before.lastIndexOf(' '), before.lastIndexOf('(')) + 1;
  const minus = text[from] === '-' ? 1 : 0;
  return { from: from + minus, word: text.slice(from + minus, caret) };
}

export function suggest(text: string, caret: number, language: Language): Suggestion[] {
  const { from, word } = wordAt(text, caret);
  const rest = text.slice(caret);
  const put = (insert: string, label: string, hint: string): Suggestion => ({
    text: text.slice(0, from) + insert + rest,
    caret: from + insert.length,
    label,
    hint,
  });
  const colon = word.indexOf(':');
  if (colon < 0) {
    if (!word) return [];
    const typed = word.toLowerCase();
    return language.fields
      .filter((f) => f.name.startsWith(typed) && !f.help.startsWith('the same as'))
      .slice(0, MOST)
      .map((f) => put(`${f.name}:`, `${f.name}:`, f.help));
  }
  const name = word.slice(0, colon).toLowerCase();
  const typed = word
    .slice(colon + 1)
    .replace(/^"/, '')
    .toLowerCase();
  return (language.values[name] ?? [])
    .filter((v) => v.toLowerCase().includes(typed) && v.toLowerCase() !== typed)
    .slice(0, MOST)
    .map((v) => put(`${name}:${/[\s():"]/.test(v) ? `"${v.replaceAll('"', '')}"` : v} `, v, ''));
}
