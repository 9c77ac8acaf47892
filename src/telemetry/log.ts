/**
 * Messages for the operator, on standard error: standard output is the wire.
 */

import type { Log } from "../app/ports.ts";

/** A log that writes one line a message. */
export function createLog(write: (line: string) => void): Log {
  const line = (level: string) => (message: string) =>
    write(`${new Date().toISOString()} orchestrator ${level}: ${message.replaceAll("\n", "\n  ")}`);
  return { info: line("info"), warn: line("warning"), error: line("error") };
}
