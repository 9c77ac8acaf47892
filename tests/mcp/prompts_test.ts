/** Shows the prompts that a person picks in a client, and that they speak only of tools that exist. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ErrorCode, McpError } from "../support/sdk_client.ts";
import { startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("prompts", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const { prompts } = await server.client.listPrompts();

  await t.step("are listed with their arguments", () => {
    assertEquals(prompts.map(({ name, arguments: args = [] }) => [name, args.map((arg) => [arg.name, arg.required])]), [
      ["plan_work", [["goal", true]]],
      ["work_on_tasks", [["instance_id", true]]],
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
    const answers = ["no_tasks", "in_progress", "no_match", "at_capacity"];
    const names = new Set([...tools.map(({ name }) => name), ...parameters, ...answers]);
    for (const { name, arguments: args = [] } of prompts) {
      const text = await textOf(name, Object.fromEntries(args.map((arg) => [arg.name, "x"])));
      for (const word of text.match(/\b[a-z]+_[a-z_]+\b/g) ?? []) assert(names.has(word), `${name} speaks of ${word}`);
    }
  });

  await t.step("are refused without an argument they need, which is named", async () => {
    assertStringIncludes((await errorOf("plan_work")).message, "Prompt plan_work needs the argument goal");
    assertStringIncludes((await errorOf("plan_work", { goal: "" })).message, "needs the argument goal");
    assertStringIncludes((await errorOf("work_on_tasks", { goal: "x" })).message, "needs the argument instance_id");
  });

  await t.step("are refused if there is no such, naming those that there are", async () => {
    const { message } = await errorOf("plan");
    assertStringIncludes(message, "Unknown prompt plan: there are plan_work, work_on_tasks, review_progress");
    assertStringIncludes((await errorOf("__proto__")).message, "Unknown prompt __proto__");
  });

  async function textOf(name: string, args: Record<string, string> = {}): Promise<string> {
    const { messages } = await server.client.getPrompt({ name, arguments: args });
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
