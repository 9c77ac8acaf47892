/** A canvas that writes down what is drawn on it. A letter is six tenths of its font's size wide. */
import type { Context } from "../../../../src/dashboard/plan/painter/brush.ts";

export interface Drawn {
  readonly texts: {
    readonly text: string;
    readonly x: number;
    readonly y: number;
    readonly colour: string;
    /** Of the font, in units of the plan. */
    readonly size: number;
  }[];
  readonly shapes: {
    readonly kind: "rect" | "roundRect" | "arc" | "fillRect";
    readonly x: number;
    readonly y: number;
  }[];
  readonly strokes: { readonly colour: string; readonly alpha: number; readonly curves: number }[];
  readonly glyphs: string[];
  readonly fills: { readonly colour: string; readonly alpha: number }[];
  readonly transforms: number[][];
  measured: number;
}

export function createRecordingContext(): {
  readonly context: Context;
  readonly drawn: Drawn;
  readonly clear: () => void;
} {
  const drawn: Drawn = { texts: [], shapes: [], strokes: [], glyphs: [], fills: [], transforms: [], measured: 0 };
  let curves = 0;
  const nothing = () => {};
  const shape = (kind: Drawn["shapes"][number]["kind"]) => (x: number, y: number) =>
    void drawn.shapes.push({ kind, x, y });
  const context: Context = {
    fillStyle: "",
    strokeStyle: "",
    lineWidth: 1,
    lineCap: "butt",
    lineJoin: "miter",
    font: "",
    textAlign: "left",
    textBaseline: "alphabetic",
    globalAlpha: 1,
    setTransform: (...numbers: unknown[]) => void drawn.transforms.push(numbers as number[]),
    beginPath: () => void (curves = 0),
    moveTo: nothing,
    lineTo: nothing,
    bezierCurveTo: () => void curves++,
    closePath: nothing,
    rect: shape("rect"),
    roundRect: shape("roundRect"),
    arc: shape("arc"),
    fillRect: shape("fillRect"),
    fill: () => void drawn.fills.push({ colour: String(context.fillStyle), alpha: context.globalAlpha }),
    stroke: (path?: Path2D) => {
      if (path) drawn.glyphs.push(String(path));
      else drawn.strokes.push({ colour: String(context.strokeStyle), alpha: context.globalAlpha, curves });
    },
    fillText: (text, x, y) =>
      void drawn.texts.push({ text, x, y, colour: String(context.fillStyle), size: sizeOf(context.font) }),
    strokeText: nothing,
    measureText: (text) => {
      drawn.measured++;
      return { width: Array.from(text).length * sizeOf(context.font) * 0.6 } as TextMetrics;
    },
    setLineDash: nothing,
    save: nothing,
    restore: nothing,
    translate: nothing,
    scale: nothing,
  };
  return {
    context,
    drawn,
    clear: () => {
      for (const list of [drawn.texts, drawn.shapes, drawn.strokes, drawn.glyphs, drawn.fills, drawn.transforms]) {
        list.length = 0;
      }
      drawn.measured = 0;
    },
  };
}

function sizeOf(font: string): number {
  return Number(/([\d.]+)px/.exec(font)?.[1]);
}
