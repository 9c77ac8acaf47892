/** Durations as people type them: `1 h 30 min`, `45m`, `2d`. Nothing is rounded. */

const UNITS: readonly (readonly [unit: RegExp, ms: number, name: string])[] = [
  [/^(d|days?)$/, 86_400_000, "d"],
  [/^(h|hours?)$/, 3_600_000, "h"],
  [/^(m|min|mins|minutes?)$/, 60_000, "min"],
  [/^(s|sec|secs|seconds?)$/, 1_000, "s"],
  [/^(ms|milliseconds?)$/, 1, "ms"],
];

/** How a duration is to be typed, for messages. */
export const DURATION_EXAMPLES = "90 min, 1 h 30 min or 2 d";

/** The milliseconds of a text, or undefined if it is no duration. */
export function parseDurationText(text: string): number | undefined {
  const parts = Array.from(text.toLowerCase().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g));
  if (parts.length === 0 || text.toLowerCase().replace(/\d+(?:\.\d+)?\s*[a-z]+/g, "").trim() !== "") return undefined;
  let sum = 0;
  for (const [, count = "", name = ""] of parts) {
    const ms = UNITS.find(([unit]) => unit.test(name))?.[1];
    if (ms === undefined) return undefined;
    sum += Number(count) * ms;
  }
  return Math.round(sum);
}

/** The text of a duration; `parseDurationText` reads exactly that duration from it. @param ms a whole number */
export function durationText(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  for (const [, unit, name] of UNITS) {
    const count = Math.floor(rest / unit);
    if (count > 0) parts.push(`${count} ${name}`);
    rest -= count * unit;
  }
  return parts.join(" ") || "0 ms";
}
