/** The log for the operator. It goes to standard error, because standard output carries the protocol. */

import type { Log } from "../app/ports.ts";

/** Control characters except line feed, and line separators: a terminal would act on them. */
const CONTROLS = /[^\P{Cc}\n]|[\u2028\u2029]/gu;

/** A log that writes one entry a message; further lines of a message are indented. */
export function createLog(write: (entry: string) => void): Log {
  const line = (level: string) => (message: string) => {
    const text = message.replaceAll("\n", "\n  ").replaceAll(CONTROLS, " ");
    write(`${new Date().toISOString()} orchestrator ${level}: ${text}`);
  };
  return { info: line("info"), warn: line("warning"), error: line("error") };
}
