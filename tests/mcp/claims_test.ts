/** Shows what get_next_task gives: which task, with what it builds on, and the reason where there is none. */

import { assertEquals, assertMatch } from "@std/assert";
import { claim, create, fail, finish } from "../support/calls.ts";
import { type Json, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

interface Claimed {
  readonly id: string;
  readonly inputs: readonly {
    readonly task: string;
    readonly by: string;
    readonly result: string;
    readonly truncated?: true;
  }[];
  readonly more_inputs?: number;
}

Deno.test("tasks are handed out", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);

  await t.step("in full, with the number of the attempt", async () => {
    const description = "x".repeat(10_000);
    await server.ask("create_task", { id: "first", description });
    assertEquals(await server.ask("get_next_task", { instance_id: "ann" }), {
      id: "first",
      description,
      status: "in_progress",
      dependencies: [],
      assignedTo: "ann",
      attempt: 1,
      you: "ann",
    });
  });

  await t.step("in the order of creation, each to one instance", async () => {
    await create(server, "q1", "q2", "q3");
    const given = await Promise.all(
      ["ann", "bob", "cem"].map((instance_id) => server.ask("get_next_task", { instance_id })),
    );
    assertEquals(given.map((task) => [task["id"], task["assignedTo"]]), [["q1", "ann"], ["q2", "bob"], ["q3", "cem"]]);
    assertEquals((await server.ask("get_next_task", { instance_id: "dan" }))["status"], "no_tasks");
  });

  await t.step("by id, again for the same holder", async () => {
    await create(server, "n1", "n2");
    const claimed = await claim(server, "n2");
    assertEquals(await claim(server, "n2"), claimed);
    assertEquals((await server.ask("get_next_task", { instance_id: "bob" }))["id"], "n1");
  });

  await t.step("again after a release, to any instance", async () => {
    await create(server, "r1");
    await claim(server, "r1");
    await server.ask("release_task", { task_id: "r1", instance_id: "ann" });
    const { id, attempt } = await server.ask("get_next_task", { instance_id: "bob" });
    assertEquals([id, attempt], ["r1", 2]);
  });
});

Deno.test("a claim tells what else the instance holds", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "one", "two");
  await server.ask("get_next_task", { instance_id: "ann" });
  await server.ask("report_progress", { task_id: "one", instance_id: "ann", percent: 30, message: "read it" });
  const { id, holding } = await server.ask("get_next_task", { instance_id: "ann" });
  assertEquals(id, "two");
  const [{ progress: { at, ...progress }, ...one }] = holding as [{ progress: Json }];
  assertEquals([one, progress], [{ id: "one", attempt: 1 }, { percent: 30, message: "read it" }]);
  assertMatch(String(at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const heartbeat = await server.ask("heartbeat", { instance_id: "ann" });
  assertEquals((heartbeat["holding"] as Json[])[0]?.["progress"], { at, ...progress });
});

Deno.test("a claim that tells the previous attempt does not list the past ones", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "again");
  await claim(server, "again");
  await server.ask("release_task", { task_id: "again", instance_id: "ann", reason: "tired" });
  const claimed = await claim(server, "again");
  assertEquals((claimed["previous"] as Json)["message"], "tired");
  assertEquals(claimed["pastAttempts"], undefined);
  const details = await server.ask("get_task_details", { task_id: "again" });
  assertEquals((details["pastAttempts"] as Json[]).length, 1);
});

