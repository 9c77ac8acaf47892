/**
 * Follows the notifications after a place, each once, in order: first those in the journal, then what the feed delivers.
 * The place alone decides what comes next, so nothing is lost or doubled between the two. A bounded number of records waits
 * in memory; when there are more, they are read from the journal again, so a slow reader holds up nobody.
 */

import type { JournalRecord } from "../core/messages/events.ts";
import { type HistoryFilter, nameOf } from "../core/messages/history.ts";
import { type Notification, notificationsOf, type NotificationType } from "../core/messages/notifications.ts";
import type { QueryOf } from "../core/messages/queries.ts";
import type { Caller } from "../core/model/access.ts";
import type { Feed } from "./feed.ts";
import { type HistoryPage, type HistoryReader, type Moment, placeOf, readHistory } from "./history.ts";
import { hasRedaction } from "./redactions.ts";

/** Most records that wait in memory. With more, the journal is read when the reader comes to them. */
const MAX_WAITING_RECORDS = 1_000;

/** Most records of which the notifications are made at a time. */
const MAX_SELECTED_RECORDS = 50;

/** Bounds of a page that is read from the journal. */
const PAGE = { limit: 500, maxSize: 64 * 1024, sizeOf: (event: Notification) => JSON.stringify(event).length } as const;

export interface FollowerOptions {
  /** The first notifications are those after it. */
  readonly after: Moment;
  /** The journal of that place; undefined if it is not known. */
  readonly source: string | undefined;
  /** Reads a page of the notifications after a place. */
  readonly read: (since: Moment, bounds: typeof PAGE) => Promise<HistoryPage>;
  /** Whether `select` may find something in a record. Default: it may in every one. */
  readonly mayBeWanted?: (record: JournalRecord) => boolean;
  /** The notifications of records that are wanted and may be seen. */
  readonly select: (records: readonly JournalRecord[], source: string) => Promise<readonly Notification[]>;
  /** The journal as it is now. */
  readonly currentSource: () => Promise<string | undefined>;
}

/** Records that were delivered together, and the journal that they are from. */
export interface Delivery {
  readonly records: readonly JournalRecord[];
  readonly source: () => Promise<string | undefined>;
  /** Whether texts of earlier records are redacted by one of these. */
  readonly isRedaction: boolean;
}

/** What comes next. */
export type Followed =
  /** All that is wanted between the place before and `place`; there may be none. */
  | { readonly type: "notifications"; readonly notifications: readonly Notification[]; readonly place: Moment }
  /** The journal was repaired or replaced: what was followed may have been cut off. The last record now is `lastSeq`. */
  | { readonly type: "reset"; readonly lastSeq: number };

