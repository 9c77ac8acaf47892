/**
 * Two threads that take turns: the one that sends is blocked until the other one answers. Messages go through memory
 * that both share, so that a program whose disk is in another thread can use it without knowing.
 */

/** Longest message, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Longest wait for the other side, in milliseconds: it is dead, or goes round in circles. */
const MAX_WAIT_MS = 60_000;

/** Places in the header: who has the turn, and how long the two parts of the message are. */
const TURN = 0;
const TEXT_BYTES = 1;
const DATA_BYTES = 2;
const HEADER_BYTES = 16;

/** Who is to go on. */
export type Side = "scheduler" | "process";

const SIDES: Readonly<Record<Side, number>> = { scheduler: 0, process: 1 };

/** A message, in the form of JSON, and the bytes that come with it. */
export interface Parcel<T> {
  readonly message: T;
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array();

/** One end of a channel. `In` is what comes, `Out` what goes. */
export class Channel<In, Out> {
  readonly #header: Int32Array;
  readonly #body: Uint8Array;
  readonly #own: number;
  readonly #other: number;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  /** The text of a message, as neither encoder nor decoder take shared memory. */
  readonly #text = new Uint8Array(MAX_BYTES);

  constructor(memory: SharedArrayBuffer, side: Side) {
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.#body = new Uint8Array(memory, HEADER_BYTES);
    this.#own = SIDES[side];
    this.#other = 1 - this.#own;
  }

  /** Memory for a channel, in which the process has the turn. */
  static memory(): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(HEADER_BYTES + MAX_BYTES);
    new Int32Array(memory)[TURN] = SIDES.process;
    return memory;
  }

  /** Sends, and blocks until the other side has sent. */
  exchange(message: Out, bytes: Uint8Array = NO_BYTES): Parcel<In> {
    this.send(message, bytes);
    return this.next();
  }

  /** Blocks until the other side has sent. */
  next(): Parcel<In> {
    while (Atomics.load(this.#header, TURN) !== this.#own) {
      if (Atomics.wait(this.#header, TURN, this.#other, MAX_WAIT_MS) === "timed-out") {
        throw new Error(`The other side was silent for ${MAX_WAIT_MS} ms`);
      }
    }
    return this.#receive();
  }

  /** Sends without waiting for anything: nobody is there to answer. */
  send(message: Out, bytes: Uint8Array = NO_BYTES): void {
    const text = JSON.stringify(message);
    const { read, written } = this.#encoder.encodeInto(text, this.#text);
    if (read < text.length) throw new RangeError(`The message is longer than ${MAX_BYTES} bytes`);
    this.#header[TEXT_BYTES] = written;
    this.#header[DATA_BYTES] = bytes.length;
    this.#body.set(this.#text.subarray(0, written));
    if (bytes.length > 0) this.#body.set(bytes, written);
    Atomics.store(this.#header, TURN, this.#other);
    Atomics.notify(this.#header, TURN);
  }

  #receive(): Parcel<In> {
    const text = this.#header[TEXT_BYTES] ?? 0;
    const end = text + (this.#header[DATA_BYTES] ?? 0);
    this.#text.set(this.#body.subarray(0, text));
    return {
      // The other side sends nothing else.
      message: JSON.parse(this.#decoder.decode(this.#text.subarray(0, text))) as In,
      bytes: end === text ? NO_BYTES : this.#body.slice(text, end),
    };
  }
}
