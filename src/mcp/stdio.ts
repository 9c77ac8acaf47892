/**
 * MCP over standard input and output, with the SDK's framing. At the end of the input, the SDK's own transport drops the
 * calls under way; it leaves malformed requests without an answer, and takes calls without bound from a client that does
 * not read. This one ends after answering what it took, and answers everything that can be answered.
 */

import { LISTEN } from "./listen_transport.ts";
import { idAtEnds, MalformedMessage, readMessage } from "./read_message.ts";
import { type JSONRPCMessage, ProtocolErrorCode, type RequestId, serializeMessage, type Transport } from "./sdk.ts";
import { Turns } from "./turns.ts";

/** Longest message that is read, in bytes. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/**
 * Most calls under way; further ones stay in the pipe, so that all their answers together are bounded. A request to
 * listen, which stays open for as long as the client wants, is not one: `ListenTransport` bounds these.
 */
export const MAX_UNDER_WAY = 256;

/** Most bytes of calls under way, after which one more is taken: two of the longest. */
const MAX_UNDER_WAY_BYTES = 2 * MAX_MESSAGE_BYTES;

/** With this many characters of answers waiting for the client to read, no further calls are taken. */
const HIGH_WATER_CHARACTERS = 1024 * 1024;

/** A client that leaves this many characters unread, and so would let notifications pile up, is taken for gone. */
const MAX_UNREAD_CHARACTERS = 64 * 1024 * 1024;

/** Longest wait for answers under way once the input has ended, in milliseconds. */
const DRAIN_MS = 10_000;

/** Bytes kept of the beginning and end of an over-long message, to find its id. */
const KEPT_BYTES = 256;

const LINE_FEED = 10;

/** Where the bytes go; `Deno.stdout`, for one. */
export interface Output {
  write(bytes: Uint8Array): Promise<number>;
}

