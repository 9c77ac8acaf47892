/** Shows what a client can read as resources: the tasks, one task, the graph and the history, in bounded answers. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { claim, create, fail, finish } from "../support/calls.ts";
import { McpError } from "../support/sdk_client.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** MCP's code for a resource that does not exist. */
const RESOURCE_NOT_FOUND = -32602;

/** Longest text of a resource: a client's buffer and a model's context are small. */
const MAX_TEXT_CHARACTERS = 128 * 1024;

Deno.test("resources", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);

  await t.step("are listed, with templates for tasks and groups", async () => {
    const { resources } = await server.client.listResources();
    assertEquals(resources.map(({ uri, name, mimeType }) => [uri, name, mimeType]), [
      ["orchestrator://tasks", "tasks", "application/json"],
      ["orchestrator://graph", "graph", "text/vnd.mermaid"],
      ["orchestrator://history", "history", "application/json"],
    ]);
    const { resourceTemplates } = await server.client.listResourceTemplates();
    assertEquals(resourceTemplates.map(({ uriTemplate, name }) => [uriTemplate, name]), [
      ["orchestrator://tasks/{id}", "task"],
      ["orchestrator://groups/{id}", "group"],
    ]);
    for (const { description } of [...resources, ...resourceTemplates]) assert((description ?? "").length > 10);
  });

  await t.step("can be read when there are no tasks", async () => {
    assertEquals(await readJson(server, "orchestrator://tasks"), { total: 0, tasks: [] });
    assertEquals(await readJson(server, "orchestrator://history"), { events: [], last_seq: 0 });
    assertStringIncludes((await read(server, "orchestrator://graph")).text, "flowchart TD\n");
  });

  await create(server, "a", { id: 'b "<x>"', dependencies: ["a"] }, { id: "c", dependencies: ["a"] });
  await finish(server, "a", "made");
  await claim(server, "c");

  await t.step("tasks has the same content as get_task_status", async () => {
    const tasks = await server.ask<Json[]>("get_task_status");
    assertEquals(await readJson(server, "orchestrator://tasks"), { total: 3, tasks });
    assertEquals((await read(server, "orchestrator://tasks")).mimeType, "application/json");
  });

  await t.step("a task has the same content as get_task_details", async () => {
    for (const id of ["a", 'b "<x>"', "c"]) {
      const task = await server.ask("get_task_details", { task_id: id });
      assertEquals(await readJson(server, `orchestrator://tasks/${encodeURIComponent(id)}`), task);
    }
  });

  await t.step("history has the newest events, like get_history", async () => {
    const { events, last_seq } = await server.ask("get_history");
    assertEquals(await readJson(server, "orchestrator://history"), { events, last_seq });
  });

  await t.step("graph is a flowchart of tasks, states and dependencies", async () => {
    const { text, mimeType } = await read(server, "orchestrator://graph");
    assertEquals(mimeType, "text/vnd.mermaid");
    assertEquals(text.split("\n").filter((line) => !line.includes("classDef")), [
      "flowchart TD",
      '  t1["a<br/>completed"]:::completed',
      '  t2["b #34;#60;x#62;#34;<br/>ready"]:::ready',
      '  t3["c<br/>in_progress · ann"]:::in_progress',
      "  t1 --> t2",
      "  t1 --> t3",
      "",
    ]);
  });

  await t.step("that do not exist are refused, with a hint to the lists", async () => {
    for (
      const [uri, says] of [
        ["orchestrator://tasks/none", "Task none not found: get_task_status lists"],
        ["orchestrator://tasks/", "not found"],
        ["orchestrator://tasks/%E0%A4%A", "resources/list and resources/templates/list show all resources"],
        ["orchestrator://nothing", "resources/list"],
        ["orchestrator://", "resources/list"],
        ["file:///etc/passwd", "resources/list"],
        ["", "resources/list"],
      ] as const
    ) {
      const error = await read(server, uri).catch((error) => error);
      assert(error instanceof McpError, uri);
      assertEquals(error.code, RESOURCE_NOT_FOUND);
      assertStringIncludes(error.message, `Resource ${uri} not found: `);
      assertStringIncludes(error.message, says);
    }
  });

  await t.step("complete the ids of tasks", async () => {
    const ids = Array.from({ length: 130 }, (_, n) => `id${n}`);
    await create(server, ...ids);
    const complete = async (value: string, argument = "id", uri = "orchestrator://tasks/{id}") => {
      const ref = { type: "ref/resource", uri } as const;
      return (await server.client.complete({ ref, argument: { name: argument, value } })).completion;
    };
    assertEquals(await complete("id12"), { values: ["id12", ...ids.slice(120, 130)], hasMore: false });
    assertEquals(await complete("id"), { values: ids.slice(0, 100), hasMore: true });
    assertEquals(await complete("b"), { values: ['b "<x>"'], hasMore: false });
    assertEquals(await complete("none"), { values: [], hasMore: false });
    assertEquals(await complete("id12", "name"), { values: [], hasMore: false });
    assertEquals(await complete("id12", "id", "orchestrator://other/{id}"), { values: [], hasMore: false });
    const ref = { type: "ref/prompt", name: "plan_work" } as const;
    const { completion } = await server.client.complete({ ref, argument: { name: "goal", value: "" } });
    assertEquals(completion, { values: [], hasMore: false });
  });
});

Deno.test("resources of a large graph are bounded", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const dependencies = Array.from({ length: 100 }, (_, n) => `${"dependency ".repeat(15)}${n}`);
  await create(server, ...dependencies);
  for (let batch = 0; batch < 4; batch++) {
    await create(server, ...Array.from({ length: 50 }, (_, n) => ({ id: `t${50 * batch + n}`, dependencies })));
  }
  await fail(server, dependencies[0] ?? "");
  for (const uri of ["orchestrator://tasks", "orchestrator://history", "orchestrator://graph"]) {
    await t.step(uri, async () => {
      const { text } = await read(server, uri);
      assert(text.length <= MAX_TEXT_CHARACTERS, `${text.length} characters`);
    });
  }
  await t.step("and have the newest entries", async () => {
    const { tasks, total } = await readJson<{ tasks: Json[]; total: number }>(server, "orchestrator://tasks");
    assertEquals([tasks.at(-1)?.["id"], total], ["t199", 300]);
    const { events } = await readJson<{ events: Json[] }>(server, "orchestrator://history");
    assertEquals(events.at(-1)?.["type"], "task.failed");
  });
});

interface Content {
  readonly text: string;
  readonly mimeType: string | undefined;
}

async function read(server: Server, uri: string): Promise<Content> {
  const { contents } = await server.client.readResource({ uri });
  assertEquals(contents.length, 1);
  const content = contents[0];
  assert(content !== undefined && "text" in content);
  assertEquals(content.uri, uri);
  return { text: content.text, mimeType: content.mimeType };
}

async function readJson<T = Json>(server: Server, uri: string): Promise<T> {
  return JSON.parse((await read(server, uri)).text);
}
