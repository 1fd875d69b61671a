// Which rows of a long list are drawn: those in sight and a few around. All rows are equally high.
export function visibleRows(scrollTop: number, height: number, rowHeight: number, count: number, around = 8) {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - around);
  const last = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + around);
  return { first: Math.min(first, count), last };
}
