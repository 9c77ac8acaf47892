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

/** With more bytes that the client has not taken, the next event waits. */
const MAX_WAITING_BYTES = 64 * 1024;

/** How long clients wait before they connect again, in milliseconds. */
const RECONNECT_MS = 1_000;

export interface EventStreamOptions extends FollowerOptions {
  readonly keepAliveMs: number;
  readonly log: Log;
  readonly onClose: () => void;
}

export class EventStream {
  /** The bytes for the client. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: EventStreamOptions;
  readonly #follower: Follower;
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
      cancel: () => this.#end(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }));
    this.#timer = setInterval(() => this.#keepAlive(), options.keepAliveMs);
    this.#write(`retry: ${RECONNECT_MS}\n${this.#placeLine()}\n`);
    void this.#run();
  }

  /** Takes records that the feed delivers. */
  deliver(delivery: Delivery): void {
    this.#follower.deliver(delivery);
  }

  /** Ends the stream after what is written. */
  close(): void {
    if (this.#isClosed) return;
    this.#end();
    this.#controller?.close();
  }

  async #run(): Promise<void> {
    try {
      for (let next = await this.#follower.next(); next !== undefined; next = await this.#follower.next()) {
        if (next.type === "reset") return this.#reset(next.lastSeq);
        for (const event of next.notifications) await this.#tellEvent(event);
        this.#place = next.place;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Writes an event once there is room. */
  async #tellEvent(event: Notification): Promise<void> {
    while (!this.#isClosed && (this.#controller?.desiredSize ?? 0) <= 0) await this.#changed.promise;
    const id = formatEventId(event.id, epochOf(event.source));
    this.#write(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    this.#place = placeOf(event);
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
    this.close();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const { log } = this.#options;
    const isKnown = error instanceof Refusal || error instanceof Unavailable;
    if (isKnown) log.warn(`Cannot continue a stream of events: ${error.message}`);
    else log.error(`Unexpected, in a stream of events: ${error instanceof Error ? error.stack : error}`);
    const message = isKnown ? error.message : "Internal error: the server's log tells more";
    this.#write(`event: end\ndata: ${JSON.stringify({ ...(isKnown && { code: error.code }), message })}\n\n`);
    this.close();
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
    if (this.#isClosed) return;
    this.#isSilent = false;
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#follower.close();
    this.#wake();
    this.#options.onClose();
  }
}
