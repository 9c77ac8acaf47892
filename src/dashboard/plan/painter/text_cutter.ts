/** Cuts texts to a width, each text once: measuring is the dearest call of a canvas. */

export interface TextCutter {
  /** The text itself, or its beginning with an ellipsis; one line, at most `width` units wide in `font`. */
  readonly cut: (text: string, font: string, width: number) => string;
  readonly measure: (text: string, font: string) => number;
}

type Measuring = Pick<CanvasRenderingContext2D, "measureText" | "font">;

/** When so many results are kept, all are dropped: a plan's visible texts are far fewer. */
export const MAX_CUT_TEXTS = 20_000;
/** No card shows more; longer texts are cut before they are measured. */
export const MAX_MEASURED_LENGTH = 200;

export function createTextCutter(context: Measuring): TextCutter {
  const cuts = new Map<string, string>();
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
  return {
    measure,
    cut: (text, font, width) => {
      const key = `${font}\n${width}\n${text.slice(0, MAX_MEASURED_LENGTH + 1)}`;
      const known = cuts.get(key);
      if (known !== undefined) return known;
      if (cuts.size >= MAX_CUT_TEXTS) cuts.clear();
      const result = cutLine(oneLine(text), width, (part) => measure(part, font));
      cuts.set(key, result);
      return result;
    },
  };
}

function cutLine(line: string, width: number, measure: (text: string) => number): string {
  if (line.length <= MAX_MEASURED_LENGTH && measure(line) <= width) return line;
  // By whole characters, so that no emoji is cut in half.
  const characters = Array.from(line.slice(0, MAX_MEASURED_LENGTH));
  let low = 0, high = characters.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(`${characters.slice(0, middle).join("")}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : `${characters.slice(0, low).join("").trimEnd()}…`;
}

/** Control characters and marks that turn the direction of text become spaces: they could dress one id up as another. */
function oneLine(text: string): string {
  return text.slice(0, MAX_MEASURED_LENGTH * 2).replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu,
    " ",
  )
    .trim();
}
