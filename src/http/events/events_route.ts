/** The route of the event streams. */

import type { Handler } from "hono";
import type { HttpEnv } from "../app.ts";
import { eventsResponse, type EventStreams } from "./event_streams.ts";
import { paced } from "../paced.ts";
import { wantedEvents } from "./events_query.ts";

export function eventsRoute(streams: EventStreams): Handler<HttpEnv> {
  return async (c) => {
    const { raw, method } = c.req;
    const wanted = wantedEvents(raw, streams.now());
    const caller = c.get("caller");
    if (method === "HEAD") {
      await streams.check(wanted, caller);
      return eventsResponse(null);
    }
    return eventsResponse(paced(await streams.open(wanted, caller)));
  };
}
