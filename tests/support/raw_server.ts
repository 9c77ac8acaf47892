/** Servers without an SDK client: tests write and read the bytes of standard input and output directly. */

import { assert, assertEquals } from "@std/assert";
import { type Json, programArgs } from "./server.ts";

/** Longest wait for a message, in milliseconds, as that of the SDK's client: a test for which none comes fails. */
const MAX_WAIT_MS = 60_000;

/** A JSON-RPC message that a server has written. */
export interface Message {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: { readonly code: number; readonly message: string };
}

/** The line of a request. */
export function request(id: string | number, method: string, params?: Json): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n";
}

/** The line of a tool call. */
export function toolCall(id: string | number, name: string, args: Json = {}): string {
  return request(id, "tools/call", { name, arguments: args });
}

/** The line of a request that begins a session. */
export function initialize(id: string | number): string {
  const clientInfo = { name: "raw", version: "1.0.0" };
  return request(id, "initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
}

export interface RawServerOptions {
  /** Whether its standard error is read. Default: it is. */
  readonly readsLog?: boolean;
  /** Further arguments of the program. */
  readonly args?: readonly string[];
}

export class RawServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;
  #log: Promise<string> | undefined;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #unread = "";
  /** Whether a message did not come in time. */
  #isLate = false;

  /** Starts a server on a data directory. Its standard error is read, unless `readsLog` is false. */
  constructor(directory: string, { readsLog = true, args = [] }: RawServerOptions = {}) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: programArgs(directory, ...args),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.getReader();
    if (readsLog) this.#log = this.#readLog();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Resolves to the exit code; null if a signal ended the process. */
  get exitCode(): Promise<number | null> {
    return this.#process.status.then(({ code, signal }) => signal === null ? code : null);
  }

  /** Resolves to its standard error once it has ended. Starts to read it if it was not read before. */
  get log(): Promise<string> {
    return this.#log ??= this.#readLog();
  }

  /** Writes to its input; resolves when the pipe has accepted all of it. */
  async write(data: string | Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#input.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  /** Ends its input. */
  async endInput(): Promise<void> {
    await this.#input.close();
  }

  /** Closes its output: its next write fails with a broken pipe. */
  async closeOutput(): Promise<void> {
    await this.#output.cancel();
  }

  /** The next message; undefined at the end of the output, which must be the end of a line. */
  async next(): Promise<Message | undefined> {
    let end = this.#unread.indexOf("\n");
    while (end < 0) {
      const { value, done } = await this.#read();
      if (done) {
        assertEquals(this.#unread, "", "the output ends within a line");
        return undefined;
      }
      const searched = this.#unread.length;
      this.#unread += this.#decoder.decode(value, { stream: true });
      end = this.#unread.indexOf("\n", searched);
    }
    const line = this.#unread.slice(0, end);
    this.#unread = this.#unread.slice(end + 1);
    const message = JSON.parse(line);
    assertEquals(message.jsonrpc, "2.0", `not a JSON-RPC message: ${line}`);
    return message;
  }

  /** The next `count` messages. */
  async take(count: number): Promise<Message[]> {
    const messages: Message[] = [];
    while (messages.length < count) {
      const message = await this.next();
      assert(message !== undefined, `the output ended after ${messages.length} of ${count} messages`);
      messages.push(message);
    }
    return messages;
  }

  /** All messages up to the end of the output. */
  async rest(): Promise<Message[]> {
    const messages: Message[] = [];
    for (let message = await this.next(); message !== undefined; message = await this.next()) messages.push(message);
    return messages;
  }

  async #read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    // A read that was given up takes what comes next: there is nothing to go on with.
    if (this.#isLate) throw new Error("Waited in vain for a message before");
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#isLate = true;
      late.reject(new Error("Waited in vain for a message"));
    }, MAX_WAIT_MS);
    try {
      return await Promise.race([this.#output.read(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #readLog(): Promise<string> {
    return new Response(this.#process.stderr).text();
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#process.status;
    await this.log;
    await this.#input.abort().catch(() => {});
    await this.#output.cancel().catch(() => {});
  }
}
