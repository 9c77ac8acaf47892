/** Shows what the tools that change tasks answer when they succeed, in the exact form that clients rely on. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim, create } from "../support/calls.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

Deno.test("tools that change tasks", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  // Clients check results against the output schemas once they have listed the tools.
  await server.client.listTools();

  await t.step("create_task answers the task", async () => {
    assertEquals(await server.ask("create_task", { id: "c1", description: "first" }), {
      id: "c1",
      description: "first",
      status: "pending",
      readiness: "ready",
      dependencies: [],
      version: 1,
    });
    assertEquals(
      await server.ask("create_task", { id: "c2", description: "second", dependencies: ["c1", "c1"] }),
      {
        id: "c2",
        description: "second",
        status: "pending",
        readiness: "waiting",
        waitingFor: ["c1"],
        dependencies: ["c1"],
        version: 1,
      },
    );
  });

  await t.step("create_task cuts a long description in its answer, but stores all of it", async () => {
    const description = "x".repeat(64 * 1024);
    const task = await server.ask("create_task", { id: "long", description });
    assertEquals(task["description"], `${"x".repeat(99)}…`);
    const pieces: string[] = [];
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const piece: Json = await server.ask("get_task_details", { task_id: "long", part: "description", offset });
      assertEquals([piece["id"], piece["part"], piece["offset"], piece["total"]], [
        "long",
        "description",
        offset,
        65_536,
      ]);
      pieces.push(String(piece["text"]));
      offset = piece["next_offset"] as number | undefined;
    }
    assertEquals(pieces.map((piece) => piece.length), [16_000, 16_000, 16_000, 16_000, 1_536]);
    assertEquals(pieces.join(""), description);
  });

  await t.step("create_tasks takes tasks in any order and answers counts", async () => {
    const tasks = [
      { id: "b3", description: "last", dependencies: ["b1", "b2"] },
      { id: "b1", description: "start" },
      { id: "b2", description: "start", dependencies: [] },
    ];
    assertEquals(await server.ask("create_tasks", { tasks }), { created: 3, ready: ["b1", "b2"], ready_count: 2 });
    assertEquals(await server.ask("create_tasks", { tasks: [] }), { created: 0, ready: [], ready_count: 0 });
  });

  await t.step("create_tasks names twenty of many ready tasks", async () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => `m${index}`);
    const answer = await server.ask("create_tasks", { tasks: ids.map((id) => ({ id, description: "" })) });
    assertEquals(answer, { created: 1_000, ready: ids.slice(0, 20), ready_count: 1_000 });
  });

  await t.step("update_task changes only the given values", async () => {
    await create(server, "u1", "u2");
    const described = { id: "u1", description: "new", status: "pending", readiness: "ready", dependencies: [] };
    assertEquals(await server.ask("update_task", { task_id: "u1", description: "new" }), { ...described, version: 2 });
    const waiting = { ...described, readiness: "waiting", waitingFor: ["u2"], dependencies: ["u2"], version: 3 };
    assertEquals(await server.ask("update_task", { task_id: "u1", dependencies: ["u2"] }), waiting);
    assertEquals(await server.ask("update_task", { task_id: "u1" }), waiting);
    assertEquals(await server.ask("update_task", { task_id: "u1", dependencies: [] }), { ...described, version: 4 });
  });

  await t.step("delete_task answers the id, and the task is gone", async () => {
    await create(server, "d1");
    assertEquals(await server.ask("delete_task", { task_id: "d1" }), { deleted: "d1" });
    assertEquals((await server.refused("get_task_details", { task_id: "d1" })).code, "not_found");
  });

  await t.step("complete_task answers the task and the unlocked tasks", async () => {
    await create(server, "k1", "other");
    await create(server, { id: "k2", dependencies: ["k1"] }, { id: "k3", dependencies: ["k1", "other"] });
    await claim(server, "k1");
    const completed = {
      completed_task: {
        id: "k1",
        description: "do k1",
        status: "completed",
        dependencies: [],
        assignedTo: "ann",
        result: "made it",
      },
      unlocked_tasks: [
        { id: "k2", description: "do k2", status: "pending", readiness: "ready", dependencies: ["k1"] },
      ],
    };
    const call = { task_id: "k1", instance_id: "ann", result: "made it" };
    assertEquals(await server.ask("complete_task", { ...call, attempt: 1 }), completed);
    assertEquals(await server.ask("complete_task", call), completed, "said twice, it is the same answer");
  });

  await t.step("complete_task shows twenty of many unlocked tasks, and their number", async () => {
    await create(server, "hub");
    await create(server, ...Array.from({ length: 25 }, (_, n) => ({ id: `spoke${n}`, dependencies: ["hub"] })));
    await claim(server, "hub");
    const call = { task_id: "hub", instance_id: "ann", result: "" };
    const answer = await server.ask<{ unlocked_tasks: Json[]; unlocked_count: number }>("complete_task", call);
    assertEquals(answer.unlocked_tasks.map((task) => task["id"]), Array.from({ length: 20 }, (_, n) => `spoke${n}`));
    assertEquals(answer.unlocked_count, 25);
  });

  await t.step("fail_task blocks the dependents of a task, and retry_task unblocks them", async () => {
    await create(server, "f1");
    await create(server, { id: "f2", dependencies: ["f1"] });
    await claim(server, "f1");
    const failed = {
      id: "f1",
      description: "do f1",
      status: "failed",
      dependencies: [],
      assignedTo: "ann",
      error: "no disk",
    };
    const call = { task_id: "f1", instance_id: "ann", error: "no disk" };
    assertEquals(await server.ask("fail_task", call), failed);
    assertEquals(await server.ask("fail_task", call), failed, "said twice, it is the same answer");
    assertEquals(await readiness(server, "f2"), ["blocked", ["f1"]]);
    const retried = { id: "f1", description: "do f1", status: "pending", readiness: "ready", dependencies: [] };
    assertEquals(await server.ask("retry_task", { task_id: "f1" }), retried);
    assertEquals(await server.ask("retry_task", { task_id: "f1" }), retried, "said twice, it is the same answer");
    assertEquals(await readiness(server, "f2"), ["waiting", ["f1"]]);
  });

  await t.step("release_task hands a task back for the next attempt", async () => {
    await create(server, "r1");
    await claim(server, "r1");
    const released = { id: "r1", description: "do r1", status: "pending", readiness: "ready", dependencies: [] };
    const call = { task_id: "r1", instance_id: "ann" };
    assertEquals(await server.ask("release_task", { ...call, reason: "lunch" }), { ...released, reason: "lunch" });
    assertEquals((await claim(server, "r1", "bob"))["attempt"], 2);
    assertEquals(await server.ask("release_task", { task_id: "r1", instance_id: "bob" }), released);
  });

  await t.step("cancel_task ends pending and running tasks", async () => {
    await create(server, "x1", "x2");
    await claim(server, "x2");
    const cancelled = { description: "do x1", status: "cancelled", dependencies: [] };
    assertEquals(await server.ask("cancel_task", { task_id: "x1" }), { id: "x1", ...cancelled });
    assertEquals(await server.ask("cancel_task", { task_id: "x1" }), { id: "x1", ...cancelled });
    assertEquals(await server.ask("cancel_task", { task_id: "x2", reason: "not needed" }), {
      ...cancelled,
      id: "x2",
      description: "do x2",
      assignedTo: "ann",
      reason: "not needed",
    });
  });

  await t.step("get_task_details answers the whole task with its times", async () => {
    const result = "y".repeat(512 * 1024);
    await create(server, "g1");
    await claim(server, "g1");
    await server.ask("complete_task", { task_id: "g1", instance_id: "ann", result });
    const { createdAt, startedAt, finishedAt, durationMs, workedMs, waitedMs, totalMs, ...rest } = await server.ask(
      "get_task_details",
      { task_id: "g1" },
    );
    for (const time of [createdAt, startedAt, finishedAt]) assertMatch(String(time), ISO_TIME);
    assertEquals(durationMs, Date.parse(String(finishedAt)) - Date.parse(String(startedAt)));
    assertEquals(workedMs, durationMs);
    assertEquals(waitedMs, Date.parse(String(startedAt)) - Date.parse(String(createdAt)));
    assertEquals(totalMs, Number(workedMs) + Number(waitedMs));
    assertEquals(rest, {
      id: "g1",
      description: "do g1",
      status: "completed",
      dependencies: [],
      assignedTo: "ann",
      result: `${
        "y".repeat(16_000)
      }… (524288 characters: get_task_details with part: "result", offset: 16000 reads on)`,
      maxAttempts: 5,
      version: 1,
      attempt: 1,
    });
    const end = { task_id: "g1", part: "result", offset: 524_280, limit: 50_000 };
    assertEquals(await server.ask("get_task_details", end), {
      id: "g1",
      version: 1,
      attempt: 1,
      part: "result",
      text: "y".repeat(8),
      offset: 524_280,
      total: 524_288,
    });
  });

  await t.step("get_task_details answers the attempts before the current one with their whole messages", async () => {
    await create(server, "again");
    await claim(server, "again");
    const reason = "r".repeat(1_000);
    await server.ask("release_task", { task_id: "again", instance_id: "ann", reason });
    const { text } = await server.ask("get_task_details", { task_id: "again", part: "attempts" });
    assertMatch(String(text), new RegExp(`^Attempt 1 of ann, \\S+Z to \\S+Z, released: ${reason}$`));
    const { previous } = await claim(server, "again");
    assertMatch(JSON.stringify(previous), /part: \\"attempts\\" has all/);
  });

  await t.step("get_task_details answers a long progress message whole", async () => {
    await create(server, "slow");
    await claim(server, "slow");
    const message = "m".repeat(201);
    await server.ask("report_progress", { task_id: "slow", instance_id: "ann", message });
    const { progress } = await server.ask<{ progress: Json }>("get_task_details", { task_id: "slow" });
    const cut = `${"m".repeat(200)}… (201 characters, get_task_details with part: "progress" has all)`;
    assertEquals(progress["message"], cut);
    const { text } = await server.ask("get_task_details", { task_id: "slow", part: "progress" });
    assertEquals(text, message);
  });

  await t.step("complete_task names the tasks that it skipped, and why, also when repeated", async () => {
    await create(server, "s1");
    await create(server, { id: "s2", dependencies: ['{"task": "s1", "on": "failed"}'] }, {
      id: "s3",
      dependencies: ["s2"],
    });
    await claim(server, "s1");
    for (const _ of ["once", "again"]) {
      const answer = await server.ask("complete_task", { task_id: "s1", instance_id: "ann", result: "" });
      assertEquals(answer["skipped_tasks"], [
        { id: "s2", because: "It depends on s1 failed" },
        { id: "s3", because: "It depends on s2" },
      ]);
    }
  });

  await t.step("fail_task names the tasks that it unlocked and skipped, also when repeated", async () => {
    const tasks = [
      { id: "ends", description: "build", max_attempts: 1 },
      { id: "if-failed", description: "say why", dependencies: ['{"task": "ends", "on": "failed"}'] },
      { id: "if-not", description: "test", dependencies: ["ends"], if_unreachable: "skip" },
    ];
    await server.ask("create_tasks", { tasks });
    await claim(server, "ends");
    for (const retryable of [true, false]) {
      const answer = await server.ask("fail_task", {
        task_id: "ends",
        instance_id: "ann",
        error: "no disk",
        retryable,
      });
      const { unlocked_tasks, skipped_tasks } = answer;
      assertEquals((unlocked_tasks as readonly Json[]).map(({ id, readiness }) => [id, readiness]), [
        ["if-failed", "ready"],
      ]);
      assertEquals(skipped_tasks, [{ id: "if-not", because: "It depends on ends" }]);
    }
    await create(server, "ends-later");
    await claim(server, "ends-later");
    const again = { task_id: "ends-later", instance_id: "ann", error: "no disk", retryable: true };
    const { unlocked_tasks, skipped_tasks } = await server.ask("fail_task", again);
    assertEquals([unlocked_tasks, skipped_tasks], [undefined, undefined]);
  });

  await t.step("complete_task that unlocks eleven tasks answers less than 3,000 characters", async () => {
    const texts = Array.from({ length: 11 }, (_, n) => ({
      id: `after${n}`,
      description: "d".repeat(900),
      dependencies: ["eleven"],
    }));
    await server.ask("create_tasks", { tasks: [{ id: "eleven", description: "d".repeat(900) }, ...texts] });
    await claim(server, "eleven");
    const { content } = await server.call("complete_task", {
      task_id: "eleven",
      instance_id: "ann",
      result: "r".repeat(400),
    });
    const text = content[0]?.type === "text" ? content[0].text : "";
    assertEquals(JSON.parse(text).unlocked_tasks.length, 11);
    assert(text.length < 3_000, `${text.length} characters`);
  });
});

async function readiness(server: Server, task_id: string): Promise<[unknown, unknown]> {
  const task = await server.ask("get_task_details", { task_id });
  return [task["readiness"], task["waitingFor"]];
}
