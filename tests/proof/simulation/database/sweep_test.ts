/** Shows that a schedule holds whatever goes wrong with whichever statement of its transactions. */

import { assert, assertEquals } from "@std/assert";
import { testOnPostgres } from "../../../support/postgres.ts";
import { runAll } from "./explore.ts";
import { installMachines } from "./machine.ts";
import type { Fault, Plan } from "./plan.ts";
import { runPlan } from "./run.ts";
import { Sql } from "./sql.ts";

/** One process: what nobody else has read may be lost in a failover. It appends with the lock, later without it. */
const SCENARIO: Plan = {
  seed: "sweep",
  workers: 1,
  calls: 10,
  maxPauseMs: 60,
  latencyMs: 1,
  replicationMs: 5,
  forgetting: 0.5,
  competes: false,
  faults: [],
};

/** What can go wrong with the statement of a number. */
const FAULTS: readonly ((at: number) => readonly Fault[])[] = [
  (at) => [{ type: "cut", at }],
  (at) => [{ type: "swallow", at }],
  (at) => [{ type: "late", at, ms: 300 }],
  (at) => [{ type: "stall", at, ms: 3_000 }],
  (at) => [{ type: "terminate", at, when: "waiting" }],
  (at) => [{ type: "cancel", at }],
  (at) => [{ type: "failover", at, downMs: 100 }],
  // What was committed here, and not on the standby, is shown, and lost.
  (at) => [{ type: "terminate", at, when: "waiting" }, { type: "failover", at: at + 2, downMs: 100 }],
  (at) => [{ type: "cancel", at }, { type: "failover", at: at + 2, downMs: 100 }],
];

testOnPostgres("simulation, sweep", (cluster) => {
  Deno.test("PostgreSQL: a simulated schedule holds whatever goes wrong with whichever append and commit", async () => {
    await using sql = await Sql.open(cluster());
    using _machines = installMachines();
    const { findings, statements } = await runPlan(SCENARIO, sql);
    assertEquals(findings, []);
    const places = statements.flatMap((text, index) => /^(commit$|with moved)/.test(text) ? [index + 1] : []);
    assert(places.length >= 10, `${places.length} appends and commits of ${statements.length} statements`);
    const plans = places.flatMap((at) => FAULTS.map((make) => ({ ...SCENARIO, faults: make(at) })));
    assertEquals((await runAll(plans, sql)).failure?.join("\n"), undefined);
  });
});
