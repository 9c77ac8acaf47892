/** Shows that a call with a request id is carried out once, however often it is repeated, over real MCP. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { create } from "../support/calls.ts";
import type { CallToolResult } from "../support/sdk_client.ts";
import { type Json, type RefusedError, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("calls with a request id", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const plan = { tasks: [{ id: "a", description: "do a" }, { id: "b", description: "do b", dependencies: ["a"] }] };

  await t.step("the same create_tasks twice creates the tasks once, whatever process the repeat goes to", async () => {
    const first = await callWith(server, "plan-1", "create_tasks", plan);
    assertEquals([first.isError, first.structuredContent?.["repeated"]], [undefined, undefined]);
    await using other = await startServer(directory.path);
    for (const each of [server, other]) {
      const { isError, structuredContent, content } = await callWith(each, "plan-1", "create_tasks", plan);
      assertEquals([isError, idsOf(structuredContent)], [undefined, ["a", "b"]]);
      assertEquals([structuredContent?.["repeated"], structuredContent?.["seq"]], [true, 1]);
      assertStringIncludes(String(structuredContent?.["note"]), "nothing was changed");
      assertEquals(content[0]?.type === "text" && JSON.parse(content[0].text), structuredContent);
    }
    assertEquals((await server.ask<Json[]>("get_task_status")).length, 2);
  });

  await t.step("a repeated claim gets the task of the first, as it is now, and no other", async () => {
    await create(server, "c");
    const ann = { instance_id: "ann" };
    const { structuredContent: first } = await callWith(server, "claim-1", "get_next_task", ann);
    assertEquals(first?.["id"], "a");
    const { structuredContent: again } = await callWith(server, "claim-1", "get_next_task", ann);
    assertEquals([again?.["repeated"], idsOf(again)], [true, ["a"]]);
    assertEquals((await server.ask("get_task_details", { task_id: "c" }))["status"], "pending");
  });

  await t.step("a claim that waits and its tries share the id", async () => {
    await server.ask("cancel_task", { task_id: "c" });
    const waiting = callWith(server, "claim-2", "get_next_task", { instance_id: "bob", wait_ms: 20_000 });
    await create(server, "d");
    assertEquals((await waiting).structuredContent?.["id"], "d");
    const again = await callWith(server, "claim-2", "get_next_task", { instance_id: "bob", wait_ms: 0 });
    assertEquals([again.structuredContent?.["repeated"], idsOf(again.structuredContent)], [true, ["d"]]);
  });

  await t.step("a call with times that count from now is a repeat if it is the same call", async () => {
    const task = { id: "later", description: "", not_before: "PT1H", deadline: "PT5H" };
    for (const isRepeat of [undefined, true]) {
      const { structuredContent } = await callWith(server, "later-1", "create_task", task);
      assertEquals(structuredContent?.["repeated"], isRepeat);
    }
    assertEquals(
      (await refusedWith(server, "later-1", "create_task", { ...task, deadline: "PT6H" })).code,
      "request_reused",
    );
  });

  await t.step("the same id with another call is refused", async () => {
    for (
      const [tool, args] of [["create_tasks", { tasks: [{ id: "z", description: "z" }] }], ["leave", {
        instance_id: "ann",
      }]] as const
    ) {
      const error = await refusedWith(server, "plan-1", tool, args);
      assertEquals([error.code, error.data], ["request_reused", { request: "plan-1", seq: 1 }]);
    }
  });

  await t.step("a malformed id is refused with what would work", async () => {
    for (
      const [id, says] of [[7, "must be a text"], ["", "empty"], ["#1", "begins with #"], ["x".repeat(201), "200"]]
    ) {
      const error = await refusedWith(server, id, "create_tasks", plan);
      assertStringIncludes(error.message, String(says));
    }
  });

  await t.step("a tool that repeats its command until all is done gives the id to the first", async () => {
    await server.ask("register_instance", { instance_id: "ann" });
    assertEquals((await callWith(server, "leave-1", "leave", { instance_id: "ann" })).isError, undefined);
    const again = await callWith(server, "leave-1", "leave", { instance_id: "ann" });
    assertEquals(again.structuredContent?.["repeated"], true);
  });
});

async function callWith(server: Server, id: unknown, name: string, args: Json): Promise<CallToolResult> {
  const params = { name, arguments: args, _meta: { "orchestrator/requestId": id } };
  return await server.client.callTool(params) as CallToolResult;
}

async function refusedWith(server: Server, id: unknown, name: string, args: Json): Promise<RefusedError> {
  const { isError, structuredContent } = await callWith(server, id, name, args);
  assertEquals(isError, true);
  return structuredContent?.["error"] as RefusedError;
}

function idsOf(answer: Json | undefined): readonly unknown[] {
  return ((answer?.["tasks"] ?? []) as readonly Json[]).map(({ id }) => id);
}
