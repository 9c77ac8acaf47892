/**
 * Shows what becomes of calls that no tool can take: malformed ones are refused with what is expected, where models see
 * it, too large ones are refused too, and the server goes on answering. Odd but valid ids come back as they were given.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { finish } from "../support/calls.ts";
import { ErrorCode } from "../support/sdk_client.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const MEBIBYTE = 1024 * 1024;

/** Longest answer to a call that is refused, in characters. */
const MAX_REFUSAL_CHARACTERS = 8 * 1024;

const MALFORMED: readonly { readonly tool: string; readonly args: Json; readonly says: readonly string[] }[] = [
  { tool: "create_task", args: {}, says: ["id: ", "description: ", "It takes: id, description, dependencies?"] },
  { tool: "create_task", args: { id: 1.5, description: "" }, says: ["id: ", "expected string, received number"] },
  { tool: "create_task", args: { id: ["a"], description: "" }, says: ["id: ", "expected string, received array"] },
  { tool: "create_task", args: { id: null, description: "" }, says: ["id: missing"] },
  { tool: "create_task", args: { id: "a", description: {} }, says: ["description: ", "expected string"] },
  { tool: "create_task", args: { id: "a", description: "", dependencies: 5 }, says: ["dependencies.0: "] },
  { tool: "create_task", args: { id: "a", description: "", dependencies: [1] }, says: ["dependencies.0: "] },
  { tool: "create_task", args: { id: "a", extra: 1 }, says: ["description: ", "unknown: extra", "It takes: id, "] },
  {
    tool: "create_task",
    args: { id: "a", description: "", dependencies: [null] },
    says: ["expected string or object"],
  },
  { tool: "create_task", args: { id: "a", description: "", timeout_ms: 1.5 }, says: ["timeout_ms: "] },
  { tool: "create_task", args: { id: "a", description: "", assign_to: 5 }, says: ["assign_to: ", "object"] },
  { tool: "create_tasks", args: {}, says: ["tasks: ", "It takes: tasks"] },
  { tool: "create_tasks", args: { tasks: [{ id: "a" }] }, says: ["tasks.0.description: "] },
  { tool: "create_tasks", args: { tasks: [{ id: "a", x: 1 }] }, says: ["tasks.0.description: ", "tasks.x"] },
  { tool: "update_task", args: { id: "a" }, says: ["task_id: ", "unknown: id", "task_id, description?, "] },
  { tool: "delete_task", args: { task_id: ["a"] }, says: ["task_id: ", "received array"] },
  { tool: "get_next_task", args: { instance_id: [] }, says: ["instance_id: ", "It takes: instance_id?, task_id?"] },
  { tool: "complete_task", args: { task_id: "a", instance_id: "i" }, says: ["result: ", "instance_id?, result, att"] },
  { tool: "complete_task", args: { task_id: "a", instance_id: "i", result: "", attempt: 0 }, says: ["attempt: "] },
  { tool: "complete_task", args: { task_id: "a", instance_id: "i", result: "", attempt: 1.5 }, says: ["attempt: "] },
  { tool: "fail_task", args: { task_id: "a", instance_id: "i" }, says: ["error: "] },
  { tool: "release_task", args: { instance_id: "a" }, says: ["task_id: ", "reason?, dependencies?, attempt?"] },
  { tool: "cancel_task", args: { task_id: true }, says: ["task_id: ", "received boolean"] },
  { tool: "retry_task", args: {}, says: ["task_id: "] },
  { tool: "get_task_status", args: { status: "done" }, says: ["status: "] },
  { tool: "get_task_status", args: { fields: ["id", "nope"] }, says: ["fields.1: ", '"createdAt"'] },
  { tool: "get_task_status", args: { limit: 0 }, says: ["limit: ", ">=1"] },
  { tool: "get_task_status", args: { limit: 1_001 }, says: ["limit: ", "<=1000"] },
  { tool: "get_task_status", args: { summary: "yes" }, says: ["summary: ", "boolean"] },
  { tool: "get_task_details", args: { task_id: 1.5 }, says: ["task_id: "] },
  { tool: "get_task_details", args: { task_id: "a", part: "id" }, says: ["part: ", '"attempts"'] },
  { tool: "get_task_details", args: { task_id: "a", part: "result", offset: -1 }, says: ["offset: ", ">=0"] },
  { tool: "get_task_details", args: { task_id: "a", part: "result", limit: 50_001 }, says: ["limit: ", "<=50000"] },
  {
    tool: "get_history",
    args: { limit: 501 },
    says: ["limit: ", "<=500", "task_id?, instance_id?, group?, type?, since?, until?, limit?"],
  },
];

