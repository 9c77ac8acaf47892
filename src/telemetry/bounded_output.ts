/**
 * Writes texts to an output that may not be read, such as the standard error of a server whose client ignores it.
 * Callers never wait: texts are queued up to a bound. Further texts are dropped and counted; the count is written once the
 * output accepts text again.
 */

/** Most characters in the queue. */
export const MAX_UNWRITTEN_CHARACTERS = 256 * 1024;

/** Pause before a retry when the output is full and does not block, in milliseconds. */
const RETRY_MS = 50;

/** An output such as `Deno.stderr`. */
export interface Output {
  write(bytes: Uint8Array): Promise<number>;
}

export class BoundedOutput {
  readonly #output: Output;
  /** Makes the message about dropped texts. */
  readonly #describeDropped: (count: number) => string;
  #unwritten = "";
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #isGone = false;

  constructor(output: Output, describeDropped: (count: number) => string) {
    this.#output = output;
    this.#describeDropped = describeDropped;
  }

  /** Queues a text, or drops it if the queue is full. */
  write(text: string): void {
    if (this.#isGone) return;
    if (this.#dropped > 0 || this.#unwritten.length + text.length > MAX_UNWRITTEN_CHARACTERS) this.#dropped++;
    else this.#unwritten += text;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when the queue is written, or after `ms` milliseconds. */
  async flush(ms: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, ms);
    await Promise.race([this.#writing, late.promise]);
    clearTimeout(timer);
  }

  async #writeAll(): Promise<void> {
    // Joins the texts of one turn of the event loop into one write.
    await Promise.resolve();
    try {
      // The queue may be empty even if a text was dropped: one that is longer than the bound.
      while (this.#unwritten !== "" || this.#dropped > 0) {
        await this.#writeBytes(new TextEncoder().encode(this.#take()));
      }
    } catch {
      // The output will never be read again (EPIPE, a failed device), so the error cannot be reported either.
      this.#isGone = true;
    }
    this.#writing = undefined;
  }

  /** Takes the whole queue. The message about dropped texts is queued next, as they came after it. */
  #take(): string {
    const text = this.#unwritten;
    this.#unwritten = this.#dropped > 0 ? this.#describeDropped(this.#dropped) : "";
    this.#dropped = 0;
    return text;
  }

  async #writeBytes(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      try {
        written += await this.#output.write(bytes.subarray(written));
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
