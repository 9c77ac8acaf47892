/** Writes the output of a command, whatever reads it. */

/** Where it goes; `Deno.stdout`, for one. */
export interface SyncOutput {
  writeSync(bytes: Uint8Array): number;
}

/** Pause in milliseconds before another try where the output is full and does not block. */
const RETRY_MS = 10;

const NEVER_WRITTEN = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes a text as fast as its reader takes it.
 *
 * @throws Deno.errors.BrokenPipe if nobody reads any more
 */
export function printTo(output: SyncOutput, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += output.writeSync(bytes.subarray(written));
    } catch (error) {
      // A parent that reads without blocking may have made this end of the pipe like its own.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(NEVER_WRITTEN, 0, 0, RETRY_MS);
    }
  }
}
