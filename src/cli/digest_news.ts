/** The news of a digest: what others ended since the instance last called, or if it never did, within a day. */

import type { Engine } from "../app/engine.ts";
import { type HistoryPage, type HistoryQuery, readHistory } from "../app/history.ts";
import { nameOf } from "../core/messages/history.ts";
import type { Notification, NotificationType } from "../core/messages/notifications.ts";
import type { Caller } from "../core/model/access.ts";
import { ageOf } from "./status.ts";

/** Most events in a digest, and most that are read to find those of others. */
const MAX_EVENTS = 5;
const MAX_READ_EVENTS = 50;

/** How old the news of an instance that never called are at most, in milliseconds. */
const MAX_AGE_MS = 24 * 60 * 60 * 1_000;

/** Most events about an instance that are looked at to find its last call: those after it are about what it lost. */
const MAX_LOOKED_AT = 20;

/** What is news for an agent. */
const NEWS: readonly NotificationType[] = [
  "task.completed",
  "task.failed",
  "task.returned",
  "task.cancelled",
  "task.retried",
];

/** What calls of an instance lead to; attempts also end without it. */
const CALLS: readonly NotificationType[] = [
  "instance.registered",
  "instance.renewed",
  "task.claimed",
  "task.progressed",
  "task.noted",
  "task.completed",
];
const ENDS: readonly NotificationType[] = ["task.failed", "task.returned"];
const CAUSES_OF_CALLS: readonly unknown[] = ["reported", "released", "failed"];

/** Whose digest it is. */
export interface Reader {
  readonly caller: Caller;
  readonly instance: string | undefined;
}

export interface DigestNews {
  /** The last call of the instance; undefined if none is known. */
  readonly lastCall: Notification | undefined;
  /** The newest ones, the newest last. */
  readonly events: readonly Notification[];
  /** How many came before these. */
  readonly more: number;
  /** Whether there may be more than that. */
  readonly isCut: boolean;
}

/** What others ended since the last call of the instance. The journal tells when that was: nothing is kept for it. */
export async function newsFor(engine: Engine, { caller, instance }: Reader): Promise<DigestNews> {
  const lastCall = instance === undefined ? undefined : await lastCallOf(instance, engine, caller);
  const oldest = engine.now() - MAX_AGE_MS;
  const isNew = (event: Notification) =>
    lastCall === undefined ? Date.parse(event.time) >= oldest : seqOf(event) > seqOf(lastCall);
  const isOwn = ({ type, data }: Notification) => data.instance === instance && nameOf(type) === "task.completed";
  const { events, hasMore } = await read(engine, caller, { types: NEWS, limit: MAX_READ_EVENTS });
  const news = events.filter((event) => isNew(event) && !isOwn(event));
  return {
    lastCall,
    events: news.slice(-MAX_EVENTS),
    more: Math.max(0, news.length - MAX_EVENTS),
    isCut: hasMore && events.every(isNew),
  };
}

async function lastCallOf(instance: string, engine: Engine, caller: Caller): Promise<Notification | undefined> {
  const query = { instance, types: [...CALLS, ...ENDS], limit: MAX_LOOKED_AT };
  const { events } = await read(engine, caller, query);
  const isCall = ({ type, data }: Notification) =>
    CALLS.includes(nameOf(type)) || [data["cause"], data["outcome"]].some((why) => CAUSES_OF_CALLS.includes(why));
  return events.findLast(isCall);
}

async function read(engine: Engine, caller: Caller, query: HistoryQuery): Promise<HistoryPage> {
  return await readHistory({ engine, query: (query) => engine.query(query, caller) }, query);
}

/** The seq of the record of a notification, with which its id begins. */
function seqOf({ id }: Notification): number {
  return Number.parseInt(id);
}

/** The news in lines, the first of which says since when. */
export function tellNews({ lastCall, events, more, isCut }: DigestNews, now: number): readonly string[] {
  const since = lastCall === undefined
    ? "in the last 24 h"
    : `since your last call, ${ageOf(Date.parse(lastCall.time), now)} ago`;
  if (events.length === 0) return [`Nothing was completed, failed, given back or cancelled by others ${since}.`];
  return [
    `What was completed, failed, given back or cancelled ${since}:`,
    ...(more > 0 ? [`- ${isCut ? "at least " : ""}${more} before these: get_history has them`] : []),
    ...events.map((event) => `- ${describeEvent(event, now)}`),
  ];
}

function describeEvent({ type, subject, time, data }: Notification, now: number): string {
  const { instance, cause } = data;
  const by = instance === undefined ? "" : ` (${instance})`;
  const why = cause === undefined ? "" : `: ${cause}`;
  return `${ageOf(Date.parse(time), now)} ago: ${subject} ${nameOf(type).slice("task.".length)}${by}${why}`;
}
