/** Shows that a service holds no more after an hour of traffic than after half of it, and nothing of clients that are gone. */

import { assert, assertEquals } from "@std/assert";
import { MAX_REQUESTS } from "../../../src/core/model/limits.ts";
import { FailedAttempts } from "../../../src/http/failed_attempts.ts";
import { SESSION_TIMES } from "../../../src/mcp/http_session.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { onHeap } from "../../support/heap.ts";
import { heldBy } from "../../support/held.ts";
import { readState } from "../../support/store.ts";
import { type SimulatedService, startSimulatedService } from "./service.ts";
import { nothingMet, playMinute } from "./service_traffic.ts";

const MINUTE_MS = 60_000;

/** Minutes of a quarter of the hour. Each quarter has the same traffic. */
const QUARTER = 15;

/** In so many minutes every instance has called. */
const WARM_UP = 7;

/** Sessions that clients leave in a minute, and that stay until they are idle for too long. */
const LEFT_SESSIONS = 2;

/**
 * What the process keeps is made of these, or holds them: so their numbers tell of leaks from wherever. Each costs a
 * garbage collection to count.
 */
const CLASSES = [AbortController, FailedAttempts, Map, ReadableStream];

/** Not looked at: the state, whose own tests show what it keeps; the disk; the log; and parts that are looked at themselves. */
const APART = new Set([
  "state",
  "#disk",
  "#open",
  "#file",
  "#log",
  "log",
  "#engine",
  "#feed",
  "#journal",
  "#checkpoints",
  "#options",
  "#parts",
  "#executor",
]);

Deno.test({
  name: "an hour of traffic leaves no more than half of it did, and nothing of clients that are gone",
  permissions: { sys: true },
  async fn() {
    using time = new FakeTime({ settleTurns: 4 });
    const met = nothingMet();
    await using service = await startSimulatedService();
    let number = 0;
    const play = async (minutes: number) => {
      for (const end = number + minutes; number < end; number++) {
        const until = performance.now() + MINUTE_MS;
        await playMinute({ service, number, met, pass: (ms) => time.pass(ms) });
        await time.pass(until - performance.now());
      }
    };
    const endSessions = () => time.pass(SESSION_TIMES.idleMs + MINUTE_MS);

    await play(WARM_UP);
    await endSessions();
    const before = await fields(service, time);
    await play(2 * QUARTER);
    const half = await fields(service, time);
    const heapAtHalf = await onHeap(CLASSES);
    assertEquals(half["mcp #sessions"], LEFT_SESSIONS * SESSION_TIMES.idleMs / MINUTE_MS);
    await play(QUARTER);
    assertEquals(await fields(service, time), half);
    await play(QUARTER);
    assertEquals(await fields(service, time), half);
    for (const [what, count] of Object.entries(await onHeap(CLASSES))) {
      const more = count - (heapAtHalf[what] ?? 0);
      // A few objects of the last request may be still in use. What leaks once a minute adds one for each.
      assert(more < 2 * QUARTER, `${more} more on the heap: ${what}`);
    }
    await endSessions();
    assertEquals(await fields(service, time), before);

    const { tasks, requests } = await readState(service.engine, (state) => ({
      tasks: state.tasks.size,
      requests: state.requests.size,
    }));
    assertEquals(tasks, 0);
    assert(requests <= MAX_REQUESTS);
    for (const [what, count] of Object.entries(met)) assert(count >= number, `only ${count} ${what}`);
    assertEquals([...service.log.warnings, ...service.log.errors], []);
  },
});

type Held = Readonly<Record<string, number>>;

/** The timers, and the sizes of all that the parts of the process hold in their fields. */
async function fields({ kept }: SimulatedService, time: FakeTime): Promise<Held> {
  return { timers: time.timers, ...await heldBy(kept, APART) };
}
