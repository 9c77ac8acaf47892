/** Shows the tools of analytics over a real server: off by default, lean, with details on request. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { MAX_FORECAST_INSTANCES, MAX_OUTLOOKS } from "../../src/core/messages/analysis.ts";
import { create, finish } from "../support/calls.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const ANALYTICS = { args: ["--toolsets", "core,groups,analytics"] };

/** A plan of three tasks, of which one was completed and one failed. */
async function work(server: Server): Promise<void> {
  await server.ask("create_group", { group_id: "g" });
  await create(server, "a", { id: "b", dependencies: ["a"] });
  await server.ask("create_task", { id: "c", description: "do c", group: "g", max_attempts: 2 });
  await finish(server, "a", "made");
  await server.ask("get_next_task", { instance_id: "ann", task_id: "c" });
  await server.ask("fail_task", { task_id: "c", instance_id: "ann", error: "no", retryable: true });
}

Deno.test("the tools of analytics are offered only on request", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const { tools } = await server.client.listTools();
  assertEquals(tools.map(({ name }) => name).filter((name) => name.endsWith("metrics")), []);
});

Deno.test("metrics of a short plan", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, ANALYTICS);
  await work(server);

  await t.step("say in few words what was done", async () => {
    const { lead_ms, instances, ...summary } = await server.ask<Json>("get_metrics");
    assertEquals([summary.open, summary.in_progress, summary.completed, summary.completed_24h], [2, 0, 1, 1]);
    assertEquals(summary.attempts, { completed: 1, failed: 1, released: 0, cancelled: 0, timed_out: 0 });
    assertEquals(Object(lead_ms).count, 1);
    assertEquals(Array.from(instances as Json[], ({ instance }) => instance).includes("ann"), true);
    assert(JSON.stringify(summary).length < 1_000);
  });

  await t.step("of a group, of hours and of one task on request", async () => {
    const { completed, attempts } = await server.ask<Json>("get_metrics", { group: "g" });
    assertEquals([completed, Object(attempts).failed], [0, 1]);
    const { hours } = await server.ask<{ readonly hours: readonly Json[] }>("get_metrics", {
      detail: "hours",
      limit: 1,
    });
    assertEquals(hours.length, 1);
    assertMatch(String(hours[0]?.at), /^\d{4}-\d\d-\d\dT\d\d:00:00\.000Z$/);
    const { groups, total } = await server.ask<Json>("get_metrics", { detail: "groups" });
    assertEquals([Array.from(groups as Json[], ({ group, open }) => [group, open]), total], [[["g", 1]], 1]);
    const task = await server.ask<Json>("get_metrics", { task_id: "c", detail: "hours" });
    assertEquals([task.attempts, task.note], [{ failed: 1 }, "Ignored: detail, as task_id asks for one task."]);
  });

  await t.step("of an unknown group or task are refused", async () => {
    assertEquals((await server.refused("get_metrics", { group: "none" })).code, "not_found");
    assertEquals((await server.refused("get_metrics", { task_id: "none" })).code, "not_found");
  });

  await t.step("are the same after a restart, and in another process", async () => {
    const before = await server.ask<Json>("get_metrics", { detail: "days" });
    await using other = await startServer(directory.path, ANALYTICS);
    assertEquals(await other.ask("get_metrics", { detail: "days" }), before);
  });
});

