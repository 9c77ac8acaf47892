/**
 * The stdio transport of MCP, with the SDK's framing. The SDK's own transport drops pending calls when the input ends,
 * does not answer malformed requests, and reads calls without bound. This one answers both, and bounds pending calls.
 */

import { AnswerQueue } from "./answer_queue.ts";
import { type Line, LineSplitter } from "./line_splitter.ts";
import { LISTEN } from "./listen_transport.ts";
import { idAtEnds, MalformedMessage, readMessage } from "./read_message.ts";
import { type JSONRPCMessage, ProtocolErrorCode, type RequestId, serializeMessage, type Transport } from "./sdk.ts";

/** Most bytes of a message. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/**
 * Most pending calls. Further ones stay in the pipe, which bounds their answers. Open requests to listen do not count:
 * `ListenTransport` bounds them.
 */
export const MAX_PENDING_CALLS = 256;

/** With this many bytes of pending calls, no further call is read: two of the longest messages. */
const MAX_PENDING_BYTES = 2 * MAX_MESSAGE_BYTES;

/** With this many characters that the client has not read, no further call is read. */
const HIGH_WATER_CHARACTERS = 1024 * 1024;

/** A client with this many unread characters is disconnected, because notifications would pile up without bound. */
const MAX_UNREAD_CHARACTERS = 64 * 1024 * 1024;

/** How long to wait for pending answers after the end of the input, in milliseconds. */
const DRAIN_MS = 10_000;

/** A byte sink, such as `Deno.stdout`. `write` resolves to the number of bytes taken. */
export interface Output {
  write(bytes: Uint8Array): Promise<number>;
}

export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  /** Resolves when the connection is closed, after the last answer. */
  readonly closed: Promise<void>;
  /** Aborted when no more calls are read: long calls should end now. */
  readonly closing: AbortSignal;
  readonly #closing = new AbortController();
  readonly #resolveClosed: () => void;
  readonly #input: ReadableStreamDefaultReader<Uint8Array>;
  readonly #output: Output;
  /** Serializes answers no faster than the client reads them. */
  readonly answers = new AnswerQueue(() => this.#isClosed || this.#isOutputDrained());
  /** The size in bytes of each pending call. */
  readonly #pending = new Map<RequestId, number>();
  #pendingBytes = 0;
  #unread = "";
  /** Bytes of the current write that the client has not taken yet. */
  #writingBytes = 0;
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #isEnding = false;
  /** Resolves at the next answer or write. */
  #progress = Promise.withResolvers<void>();

  constructor(input: ReadableStream<Uint8Array>, output: Output) {
    this.#input = input.getReader();
    this.#output = output;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closing = this.#closing.signal;
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
    if ("method" in message && this.#unread.length + this.#writingBytes > MAX_UNREAD_CHARACTERS) {
      this.onerror?.(new Error("The client does not read its answers"));
      return this.close();
    }
    return Promise.resolve();
  }

  /** Stops reading calls, waits for the pending answers, at most `DRAIN_MS`, and closes. */
  async end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#closing.abort();
    const late = AbortSignal.timeout(DRAIN_MS);
    await this.#waitUntil(() => late.aborted || (this.#pending.size === 0 && this.#writing === undefined), late);
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
    const lines = new LineSplitter(MAX_MESSAGE_BYTES);
    while (!this.#isEnding) {
      const { value, done } = await this.#input.read();
      if (done) return;
      for (const line of lines.push(value)) {
        // Does not pause while there is room, so that calls that arrive together can share a transaction.
        if (!this.#hasRoom()) await this.#waitUntil(() => this.#hasRoom());
        if (this.#isEnding) return;
        this.#receive(line);
      }
    }
  }

  #hasRoom(): boolean {
    return this.#pending.size < MAX_PENDING_CALLS && this.#pendingBytes < MAX_PENDING_BYTES && this.#isOutputDrained();
  }

  #isOutputDrained(): boolean {
    return this.#unread.length + this.#writingBytes <= HIGH_WATER_CHARACTERS;
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
      this.#pending.set(message.id, line.bytes.length);
      this.#pendingBytes += line.bytes.length;
    }
    if ("method" in message && message.method === "notifications/cancelled") this.#forgetCancelled(message.params);
    this.onmessage?.(message);
  }

  /** The SDK does not answer a cancelled request, so it is no longer pending. */
  #forgetCancelled(params: unknown): void {
    const id = (params as { requestId?: RequestId } | undefined)?.requestId;
    if (id !== undefined) this.#forget(id);
  }

  #forget(id: RequestId): void {
    this.#pendingBytes -= this.#pending.get(id) ?? 0;
    this.#pending.delete(id);
  }

  #refuse({ code, message, ids }: MalformedMessage): void {
    this.onerror?.(new Error(message));
    for (const id of ids) this.#write(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }) + "\n");
  }

  #write(text: string): void {
    this.#unread += text;
    this.#writing ??= this.#flush();
  }

  /** Writes until nothing is left. Messages that arrive during a write go out together in the next one. */
  async #flush(): Promise<void> {
    await Promise.resolve();
    try {
      while (this.#unread !== "" && !this.#isClosed) {
        const bytes = new TextEncoder().encode(this.#unread);
        this.#unread = "";
        this.#writingBytes = bytes.length;
        while (this.#writingBytes > 0) {
          this.#writingBytes -= await this.#output.write(bytes.subarray(bytes.length - this.#writingBytes));
        }
        this.#onProgress();
      }
      this.#writing = undefined;
      this.#onProgress();
    } catch (error) {
      // BrokenPipe means that the client is gone: no error, and its calls are still carried out.
      if (!(error instanceof Deno.errors.BrokenPipe)) {
        this.onerror?.(error instanceof Error ? error : new Error(`${error}`));
      }
      await this.close();
    }
  }

  async #waitUntil(isTrue: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.addEventListener("abort", () => this.#onProgress(), { once: true });
    while (!isTrue() && !this.#isClosed) await this.#progress.promise;
  }

  #onProgress(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
    this.answers.resume();
  }
}
