/**
 * Keeps calls waiting for events. New records are looked at in memory; the journal is read when a call begins, when a
 * record has an event that the call wants, and at the end of the wait. So an answer is always a page of the history.
 */

import type { JournalRecord } from "../core/messages/events.ts";
import type { HistoryFilter } from "../core/messages/history.ts";
import type { QueryOf } from "../core/messages/queries.ts";
import type { Caller } from "../core/model/access.ts";
import type { Engine } from "./engine.ts";
import type { Feed } from "./feed.ts";
import { type HistoryPage, type HistoryQuery, type Moment, readHistory } from "./history.ts";
import type { Log } from "./ports.ts";

/** Most records that wait in memory for one call. With more, the call reads the journal. */
const MAX_WAITING_RECORDS = 1_000;

/** How often the tokens of waiting callers are looked at, in milliseconds: nothing is written when one expires. */
const CHECK_MS = 1_000;

/** How often a caller is notified that its call still waits, in milliseconds. */
const REPORT_MS = 5_000;

export interface EventWaitsOptions {
  readonly engine: Pick<Engine, "query" | "search" | "source" | "catchUp" | "knownCaller">;
  readonly feed: Pick<Feed, "subscribe">;
  readonly log: Log;
  /** Longest wait, in milliseconds. */
  readonly maxWaitMs: number;
  /** Most calls that wait; further ones are answered at once. */
  readonly maxWaiters: number;
}

/** Which events a call wants. Without `since`, those from now on. */
export type WantedEvents = HistoryFilter & Pick<HistoryQuery, "since" | "limit" | "maxSize" | "sizeOf">;

export interface EventWaitOptions {
  readonly caller: Caller;
  /** A longer wait than `maxWaitMs` is shortened to it. 0: no wait. */
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called when the waiting begins, and every `REPORT_MS`. An error that it throws is logged and ends no wait. */
  readonly onWaiting?: (waitedMs: number) => void;
}

/** The first events after a place; none if the wait ended before one. */
export type NextEvents = HistoryPage & {
  /** Set if the call was answered without a wait because `maxWaiters` calls were waiting already. */
  readonly isCrowded?: true;
};

/** A call that waits. */
interface Waiter {
  readonly caller: Caller;
  /** New records that were not looked at yet; undefined if the journal is to be read. */
  records: readonly JournalRecord[] | undefined;
  isOver: boolean;
  changed: PromiseWithResolvers<void>;
}

export class EventWaits {
  readonly #engine: EventWaitsOptions["engine"];
  readonly #feed: EventWaitsOptions["feed"];
  readonly #log: Log;
  readonly #maxWaitMs: number;
  readonly #maxWaiters: number;
  readonly #waiters = new Set<Waiter>();
  readonly #underWay = new Set<Promise<unknown>>();
  #stop: (() => void) | undefined;
  #isClosed = false;

  constructor({ engine, feed, log, maxWaitMs, maxWaiters }: EventWaitsOptions) {
    this.#engine = engine;
    this.#feed = feed;
    this.#log = log;
    this.#maxWaitMs = maxWaitMs;
    this.#maxWaiters = maxWaiters;
  }

  /** How many calls wait. */
  get size(): number {
    return this.#waiters.size;
  }

  /**
   * The events after `since`, the oldest first, as `readHistory` pages them; waits for the first one if there is none.
   *
   * @throws Refusal if the caller may not see events, also when it loses that right while it waits
   * @throws Unavailable if the journal cannot be read
   */
  async next(wanted: WantedEvents, options: EventWaitOptions): Promise<NextEvents> {
    const isWaiting = options.waitMs > 0 && !this.#isClosed && !options.signal.aborted;
    if (!isWaiting) return await this.#read(await this.#placed(wanted), options.caller);
    if (this.#waiters.size < this.#maxWaiters) return await this.#track(this.#wait(wanted, options));
    const page = await this.#read(await this.#placed(wanted), options.caller);
    return isAnswer(page) ? page : { ...page, isCrowded: true };
  }

  /** Ends all waits without an event. Resolves once their calls are answered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiters) end(waiter);
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const forget = () => this.#underWay.delete(work);
    work.then(forget, forget);
    return work;
  }

  async #wait(wanted: WantedEvents, { caller, waitMs, signal, onWaiting }: EventWaitOptions): Promise<HistoryPage> {
    const waiter: Waiter = { caller, records: [], isOver: false, changed: Promise.withResolvers() };
    const onAbort = () => end(waiter);
    const timeout = setTimeout(onAbort, Math.min(waitMs, this.#maxWaitMs));
    const reporting = onWaiting && this.#report(onWaiting);
    signal.addEventListener("abort", onAbort);
    // Before the first read, so that no record is missed between the two.
    this.#add(waiter);
    try {
      return await this.#pageFor(waiter, await this.#placed(wanted), signal);
    } finally {
      this.#remove(waiter);
      signal.removeEventListener("abort", onAbort);
      clearInterval(reporting);
      clearTimeout(timeout);
    }
  }

  /** Reads until there is an event, or the wait is over. */
  async #pageFor(waiter: Waiter, wanted: Placed, signal: AbortSignal): Promise<HistoryPage> {
    let { since } = wanted;
    while (true) {
      const { isOver } = waiter;
      const source = await this.#engine.source();
      waiter.records = [];
      const page = await this.#read({ ...wanted, since }, waiter.caller);
      if (isOver || signal.aborted || isAnswer(page)) return page;
      // A time may be still to come.
      if ("seq" in since) since = { seq: page.lastSeq };
      await this.#newsFor(waiter, { filter: filterOf(wanted), after: page.lastSeq, source });
    }
  }

