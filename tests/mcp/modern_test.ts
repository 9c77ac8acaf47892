/** Shows that a client of revision 2026-07-28 can do all that others can, and what is particular to that revision. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { create } from "../support/calls.ts";
import { type Modern, MODERN_REVISION, ProtocolError, startModern } from "../support/modern_client.ts";
import { type Message, RawServer, request } from "../support/raw_server.ts";
import { type Json, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("a client of 2026-07-28 is served", async (t) => {
  await using directory = await temporaryDirectory();
  await using modern = await startModern(directory.path, "modern 🦕");
  await using other = await startServer(directory.path, { name: "other" });
  const { client } = modern;

  await t.step("with discovery", () => {
    assertEquals(client.getNegotiatedProtocolVersion(), MODERN_REVISION);
    assertEquals(client.getServerVersion()?.version, denoJson.version);
    assertEquals(client.getServerCapabilities(), {
      tools: {},
      resources: { subscribe: true },
      prompts: {},
      completions: {},
    });
    assertStringIncludes(client.getInstructions() ?? "", "Tasks shared by several agents");
  });

  await t.step("with the same tools, prompts and resources as others", async () => {
    assertEquals((await client.listTools()).tools, (await other.client.listTools()).tools as unknown[]);
    assertEquals((await client.listPrompts()).prompts, (await other.client.listPrompts()).prompts as unknown[]);
    const { resources } = await client.listResources();
    assertEquals(resources, (await other.client.listResources()).resources as unknown[]);
    assertEquals((await client.listResourceTemplates()).resourceTemplates.length, 2);
    const prompt = await client.getPrompt({ name: "plan_work", arguments: { goal: "peace" } });
    assertStringIncludes(JSON.stringify(prompt.messages), "peace");
  });

  await t.step("with the tasks that others see", async () => {
    await create(other, "a");
    const { attempt } = await ask(modern, "get_next_task", { instance_id: "ann" });
    assertEquals(attempt, 1);
    await ask(modern, "complete_task", { task_id: "a", instance_id: "ann", result: "done" });
    assertEquals((await other.ask("get_task_details", { task_id: "a" }))["result"], "done");
    const [content] = (await client.readResource({ uri: "orchestrator://tasks/a" })).contents;
    assert(content !== undefined && "text" in content);
    assertEquals(JSON.parse(content.text).result, "done");
    const ref = { type: "ref/resource", uri: "orchestrator://tasks/{id}" } as const;
    assertEquals((await client.complete({ ref, argument: { name: "id", value: "" } })).completion.values, ["a"]);
  });

  await t.step("with refusals as results, which models see", async () => {
    const refused = await client.callTool({
      name: "complete_task",
      arguments: { task_id: "a", instance_id: "x", result: "" },
    });
    assertEquals([refused.isError, codeOf(refused)], [true, "not_holder"]);
    const bad = await client.callTool({ name: "create_task", arguments: { id: 5 } });
    assertEquals([bad.isError, codeOf(bad)], [true, "invalid_value"]);
    const error = await assertRejects(() => client.callTool({ name: "none", arguments: {} }), ProtocolError);
    assertEquals(error.code, -32602);
    const unknown = await assertRejects(() => client.readResource({ uri: "orchestrator://nothing" }), ProtocolError);
    assertEquals([unknown.code, unknown.data], [-32602, { uri: "orchestrator://nothing" }]);
  });

  await t.step("under the name in its requests", async () => {
    const { events } = await other.ask<{ events: { type: string; data: Json }[] }>("get_history");
    assertEquals(events.filter(({ type }) => type !== "task.ready").map(({ data }) => data["actor"]), [
      "other",
      "modern ??",
      "modern ??",
    ]);
  });

  await t.step("with progress, and without answers to cancelled calls", async () => {
    const begun = Promise.withResolvers<void>();
    const aborting = new AbortController();
    const waiting = client.callTool({ name: "get_next_task", arguments: { instance_id: "ann", wait_ms: 40_000 } }, {
      onprogress: () => begun.resolve(),
      signal: aborting.signal,
    });
    await begun.promise;
    aborting.abort();
    await assertRejects(() => waiting);
    // Messages are read in their order: with this one answered, the cancellation has been read.
    await client.callTool({ name: "get_task_status", arguments: {} });
    await create(other, "b");
    assertEquals((await other.ask("get_task_details", { task_id: "b" }))["status"], "pending");
  });
});

/** What a request of this revision says of itself and its sender. */
function metaOf(name?: string): Json {
  return {
    "io.modelcontextprotocol/protocolVersion": MODERN_REVISION,
    "io.modelcontextprotocol/clientCapabilities": {},
    ...(name !== undefined && { "io.modelcontextprotocol/clientInfo": { name, version: "1" } }),
  };
}

Deno.test("the journal has the client's name from each request of 2026-07-28", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const names = ["first", undefined, "second"];
  for (const [index, name] of names.entries()) {
    const call = { name: "create_task", arguments: { id: `t${index}`, description: "" } };
    await server.write(request(index, "tools/call", { ...call, _meta: metaOf(name) }));
    assertEquals((await server.next())?.result?.["isError"], undefined);
  }
  await server.write(request("h", "tools/call", { name: "get_history", _meta: metaOf() }));
  const { events } = (await server.next())?.result?.["structuredContent"] as {
    events: { type: string; data: { actor: string } }[];
  };
  assertEquals(events.filter(({ type }) => type !== "task.ready").map(({ data }) => data.actor.split("#")[0]), [
    "first",
    "client",
    "second",
  ]);
});

Deno.test("a call of 2026-07-28 with a request id is carried out once", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const call = { name: "create_task", arguments: { id: "a", description: "" } };
  const answers: unknown[] = [];
  for (const id of [1, 2]) {
    const meta = { ...metaOf("client"), "orchestrator/requestId": "r" };
    await server.write(request(id, "tools/call", { ...call, _meta: meta }));
    const result = (await server.next())?.result;
    answers.push([result?.["isError"], (result?.["structuredContent"] as Json)["repeated"]]);
  }
  assertEquals(answers, [[undefined, undefined], [undefined, true]]);
});

Deno.test("only results that cannot change may be cached", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const resultOf = async (method: string, params: Json = {}): Promise<NonNullable<Message["result"]>> => {
    await server.write(request(method, method, { ...params, _meta: metaOf() }));
    const answer = await server.next();
    assert(answer?.result !== undefined, JSON.stringify(answer));
    return answer.result;
  };
  for (
    const method of ["server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"]
  ) {
    const { ttlMs, cacheScope } = await resultOf(method);
    assertEquals([ttlMs, cacheScope], [300_000, "public"], method);
  }
  for (const uri of ["orchestrator://tasks", "orchestrator://graph", "orchestrator://history"]) {
    const { ttlMs, cacheScope } = await resultOf("resources/read", { uri });
    assertEquals([ttlMs, cacheScope], [0, "private"], uri);
  }
  assertEquals((await resultOf("tools/call", { name: "get_task_status" }))["ttlMs"], undefined);
});

async function ask({ client }: Modern, name: string, args: Json): Promise<Json> {
  const { isError, structuredContent } = await client.callTool({ name, arguments: args });
  assertEquals(isError, undefined);
  return structuredContent as Json;
}

function codeOf({ structuredContent }: { structuredContent?: unknown }): unknown {
  return (structuredContent as { error: { code: unknown } }).error.code;
}
