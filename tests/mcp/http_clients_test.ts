/** Shows that the clients of both SDKs do over HTTP all that they do on standard input and output. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connectHttp } from "../support/http_client.ts";
import { connectModern, MODERN_REVISION } from "../support/modern_client.ts";
import { GetPromptResultSchema, ResourceUpdatedNotificationSchema } from "../support/sdk_client.ts";
import { startServer } from "../support/server.ts";
import { startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

Deno.test("a client of 2025-11-25 is served over HTTP", async (t) => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  await using http = await connectHttp(service.url("/mcp"), "http client");
  await using other = await startServer(data.path);
  const { client } = http;

  await t.step("with the same tools, prompts and resources as on stdio", async () => {
    assertEquals(await client.listTools(), await other.client.listTools());
    assertEquals(await client.listPrompts(), await other.client.listPrompts());
    assertEquals(await client.listResources(), await other.client.listResources());
    assertEquals(await client.listResourceTemplates(), await other.client.listResourceTemplates());
    const prompt = await client.request(
      { method: "prompts/get", params: { name: "plan_work", arguments: { goal: "peace" } } },
      GetPromptResultSchema,
    );
    assertStringIncludes(JSON.stringify(prompt.messages), "peace");
    assertStringIncludes(client.getInstructions() ?? "", "Give an instance_id of your own");
  });

  await t.step("with the tasks that others see, claimed with a lease of 2 hours", async () => {
    await other.ask("create_task", { id: "a", description: "first" });
    const claim = await http.ask("get_next_task", { instance_id: "ann" });
    assertEquals([claim["id"], claim["you"]], ["a", "ann"]);
    const leftMs = Date.parse(String(claim["leaseUntil"])) - Date.now();
    assert(leftMs > 3_600_000 && leftMs <= 7_200_000, `${leftMs}`);
    const details = await other.ask("get_task_details", { task_id: "a" });
    assertEquals([details["status"], details["assignedTo"]], ["in_progress", "ann"]);
    await http.ask("complete_task", { task_id: "a", instance_id: "ann", result: "done" });
  });

  await t.step("but not without an instance_id, where one is needed", async () => {
    for (const tool of ["get_next_task", "heartbeat"]) {
      const { isError, text } = await http.call(tool);
      assert(isError);
      assertStringIncludes(text, "instance_id is missing: give a name of your own");
      assertStringIncludes(text, "like http-client-");
    }
    await http.ask("add_note", { task_id: "a", text: "from nobody in particular" });
    await http.ask("get_task_status");
  });

  await t.step("with the progress of a wait, and the task for which it waits", async () => {
    const waiting = Promise.withResolvers<void>();
    const claim = client.callTool(
      { name: "get_next_task", arguments: { instance_id: "ann", wait_ms: 30_000 } },
      undefined,
      { onprogress: () => waiting.resolve() },
    );
    await waiting.promise;
    await other.ask("create_task", { id: "b", description: "later" });
    assertStringIncludes(JSON.stringify(await claim), "in_progress");
    await http.ask("complete_task", { task_id: "b", instance_id: "ann", result: "done" });
  });

  await t.step("with notifications of resources that others change", async () => {
    const told: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      told.push(params.uri);
    });
    await client.subscribeResource({ uri: "orchestrator://tasks/c" });
    await other.ask("create_task", { id: "c", description: "" });
    await until("the notification", () => told.length > 0);
    assertEquals(told, ["orchestrator://tasks/c"]);
    await client.unsubscribeResource({ uri: "orchestrator://tasks/c" });
  });

  await t.step("with large answers, many at a time", async () => {
    const description = "\u{1F995}".repeat(500);
    const tasks = Array.from({ length: 1_000 }, (_, index) => ({ id: `large${index}`, description }));
    await http.ask("create_tasks", { tasks });
    const request = { uri: "orchestrator://tasks" };
    const expected = JSON.stringify(await other.client.readResource(request));
    assert(expected.length > 30_000, `${expected.length}`);
    const answers = await Promise.all(Array.from({ length: 200 }, () => client.readResource(request)));
    assertEquals(answers.filter((answer) => JSON.stringify(answer) !== expected).length, 0);
  });

  await t.step("and can end its session, after which its id is refused", async () => {
    const { sessionId } = http.transport;
    assert(sessionId !== undefined);
    await http.transport.terminateSession();
    const headers = { "mcp-session-id": sessionId, accept: "text/event-stream" };
    const response = await fetch(service.url("/mcp"), { headers });
    assertEquals(response.status, 404);
    assertStringIncludes((await response.json()).error.message, "send initialize again");
  });
});

Deno.test("a client of 2026-07-28 is served over HTTP", async (t) => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  await using modern = await connectModern(service.url("/mcp"));
  await using other = await startServer(data.path);
  const { client } = modern;
  const told: string[] = [];
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    told.push(params.uri);
  });
  const ask = async (name: string, args: Readonly<Record<string, unknown>> = {}) => {
    const { content } = await client.callTool({ name, arguments: args });
    const [first] = content;
    return first?.type === "text" ? first.text : "";
  };

  await t.step("with discovery, tools, prompts and resources", async () => {
    assertEquals(client.getNegotiatedProtocolVersion(), MODERN_REVISION);
    assertEquals((await client.listTools()).tools, (await other.client.listTools()).tools as unknown[]);
    assertEquals((await client.listPrompts()).prompts, (await other.client.listPrompts()).prompts as unknown[]);
    assertEquals((await client.listResources()).resources, (await other.client.listResources()).resources as unknown[]);
  });

  await t.step("with tasks, waits and progress", async () => {
    assertStringIncludes(await ask("get_next_task"), "instance_id is missing");
    const waiting = Promise.withResolvers<void>();
    const claim = client.callTool(
      { name: "get_next_task", arguments: { instance_id: "ann", wait_ms: 30_000 } },
      { onprogress: () => waiting.resolve() },
    );
    await waiting.promise;
    await other.ask("create_task", { id: "a", description: "later" });
    assertStringIncludes(JSON.stringify(await claim), "in_progress");
    assertStringIncludes(await ask("complete_task", { task_id: "a", instance_id: "ann", result: "done" }), "completed");
  });

  await t.step("with notifications of what it listens to, and of nothing else", async () => {
    const uri = "orchestrator://tasks/b";
    const subscription = await client.listen({ resourceSubscriptions: [uri, "orchestrator://nonsense"] });
    assertEquals(subscription.honoredFilter, { resourceSubscriptions: [uri] });
    await other.ask("create_tasks", { tasks: [{ id: "b", description: "" }, { id: "c", description: "" }] });
    await until("the notification", () => told.length > 0);
    assertEquals(told, [uri]);
    await subscription.close();
    const many = Array.from({ length: 1_001 }, (_, index) => `orchestrator://tasks/t${index}`);
    const refused = await client.listen({ resourceSubscriptions: many }).then(() => "taken", (error) => `${error}`);
    assertStringIncludes(refused, "At most 1000 subscriptions");
  });

  await t.step("and its open requests are answered at the end of the service", async () => {
    const subscription = await client.listen({ resourceSubscriptions: ["orchestrator://tasks"] });
    await ask("get_next_task", { instance_id: "ann", task_id: "b" });
    await ask("get_next_task", { instance_id: "ann", task_id: "c" });
    const waiting = Promise.withResolvers<void>();
    const claim = client.callTool(
      { name: "get_next_task", arguments: { instance_id: "bob", wait_ms: 30_000 } },
      { onprogress: () => waiting.resolve() },
    );
    await waiting.promise;
    assertEquals(await service.end(), 0);
    assertStringIncludes(JSON.stringify(await claim), "no_tasks");
    await subscription.closed;
  });
});
