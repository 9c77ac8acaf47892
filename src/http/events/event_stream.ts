/**
 * One stream of events: what a follower of the journal yields, as text for one client. It holds a bounded part of what its
 * client has not read, and then the follower waits.
 */

import { type Delivery, Follower, type FollowerOptions } from "../../app/follower.ts";
import { type Moment, placeOf } from "../../app/history.ts";
import { type Log, Unavailable } from "../../app/ports.ts";
import type { Notification } from "../../core/messages/notifications.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { epochOf, formatEventId } from "./event_id.ts";

/** With more bytes that the client has not taken, the next events wait. */
const MAX_WAITING_BYTES = 64 * 1024;

/** Events that come together are written together, up to so many bytes and one event more. */
const PART_BYTES = 16 * 1024;

/** How long clients wait before they connect again, in milliseconds. */
const RECONNECT_MS = 1_000;

export interface EventStreamOptions extends FollowerOptions {
  readonly keepAliveMs: number;
  readonly log: Log;
  /** An error as the client may read it. */
  readonly told: <E extends Refusal | Unavailable>(error: E) => E | Unavailable;
  readonly onClose: () => void;
}

export class EventStream {
  /** The bytes for the client. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: EventStreamOptions;
  #follower: Follower;
  readonly #timer: ReturnType<typeof setInterval>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** All events up to here were told. */
  #place: Moment;
  /** Resolved when the client has taken something, or the stream has ended. */
  #changed = Promise.withResolvers<void>();
  #isSilent = false;
  #isClosed = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#follower = new Follower(options);
    this.#place = options.after;
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
    this.#follower.deliver(delivery);
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
      for (let next = await this.#follower.next(); next !== undefined; next = await this.#follower.next()) {
        if (next.type === "reset") return this.#reset(next.lastSeq);
        if (await this.#tell(next.notifications)) this.#place = next.place;
        else if (!this.#isClosed) {
          this.#follower = new Follower({ ...this.#options, after: this.#place, source: this.#follower.source });
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Writes events once there is room; resolves to false if those that are left must be read again, as texts were redacted.
   */
  async #tell(events: readonly Notification[]): Promise<boolean> {
    for (const { bytes, last } of partsOf(events)) {
      while (!this.#isClosed && (this.#controller?.desiredSize ?? 0) <= 0) await this.#changed.promise;
      if (this.#isClosed) return true;
      if (this.#follower.isOutdated) return false;
      this.#writeBytes(bytes);
      this.#place = placeOf(last);
    }
    return true;
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
    return `id: ${formatEventId(index === undefined ? `${seq}` : `${seq}.${index}`, epochOf(this.#follower.source))}\n`;
  }

  #write(text: string): void {
    this.#writeBytes(new TextEncoder().encode(text));
  }

  #writeBytes(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#isSilent = false;
    this.#controller?.enqueue(bytes);
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #stop(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#follower.close();
    this.#wake();
    this.#options.onClose();
  }
}

/** Events that are written together. */
interface Part {
  readonly bytes: Uint8Array;
  readonly last: Notification;
}

/** The parts of events that several streams tell, made once. */
const PARTS = new WeakMap<readonly Notification[], readonly Part[]>();

function partsOf(events: readonly Notification[]): readonly Part[] {
  const parts = PARTS.get(events) ?? [...newPartsOf(events)];
  PARTS.set(events, parts);
  return parts;
}

function* newPartsOf(events: readonly Notification[]): Iterable<Part> {
  let texts: Uint8Array[] = [];
  let size = 0;
  for (const [index, event] of events.entries()) {
    const text = textOf(event);
    texts.push(text);
    size += text.length;
    if (size < PART_BYTES && index < events.length - 1) continue;
    yield { bytes: joined(texts, size), last: event };
    texts = [];
    size = 0;
  }
}

function joined(texts: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const text of texts) {
    bytes.set(text, at);
    at += text.length;
  }
  return bytes;
}

/** The texts of events that several streams tell, made once. */
const TEXTS = new WeakMap<Notification, Uint8Array>();

function textOf(event: Notification): Uint8Array {
  const known = TEXTS.get(event);
  if (known !== undefined) return known;
  const id = formatEventId(event.id, epochOf(event.source));
  const text = new TextEncoder().encode(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  TEXTS.set(event, text);
  return text;
}