export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  /** Resolves when the connection is over and all that could be answered has been. */
  readonly closed: Promise<void>;
  /** Aborted when no more calls are taken: what takes long should come to an end. */
  readonly ending: AbortSignal;
  readonly #ending = new AbortController();
  readonly #resolveClosed: () => void;
  readonly #input: ReadableStreamDefaultReader<Uint8Array>;
  readonly #output: Output;
  /** When an answer may be written down. */
  readonly turns = new Turns(() => this.#isClosed || this.#isOutputRead());
  /** The size in bytes of each call under way. */
  readonly #unanswered = new Map<RequestId, number>();
  #unansweredBytes = 0;
  #unread = "";
  /** Bytes of the write under way that the client has not taken yet. */
  #beingWritten = 0;
  #flushing: Promise<void> | undefined;
  #isClosed = false;
  #isEnding = false;
  /** Resolves when an answer or the output moves on. */
  #progress = Promise.withResolvers<void>();

  constructor(input: ReadableStream<Uint8Array>, output: Output) {
    this.#input = input.getReader();
    this.#output = output;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ending = this.#ending.signal;
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  start(): Promise<void> {
    this.#readAll().catch((error) => this.onerror?.(error)).finally(() => this.end());
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    if (!("method" in message) && message.id !== undefined) this.#forget(message.id);
    this.#write(serializeMessage(message));
    if ("method" in message && this.#unread.length + this.#beingWritten > MAX_UNREAD_CHARACTERS) {
      this.onerror?.(new Error("The client does not read its answers"));
      return this.close();
    }
    return Promise.resolve();
  }

  /** Takes no more calls, answers those under way, and closes. */
  async end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#ending.abort();
    const late = AbortSignal.timeout(DRAIN_MS);
    await this.#until(() => late.aborted || (this.#unanswered.size === 0 && this.#flushing === undefined), late);
    await this.close();
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    this.#isEnding = true;
    this.onclose?.();
    this.#onProgress();
    this.#resolveClosed();
    return Promise.resolve();
  }

  async #readAll(): Promise<void> {
    const lines = new LineSplitter();
    while (!this.#isEnding) {
      const { value, done } = await this.#input.read();
      if (done) return;
      for (const line of lines.push(value)) {
        // Without a pause between them, calls that arrive together can share a transaction.
        if (!this.#hasRoom()) await this.#until(() => this.#hasRoom());
        if (this.#isEnding) return;
        this.#receive(line);
      }
    }
  }

  #hasRoom(): boolean {
    return this.#unanswered.size < MAX_UNDER_WAY && this.#unansweredBytes < MAX_UNDER_WAY_BYTES && this.#isOutputRead();
  }

  #isOutputRead(): boolean {
    return this.#unread.length + this.#beingWritten <= HIGH_WATER_CHARACTERS;
  }

  #receive(line: Line): void {
    if (line.isTooLong) {
      const message = `Message too long: at most ${MAX_MESSAGE_BYTES} bytes are read`;
      this.#refuse(new MalformedMessage(ProtocolErrorCode.InvalidRequest, message, [idAtEnds(line.bytes)]));
      return;
    }
    let message: JSONRPCMessage | undefined;
    try {
      message = readMessage(line.bytes);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#refuse(error);
      return;
    }
    if (message === undefined) return;
    if ("method" in message && "id" in message && message.method !== LISTEN) {
      this.#forget(message.id);
      this.#unanswered.set(message.id, line.bytes.length);
      this.#unansweredBytes += line.bytes.length;
    }
    if ("method" in message && message.method === "notifications/cancelled") this.#forgetCancelled(message.params);
    this.onmessage?.(message);
  }

  /** The SDK does not answer a cancelled request, so nobody waits for it. */
  #forgetCancelled(params: unknown): void {
    const id = (params as { requestId?: RequestId } | undefined)?.requestId;
    if (id !== undefined) this.#forget(id);
  }

  #forget(id: RequestId): void {
    this.#unansweredBytes -= this.#unanswered.get(id) ?? 0;
    this.#unanswered.delete(id);
  }

  #refuse({ code, message, ids }: MalformedMessage): void {
    this.onerror?.(new Error(message));
    for (const id of ids) this.#write(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }) + "\n");
  }

  #write(text: string): void {
    this.#unread += text;
    this.#flushing ??= this.#flush();
  }

  /** Writes until nothing is left: what gathers during one write goes out with the next. */
  async #flush(): Promise<void> {
    await Promise.resolve();
    try {
      while (this.#unread !== "" && !this.#isClosed) {
        const bytes = new TextEncoder().encode(this.#unread);
        this.#unread = "";
        this.#beingWritten = bytes.length;
        while (this.#beingWritten > 0) {
          this.#beingWritten -= await this.#output.write(bytes.subarray(bytes.length - this.#beingWritten));
        }
        this.#onProgress();
      }
      this.#flushing = undefined;
      this.#onProgress();
    } catch (error) {
      // The client is gone: what was called is carried out, but nobody is left to be told.
      if (!(error instanceof Deno.errors.BrokenPipe)) {
        this.onerror?.(error instanceof Error ? error : new Error(`${error}`));
      }
      await this.close();
    }
  }

  async #until(isTrue: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.addEventListener("abort", () => this.#onProgress(), { once: true });
    while (!isTrue() && !this.#isClosed) await this.#progress.promise;
  }

  #onProgress(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
    this.turns.goOn();
  }
}

interface Line {
  readonly bytes: Uint8Array;
  /** Whether `bytes` is only the beginning and the end of the line. */
  readonly isTooLong: boolean;
}

/** Cuts a stream of bytes into lines, in time linear in their length, keeping no more than a longest message. */
class LineSplitter {
  #parts: Uint8Array[] = [];
  #length = 0;

  *push(chunk: Uint8Array): Iterable<Line> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#add(chunk.subarray(start, end));
      yield this.#take();
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.slice(start));
  }

  #add(part: Uint8Array): void {
    this.#length += part.length;
    this.#parts.push(part);
    if (this.#length <= MAX_MESSAGE_BYTES) return;
    const all = concat(this.#parts);
    this.#parts = [all.slice(0, KEPT_BYTES), all.slice(-KEPT_BYTES)];
  }

  #take(): Line {
    const line = { bytes: concat(this.#parts), isTooLong: this.#length > MAX_MESSAGE_BYTES };
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
