/** Reads pages of what happened, as notifications, from either end of the journal. */

import type { JournalRecord } from "../core/messages/events.ts";
import { type HistoryFilter, keysOfFilter } from "../core/messages/history.ts";
import type { Notification } from "../core/messages/notifications.ts";
import type { QueryOf, ResultOf } from "../core/messages/queries.ts";
import { Refusal } from "../core/model/refusal.ts";
import { printable } from "../core/model/values.ts";
import type { Search } from "./ports.ts";
import { parseDuration, parseTime } from "./time.ts";

/** A place in the history: a record, a notification of it, or a time in milliseconds since the Unix epoch. */
export type Moment = { readonly seq: number; readonly index?: number } | { readonly at: number };

export interface HistoryQuery extends HistoryFilter {
  /** Only what comes after this record or notification, or at this time or later, the oldest first. Default: the newest. */
  readonly since?: Moment;
  /** Only what comes before this record, notification or time. */
  readonly until?: Moment;
  /** Most notifications of the page. */
  readonly limit: number;
  /** Most characters of the page, as `sizeOf` measures them; the first notification is always on it. Default: no bound. */
  readonly maxSize?: number;
  readonly sizeOf?: (notification: Notification) => number;
}

export interface HistoryPage {
  /** In the order in which it happened. */
  readonly events: readonly Notification[];
  /** A page with this seq as `since` continues after all records that were looked at whole. */
  readonly lastSeq: number;
  /** Present if `since` names a record that the journal does not have: it was repaired, or is another one. */
  readonly isBeyond?: true;
  /** Whether there are more: later ones if `since` was given, otherwise earlier ones. */
  readonly hasMore: boolean;
}

/** What reading needs of the engine and of the caller. */
export interface HistoryReader {
  readonly engine: {
    catchUp(): Promise<number>;
    source(): Promise<string | undefined>;
    search(search: Search): AsyncIterable<readonly JournalRecord[]>;
  };
  readonly query: (query: QueryOf<"select_notifications">) => Promise<ResultOf<"select_notifications">>;
}

/** Reads a page of the history, which includes every call that was answered before. */
export async function readHistory({ engine, query }: HistoryReader, wanted: HistoryQuery): Promise<HistoryPage> {
  const { since, until, limit, maxSize = Infinity, sizeOf = () => 0 } = wanted;
  // Refuses it to a caller without the right, even if no record is read.
  await query({ type: "select_notifications", records: [], filter: {}, source: "" });
  const last = await engine.catchUp();
  if (since !== undefined && "seq" in since && since.seq > last) {
    return { events: [], lastSeq: last, isBeyond: true, hasMore: false };
  }
  const search = searchOf(wanted, last);
  const source = await engine.source();
  const isNewest = since === undefined;
  const page: Notification[] = [];
  let size = 0;
  let next: Notification | undefined;
  for await (const records of engine.search(search)) {
    // Where there are records, there is a source.
    const from = { source: source ?? "", records };
    const selected = (await query({ type: "select_notifications", filter: filterOf(wanted), ...from }))
      .filter((event) => isBetween(event, since, until));
    for (const event of isNewest ? selected.toReversed() : selected) {
      size += sizeOf(event);
      if (page.length === limit || (page.length > 0 && size > maxSize)) {
        next = event;
        break;
      }
      page.push(event);
    }
    if (next !== undefined) break;
  }
  const events = isNewest ? page.reverse() : page;
  return {
    events,
    lastSeq: lastSeqOf({ events, next: isNewest ? undefined : next, search, until }),
    hasMore: next !== undefined,
  };
}

/**
 * Reads a text as a place in the history: a seq like `12`, the id of a notification like `12.0`, a time in ISO 8601, or a
 * duration before now like `PT1H`.
 *
 * @param name of the parameter, for the message
 * @throws Refusal if it is none of these
 */
export function parseMoment(text: string, name: string, now: number): Moment {
  const [, seq, index] = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text) ?? [];
  if (seq !== undefined) return { seq: Number(seq), ...(index !== undefined && { index: Number(index) }) };
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return { at: now - durationMs };
  try {
    return { at: parseTime(text, name, { now, day: "begin" }) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(
      error.code,
      `${name} ${
        printable(text)
      } is neither the seq of a record, like "12", nor the id of an event, like "12.0", nor a ` +
        `time in ISO 8601, like "${new Date(now).toISOString()}", nor a duration before now, like "PT1H"`,
      error.data,
    );
  }
}

function filterOf({ task, instance, group, types, actor, token }: HistoryFilter): HistoryFilter {
  return {
    ...(task !== undefined && { task }),
    ...(instance !== undefined && { instance }),
    ...(group !== undefined && { group }),
    ...(types !== undefined && { types }),
    ...(actor !== undefined && { actor }),
    ...(token !== undefined && { token }),
  };
}

/** @param last the seq of the last record */
function searchOf(query: HistoryQuery, last: number): Search {
  const { since, until } = query;
  return {
    // Of a record whose notifications are wanted only in part, all are read.
    after: since === undefined || "at" in since ? 0 : since.index === undefined ? since.seq : since.seq - 1,
    before: until === undefined || "at" in until
      ? last + 1
      : Math.min(last + 1, until.index === undefined ? until.seq : until.seq + 1),
    keys: keysOfFilter(query),
    ...(since !== undefined && "at" in since && { from: since.at }),
    ...(until !== undefined && "at" in until && { to: until.at }),
    isNewestFirst: since === undefined,
  };
}

function isBetween(event: Notification, since: Moment | undefined, until: Moment | undefined): boolean {
  return (since === undefined || compare(event, since, Infinity) > 0) &&
    (until === undefined || compare(event, until, -1) < 0);
}

/**
 * Below 0 if the notification comes before a moment, above 0 if after. At the very time of a moment counts as after.
 *
 * @param index stands for a record: of all its notifications, or before them
 */
function compare(event: Notification, moment: Moment, index: number): number {
  if ("at" in moment) return Date.parse(event.time) >= moment.at ? 1 : -1;
  const place = placeOf(event);
  return place.seq - moment.seq || place.index - (moment.index ?? index);
}

/** The seq of the last record that a page tells whole, as all before it. */
function lastSeqOf(
  { events, next, search, until }: {
    readonly events: readonly Notification[];
    /** The first notification that comes after the page, if there is one. */
    readonly next: Notification | undefined;
    readonly search: Search;
    readonly until: Moment | undefined;
  },
): number {
  if (next !== undefined) return placeOf(next).seq - 1;
  const { after, before } = search;
  const last = events.at(-1);
  if (until !== undefined && "at" in until) return last === undefined ? after : placeOf(last).seq;
  const isCut = until?.index !== undefined && until.seq < before;
  return Math.max(after, isCut ? until.seq - 1 : before - 1);
}

/** The place of a notification. */
export function placeOf({ id }: Notification): { readonly seq: number; readonly index: number } {
  const [seq, index] = id.split(".");
  return { seq: Number(seq), index: Number(index) };
}
