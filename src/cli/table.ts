/** Tables of text for a terminal. Uses the width of each character: CJK and emoji take two columns, accents none. */

import stringWidth from "string-width";

/** Greatest width of all columns but the last, and least width of the last one, in columns of the terminal. */
const MAX_COLUMN = 32;
const MIN_LAST_COLUMN = 20;

const GAP = "  ";

/** Returns the rows as lines. The last cell gets the rest of the `columns`, but at least `MIN_LAST_COLUMN`. */
export function tableOf(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.slice(0, -1).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cut(cell, MAX_COLUMN).width);
    }
  }
  const used = widths.reduce((sum, width) => sum + width + GAP.length, 0);
  const lastWidth = Math.max(MIN_LAST_COLUMN, columns - used);
  return rows.map((row) =>
    row.map((cell, column) => {
      const { text, width } = cut(cell, widths[column] ?? lastWidth);
      return text + " ".repeat(Math.max(0, (widths[column] ?? 0) - width));
    }).join(GAP).trimEnd()
  );
}

/** Shortens a text to at most `columns`. A shortened text ends in "…"; no character is split. */
export function cut(text: string, columns: number): { readonly text: string; readonly width: number } {
  if (/^[ -~]*$/.test(text)) {
    const short = text.length > columns ? text.slice(0, columns - 1) + "…" : text;
    return { text: short, width: short.length };
  }
  let width = 0;
  // Where to cut if the text does not fit, and its width up to there.
  let end = { index: 0, width: 0 };
  for (const { segment, index } of SEGMENTER.segment(text)) {
    if (width <= columns - 1) end = { index, width };
    width += stringWidth(segment);
    if (width > columns) return { text: text.slice(0, end.index) + "…", width: end.width + 1 };
  }
  return { text, width };
}

/** Splits into grapheme clusters (UAX #29), which do not depend on the locale. */
const SEGMENTER = new Intl.Segmenter("en", { granularity: "grapheme" });
