/** Shows that a plan that cannot be opened leaves nothing open, as a service tries it again with each request. */

import { assertEquals, assertRejects } from "@std/assert";
import type { DatabaseLocation } from "../../src/cli/location.ts";
import { type Journal, Unavailable } from "../../src/app/ports.ts";
import { startApp } from "../../src/composition/start_app.ts";
import { MemoryDeliveries } from "../../src/store/memory/memory_deliveries.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { MemorySessions } from "../../src/store/memory/memory_sessions.ts";
import { RecordingLog } from "../support/log.ts";
import { overriding } from "../support/overriding.ts";

const never = () => {
  throw new Error("The plan is only opened");
};

/** A plan whose journal is damaged, and how often its store was opened and closed. */
function damagedPlan() {
  const counts = { opened: 0, closed: 0 };
  const journal = overriding<Journal>(new MemoryJournal(Date.now), {
    read() {
      throw new Unavailable("journal_damaged", "its hash does not match");
    },
  });
  const location: DatabaseLocation = {
    store: "database",
    url: "postgres://localhost/plans",
    project: "web",
    permissions: [],
    found: never,
    open() {
      counts.opened++;
      return {
        journal,
        checkpoints: noCheckpoints,
        sessions: new MemorySessions(),
        deliveries: new MemoryDeliveries(),
        close: () => Promise.resolve(void counts.closed++),
      };
    },
    migrate: never,
    inspect: never,
    openRedactable: never,
    checkRedactions: never,
    openRaw: never,
  };
  return { location, counts };
}

Deno.test("a store whose plan cannot be loaded is closed", async () => {
  const { location, counts } = damagedPlan();
  for (let tries = 1; tries <= 3; tries++) {
    await assertRejects(() => startApp(location, { log: new RecordingLog() }), Unavailable, "hash does not match");
    assertEquals(counts, { opened: tries, closed: tries });
  }
});
