/**
 * The event streams of a process. It follows the feed once for all of them, and bounds their number. Records only ever
 * wait for a stream in memory up to a bound; one that falls behind reads them from the journal, so no stream delays another.
 */

import type { Engine } from "../../app/engine.ts";
import type { Feed } from "../../app/feed.ts";
import { newDelivery } from "../../app/follower.ts";
import { readHistory } from "../../app/history.ts";
import type { Log } from "../../app/ports.ts";
import type { JournalRecord } from "../../core/messages/events.ts";
import type { QueryOf, QueryType } from "../../core/messages/queries.ts";
import { ToldFailures } from "../../app/told_failures.ts";
import { type Caller, keyOfCaller, shareOf } from "../../core/model/access.ts";
import { HttpError } from "../problem.ts";
import { epochOf } from "./event_id.ts";
import { EventStream } from "./event_stream.ts";
import type { WantedEvents } from "./events_query.ts";
import { Selections } from "./selections.ts";

/** Most streams of one process. */
export const MAX_STREAMS = 1_000;

/** How often a stream without events shows that it lives, in milliseconds: proxies close silent ones after 30 s or more. */
export const KEEP_ALIVE_MS = 15_000;

/**
 * Least time between two deliveries to the streams, in milliseconds: so much for each stream, within bounds. Records that
 * come faster are delivered together: with ten streams, their many small writes, and what ten pages draw for each, would
 * cost as much as the calls that caused them.
 */
const PACE_OF_STREAM_MS = 10;
const MIN_PACE_MS = 15;
const MAX_PACE_MS = 200;

const ENDING = "The server is ending: connect again when it runs again";

export interface EventStreamsOptions {
  readonly engine: Pick<Engine, "query" | "search" | "source" | "catchUp" | "now" | "knownCaller">;
  readonly feed: Pick<Feed, "subscribe">;
  readonly log: Log;
  /** Aborted when the server ends: every stream is closed. */
  readonly closing: AbortSignal;
  /** Default: `MAX_STREAMS`. */
  readonly maxStreams?: number;
  /** Default: `KEEP_ALIVE_MS`. */
  readonly keepAliveMs?: number;
}