  /** Resolves when the journal has something to read for a waiter, or its wait is over. */
  async #newsFor(
    waiter: Waiter,
    { filter, after, source }: {
      readonly filter: HistoryFilter;
      /** The last record that was read. */
      readonly after: number;
      readonly source: string | undefined;
    },
  ): Promise<void> {
    while (!waiter.isOver) {
      const { records } = waiter;
      if (records === undefined) return;
      if (records.length === 0) {
        await waiter.changed.promise;
        continue;
      }
      waiter.records = [];
      // A repair gives seqs away a second time.
      if (await this.#engine.source() !== source) return;
      const fresh = records.filter(({ seq }) => seq > after);
      const selection = { type: "select_notifications" as const, records: fresh, filter, source: source ?? "" };
      if ((await this.#engine.query(selection, waiter.caller)).length > 0) return;
    }
  }

  async #placed(wanted: WantedEvents): Promise<Placed> {
    return { ...wanted, since: wanted.since ?? { seq: await this.#engine.catchUp() } };
  }

  #read(wanted: Placed, caller: Caller): Promise<HistoryPage> {
    const engine = this.#engine;
    const query = (query: QueryOf<"select_notifications">) => engine.query(query, caller);
    return readHistory({ engine, query }, wanted);
  }

  #report(onWaiting: (waitedMs: number) => void): ReturnType<typeof setInterval> {
    const startedAt = performance.now();
    const report = () => {
      try {
        onWaiting(performance.now() - startedAt);
      } catch (error) {
        this.#log.error(`Cannot tell a caller that it waits for events: ${error}`);
      }
    };
    report();
    return setInterval(report, REPORT_MS);
  }

  #add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    this.#stop ??= this.#start();
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Starts to follow the feed, and to check the tokens of the waiting callers. Returns a function that stops both. */
  #start(): () => void {
    const unsubscribe = this.#feed.subscribe((records) => {
      for (const waiter of this.#waiters) deliver(waiter, records);
    });
    const checking = setInterval(() => {
      for (const waiter of this.#waiters) {
        if (this.#engine.knownCaller(waiter.caller) === undefined) deliver(waiter, undefined);
      }
    }, CHECK_MS);
    return () => {
      unsubscribe();
      clearInterval(checking);
    };
  }
}

/** What a call wants, and from which place on. */
type Placed = WantedEvents & { readonly since: Moment };

/** Whether a page ends a wait. */
function isAnswer({ events, isBeyond }: HistoryPage): boolean {
  return events.length > 0 || isBeyond === true;
}

function filterOf({ since: _s, limit: _l, maxSize: _m, sizeOf: _o, ...filter }: Placed): HistoryFilter {
  return filter;
}

/** Gives a waiter new records; with undefined, it reads the journal. */
function deliver(waiter: Waiter, records: readonly JournalRecord[] | undefined): void {
  const waiting = (waiter.records?.length ?? 0) + (records?.length ?? 0);
  if (records === undefined || waiting > MAX_WAITING_RECORDS) waiter.records = undefined;
  else waiter.records = waiter.records?.concat(records);
  wake(waiter);
}

function end(waiter: Waiter): void {
  waiter.isOver = true;
  wake(waiter);
}

function wake(waiter: Waiter): void {
  waiter.changed.resolve();
  waiter.changed = Promise.withResolvers();
}
