/** Shows the prompts that a person picks in a client, and that they speak only of tools that exist. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ErrorCode, GetPromptResultSchema, McpError } from "../support/sdk_client.ts";
import { type Json, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("prompts", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const { prompts } = await server.client.listPrompts();

  await t.step("are listed with their arguments", () => {
    assertEquals(prompts.map(({ name, arguments: args = [] }) => [name, args.map((arg) => [arg.name, arg.required])]), [
      ["plan_work", [["goal", undefined]]],
      ["work_on_tasks", [["instance_id", undefined]]],
      ["review_progress", []],
    ]);
    for (const { description } of prompts) assert((description ?? "").length > 10);
  });

  await t.step("are filled in", async () => {
    assertStringIncludes(await textOf("plan_work", { goal: "Ship $& it" }), "\n\nShip $& it\n\n");
    assertStringIncludes(await textOf("work_on_tasks", { instance_id: "ann" }), 'get_next_task with instance_id "ann"');
    assertStringIncludes(await textOf("review_progress"), "Report the progress");
  });

  await t.step("name only tools, parameters and answers that exist", async () => {
    const { tools } = await server.client.listTools();
    const parameters = JSON.stringify(tools.map(({ inputSchema }) => inputSchema)).match(/\b[a-z]+_[a-z_]+\b/g) ?? [];
    const answers = ["no_tasks", "in_progress", "no_match", "at_capacity", "cancelled_tasks"];
    const names = new Set([...tools.map(({ name }) => name), ...parameters, ...answers]);
    for (const { name, arguments: args = [] } of prompts) {
      const text = await textOf(name, Object.fromEntries(args.map((arg) => [arg.name, "x"])));
      for (const word of text.match(/\b[a-z]+_[a-z_]+\b/g) ?? []) assert(names.has(word), `${name} speaks of ${word}`);
    }
  });

  for (const nothing of [undefined, {}, { goal: "" }, { goal: null, instance_id: null }, null]) {
    await t.step(`work without arguments: ${JSON.stringify(nothing)}`, async () => {
      const plan = await textOf("plan_work", nothing);
      assertStringIncludes(plan, "take it from the conversation. If there is none either, ask before you go on");
      assert(!/undefined|null/.test(plan), plan);
      const work = await textOf("work_on_tasks", nothing);
      assertStringIncludes(work, "choose an instance_id that none of them has");
      assertStringIncludes(work, "Call get_next_task with wait_ms");
      assert(!/undefined|null|""/.test(work), work);
    });
  }

  await t.step("tell agents to wait for less than the timeout of clients", async () => {
    assertStringIncludes(await textOf("work_on_tasks"), "wait_ms 50000.");
  });

  await t.step("that do not exist are refused, with the names of those that do", async () => {
    const { message } = await errorOf("plan");
    assertStringIncludes(message, "Unknown prompt plan: the prompts are plan_work, work_on_tasks, review_progress");
    assertStringIncludes((await errorOf("__proto__")).message, "Unknown prompt __proto__");
  });

  async function textOf(name: string, args: Json | null = {}): Promise<string> {
    const params = { name, ...(args !== undefined && { arguments: args }) };
    // The SDK's types know no null, which other clients send.
    const { messages } = await server.client.request({ method: "prompts/get", params }, GetPromptResultSchema);
    assertEquals(messages.map(({ role, content }) => [role, content.type]), [["user", "text"]]);
    const content = messages[0]?.content;
    return content?.type === "text" ? content.text : "";
  }

  async function errorOf(name: string, args: Record<string, string> = {}): Promise<McpError> {
    const error = await textOf(name, args).catch((error) => error);
    assert(error instanceof McpError);
    assertEquals(error.code, ErrorCode.InvalidParams);
    return error;
  }
});
