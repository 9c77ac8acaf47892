/** The vertical scale of a chart. */

/** The smallest of 1, 2, 5, 10, 20, 50, … that is not below a value. */
export function niceTop(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * (([1, 2, 5].find((step) => step * power >= value)) ?? 10);
}

/** The values at which a scale up to `top` has a line: whole numbers, at most six. */
export function ticksOf(top: number): readonly number[] {
  const parts = top >= 5 && top % 5 === 0 ? 5 : top >= 4 && top % 4 === 0 ? 4 : top >= 2 ? 2 : 1;
  return Array.from({ length: parts + 1 }, (_, index) => index * top / parts);
}

/** An SVG path through values. A single one is a short line, so that it can be seen. */
export function linePath(
  values: readonly number[],
  { x, y }: { readonly x: (index: number) => number; readonly y: (value: number) => number },
): string {
  const points = values.map((value, index) => `${x(index).toFixed(1)} ${y(value).toFixed(1)}`);
  if (points.length === 1) return `M${points[0]}h6`;
  return points.length === 0 ? "" : `M${points.join("L")}`;
}