export class Follower {
  readonly #options: FollowerOptions;
  #place: Moment;
  #source: string | undefined;
  /** What the feed has delivered and was not returned yet; undefined if that must be read from the journal. */
  #deliveries: Delivery[] | undefined;
  #waitingRecords = 0;
  /** Whether the last page that was read from the journal was not its end. */
  #isReading = false;
  #changed = Promise.withResolvers<void>();
  #isOutdated = false;
  #isClosed = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#place = options.after;
    this.#source = options.source;
  }

  /** The journal that is followed; undefined until it is known. */
  get source(): string | undefined {
    return this.#source;
  }

  /** Whether what `next` returned last may have a text that was redacted since. Follow again from the place before that. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** Takes records that the feed delivers. */
  deliver(delivery: Delivery): void {
    this.#waitingRecords += delivery.records.length;
    if (delivery.isRedaction) this.#isOutdated = true;
    if (delivery.isRedaction || this.#waitingRecords > MAX_WAITING_RECORDS) this.#deliveries = undefined;
    this.#deliveries?.push(delivery);
    this.#wake();
  }

  /**
   * Waits for what comes next; undefined once the follower is closed. After a reset there is nothing more to follow.
   *
   * @throws Refusal if the caller may not see notifications any more
   * @throws Unavailable if the journal cannot be read; the next call tries again
   */
  async next(): Promise<Followed | undefined> {
    while (!this.#isClosed) {
      this.#isOutdated = false;
      const followed = await this.#tryNext();
      if (followed !== undefined) return followed;
    }
    return undefined;
  }

  /** Ends a call of `next` that waits. */
  close(): void {
    this.#isClosed = true;
    this.#deliveries = [];
    this.#wake();
  }

  /** Undefined if it must be tried again. */
  async #tryNext(): Promise<Followed | undefined> {
    if (this.#isReading || this.#deliveries === undefined) return await this.#read();
    const delivery = this.#deliveries.shift();
    if (delivery === undefined) {
      await this.#changed.promise;
      return undefined;
    }
    try {
      return await this.#take(delivery);
    } catch (error) {
      this.#deliveries = undefined;
      throw error;
    }
  }

  /** Reads a page of the journal. What the feed delivers from its first page on waits. */
  async #read(): Promise<Followed> {
    if (!this.#isReading) {
      this.#isReading = true;
      this.#deliveries = [];
      this.#waitingRecords = 0;
      if (!this.#isOf(await this.#options.currentSource())) return await this.#reset();
    }
    const { events, lastSeq, hasMore, isBeyond } = await this.#options.read(this.#place, PAGE);
    if (isBeyond === true) return { type: "reset", lastSeq };
    const last = events.at(-1);
    if (last !== undefined && !this.#isOf(last.source)) return await this.#reset();
    this.#isReading = hasMore;
    this.#place = hasMore && last !== undefined ? placeOf(last) : { seq: lastSeq };
    return { type: "notifications", notifications: events, place: this.#place };
  }

  /** Takes records that come right after the last ones. If some are missing between, the journal is read. */
  async #take({ records, source }: Delivery): Promise<Followed | undefined> {
    this.#waitingRecords -= records.length;
    const last = "seq" in this.#place ? this.#place.seq : 0;
    const fresh = records.filter(({ seq }) => seq > last);
    if (fresh.length === 0) return undefined;
    if (fresh[0]?.seq !== last + 1) {
      this.#deliveries = undefined;
      return undefined;
    }
    const some = fresh.slice(0, MAX_SELECTED_RECORDS);
    const wanted = some.filter(this.#options.mayBeWanted ?? (() => true));
    // To tell the journal costs a look at its files: only for what is told.
    const current = wanted.length === 0 ? this.#source : await source();
    if (!this.#isOf(current)) return await this.#reset();
    const notifications = wanted.length === 0 ? [] : await this.#options.select(wanted, current ?? "");
    const rest = fresh.slice(MAX_SELECTED_RECORDS);
    if (rest.length > 0) {
      this.#waitingRecords += rest.length;
      this.#deliveries?.unshift({ records: rest, source, isRedaction: false });
    }
    this.#place = { seq: last + some.length };
    return { type: "notifications", notifications, place: this.#place };
  }

  /** Whether the journal is still the one that is followed. */
  #isOf(source: string | undefined): boolean {
    this.#source ??= source;
    return source === this.#source;
  }

  async #reset(): Promise<Followed> {
    const { lastSeq } = await this.#options.read({ seq: Number.MAX_SAFE_INTEGER }, PAGE);
    return { type: "reset", lastSeq };
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** What several followers make of the same records, made once: there may be many, and most want few of the records. */
const DELIVERIES = new WeakMap<readonly JournalRecord[], Delivery>();
const TYPES = new WeakMap<JournalRecord, ReadonlySet<NotificationType>>();

function deliveryOf(records: readonly JournalRecord[], engine: Pick<FollowOptions["engine"], "source">): Delivery {
  const delivery = DELIVERIES.get(records) ?? newDelivery(records, engine);
  DELIVERIES.set(records, delivery);
  return delivery;
}

/** A delivery of records of an engine, whose journal is asked for once. */
export function newDelivery(
  records: readonly JournalRecord[],
  engine: Pick<FollowOptions["engine"], "source">,
): Delivery {
  let source: Promise<string | undefined> | undefined;
  return { records, source: () => source ??= engine.source(), isRedaction: hasRedaction(records) };
}

/** Whether a record has a notification of a type that a filter wants. */
function hasType(record: JournalRecord, { types }: HistoryFilter): boolean {
  if (types === undefined) return true;
  const found = TYPES.get(record) ??
    new Set(notificationsOf(record, { source: "" }).map(({ type }) => nameOf(type)));
  TYPES.set(record, found);
  return types.some((type) => found.has(type));
}

export interface FollowOptions extends Pick<FollowerOptions, "after" | "source"> {
  readonly engine: HistoryReader["engine"] & {
    query(query: QueryOf<"select_notifications">, caller: Caller): Promise<readonly Notification[]>;
  };
  readonly feed: Pick<Feed, "subscribe">;
  readonly filter: HistoryFilter;
  /** Who sees the notifications: what is hidden from it is left out. */
  readonly caller: Caller;
}

/** Follows the notifications of one caller until it is disposed of. */
export function follow({ engine, feed, filter, caller, after, source }: FollowOptions): Follower & Disposable {
  const follower = new Follower({
    after,
    source,
    read: (since, bounds) => {
      const query = (query: QueryOf<"select_notifications">) => engine.query(query, caller);
      return readHistory({ engine, query }, { ...filter, since, ...bounds });
    },
    mayBeWanted: (record) => hasType(record, filter),
    select: (records, source) => engine.query({ type: "select_notifications", records, filter, source }, caller),
    currentSource: () => engine.source(),
  });
  const unsubscribe = feed.subscribe((records) => follower.deliver(deliveryOf(records, engine)));
  return Object.assign(follower, {
    [Symbol.dispose]() {
      unsubscribe();
      follower.close();
    },
  });
}