Deno.test("the analysis of a plan", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, ANALYTICS);
  await create(server, "a", { id: "b", dependencies: ["a"] }, { id: "c", dependencies: ["b"] }, "d");

  await t.step("says in few words what decides when it is done", async () => {
    const { critical_path, bottlenecks, ...rest } = await server.ask<Json>("analyze_plan");
    assertEquals(critical_path, ["a", "b", "c"]);
    assertEquals(rest, {
      remaining: 4,
      work_ms: 40 * 60_000,
      critical_path_ms: 30 * 60_000,
      parallelism: 1.33,
      estimates: { assumed: 4 },
    });
    assertEquals(bottlenecks, [{
      kind: "task",
      subject: "a",
      what: "a is ready and unclaimed, and 2 tasks of 20 min wait for it",
      remedy: "Have it claimed first: update_task a priority urgent",
      held_up_ms: 20 * 60_000,
    }]);
  });

  await t.step("lists each of its parts on request, within a limit", async () => {
    const part = (detail: string, limit = 2) => server.ask<Json>("analyze_plan", { detail, limit });
    assertEquals(await part("longest_chain"), { longest_chain: ["a", "b"] });
    const { tasks } = await part("slack", 9);
    assertEquals(Array.from(tasks as Json[], ({ id, slack_ms }) => [id, slack_ms]).at(-1), ["d", 20 * 60_000]);
    assertEquals((await part("parallelism")).max_parallelism, 2);
    assertEquals(Array.from((await part("critical_path")).critical_path as Json[], ({ id }) => id), ["a", "b"]);
    assertEquals(Array.from((await part("bottlenecks")).bottlenecks as Json[]).length, 1);
  });

  await t.step("follows what happens", async () => {
    await finish(server, "a", "made");
    assertEquals((await server.ask<Json>("analyze_plan")).critical_path, ["b", "c"]);
  });

  await t.step("foretells its end with some numbers of instances", async () => {
    const args = { detail: "forecast", instances: [1, 3], limit: 1 };
    const { open, forecast, note } = await server.ask<Json>("analyze_plan", args);
    assertEquals([open, note], [3, "Ignored: limit, as a forecast has one entry for each number of instances."]);
    const outlooks = Array.from(forecast as Json[], ({ instances, ends_share }) => [instances, ends_share]);
    assertEquals(outlooks, [[1, 1], [3, 1]]);
    for (const instances of [[0], [], [MAX_FORECAST_INSTANCES + 1], Array(MAX_OUTLOOKS + 1).fill(1)]) {
      const { message } = await server.refused("analyze_plan", { detail: "forecast", instances });
      assertMatch(message, /instances/);
    }
    const most = [...Array(MAX_OUTLOOKS - 1).fill(1), MAX_FORECAST_INSTANCES];
    const all = await server.ask<Json>("analyze_plan", { detail: "forecast", instances: most });
    assertEquals(Array.from(all.forecast as Json[]).length, MAX_OUTLOOKS);
    assertEquals(
      (await server.ask<Json>("analyze_plan", { seed: 3 })).note,
      "Ignored: seed, as only detail: forecast takes them.",
    );
  });
});

Deno.test("the analysis of a large plan is as short as that of a small one, also with long ids", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, ANALYTICS);
  const sizeWith = async (name: string, count: number) => {
    const tasks = Array.from({ length: count }, (_, n) => ({
      id: `${name}-${n}`,
      description: "x".repeat(100),
      dependencies: n % 10 === 0 ? [] : [`${name}-${n - 1}`],
    }));
    await server.ask("create_tasks", { tasks });
    const analysis = await server.ask<Json>("analyze_plan");
    const lists = [analysis.critical_path, analysis.bottlenecks].map((list) => Array.from(list as Json[]).length);
    return { lists, bytes: new TextEncoder().encode(JSON.stringify(analysis)).length };
  };
  const small = await sizeWith("a", 50);
  const large = await sizeWith("b", 900);
  assertEquals([small.lists, large.lists], [[5, 5], [5, 5]]);
  assert(small.bytes <= 1_200 && large.bytes <= 1_200, JSON.stringify([small, large]));
  // Of bottlenecks that hold up the same, those with the first ids are shown.
  const long = await sizeWith("0".repeat(60), 900);
  assert(long.bytes <= 1_200 && (long.lists[1] ?? 5) < 5, JSON.stringify(long));
  const { critical_path } = await server.ask<Json>("analyze_plan", { limit: 5 });
  assertEquals(Array.from(critical_path as string[]).length, 5);
});
