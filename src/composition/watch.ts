/** The composition of `status --watch`: the plan live on a terminal. Loaded only when it is asked for. */

import { Feed } from "../app/feed.ts";
import type { Log } from "../app/ports.ts";
import type { Terminal } from "../cli/commands.ts";
import type { StoredLocation } from "../cli/location.ts";
import type { Device } from "../cli/screen.ts";
import { Notices, watchStatus } from "../cli/watch.ts";
import { startReading } from "./start_reading.ts";

export interface WatchParts {
  readonly location: StoredLocation;
  readonly log: Log;
  readonly terminal: Pick<Terminal, "hasColors">;
  /** Undefined if input and output are not both a terminal. */
  readonly device: Device | undefined;
}

/** Shows the plan until the user leaves it; returns the exit code. */
export async function runWatch({ location, log, terminal: { hasColors }, device }: WatchParts): Promise<number> {
  if (device === undefined) {
    log.error(
      "Cannot watch, as input and output are not both a terminal: status without --watch prints the tasks once",
    );
    return 1;
  }
  const notices = new Notices();
  try {
    await using app = await startReading(location, { log: notices, showsLegacy: true });
    const feed = new Feed(app.engine, notices);
    return await watchStatus(app.engine, { feed, device, hasColors, notices });
  } finally {
    notices.passTo(log);
  }
}
