/** Runs more schedules of fixed seeds, beside the others: tests of several files run at the same time. */

import { assert, assertEquals } from "@std/assert";
import { explore } from "./explore.ts";
import { MAX_WORKERS } from "./plan.ts";
import { Threads } from "./threads.ts";

const SCHEDULES = 200;

Deno.test(`simulation: ${SCHEDULES} other schedules hold, too`, async () => {
  await using threads = await Threads.start(MAX_WORKERS);
  const { failure, schedules, calls, records } = await explore(threads, { seed: "b", from: 0, schedules: SCHEDULES });
  assertEquals(failure?.join("\n"), undefined);
  assert(calls > 10 * schedules && records > 6 * schedules, `${calls} calls, ${records} records`);
});
