/** The observers of calls that the arguments and the environment ask for. Where nobody asks, there are none. */

import type { Observer } from "../app/observer.ts";
import { logCalls } from "../telemetry/call_log.ts";
import type { LeveledLog } from "../telemetry/log.ts";

/** Under this key the OpenTelemetry API finds the provider of spans: Deno sets it at the start if OTEL_DENO is true. */
const PROVIDER = Symbol.for("opentelemetry.js.api.1");

export async function observersOf(log: LeveledLog, version: string): Promise<readonly Observer[]> {
  const logging = logCalls(log);
  return [
    ...(logging === undefined ? [] : [logging]),
    // Imported only here: most servers make no spans, and start faster without it.
    ...(PROVIDER in globalThis ? [(await import("../telemetry/traces.ts")).traceCalls(version)] : []),
  ];
}
