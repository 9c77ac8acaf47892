/**
 * Shows that real processes on PostgreSQL lose nothing and do nothing twice while they, their sessions and the server are
 * killed and stopped. `TORTURE_SECONDS` makes it longer.
 */

import { assert, assertEquals } from "@std/assert";
import { testOnPostgres } from "../../support/postgres.ts";
import { temporaryDirectory } from "../../support/temp.ts";
import { assertHolds } from "./assert_holds.ts";
import { answeredOf, torture } from "./torture.ts";

const SECONDS = Number(Deno.env.get("TORTURE_SECONDS") ?? 20);

testOnPostgres("torture", (cluster) => {
  Deno.test("PostgreSQL: real processes that are killed and stopped lose nothing and do nothing twice", async () => {
    await using directory = await temporaryDirectory();
    const ran = await torture({
      cluster: cluster(),
      logs: directory.path,
      seed: "20261127",
      workers: 4,
      durationMs: SECONDS * 1_000,
    });
    assertHolds(ran);
    assertEquals(ran.failures, []);
    const { calls } = ran.history;
    const answered = answeredOf(calls).length;
    assert(Object.keys(ran.done).length >= 5 && answered >= 50, `${JSON.stringify(ran.done)}: ${answered} answered`);
    if (Deno.env.has("TORTURE_SECONDS")) console.log(ran.done, calls.length, answered);
  });
});
