// What the buttons of the formatting bar do to the text and the selection.
export interface Selection {
  text: string;
  start: number;
  end: number;
}
export type Mark = 'bold' | 'italic' | 'code' | 'quote' | 'list' | 'link';

const around: Partial<Record<Mark, string>> = { bold: '**', italic: '_', code: '`' };
const before: Partial<Record<Mark, string>> = { quote: '> ', list: '- ' };

export function format({ text, start, end }: Selection, mark: Mark): Selection {
  const chosen = text.slice(start, end);
  const sign = around[mark];
  if (sign) {
    const has = text.slice(start - sign.length, start) === sign && text.slice(end, end + sign.length) === sign;
    if (has)
      return {
        text: text.slice(0, start - sign.length) + chosen + text.slice(end + sign.length),
        start: start - sign.length,
        end: end - sign.length,
      };
    return {
      text: text.slice(0, start) + sign + chosen + sign + text.slice(end),
      start: start + sign.length,
      end: end + sign.length,
    };
  }
  const prefix = before[mark];
  if (prefix) {
    const from = text.lastIndexOf('\n', start - 1) + 1;
    const lines = text.slice(from, end).split('\n');
    const all = lines.every((l) => l.startsWith(prefix));
    const changed = lines.map((l) => (all ? l.slice(prefix.length) : prefix + l)).join('\n');
    return { text: text.slice(0, from) + changed + text.slice(end), start: from, end: from + changed.length };
  }
  const link = `[${chosen || 'https://'}](https://)`;
  return {
    text: text.slice(0, start) + link + text.slice(end),
    start: start + link.length - 1,
    end: start + link.length - 1,
  };
}

export const quoted = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((l) => `> ${l}`)
    .join('\n') + '\n\n';
