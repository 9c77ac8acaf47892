/** Times and ages. */

import { formatDuration, formatTime, formatWhole } from "../time_format.ts";
import { times } from "../preferences.ts";
import { now } from "./clock.ts";

/** A time in the way that the user chose, with the whole of it as a tooltip. @param at ISO 8601, or ms since the epoch */
export function Time({ at }: { readonly at: string | number }) {
  const ms = typeof at === "number" ? at : Date.parse(at);
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatWhole(ms)}>
      {formatTime(ms, { now: now.value, times: times.value })}
    </time>
  );
}

/** A sentence of the server, whose times look as everywhere on the page. What only looks like a time stays as it is. */
export function TextWithTimes({ text }: { readonly text: string }) {
  const isTime = (part: string, index: number) => index % 2 === 1 && !Number.isNaN(Date.parse(part));
  return <>{text.split(ISO_TIME).map((part, index) => isTime(part, index) ? <Time key={index} at={part} /> : part)}</>;
}

const ISO_TIME = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z)/;

/** How long ago something began, counting on. */
export function Age({ since }: { readonly since: string | number }) {
  const ms = typeof since === "number" ? since : Date.parse(since);
  return <span title={formatWhole(ms)}>{formatDuration(Math.max(0, now.value - ms))}</span>;
}

export function Duration({ ms }: { readonly ms: number }) {
  return <span title={`${ms} ms`}>{formatDuration(ms)}</span>;
}
