/**
 * Sends responses. A slow client is never waited for: what it has not taken is kept, in bounds, and a client that takes
 * nothing for too long, or leaves too much, is disconnected.
 */

import type { ServerResponse } from "node:http";
import { MAX_ALL_UNSENT_BYTES, MAX_PACED_BYTES, MAX_UNSENT_BYTES } from "./limits.ts";
import { isPaced } from "./paced.ts";

/** A response is written in pieces of this many bytes, so that each shows whether the client takes any. */
const PIECE_BYTES = 64 * 1024;

/** Headers about the connection, which Node's server sets: it knows whether the client, or the end, closes it. */
const OF_CONNECTION = ["connection", "keep-alive"];

export class Responses {
  readonly #open = new Set<Sending>();
  /** Of all responses. */
  #unsentBytes = 0;
  readonly #stallMs: number;

  /** @param stallMs a client that takes no byte for this long is disconnected */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** Sends a response; resolves when it is sent, or its client is disconnected. */
  async send(response: Response, to: ServerResponse): Promise<void> {
    const sending = new Sending(to, this.#stallMs, (bytes) => this.#onUnsent(bytes));
    this.#open.add(sending);
    try {
      const headers = [...response.headers].filter(([name]) => !OF_CONNECTION.includes(name));
      to.writeHead(response.status, headers.flat());
      // Node keeps the headers back until there is a body: a client would not learn that its stream is open.
      if (isEventStream(response)) to.flushHeaders();
      if (response.body === null) to.end();
      else await this.#sendBody(response.body, sending);
      await sending.finished;
    } finally {
      this.#open.delete(sending);
      sending.close();
    }
  }

  async #sendBody(body: ReadableStream<Uint8Array>, sending: Sending): Promise<void> {
    const reader = body.getReader();
    // Ends the stream when the client is gone, and the reading below with it.
    sending.finished.then(() => reader.cancel()).catch(() => {});
    for (;;) {
      const { value, done } = await reader.read();
      if (done || sending.isOver) break;
      sending.write(value);
      if (isPaced(body)) await sending.room();
    }
    sending.end();
  }

  #onUnsent(bytes: number): void {
    this.#unsentBytes += bytes;
    if (bytes < 0 || this.#unsentBytes <= MAX_ALL_UNSENT_BYTES) return;
    const [first, ...others] = this.#open;
    others.reduce((most, each) => most !== undefined && most.unsentBytes >= each.unsentBytes ? most : each, first)
      ?.drop();
  }
}

function isEventStream({ headers }: Response): boolean {
  return headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/** One response on its way. */
class Sending {
  /** Resolves when the response is sent or its connection is closed. */
  readonly finished: Promise<void>;
  isOver = false;
  unsentBytes = 0;
  readonly #to: ServerResponse;
  readonly #stallMs: number;
  readonly #onUnsent: (bytes: number) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #taken = Promise.withResolvers<void>();

  /** @param onUnsent called with each change of `unsentBytes` */
  constructor(to: ServerResponse, stallMs: number, onUnsent: (bytes: number) => void) {
    this.#onUnsent = onUnsent;
    this.#to = to;
    this.#stallMs = stallMs;
    this.finished = new Promise((resolve) => {
      to.once("close", () => {
        this.isOver = true;
        this.#taken.resolve();
        resolve();
      });
    });
  }

  write(bytes: Uint8Array): void {
    this.unsentBytes += bytes.length;
    this.#onUnsent(bytes.length);
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      const piece = bytes.subarray(start, start + PIECE_BYTES);
      this.#to.write(piece, () => this.#onTaken(piece.length));
    }
    if (this.unsentBytes > MAX_UNSENT_BYTES) this.drop();
    else this.#timer ??= setTimeout(() => this.drop(), this.#stallMs);
  }

  /** Resolves when the client has taken most of what was written, or is gone. */
  async room(): Promise<void> {
    while (this.unsentBytes > MAX_PACED_BYTES && !this.isOver) await this.#taken.promise;
  }

  end(): void {
    this.#to.end();
  }

  drop(): void {
    this.#to.destroy();
  }

  /** Forgets what is not sent. */
  close(): void {
    clearTimeout(this.#timer);
    this.isOver = true;
    this.#onUnsent(-this.unsentBytes);
  }

  #onTaken(bytes: number): void {
    if (this.isOver) return;
    this.unsentBytes -= bytes;
    this.#onUnsent(-bytes);
    this.#taken.resolve();
    this.#taken = Promise.withResolvers();
    clearTimeout(this.#timer);
    this.#timer = this.unsentBytes > 0 ? setTimeout(() => this.drop(), this.#stallMs) : undefined;
  }
}
