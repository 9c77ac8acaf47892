/** The route of the metrics, for scrapers. What makes them, and so who may read them, is handed in. */

import type { Caller } from "../core/model/access.ts";
import type { Mount } from "./app.ts";

/** Where the metrics are. */
export const METRICS_PATH = "/metrics";

export interface Exposition {
  readonly contentType: string;
  /** @throws Refusal if the caller may not read them */
  readonly read: (caller: Caller) => Promise<string>;
}

export function metricsRoute({ contentType, read }: Exposition): Mount {
  return (app) =>
    app.get(METRICS_PATH, async (c) => {
      const text = await read(c.get("caller"));
      return c.body(text, 200, { "content-type": contentType, "cache-control": "no-store" });
    });
}
