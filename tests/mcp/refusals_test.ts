/**
 * Shows how each tool refuses: with the beginning of the message that existing users match on, a code for programs,
 * and nothing changed.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RefusalCode } from "../../src/core/model/refusal.ts";
import { claim, create, fail, finish, lastSeq } from "../support/calls.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

interface Case {
  readonly tool: string;
  readonly args: Json;
  readonly code: RefusalCode;
  /** What the message starts with. */
  readonly start: string;
}

const LONG_TEXT = "x".repeat(64 * 1024 + 1);
const LONG_ID = "i".repeat(201);
const ann = { instance_id: "ann" };
const bob = { instance_id: "bob" };

/**
 * The tasks of `prepare`: open ← needy, held (by ann, attempt 1), done, failed ← stuck, cancelled, skilled (role qa),
 * later (in an hour), runs and rests (of a group that lets one run), locked (by a lock that runs has). Only some see the
 * group secret.
 */
const CASES: readonly Case[] = [
  refusal("create_task", { id: "open", description: "" }, "already_exists", "Task open already exists"),
  refusal("create_task", { id: "a", description: "", dependencies: ["no"] }, ...dependencyNotFound("no")),
  refusal("create_task", { id: "a", description: "", dependencies: ["a"] }, ...cycle("a → a")),
  refusal(
    "create_task",
    { id: "a", description: "", dependencies: [{ group: "secret" }] },
    "not_visible",
    "Cannot let task a depend on group secret as not all who see a see it",
  ),
  refusal("create_task", { id: "", description: "" }, "invalid_value", "Task id is empty"),
  refusal("create_task", { id: " a", description: "" }, "invalid_value", 'Task id " a" starts or ends with white'),
  refusal("create_task", { id: "a\nb", description: "" }, "invalid_value", 'Task id "a\\nb" has a control character'),
  refusal("create_task", { id: LONG_ID, description: "" }, "limit_exceeded", "Task id is too long: at most 200"),
  refusal("create_task", { id: "a", description: "\0" }, "invalid_value", "Description of task a holds a NUL"),
  refusal("create_task", { id: "a", description: LONG_TEXT }, "limit_exceeded", "Description of task a is too long"),
  refusal(
    "create_task",
    { id: "a", description: "", dependencies: Array(1_001).fill(0).map((_, n) => `d${n}`) },
    "limit_exceeded",
    "Cannot depend on 1001 tasks",
  ),
  refusal("create_tasks", { tasks: plan("a", "open") }, "already_exists", "Task open already exists"),
  refusal("create_tasks", { tasks: plan("a", "a") }, "already_exists", "Task a already exists in this batch"),
  refusal("create_tasks", { tasks: plan("a", ["b", "no"]) }, ...dependencyNotFound("no")),
  refusal("create_tasks", { tasks: plan("x", ["a", "b"], ["b", "c"], ["c", "a"]) }, ...cycle("a → b → c → a")),
  refusal(
    "create_tasks",
    { tasks: Array(1_001).fill(0).map((_, n) => ({ id: `t${n}`, description: "" })) },
    "limit_exceeded",
    "Cannot create 1001 tasks at once",
  ),
  refusal("update_task", { task_id: "no" }, ...notFound("no")),
  refusal("update_task", { task_id: "held", description: "" }, ...wrongState("Cannot update task held in in_progress")),
  refusal("update_task", { task_id: "done", description: "" }, ...wrongState("Cannot update task done in completed")),
  refusal("update_task", { task_id: "open", dependencies: ["no"] }, ...dependencyNotFound("no")),
  refusal("update_task", { task_id: "open", dependencies: ["needy"] }, ...cycle("open → needy → open")),
  refusal("update_task", { task_id: "open", description: LONG_TEXT }, "limit_exceeded", "Description of task open is"),
  refusal("delete_task", { task_id: "no" }, ...notFound("no")),
  refusal("delete_task", { task_id: "open" }, "has_dependents", "Cannot delete task open as it has dependent tasks: n"),
  refusal("delete_task", { task_id: "held" }, ...wrongState("Cannot delete task held in in_progress state: ann is")),
  refusal("get_next_task", { instance_id: "" }, "invalid_value", "Instance id is empty"),
  refusal("get_next_task", { instance_id: LONG_ID }, "limit_exceeded", "Instance id is too long"),
  refusal("get_next_task", { ...bob, task_id: "no" }, ...notFound("no")),
  refusal("get_next_task", { ...bob, task_id: "held" }, ...wrongState("Cannot claim task held in in_progress state")),
  refusal("get_next_task", { ...bob, task_id: "done" }, ...wrongState("Cannot claim task done in completed state")),
  refusal("get_next_task", { ...bob, task_id: "cancelled" }, ...wrongState("Cannot claim task cancelled in cancelled")),
  refusal(
    "get_next_task",
    { ...bob, task_id: "needy" },
    ...notReady("needy as it is waiting for open"),
  ),
  refusal(
    "get_next_task",
    { ...bob, task_id: "stuck" },
    ...notReady("stuck as it is blocked by failed"),
  ),
  refusal("get_next_task", { ...bob, task_id: "later" }, ...notReady("later as it is delayed until ")),
  refusal(
    "get_next_task",
    { ...bob, task_id: "skilled" },
    "not_eligible",
    "Cannot claim task skilled as instance bob lacks role qa",
  ),
  refusal(
    "get_next_task",
    { ...bob, task_id: "skilled", roles: ["dev"] },
    "not_eligible",
    "Cannot claim task skilled as instance bob lacks role qa",
  ),
  refusal(
    "get_next_task",
    { ...bob, task_id: "rests" },
    "limit_reached",
    "Cannot claim task rests now as group few has 1 running tasks, and its max_parallel is 1",
  ),
  refusal(
    "get_next_task",
    { ...bob, task_id: "locked" },
    "limit_reached",
    "Cannot claim task locked now as lock db is held by runs",
  ),
  ...["complete_task", "fail_task", "release_task"].flatMap((tool) => {
    const text = { complete_task: { result: "r" }, fail_task: { error: "e" } }[tool];
    return [
      refusal(tool, { ...ann, ...text, task_id: "no" }, ...notFound("no")),
      refusal(tool, { ...bob, ...text, task_id: "held" }, ...notHolder("Task held is not assigned to instance bob")),
      refusal(tool, { ...ann, ...text, task_id: "open" }, ...notHolder("Task open is not assigned to instance ann")),
      refusal(
        tool,
        { ...ann, ...text, task_id: "held", attempt: 2 },
        "stale_attempt",
        `Cannot ${verb(tool)} attempt 2`,
      ),
      refusal(tool, { ...ann, ...text, task_id: "cancelled" }, ...notHolder("Task cancelled is not assigned to inst")),
      refusal(tool, { ...bob, ...text, task_id: "done" }, ...notHolder("Task done is not assigned to instance bob")),
    ];
  }),
  refusal("complete_task", { ...ann, task_id: "done", result: "else" }, ...wrongState("Cannot complete task done in")),
  refusal("complete_task", { ...ann, task_id: "failed", result: "" }, ...wrongState("Cannot complete task failed in")),
  refusal(
    "fail_task",
    { ...ann, task_id: "failed", error: "else" },
    ...wrongState("Cannot fail task failed in failed"),
  ),
  refusal("fail_task", { ...ann, task_id: "done", error: "" }, ...wrongState("Cannot fail task done in completed")),
  refusal("release_task", { ...ann, task_id: "done" }, ...wrongState("Cannot release task done in completed")),
  refusal(
    "fail_task",
    { ...ann, task_id: "held", error: LONG_TEXT },
    "limit_exceeded",
    "Error of task held is too long",
  ),
  refusal(
    "release_task",
    { ...ann, task_id: "held", reason: LONG_TEXT },
    "limit_exceeded",
    "Reason for releasing task",
  ),
  refusal("cancel_task", { task_id: "no" }, ...notFound("no")),
  refusal("cancel_task", { task_id: "done" }, ...wrongState("Cannot cancel task done in completed state")),
  refusal("cancel_task", { task_id: "failed" }, ...wrongState("Cannot cancel task failed in failed state")),
  refusal("cancel_task", { task_id: "open", reason: LONG_TEXT }, "limit_exceeded", "Reason for cancelling task open"),
  refusal("retry_task", { task_id: "no" }, ...notFound("no")),
  refusal("retry_task", { task_id: "held" }, ...wrongState("Cannot retry task held in in_progress state")),
  refusal(
    "update_task",
    { task_id: "open", description: "new", if_version: 7 },
    "stale_version",
    "Cannot update version 7 of task open as it is at version 1",
  ),
  refusal("get_task_status", { cursor: "1e3" }, "invalid_value", "Cursor is not valid"),
  refusal("get_task_details", { task_id: "no" }, ...notFound("no")),
];

