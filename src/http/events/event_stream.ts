/**
 * One stream of events: first what is in the journal, then what the feed delivers. Its place in the journal alone decides
 * what comes next, so nothing is lost or doubled between the two. It holds a bounded part of what its client has not read.
 */

import type { HistoryPage, Moment } from "../../app/history.ts";
import { type Log, Unavailable } from "../../app/ports.ts";
import type { JournalRecord } from "../../core/messages/events.ts";
import type { Notification } from "../../core/messages/notifications.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { epochOf, formatEventId } from "./event_id.ts";

/** With more bytes that the client has not taken, the next event waits. */
const MAX_WAITING_BYTES = 64 * 1024;

/** Most records that wait in memory. With more, the stream reads them from the journal when it comes to them. */
const MAX_WAITING_RECORDS = 1_000;

/** Most records of which the notifications are made at a time. */
const MAX_SELECTED_RECORDS = 50;

/** Bounds of a page that is read from the journal. */
const PAGE = { limit: 500, maxSize: 64 * 1024, sizeOf: (event: Notification) => JSON.stringify(event).length } as const;

/** How long clients wait before they connect again, in milliseconds. */
const RECONNECT_MS = 1_000;

export interface EventStreamOptions {
  /** The first events are those after it. */
  readonly after: Moment;
  /** The journal; undefined while it has no record. */
  readonly source: string | undefined;
  readonly keepAliveMs: number;
  readonly log: Log;
  /** Reads a page of the events after a place. */
  readonly read: (since: Moment, bounds: typeof PAGE) => Promise<HistoryPage>;
  /** The notifications of records that the client wants and may see. */
  readonly select: (records: readonly JournalRecord[], source: string) => Promise<readonly Notification[]>;
  /** The journal as it is now. */
  readonly currentSource: () => Promise<string | undefined>;
  /** An error as the client may read it. */
  readonly told: <E extends Refusal | Unavailable>(error: E) => E | Unavailable;
  readonly onClose: () => void;
}

/** Records that were delivered together, and the journal that they are from. */
export interface Delivery {
  readonly records: readonly JournalRecord[];
  readonly source: () => Promise<string | undefined>;
}

