/**
 * Times as agents write them: ISO 8601, as a moment or as a duration from now.
 */

import { Refusal } from "../core/refusal.ts";
import { printable } from "../core/validate.ts";

/** The length of an ISO 8601 duration in milliseconds; undefined if the text is none. */
export function parseDuration(text: string): number | undefined {
  const parts = text.length > 2 ? DURATION.exec(text) : null;
  if (parts === null || text.endsWith("T")) return undefined;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  return Math.round(((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1_000);
}

/** Milliseconds since the Unix epoch. Throws a `Refusal` if the text is neither a moment nor a duration. */
export function parseTime(text: string, what: string, now: number): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return now + durationMs;
  const at = MOMENT.test(text) ? Date.parse(text) : NaN;
  if (Number.isFinite(at)) return at;
  throw new Refusal(
    "invalid_value",
    `${what} ${printable(text)} is not a time: give ISO 8601 with a time zone, like "${
      new Date(now).toISOString()
    }", ` +
      'or a duration from now, like "PT10M"',
  );
}

/** Days, hours, minutes and seconds of an ISO 8601 duration; months and years have no length. */
const DURATION = /^P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?$/;

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$/;