Deno.test("invalid calls", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);

  for (const { tool, args, says } of MALFORMED) {
    await t.step(`${tool} does not take ${JSON.stringify(args)}`, async () => {
      const { code, message } = await server.refused(tool, args);
      assertEquals(code, "invalid_value");
      for (const part of [`Invalid arguments for ${tool}`, ...says]) assertStringIncludes(message, part);
    });
  }

  await t.step("get_history says what since, until and type take", async () => {
    for (
      const [args, start] of [
        [
          { since: -1 },
          'since -1 is neither the seq of a record, like "12", nor the id of an event, like "12.0", nor a time',
        ],
        [{ until: "soon" }, "until soon is neither the seq of a record"],
        [{ since: "2026-02-30" }, "since 2026-02-30 is neither the seq of a record"],
        [{ type: ["task.done"] }, "There is no event type task.done: there are task.created, task.imported, "],
      ] as const
    ) {
      const { code, message } = await server.refused("get_history", args);
      assertEquals([code, message.slice(0, start.length)], ["invalid_value", start]);
    }
  });

  await t.step("the error for an unknown tool names the tools", async () => {
    const { code, message } = await server.malformed("complete");
    assertEquals(code, ErrorCode.InvalidParams);
    assertStringIncludes(message, "Unknown tool complete: the tools are create_task, create_tasks, ");
    for (const tool of (await server.client.listTools()).tools) assertStringIncludes(message, tool.name);
  });

  await t.step("many mistakes get a short message", async () => {
    const tasks = Array.from({ length: 1_000 }, () => ({ id: 1, description: 2 }));
    const { message } = await server.refused("create_tasks", { tasks });
    assert(message.length < MAX_REFUSAL_CHARACTERS, message);
  });

  await t.step("a string of a mebibyte is refused in every parameter", async () => {
    const long = "x".repeat(MEBIBYTE);
    const ids = { task_id: "a", instance_id: "i" };
    for (
      const [tool, args] of [
        ["create_task", { id: long, description: "" }],
        ["create_task", { id: "a", description: long }],
        ["create_task", { id: "a", description: "", dependencies: [long] }],
        ["create_tasks", { tasks: [{ id: long, description: "" }] }],
        ["update_task", { task_id: long }],
        ["delete_task", { task_id: long }],
        ["get_next_task", { instance_id: long }],
        ["get_next_task", { instance_id: "i", task_id: long }],
        ["complete_task", { ...ids, result: long }],
        ["complete_task", { ...ids, instance_id: long, result: "" }],
        ["fail_task", { ...ids, error: long }],
        ["release_task", { ...ids, reason: long }],
        ["cancel_task", { task_id: "a", reason: long }],
        ["retry_task", { task_id: long }],
        ["get_task_status", { cursor: long }],
        ["get_task_details", { task_id: long }],
      ] as const
    ) {
      const error = await server.refused(tool, args);
      assert(JSON.stringify(error).length < MAX_REFUSAL_CHARACTERS, `the refusal of ${tool} is too long`);
    }
    assertEquals(await server.ask<Json[]>("get_task_status", { assigned_to: long }), []);
    assertEquals(await server.ask("get_history", { task_id: long }), {
      events: [],
      last_seq: 0,
      has_more: false,
    });
    await stillAnswers(server);
  });

  await t.step("a message of five mebibytes is refused under its own id", async () => {
    const calls = [1, 5, 1].map((mebibytes, n) =>
      server.call("create_task", { id: `b${n}`, description: "x".repeat(mebibytes * MEBIBYTE) })
    );
    const [before, tooLong, after] = await Promise.allSettled(calls);
    assert(before?.status === "fulfilled" && before.value.isError === true);
    assert(tooLong?.status === "rejected");
    assertEquals(tooLong.reason.code, ErrorCode.InvalidRequest);
    assertStringIncludes(tooLong.reason.message, "Message too long: at most 4194304 bytes are read");
    assert(after?.status === "fulfilled" && after.value.isError === true);
    await stillAnswers(server);
  });
});

Deno.test("unusual ids are returned unchanged", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const ids = [
    "__proto__",
    "constructor",
    "toString",
    "🦕",
    "👩‍👩‍👧‍👦 family",
    "e\u0301 is not \u00e9",
    "a".repeat(200),
    "🦕".repeat(200),
    "a/b?c#d%20&e=%",
    "quote\" back\\slash 'n' `tick`",
    "-- --data",
    "<b>&amp;</b>",
    "مهمة",
    "0",
  ];
  for (const id of ids) {
    await t.step(id.length > 40 ? `${id.slice(0, 40)}…` : id, async () => {
      assertEquals((await server.ask("create_task", { id, description: id.slice(0, 40) }))["id"], id);
      assertEquals((await server.ask("get_task_details", { task_id: id }))["id"], id);
      const uri = `orchestrator://tasks/${encodeURIComponent(id)}`;
      const { contents } = await server.client.readResource({ uri });
      const text = contents[0] !== undefined && "text" in contents[0] ? contents[0].text : "";
      assertEquals(JSON.parse(text).id, id);
      const next = await server.ask("create_task", {
        id: `after ${ids.indexOf(id)}`,
        description: "",
        dependencies: [id],
      });
      assertEquals(next["dependencies"], [id]);
      await finish(server, id, id);
      const { events } = await server.ask<{ events: { type: string }[] }>("get_history", { task_id: id });
      assertEquals(events.map(({ type }) => type), ["task.created", "task.ready", "task.claimed", "task.completed"]);
    });
  }
  await t.step("all of them are listed, in the order of creation", async () => {
    const tasks = await server.ask<{ id: string }[]>("get_task_status", { status: "completed" });
    assertEquals(tasks.map(({ id }) => id), ids);
  });
  await t.step("another process reads the same ids", async () => {
    await server.close();
    await using other = await startServer(directory.path);
    const tasks = await other.ask<{ id: string; result: string }[]>("get_task_status", {
      status: "completed",
      fields: ["id", "result"],
    });
    assertEquals(tasks, ids.map((id) => ({ id, result: id })));
  });
});

async function stillAnswers(server: Server): Promise<void> {
  assertEquals((await server.ask("get_task_status", { summary: true }))["total"], 0);
}