/**
 * Every code that one local operator can meet without a request id: the type keeps this complete. `roles_test.ts`,
 * `request_id_test.ts` and `sessions_test.ts` have the others.
 */
const CODES: Readonly<
  Record<Exclude<RefusalCode, "forbidden" | "unauthorized" | "request_reused" | "instance_in_use">, true>
> = {
  invalid_value: true,
  limit_exceeded: true,
  already_exists: true,
  not_found: true,
  dependency_not_found: true,
  cycle: true,
  wrong_state: true,
  has_dependents: true,
  not_holder: true,
  stale_attempt: true,
  stale_version: true,
  not_ready: true,
  not_eligible: true,
  limit_reached: true,
  not_visible: true,
};

Deno.test("every refusal has its message and code, and changes nothing", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await prepare(server);
  // A client that knows the output schemas must be able to read refusals too.
  await server.client.listTools();
  const seq = await lastSeq(server);
  for (const { tool, args, code, start } of CASES) {
    await t.step(`${tool}: ${start}`, async () => {
      const error = await server.refused(tool, args);
      assert(error.message.startsWith(start), `"${error.message}" does not start with "${start}"`);
      assertEquals(error.code, code);
    });
  }
  await t.step("none of them appended a record", async () => assertEquals(await lastSeq(server), seq));
  await t.step("every code is tried", () => {
    assertEquals(new Set<string>(CASES.map(({ code }) => code)), new Set(Object.keys(CODES)));
  });
});

