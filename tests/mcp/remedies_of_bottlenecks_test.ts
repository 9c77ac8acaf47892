/** Carries out every remedy that the bottlenecks of a plan with all kinds of them name, over a real server. */

import { assert, assertEquals } from "@std/assert";
import { finish } from "../support/calls.ts";
import { runProgram } from "../support/program.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

type Call = readonly [tool: string, args: Json];

/** The calls that remedies name, by their words. */
const CALLS: readonly (readonly [RegExp, (id: string, rest: string) => Call])[] = [
  [/get_task_details (\S+)/, (task_id) => ["get_task_details", { task_id }]],
  [/explain_task (\S+)/, (task_id) => ["explain_task", { task_id }]],
  [/retry_task (\S+)/, (task_id) => ["retry_task", { task_id }]],
  [/get_next_task task_id (\S+)/, (task_id) => ["get_next_task", { task_id, instance_id: "zed" }]],
  [/add_note (\S+)/, (task_id) => ["add_note", { task_id, text: "mind the memory" }]],
  [/update_task (\S+) priority urgent/, (task_id) => ["update_task", { task_id, priority: "urgent" }]],
  [/update_task (\S+) description/, (task_id) => ["update_task", { task_id, description: "mind the memory" }]],
  [/update_task (\S+) with other locks/, (task_id) => ["update_task", { task_id, locks: ["another"] }]],
  [
    /update_task (\S+) with clear ([a-z_]+(?:, [a-z_]+)*?)(?=, and |$)/,
    (task_id, names) => ["update_task", { task_id, clear: names.split(", ") }],
  ],
  [/update_group (\S+) paused false/, (group_id) => ["update_group", { group_id, paused: false }]],
  [
    /update_group (\S+) max_parallel (\d+)/,
    (group_id, count) => ["update_group", { group_id, max_parallel: Number(count) }],
  ],
  [/registers? with role (\S+?),/, (role) => ["register_instance", { instance_id: role, roles: [role] }]],
];

async function plan(server: Server): Promise<void> {
  await server.ask("create_group", { group_id: "full", max_parallel: 1 });
  await server.ask("create_group", { group_id: "closed", paused: true });
  const again = { backoff: { initial_interval_ms: 0 } };
  const firsts: readonly Json[] = [
    { id: "running" },
    { id: "bad" },
    { id: "dead", dependencies: ["bad"], if_unreachable: "fail" },
    { id: "late", not_before: "PT1H" },
    { id: "paused-a-while", backoff: { initial_interval_ms: 3_600_000 } },
    { id: "go" },
    { id: "urgent", priority: "urgent" },
    { id: "locked", locks: ["db"] },
    { id: "needy", role: "reviewer", capabilities: ["gpu"] },
  ];
  const others: readonly Json[] = [
    { id: "holds-lock", locks: ["db"] },
    { id: "full-1", group: "full" },
    { id: "full-2", group: "full" },
    { id: "closed-1", group: "closed" },
    { id: "mine", assign_to: { instance: "bob" } },
    { id: "flaky", ...again },
    { id: "flaky-running", ...again },
    { id: "ended" },
  ];
  const waiting = firsts.map(({ id }) => ({ id: `after-${id}`, dependencies: [id] }));
  const tasks = [...firsts, ...others, ...waiting].map((task) => ({ description: "", ...task }));
  await server.ask("create_tasks", { tasks });
  const claim = (task_id: string) => server.ask("get_next_task", { task_id, instance_id: `i-${task_id}` });
  const fail = async (task_id: string, retryable: boolean) => {
    await claim(task_id);
    await server.ask("fail_task", { task_id, instance_id: `i-${task_id}`, error: "out of memory", retryable });
  };
  await finish(server, "ended", "made");
  await fail("bad", false);
  await fail("paused-a-while", true);
  for (const id of ["flaky", "flaky-running", "flaky", "flaky-running"]) await fail(id, true);
  for (const id of ["running", "holds-lock", "full-1", "flaky-running"]) await claim(id);
}

Deno.test("every remedy that a bottleneck names is accepted, and what it can end is over then", async () => {
  await using directory = await temporaryDirectory();
  const args = ["--toolsets", "core,instances,groups,events,analytics"];
  await using server = await startServer(directory.path, { args });
  await plan(server);
  assertEquals((await runProgram(directory.path, ["pause", "--reason", "the database moves"])).code, 0);
  const bottlenecks = async () =>
    Array.from((await server.ask<Json>("analyze_plan", { detail: "bottlenecks" })).bottlenecks as Json[]);
  const found = await bottlenecks();
  const kinds = new Set(found.map(({ kind }) => kind));
  assertEquals(kinds, new Set(["project", "task", "requirement", "person", "lock", "group", "flaky"]));
  assertEquals([found[0]?.kind, found[0]?.remedy], [
    "project",
    "Ask the operator to resume it with the command resume",
  ]);
  assertEquals((await runProgram(directory.path, ["resume"])).code, 0);
  for (const { subject, remedy } of found.slice(1)) {
    const calls = CALLS.flatMap(([pattern, call]) => {
      const match = pattern.exec(String(remedy));
      return match === null ? [] : [call(match[1] ?? "", match[2] ?? "")];
    });
    assert(calls.length > 0, `${subject}: ${remedy}`);
    for (const [tool, args] of calls) await server.ask(tool, args);
  }
  const left = new Set((await bottlenecks()).map(({ kind }) => kind));
  assertEquals(left, new Set(["task", "flaky"]));
});

Deno.test("the forecast of a paused project says that it is as if it were resumed", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, { args: ["--toolsets", "core,analytics"] });
  await server.ask("create_task", { id: "a", description: "" });
  assertEquals((await runProgram(directory.path, ["pause", "--reason", "why"])).code, 0);
  const { paused } = await server.ask<Json>("analyze_plan", { detail: "forecast", instances: [1] });
  assertEquals(paused, "The project is paused; this is as if it were resumed now");
  const { output } = await runProgram(directory.path, ["analyze", "--forecast", "1"]);
  assert(output.includes("The project is paused: what follows is as if it were resumed now."), output);
});
