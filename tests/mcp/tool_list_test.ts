/** Shows that the list of tools is small and always the same, and that every tool is described and annotated. */

import { assert, assertEquals } from "@std/assert";
import { startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** The share of an agent's context: of the core tools, and of all. */
const MAX_CORE_LIST_BYTES = 10 * 1024;
const MAX_LIST_BYTES = 20 * 1024;

Deno.test("the list of tools", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const list = await server.client.listTools();
  const { tools } = list;

  await t.step("has the earlier server's tools with all their parameters", () => {
    const properties = new Map(tools.map(({ name, inputSchema }) => [name, Object.keys(inputSchema.properties ?? {})]));
    for (
      const [name, parameters] of Object.entries({
        create_task: ["id", "description", "dependencies"],
        update_task: ["task_id", "description", "dependencies"],
        delete_task: ["task_id"],
        get_next_task: ["instance_id"],
        complete_task: ["task_id", "instance_id", "result"],
        get_task_status: [],
        get_task_details: ["task_id"],
      })
    ) {
      assertEquals(properties.get(name)?.slice(0, parameters.length), parameters, name);
    }
  });

  await t.step("requires no more parameters than the earlier server did", () => {
    const required = Object.fromEntries(tools.map(({ name, inputSchema }) => [name, inputSchema.required ?? []]));
    assertEquals(required["create_task"], ["id", "description"]);
    assertEquals(required["update_task"], ["task_id"]);
    assertEquals(required["get_next_task"], []);
    assertEquals(required["complete_task"], ["task_id", "result"]);
    assertEquals(required["get_task_status"], []);
    for (const [name, parameters] of Object.entries(required)) assert(!parameters.includes("instance_id"), name);
  });

  await t.step("fits into twenty kilobytes, the core tools alone into ten", async () => {
    assert(bytesOf(list) <= MAX_LIST_BYTES, `${bytesOf(list)} bytes`);
    await using lean = await startServer(directory.path, { args: ["--toolsets", "core"] });
    const core = await lean.client.listTools();
    assert(bytesOf(core) <= MAX_CORE_LIST_BYTES, `${bytesOf(core)} bytes`);
    assertEquals(core.tools, tools.slice(0, core.tools.length));
  });

  await t.step("describes and annotates every tool", () => {
    for (const { name, description, annotations } of tools) {
      assert(description !== undefined && description.length > 20, name);
      // Absent, it is false.
      if (annotations?.readOnlyHint !== true) assertEquals(typeof annotations?.destructiveHint, "boolean", name);
      if (annotations?.readOnlyHint !== true) assertEquals(annotations?.openWorldHint, false, name);
    }
  });

  await t.step("asks Claude Code to load the tools of every worker at once, and no others", () => {
    const loaded = tools.filter(({ _meta }) => _meta?.["anthropic/alwaysLoad"] === true).map(({ name }) => name);
    assertEquals(loaded, ["get_next_task", "report_progress", "complete_task"]);
  });

  await t.step("has objects as input schemas, without references and useless keywords", () => {
    for (const { name, inputSchema } of tools) {
      assertEquals(inputSchema.type, "object", name);
      const json = JSON.stringify(inputSchema);
      for (const part of ["$ref", "$schema", '"additionalProperties":false', `${Number.MAX_SAFE_INTEGER}`]) {
        assert(!json.includes(part), `${name} has ${part}`);
      }
    }
  });

  await t.step("is the same again, and from another process", async () => {
    assertEquals(JSON.stringify(await server.client.listTools()), JSON.stringify(list));
    await using other = await startServer(directory.path);
    assertEquals(JSON.stringify(await other.client.listTools()), JSON.stringify(list));
  });
});

/** Size in UTF-8, as a client gets it. */
function bytesOf(list: unknown): number {
  return new TextEncoder().encode(JSON.stringify(list)).length;
}

Deno.test("a server introduces itself", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const { name, title, version } = server.client.getServerVersion() ?? {};
  assertEquals([name, title], ["mcp-orchestrator", "MCP Orchestrator"]);
  assertEquals(version, JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url))).version);
  assertEquals(server.client.getServerCapabilities(), {
    tools: {},
    resources: { subscribe: true },
    prompts: {},
    completions: {},
  });
  const instructions = server.client.getInstructions() ?? "";
  for (const tool of ["create_tasks", "get_next_task", "complete_task"]) assert(instructions.includes(tool), tool);
  assert(instructions.length < 1_000, `${instructions.length} characters`);
});
