/**
 * Writes texts to an output that perhaps nobody reads, such as the standard error of a server whose client ignores it.
 * Callers never wait: texts queue up to a bound, further ones are dropped and counted, and the count is written once
 * the output takes text again.
 */

/** Most characters that wait to be written. */
export const MAX_UNWRITTEN_CHARACTERS = 256 * 1024;

/** Pause in milliseconds before another try where the output is full and does not block. */
const RETRY_MS = 50;

/** Where the bytes go; `Deno.stderr`, for one. */
export interface Output {
  write(bytes: Uint8Array): Promise<number>;
}

export class BoundedOutput {
  readonly #output: Output;
  /** How to say that texts were dropped. */
  readonly #describeDropped: (count: number) => string;
  #unwritten = "";
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #isGone = false;

  constructor(output: Output, describeDropped: (count: number) => string) {
    this.#output = output;
    this.#describeDropped = describeDropped;
  }

  /** Queues a text; drops it where too much is waiting already. */
  write(text: string): void {
    if (this.#isGone) return;
    if (this.#dropped > 0 || this.#unwritten.length + text.length > MAX_UNWRITTEN_CHARACTERS) this.#dropped++;
    else this.#unwritten += text;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when all is written, or after `ms` milliseconds. */
  async flush(ms: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, ms);
    await Promise.race([this.#writing, late.promise]);
    clearTimeout(timer);
  }

  async #writeAll(): Promise<void> {
    // Texts of one turn of the event loop go out with one write.
    await Promise.resolve();
    try {
      // A text longer than the bound is dropped though nothing waits.
      while (this.#unwritten !== "" || this.#dropped > 0) {
        await this.#writeBytes(new TextEncoder().encode(this.#take()));
      }
    } catch {
      // Nobody will ever read it (EPIPE, a device that failed), so there is nobody to tell either.
      this.#isGone = true;
    }
    this.#writing = undefined;
  }

  /** All that waits. The count of dropped texts comes after the ones that were queued before them. */
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
