/**
 * Ids of calls, by which lines of the log, spans and answers over HTTP are found that belong together. They have nothing to
 * do with the request ids by which callers repeat commands.
 */

import type { Log } from "./ports.ts";

/** The header that names a call: a client may give it, and each answer has it. */
export const CALL_ID_HEADER = "x-request-id";

/** The header in which W3C Trace Context names the span of the client. */
export const TRACEPARENT_HEADER = "traceparent";

/** Most characters of an id that a client gives. */
export const MAX_CALL_ID_CHARACTERS = 128;

const CALL_ID = new RegExp(`^[\\w.:/@+=-]{1,${MAX_CALL_ID_CHARACTERS}}$`);

/** The id that a client gave a call, or a new one if it gave none that can be used. */
export function callIdFrom(given: unknown): string {
  return typeof given === "string" && CALL_ID.test(given) ? given : crypto.randomUUID();
}

/** The log of a call: each message has its id. */
export function logOfCall(log: Log, request: string | null | undefined): Log {
  if (request == null) return log;
  return {
    info: (message, facts) => log.info(message, { ...facts, request }),
    warn: (message, facts) => log.warn(message, { ...facts, request }),
    error: (message, facts) => log.error(message, { ...facts, request }),
  };
}
