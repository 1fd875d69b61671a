// Splits plain text into what somebody wrote and what he quoted, so that quoted text can be folded.
export interface Part {
  quoted: boolean;
  text: string;
}

const INTRO =
  /^(on .{4,120} wrote:|am .{4,120} schrieb .{0,120}:|le .{4,120} a écrit ?:|-{2,} ?original message ?-{2,}|_{10,})$/i;

export function splitQuotes(text: string): Part[] {
  const parts: Part[] = [];
  for (const line of text.split('\n')) {
    const last = parts.at(-1);
    // Behind "On … wrote:" without signs of quotation, everything is quoted.
    const goesOn = !!last?.quoted && (line.trim() === '' || !/^\s*>/m.test(last.text));
    const quoted = /^\s*>/.test(line) || INTRO.test(line.trim()) || goesOn;
    if (last && last.quoted === quoted) last.text += `\n${line}`;
    else parts.push({ quoted, text: line });
  }
  return parts.filter((p) => p.text.trim() !== '');
}
