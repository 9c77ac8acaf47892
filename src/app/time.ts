/**
 * Parses the times that agents write, in ISO 8601: a time with its zone, a date alone, or a duration from now.
 */

import { Refusal } from "../core/model/refusal.ts";
import { printable } from "../core/model/values.ts";

/** The length of an ISO 8601 duration in milliseconds; undefined if the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const parts = text.length > 2 ? DURATION.exec(text) : null;
  if (parts === null || text.endsWith("T")) return undefined;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  return Math.round(((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1_000);
}

/** The meaning of a date alone: the first or the last millisecond of the day. */
export type DayPart = "begin" | "end";

/**
 * A time in milliseconds since the Unix epoch. A date alone is a day in the time zone of this process.
 *
 * @param parameter its name, for the message
 * @throws Refusal if the text is neither a time nor a date nor a duration
 */
export function parseTime(text: string, parameter: string, { now, day }: { now: number; day: DayPart }): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return now + durationMs;
  const [, date, time] = MOMENT.exec(text) ?? [];
  const parsed = date === undefined ? undefined : dateOf(date);
  const at = parsed === undefined ? NaN : time === undefined ? momentOf(parsed, day) : Date.parse(text);
  if (Number.isFinite(at)) return at;
  throw new Refusal(
    "invalid_value",
    `${parameter} ${printable(text)} is not a time: give ISO 8601 with a time zone, like "${
      new Date(now).toISOString()
    }", a date, like "${new Date(now).toISOString().slice(0, 10)}", or a duration from now, like "PT10M"`,
  );
}

/** Whether the time that a text means depends on the clock or the time zone: true for durations and dates. */
export function isRelative(text: string): boolean {
  return MOMENT.exec(text)?.[2] === undefined;
}

/** The date; undefined if the calendar does not have it. `Date.parse` would read 30 February as 2 March. */
function dateOf(text: string): Temporal.PlainDate | undefined {
  const [year = NaN, month = NaN, day = NaN] = text.split("-").map(Number);
  try {
    return Temporal.PlainDate.from({ year, month, day }, { overflow: "reject" });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Some days begin after midnight, in zones where clocks are set forward at midnight. */
function momentOf(date: Temporal.PlainDate, day: DayPart): number {
  const startOf = (each: Temporal.PlainDate) => each.toZonedDateTime(Temporal.Now.timeZoneId()).epochMilliseconds;
  return day === "begin" ? startOf(date) : startOf(date.add({ days: 1 })) - 1;
}

/** Days, hours, minutes and seconds of an ISO 8601 duration; months and years have no length. */
const DURATION = /^P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?$/;

/** A date, and a time of day with its time zone. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?$/;
