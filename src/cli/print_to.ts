/** Writes the output of a command to any kind of output, pipes that do not block included. */

/** An output such as `Deno.stdout`. */
export interface SyncOutput {
  writeSync(bytes: Uint8Array): number;
}

/** Pause before a retry when the output is full and does not block, in milliseconds. */
const RETRY_MS = 10;

const NEVER_WRITTEN = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes a text; blocks until the reader has taken it all.
 *
 * @throws Deno.errors.BrokenPipe if the reader has closed the pipe
 */
export function printTo(output: SyncOutput, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += output.writeSync(bytes.subarray(written));
    } catch (error) {
      // If the parent made its end of the pipe non-blocking, this end may be so, too.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(NEVER_WRITTEN, 0, 0, RETRY_MS);
    }
  }
}