Deno.test("a claim has the results of dependencies as inputs", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);

  await t.step("in full and in the order of dependencies, if they are short", async () => {
    await create(server, "s1", "s2", { id: "short", dependencies: ["s2", "s1"] });
    await finish(server, "s1", "one");
    await finish(server, "s2", "");
    const { content, structuredContent } = await server.call("get_next_task", { instance_id: "ann" });
    assertEquals(content.length, 1);
    assertEquals(structuredContent?.["inputs"], [
      { task: "s2", by: "ann", result: "" },
      { task: "s1", by: "ann", result: "one" },
    ]);
    assertEquals(structuredContent?.["more_inputs"], undefined);
  });

  await t.step("cut and flagged if one is long, never within a character", async () => {
    await create(server, "l1", { id: "long", dependencies: ["l1"] });
    await finish(server, "l1", "x" + "🦕".repeat(5_000));
    const { inputs } = await claimInputs("long");
    assertEquals(inputs, [{ task: "l1", by: "ann", result: "x" + "🦕".repeat(2_047), truncated: true }]);
  });

  await t.step("left out and counted if they are long together", async () => {
    const ids = Array.from({ length: 10 }, (_, n) => `big${n}`);
    await create(server, ...ids, { id: "sum", dependencies: ids });
    await Promise.all(ids.map((id) => finish(server, id, "x".repeat(4_096))));
    const { inputs, more_inputs } = await claimInputs("sum");
    assertEquals(inputs, ids.slice(0, 8).map((task) => ({ task, by: "ann", result: "x".repeat(4_096) })));
    assertEquals(more_inputs, 2);
  });

  await t.step("left out and counted if they are many", async () => {
    const ids = Array.from({ length: 120 }, (_, n) => `many${n}`);
    await create(server, ...ids, { id: "crowd", dependencies: ids });
    await Promise.all(ids.map((id) => finish(server, id, id)));
    const { inputs, more_inputs } = await claimInputs("crowd");
    assertEquals(inputs, ids.slice(0, 100).map((task) => ({ task, by: "ann", result: task })));
    assertEquals(more_inputs, 20);
  });

  /** Claims a task whose inputs are not whole, which a note must say. */
  async function claimInputs(task_id: string): Promise<Claimed> {
    const claimed = await server.ask<Claimed & { note?: string }>("get_next_task", { instance_id: "ann", task_id });
    const note =
      'Some results of dependencies are cut or left out: get_task_details with part: "result" reads them, or ' +
      '"error" of one that failed.';
    assertEquals(claimed.note, note);
    return claimed;
  }
});

Deno.test("if there is no task, the answer says why", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const none: Json = {
    status: "no_tasks",
    running: [],
    running_count: 0,
    blocked_by: [],
    blocked_count: 0,
    holding: [],
  };

  await t.step("no tasks exist", () =>
    answers("bob", {
      reason: "no_tasks_exist",
      message:
        "There are no tasks yet; what would help: create_tasks; or wait for the planner: get_next_task with wait_ms",
    }));

  await t.step("others are being worked on", async () => {
    await create(server, "a", { id: "b", dependencies: ["a"] });
    await claim(server, "a");
    await answers("bob", {
      reason: "waiting",
      message: "No task is ready; waiting for running tasks: a (ann)",
      running: [{ id: "a", assignedTo: "ann" }],
      running_count: 1,
    });
  });

  await t.step("the caller itself holds the tasks that others depend on", () =>
    answers("ann", {
      reason: "waiting",
      message: "No task is ready; waiting for running tasks: a (ann); what would help: complete_task, fail_task or " +
        "cancel_task a by ann",
      running: [{ id: "a", assignedTo: "ann" }],
      running_count: 1,
      holding: [{ id: "a", attempt: 1 }],
    }));

  await t.step("something failed", async () => {
    await fail(server, "a");
    await answers("bob", {
      reason: "blocked",
      message: "No task is ready: 1 pending tasks are blocked by a (failed); what would help: retry_task a; or " +
        "update_task b with other dependencies",
      blocked_by: [{ id: "a", status: "failed" }],
      blocked_count: 1,
    });
  });

  await t.step("the last ones are being worked on", async () => {
    await server.ask("retry_task", { task_id: "a" });
    await finish(server, "a");
    await claim(server, "b");
    await answers("bob", {
      reason: "waiting",
      message: "No task is left to claim; still running: b (ann)",
      running: [{ id: "b", assignedTo: "ann" }],
      running_count: 1,
    });
  });

  await t.step("all are finished", async () => {
    await create(server, "c");
    await server.ask("cancel_task", { task_id: "c" });
    await finish(server, "b");
    await answers("bob", { reason: "all_finished", message: "All tasks are finished: 2 completed, 1 cancelled" });
  });

  await t.step("a few of many tasks are named", async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `r${n}`);
    await create(server, ...ids);
    for (const id of ids) await claim(server, id);
    const { message, running, running_count, holding, holding_count } = await server.ask<{
      message: string;
      running: Json[];
      running_count: number;
      holding: Json[];
      holding_count: number;
    }>("get_next_task", { instance_id: "ann" });
    assertEquals(running.map(({ id }) => id), ids.slice(0, 10));
    assertEquals(running_count, 12);
    assertEquals([holding, holding_count], [ids.slice(0, 10).map((id) => ({ id, attempt: 1 })), 12]);
    assertMatch(
      message,
      / r9 \(ann\) and 2 more; what would help: complete_task, fail_task or cancel_task r0, .* r9 by ann$/,
    );
  });

  async function answers(instance_id: string, expected: Json): Promise<void> {
    assertEquals(await server.ask("get_next_task", { instance_id }), { ...none, ...expected, you: instance_id });
  }
});
