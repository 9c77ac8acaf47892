/** Runs schedules of fixed seeds on the simulated database: whatever goes wrong, every acknowledged call is there once. */

import { assert, assertEquals } from "@std/assert";
import { testOnPostgres } from "../../../support/postgres.ts";
import { explore, runAll } from "./explore.ts";
import { installMachines } from "./machine.ts";
import { type Plan, planOf } from "./plan.ts";
import { runPlan } from "./run.ts";
import { Sql } from "./sql.ts";

const SCHEDULES = 60;

/** Statements at which a process stops, which leads by then, or does not. */
const LEADING = [50, 60, 70, 80];

testOnPostgres("simulation", (cluster) => {
  Deno.test(`PostgreSQL: ${SCHEDULES} simulated schedules lose nothing and do nothing twice`, async () => {
    await using sql = await Sql.open(cluster());
    using _machines = installMachines();
    const { failure, calls, records } = await explore(sql, { seed: "a", from: 0, schedules: SCHEDULES });
    assertEquals(failure?.join("\n"), undefined);
    assert(calls > 8 * SCHEDULES && records > 4 * SCHEDULES, `${calls} calls, ${records} records`);
  });

  Deno.test("PostgreSQL: a simulated process that stood still for long is no leader any more", async () => {
    await using sql = await Sql.open(cluster());
    using _machines = installMachines();
    const plans = LEADING.map((at): Plan => ({
      ...planOf("lead"),
      workers: 2,
      calls: 5,
      maxPauseMs: 40_000,
      competes: true,
      faults: [{ type: "pause", at, ms: 70_000 }],
    }));
    assertEquals((await runAll(plans, sql)).failure?.join("\n"), undefined);
  });

  Deno.test("PostgreSQL: the same seed is the same simulated schedule, another seed another", async () => {
    await using sql = await Sql.open(cluster());
    using _machines = installMachines();
    const digests: string[] = [];
    for (const seed of ["same 1", "same 2", "same 3"]) {
      const { digest } = await runPlan(planOf(seed), sql);
      assertEquals((await runPlan(planOf(seed), sql)).digest, digest);
      digests.push(digest);
    }
    assertEquals(new Set(digests).size, digests.length);
  });
});