export class EventStream {
  /** The bytes for the client. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: EventStreamOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** All events up to here were told. */
  #place: Moment;
  #source: string | undefined;
  /** What the feed has delivered and is not told yet; undefined if that must be read from the journal. */
  #deliveries: Delivery[] | undefined;
  #waitingRecords = 0;
  #changed = Promise.withResolvers<void>();
  #isSilent = false;
  #isClosed = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#place = options.after;
    this.#source = options.source;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#wake(),
      cancel: () => this.#stop(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }));
    this.#timer = setInterval(() => this.#keepAlive(), options.keepAliveMs);
    this.#write(`retry: ${RECONNECT_MS}\n${this.#placeLine()}\n`);
    void this.#run();
  }

  /** Takes records that the feed delivers. */
  deliver(delivery: Delivery): void {
    this.#waitingRecords += delivery.records.length;
    if (this.#waitingRecords > MAX_WAITING_RECORDS) this.#deliveries = undefined;
    this.#deliveries?.push(delivery);
    this.#wake();
  }

  /** Tells why the stream ends, and ends it. A client that connects again continues after the last event. */
  end(why: { readonly code?: string; readonly message: string }): void {
    this.#write(`event: end\ndata: ${JSON.stringify(why)}\n\n`);
    this.#close();
  }

  /** Ends the stream after what is written. */
  #close(): void {
    if (this.#isClosed) return;
    this.#stop();
    this.#controller?.close();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isClosed) {
        const delivery = this.#deliveries?.shift();
        if (this.#deliveries === undefined) await this.#replay();
        else if (delivery === undefined) await this.#changed.promise;
        else await this.#tell(delivery);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Tells what the journal has. What the feed delivers meanwhile waits. */
  async #replay(): Promise<void> {
    this.#deliveries = [];
    this.#waitingRecords = 0;
    if (!await this.#checkSource(await this.#options.currentSource())) return;
    let hasMore = true;
    while (hasMore && !this.#isClosed) {
      const page = await this.#options.read(this.#place, PAGE);
      if (page.isBeyond === true) return this.#reset(page.lastSeq);
      for (const event of page.events) if (!await this.#tellEvent(event)) return;
      hasMore = page.hasMore;
      if (!hasMore) this.#place = { seq: page.lastSeq };
    }
  }

  /** Tells the events of records that come right after the last ones. If some are missing between, reads the journal. */
  async #tell({ records, source }: Delivery): Promise<void> {
    this.#waitingRecords -= records.length;
    const current = await source();
    if (!await this.#checkSource(current)) return;
    const last = "seq" in this.#place ? this.#place.seq : 0;
    const fresh = records.filter(({ seq }) => seq > last);
    if (fresh.length === 0) return;
    if (fresh[0]?.seq !== last + 1) {
      this.#deliveries = undefined;
      return;
    }
    for (let start = 0; start < fresh.length; start += MAX_SELECTED_RECORDS) {
      const some = fresh.slice(start, start + MAX_SELECTED_RECORDS);
      for (const event of await this.#options.select(some, current ?? "")) {
        if (!await this.#tellEvent(event)) return;
      }
      this.#place = { seq: last + start + some.length };
    }
  }

  /** Writes an event once there is room; resolves to false if the stream has ended. */
  async #tellEvent(event: Notification): Promise<boolean> {
    while (!this.#isClosed && (this.#controller?.desiredSize ?? 0) <= 0) await this.#changed.promise;
    if (this.#isClosed || !await this.#checkSource(event.source)) return false;
    const id = formatEventId(event.id, epochOf(event.source));
    this.#write(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    const [seq, index] = event.id.split(".").map(Number);
    this.#place = { seq: seq ?? 0, index: index ?? 0 };
    return true;
  }

  /** Resolves to false, and ends the stream, if this is another journal, or no longer the one that it was. */
  async #checkSource(source: string | undefined): Promise<boolean> {
    this.#source ??= source;
    if (source === this.#source) return true;
    const { lastSeq } = await this.#options.read({ seq: Number.MAX_SAFE_INTEGER }, PAGE);
    this.#reset(lastSeq);
    return false;
  }

  /**
   * The journal was repaired or replaced: what was told may have been cut off, and its ids given to other events. The
   * empty id lets clients forget the last one.
   */
  #reset(lastSeq: number): void {
    const message =
      "The journal was repaired or replaced: events that were told may be no longer in it. Read the tasks " +
      `again, then continue with after=${lastSeq}`;
    this.#write(`id:\nevent: reset\ndata: ${JSON.stringify({ last_seq: lastSeq, message })}\n\n`);
    this.#close();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const { log, told } = this.#options;
    if (error instanceof Refusal || error instanceof Unavailable) {
      log.warn(`Cannot continue a stream of events: ${error.message}`);
      const { code, message } = told(error);
      this.end({ code, message });
    } else {
      log.error(`Unexpected, in a stream of events: ${error instanceof Error ? error.stack : error}`);
      this.end({ message: "Internal error: the server's log tells more" });
    }
  }

  /** Shows that the connection lives, and where the stream is: a client that saw no event continues from there. */
  #keepAlive(): void {
    if (this.#isSilent && (this.#controller?.desiredSize ?? 0) > 0) this.#write(`${this.#placeLine()}: keep-alive\n\n`);
    this.#isSilent = true;
  }

  /** The place as an id, which a client sends when it connects again; nothing if that is a time. */
  #placeLine(): string {
    if ("at" in this.#place) return "";
    const { seq, index } = this.#place;
    return `id: ${formatEventId(index === undefined ? `${seq}` : `${seq}.${index}`, epochOf(this.#source))}\n`;
  }

  #write(text: string): void {
    if (this.#isClosed) return;
    this.#isSilent = false;
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #stop(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#deliveries = [];
    this.#wake();
    this.#options.onClose();
  }
}
