// What somebody types into a box that the server searches by: asked for when he pauses, not with every key.
const PAUSE_MS = 120;

/** q: the text to ask for; wanted: something was typed, or the box was opened. clean: what is asked for of what is typed. */
export function typedText(clean = (text: string) => text.trim()) {
  let q = $state('');
  let wanted = $state(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    get q() {
      return q;
    },
    get wanted() {
      return wanted;
    },
    clear() {
      clearTimeout(timer);
      q = '';
    },
    type(text: string) {
      wanted = true;
      clearTimeout(timer);
      timer = setTimeout(() => (q = clean(text)), PAUSE_MS);
    },
  };
}