export class EventStreams {
  readonly #options: Required<EventStreamsOptions>;
  readonly #streams = new Set<EventStream>();
  /** How many streams are open or being opened, of all callers and of each. */
  #count = 0;
  readonly #counts = new Map<string, number>();
  readonly #failures: ToldFailures;
  readonly #selections: Selections;
  #unsubscribe: (() => void) | undefined;
  #lastRead: Promise<unknown> = Promise.resolve();
  /** Records that the next delivery brings, and when the last one was. */
  #waiting: JournalRecord[] = [];
  #deliveredAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: EventStreamsOptions) {
    this.#options = { maxStreams: MAX_STREAMS, keepAliveMs: KEEP_ALIVE_MS, ...options };
    this.#failures = new ToldFailures(options);
    this.#selections = new Selections((selected, caller) => {
      return options.engine.query({ type: "select_notifications", ...selected }, caller);
    });
    options.closing.addEventListener("abort", () => {
      for (const stream of this.#streams) endOf(stream);
    });
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** The journal's clock, in milliseconds since the Unix epoch. */
  now(): number {
    return this.#options.engine.now();
  }

  /**
   * Opens a stream. Every event after the wanted place comes once, in order, until the client is gone or falls out of
   * step with a journal that was repaired.
   *
   * @throws Refusal if the caller may not see events
   * @throws HttpError 410 if the journal does not have the wanted place, 503 if there are too many streams
   */
  async open(wanted: WantedEvents, caller: Caller): Promise<ReadableStream<Uint8Array>> {
    const { maxStreams, closing } = this.#options;
    if (closing.aborted) throw new HttpError(503, ENDING);
    const own = keyOfCaller(caller);
    const count = this.#counts.get(own) ?? 0;
    if (this.#count >= maxStreams || count >= shareOf(maxStreams)) {
      const why = `${maxStreams} streams are open already, or ${shareOf(maxStreams)} of this caller`;
      throw new HttpError(503, `${why}: use fewer, or connect again later`);
    }
    this.#counts.set(own, count + 1);
    this.#count++;
    try {
      return await this.#open(wanted, caller);
    } catch (error) {
      this.#release(own);
      throw error;
    }
  }

  /** Checks that a stream could be opened, and opens none. */
  async check(wanted: WantedEvents, caller: Caller): Promise<void> {
    await this.#startOf(wanted, caller);
  }

  async #open({ filter, ...wanted }: WantedEvents, caller: Caller): Promise<ReadableStream<Uint8Array>> {
    const { engine, log, keepAliveMs, closing } = this.#options;
    const { after, source } = await this.#startOf({ filter, ...wanted }, caller);
    const query = <K extends QueryType>(query: QueryOf<K>) => engine.query(query, caller);
    const stream = new EventStream({
      after,
      source,
      keepAliveMs,
      log,
      read: (since, bounds) => this.#inTurn(() => readHistory({ engine, query }, { ...filter, since, ...bounds })),
      select: (records, source) => this.#selections.of({ records, filter, source }, caller),
      currentSource: () => engine.source(),
      told: (error) => this.#failures.toldTo(caller, error),
      onClose: () => {
        this.#remove(stream);
        this.#release(keyOfCaller(caller));
      },
    });
    this.#streams.add(stream);
    this.#unsubscribe ??= this.#options.feed.subscribe((records) => this.#take(records));
    if (closing.aborted) endOf(stream);
    return stream.body;
  }

  /** Where a stream starts, and of which journal. */
  async #startOf({ filter, after, epoch }: WantedEvents, caller: Caller) {
    const { engine } = this.#options;
    const last = await engine.catchUp();
    const source = await engine.source();
    await engine.query({ type: "select_notifications", records: [], filter, source: source ?? "" }, caller);
    if (epoch !== undefined && epoch !== epochOf(source)) {
      throw unknownPlace("The event was told before the journal was repaired, which may have cut it off", last);
    }
    if (after !== undefined && "seq" in after && after.seq > last) {
      throw unknownPlace(`The journal has no record ${after.seq}: it was repaired, or is another one`, last);
    }
    return { after: after ?? { seq: last }, source };
  }

  /**
   * Reads pages of the journal one after the other, and lets calls that have arrived go between them: many streams that
   * begin far back would otherwise hold the process for as long as all of them read.
   */
  #inTurn<T>(read: () => Promise<T>): Promise<T> {
    const page = this.#lastRead.then(() => new Promise((resolve) => setTimeout(resolve))).then(read);
    this.#lastRead = page.catch(() => {});
    return page;
  }

  /** Delivers records at once, or together with those that come soon after the last delivery. */
  #take(records: readonly JournalRecord[]): void {
    for (const record of records) this.#waiting.push(record);
    if (this.#timer !== undefined) return;
    const paceMs = Math.min(MAX_PACE_MS, Math.max(MIN_PACE_MS, PACE_OF_STREAM_MS * this.#streams.size));
    const waitMs = this.#deliveredAt + paceMs - performance.now();
    if (waitMs <= 0) this.#deliver();
    else this.#timer = setTimeout(() => this.#deliver(), waitMs);
  }

  #deliver(): void {
    this.#timer = undefined;
    this.#deliveredAt = performance.now();
    const records = this.#waiting;
    this.#waiting = [];
    this.#selections.forget();
    const delivery = newDelivery(records, this.#options.engine);
    for (const stream of this.#streams) stream.deliver(delivery);
  }

  #release(caller: string): void {
    this.#count--;
    const rest = (this.#counts.get(caller) ?? 0) - 1;
    if (rest > 0) this.#counts.set(caller, rest);
    else this.#counts.delete(caller);
  }

  #remove(stream: EventStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
  }
}

/** Tells the client that the server ends, and ends its stream. */
function endOf(stream: EventStream): void {
  stream.end({ code: "closed", message: ENDING });
}

function unknownPlace(why: string, last: number): HttpError {
  return new HttpError(
    410,
    `${why}. Its last record is ${last}: continue with after=${last}, or read again from the beginning with after=0, ` +
      "without Last-Event-ID",
    { code: "unknown_event", data: { last_seq: last } },
  );
}

/** A response to a request for events. */
export function eventsResponse(body: ReadableStream<Uint8Array> | null): Response {
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // Asks proxies to pass every event on at once.
      "x-accel-buffering": "no",
    },
  });
}
