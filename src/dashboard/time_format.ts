/** Times and durations for people. All views write them in the way that the user chose. */

/** How the user wants times written. */
export type Times = "local" | "utc" | "relative";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in its two largest units: `1 h 5 min`. @param ms milliseconds, at least 0 */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${Math.floor(ms / 1_000)} s`;
  if (ms < HOUR) return two(ms, { unit: MINUTE, name: "min" }, { unit: 1_000, name: "s" });
  if (ms < DAY) return two(ms, { unit: HOUR, name: "h" }, { unit: MINUTE, name: "min" });
  return two(ms, { unit: DAY, name: "d" }, { unit: HOUR, name: "h" });
}

interface Unit {
  readonly unit: number;
  readonly name: string;
}

function two(ms: number, large: Unit, small: Unit): string {
  const rest = Math.floor((ms % large.unit) / small.unit);
  const first = `${Math.floor(ms / large.unit)} ${large.name}`;
  return rest === 0 ? first : `${first} ${rest} ${small.name}`;
}

/** A time: `14:05:09` today, else with its date; in UTC with a `Z`; or `5 min ago`. Both in ms since the Unix epoch. */
export function formatTime(at: number, { now, times }: { readonly now: number; readonly times: Times }): string {
  if (times === "relative") return formatRelative(at, now);
  const iso = times === "utc" ? new Date(at).toISOString() : localIso(at);
  const today = times === "utc" ? new Date(now).toISOString() : localIso(now);
  const end = times === "utc" ? "Z" : "";
  const clock = iso.slice(11, 19) + end;
  return iso.slice(0, 10) === today.slice(0, 10) ? clock : `${iso.slice(0, 10)} ${clock}`;
}

/** `5 min ago`, `in 2 h`, `now`. */
export function formatRelative(at: number, now: number): string {
  const ms = Math.abs(now - at);
  if (ms < 1_000) return "now";
  const duration = formatDuration(ms);
  return at <= now ? `${duration} ago` : `in ${duration}`;
}

/** The whole time with its zone, for tooltips. */
export function formatWhole(at: number): string {
  return `${localIso(at).slice(0, 19).replace("T", " ")} (${new Date(at).toISOString()})`;
}

/** A local time in the form of ISO 8601. */
function localIso(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * MINUTE).toISOString();
}
