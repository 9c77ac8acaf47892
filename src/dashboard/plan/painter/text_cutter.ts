/** Cuts texts to a width, each text once: measuring is the dearest call of a canvas. */

export interface TextCutter {
  /** The text itself, or its beginning with an ellipsis; one line, at most `width` units wide in `font`. */
  readonly cut: (text: string, font: string, width: number) => string;
  /** The same in up to two lines, the first of which ends between words if it can. */
  readonly wrap: (text: string, font: string, width: number) => readonly string[];
  readonly measure: (text: string, font: string) => number;
}

type Measuring = Pick<CanvasRenderingContext2D, "measureText" | "font">;

/** When so many results are kept, all are dropped: a plan's visible texts are far fewer. */
export const MAX_CUT_TEXTS = 20_000;
/** No card shows more; longer texts are cut before they are measured. */
export const MAX_MEASURED_LENGTH = 200;

export function createTextCutter(context: Measuring): TextCutter {
  const cuts = new Map<string, string>();
  const wraps = new Map<string, readonly string[]>();
  const widths = new Map<string, number>();
  const measure = (text: string, font: string) => {
    const key = `${font}\n${text}`;
    const known = widths.get(key);
    if (known !== undefined) return known;
    if (context.font !== font) context.font = font;
    if (widths.size >= MAX_CUT_TEXTS) widths.clear();
    const { width } = context.measureText(text);
    widths.set(key, width);
    return width;
  };
  const once = <T>(results: Map<string, T>, make: (line: string, measure: Measure, width: number) => T) => {
    return (text: string, font: string, width: number): T => {
      const key = `${font}\n${width}\n${text.slice(0, MAX_MEASURED_LENGTH + 1)}`;
      const known = results.get(key);
      if (known !== undefined) return known;
      if (results.size >= MAX_CUT_TEXTS) results.clear();
      const result = make(oneLine(text), (part) => measure(part, font), width);
      results.set(key, result);
      return result;
    };
  };
  return {
    measure,
    cut: once(cuts, (line, measure, width) => cutLine(line, width, measure)),
    wrap: once(wraps, (line, measure, width) => wrapLine(line, width, measure)),
  };
}

type Measure = (text: string) => number;

/** What a word may end with. */
const WORD_END = /[\s\-_./:]+/g;

function wrapLine(line: string, width: number, measure: Measure): readonly string[] {
  if (line.length <= MAX_MEASURED_LENGTH && measure(line) <= width) return [line];
  const ends = Array.from(
    line.slice(0, MAX_MEASURED_LENGTH).matchAll(WORD_END),
    ({ index, 0: end }) => index + end.length,
  );
  const first = ends.findLast((end) => end < line.length && measure(line.slice(0, end).trimEnd()) <= width);
  const head = first === undefined ? longestStart(line, width, measure) : line.slice(0, first);
  return [head.trimEnd(), cutLine(line.slice(head.length), width, measure)].filter((part) => part !== "");
}

/** As many whole characters as fit. */
function longestStart(line: string, width: number, measure: Measure, end = ""): string {
  const characters = Array.from(line.slice(0, MAX_MEASURED_LENGTH));
  let low = 0, high = characters.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(`${characters.slice(0, middle).join("")}${end}`) <= width) low = middle;
    else high = middle - 1;
  }
  return characters.slice(0, low).join("");
}

function cutLine(line: string, width: number, measure: Measure): string {
  if (line.length <= MAX_MEASURED_LENGTH && measure(line) <= width) return line;
  const start = longestStart(line, width, measure, "…");
  return start === "" ? "" : `${start.trimEnd()}…`;
}

/** Control characters and marks that turn the direction of text become spaces: they could dress one id up as another. */
function oneLine(text: string): string {
  return text.slice(0, MAX_MEASURED_LENGTH * 2).replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu,
    " ",
  )
    .trim();
}
