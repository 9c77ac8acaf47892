/** Shows that one process does the work, and that another takes over when it ends, fails or dies. */

import { assertEquals } from "@std/assert";
import { Leader } from "../../src/app/leader.ts";
import { type Deliveries, Unavailable } from "../../src/app/ports.ts";
import { MemoryDeliveries } from "../../src/store/memory/memory_deliveries.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RecordingLog } from "../support/log.ts";
import { overriding } from "../support/overriding.ts";

function test(name: string, act: (time: FakeTime) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using time = new FakeTime();
      await act(time);
    },
  });
}

/** A leader whose work lasts until it is closed, and the starts of that work. */
function startLeader(deliveries: Deliveries, name: string, started: string[], log = new RecordingLog()): Leader {
  const work = (signal: AbortSignal) => {
    started.push(name);
    return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  };
  return new Leader({ deliveries, name: "work", log, work });
}

test("one of several works, and another within a second of its end", async (time) => {
  const deliveries = new MemoryDeliveries();
  const started: string[] = [];
  const leaders = ["a", "b", "c"].map((name) => startLeader(deliveries, name, started));
  await time.pass(10_000);
  assertEquals(started, ["a"]);
  await leaders[0]?.close();
  await time.pass(1_000);
  assertEquals(started.length, 2);
  await leaders[1]?.close();
  await time.pass(1_000);
  assertEquals(started, ["a", "b", "c"]);
  await leaders[2]?.close();
  assertEquals((await deliveries.lead("work")) !== undefined, true);
});

test("a leader dies with its process, and another takes over within a second", async (time) => {
  const shared = new MemoryDeliveries();
  let held: AsyncDisposable | undefined;
  const dying = overriding<Deliveries>(shared, { lead: async (name) => held = await shared.lead(name) });
  const started: string[] = [];
  startLeader(dying, "dies", started);
  await time.pass(0);
  const next = startLeader(shared, "next", started);
  await time.pass(5_000);
  assertEquals(started, ["dies"]);
  await held?.[Symbol.asyncDispose]();
  await time.pass(1_000);
  assertEquals(started, ["dies", "next"]);
  await next.close();
});

test("a leader that another process has taken over from ends its work, and competes again", async (time) => {
  const deliveries = new MemoryDeliveries();
  const lost = new AbortController();
  // As in a database, where a lead runs out that is not renewed.
  const away = overriding<Deliveries>(deliveries, {
    async lead(name) {
      const lead = await deliveries.lead(name);
      return lead && { lost: started.length === 0 ? lost.signal : lead.lost, [Symbol.asyncDispose]: () => free(lead) };
    },
  });
  const free = (lead: AsyncDisposable) => {
    freed++;
    return lead[Symbol.asyncDispose]();
  };
  let freed = 0;
  const started: string[] = [];
  const leader = startLeader(away, "away", started);
  await time.pass(10_000);
  assertEquals([started.length, freed], [1, 0]);
  lost.abort();
  await time.pass(0);
  assertEquals([started.length, freed], [1, 1]);
  await time.pass(1_000);
  assertEquals([started.length, freed], [2, 1]);
  await leader.close();
});

test("work that fails gives up the lead, is told once, and is tried again", async (time) => {
  const deliveries = new MemoryDeliveries();
  const log = new RecordingLog();
  let tries = 0;
  const work = async () => {
    assertEquals(await deliveries.lead("work"), undefined);
    tries++;
    throw new Unavailable("storage_failed", "the disk is full");
  };
  const leader = new Leader({ deliveries, name: "work", log, work });
  await time.pass(3_500);
  assertEquals(tries, 4);
  assertEquals(log.warnings, [
    "Delivery of work has stopped, and is tried again every 1000 ms: Unavailable: the disk is full",
  ]);
  await leader.close();
  assertEquals(time.timers, 0);
});

test("what is closed before it leads never works", async (time) => {
  const started: string[] = [];
  const leader = startLeader(new MemoryDeliveries(), "a", started);
  await leader.close();
  await time.pass(5_000);
  assertEquals(started, []);
});
