/** Ranges of a list, for selecting with Shift. */

/** The ids between two, both included, whichever comes first; `to` alone if `from` is not shown. */
export function rangeOf(ids: readonly string[], from: string, to: string): readonly string[] {
  const [start, end] = [ids.indexOf(from), ids.indexOf(to)];
  if (start < 0 || end < 0) return [to];
  return ids.slice(Math.min(start, end), Math.max(start, end) + 1);
}