Deno.test("a refusal has the facts in its message as data, too", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await prepare(server);
  const cycle = await server.refused("update_task", { task_id: "open", dependencies: ["needy"] });
  assertEquals(cycle.data, { cycle: ["open", "needy", "open"], length: 2 });
  const dependents = await server.refused("delete_task", { task_id: "open" });
  assertEquals(dependents.data, { id: "open", dependents: ["needy"], count: 1 });
  const holder = await server.refused("complete_task", { ...bob, task_id: "held", result: "" });
  assertEquals(holder.data, { id: "held", instance: "bob", assignedTo: "ann" });
  const stale = await server.refused("complete_task", { ...ann, task_id: "held", result: "", attempt: 7 });
  assertEquals(stale.data, { id: "held", attempt: 7, current: 1 });
});

Deno.test("a refusal names ten of many dependents, and the number of the others", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "hub");
  await create(server, ...Array.from({ length: 12 }, (_, n) => ({ id: `s${n}`, dependencies: ["hub"] })));
  const { message } = await server.refused("delete_task", { task_id: "hub" });
  assertStringIncludes(message, "dependent tasks: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 2 more");
});

async function prepare(server: Server): Promise<void> {
  await create(server, "open", { id: "needy", dependencies: ["open"] }, "held", "done", "failed", "cancelled");
  await create(server, { id: "stuck", dependencies: ["failed"] });
  await claim(server, "held");
  await finish(server, "done");
  await fail(server, "failed");
  await server.ask("cancel_task", { task_id: "cancelled" });
  await server.ask("create_group", { group_id: "few", max_parallel: 1 });
  await server.ask("create_group", { group_id: "secret", visible_to: ["some"] });
  await server.ask("create_tasks", {
    tasks: [
      { id: "skilled", description: "", role: "qa" },
      { id: "later", description: "", not_before: "PT1H" },
      { id: "runs", description: "", group: "few", locks: ["db"] },
      { id: "rests", description: "", group: "few" },
      { id: "locked", description: "", locks: ["db"] },
    ],
  });
  await claim(server, "runs");
}

function refusal(tool: string, args: Json, code: RefusalCode, start: string): Case {
  return { tool, args, code, start };
}

type Expected = readonly [RefusalCode, string];

function notFound(id: string): Expected {
  return ["not_found", `Task ${id} not found`];
}

function dependencyNotFound(id: string): Expected {
  return ["dependency_not_found", `Dependency task ${id} not found`];
}

function cycle(path: string): Expected {
  return ["cycle", `Dependencies would create a cycle: ${path};`];
}

function wrongState(start: string): Expected {
  return ["wrong_state", start];
}

function notHolder(start: string): Expected {
  return ["not_holder", start];
}

function notReady(rest: string): Expected {
  return ["not_ready", `Cannot claim task ${rest}`];
}

function verb(tool: string): string {
  return tool.slice(0, tool.indexOf("_"));
}

/** Tasks from their ids, each with the ids it depends on. */
function plan(...tasks: readonly (string | readonly [string, ...string[]])[]): Json[] {
  return tasks
    .map((task) => typeof task === "string" ? [task] : task)
    .map(([id, ...dependencies]) => ({ id, description: "", dependencies }));
}
