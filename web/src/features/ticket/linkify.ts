// Text with the addresses in it, which become links.
export interface Piece {
  text: string;
  href?: string;
}

export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const found of text.matchAll(/\bhttps?:\/\/[^\s<>"]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g)) {
    const whole = found[0].replace(/[.,;:!?)\]}'"]+$/, '');
    if (found.index > at) pieces.push({ text: text.slice(at, found.index) });
    pieces.push({ text: whole, href: whole.includes('://') ? whole : `mailto:${whole}` });
    at = found.index + whole.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}
