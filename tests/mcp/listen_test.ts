/** Shows that a client of revision 2026-07-28 is told of changes to what it listens to, and of nothing else. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { create, finish } from "../support/calls.ts";
import {
  type McpSubscription,
  type Modern,
  MODERN_REVISION,
  ProtocolError,
  startModern,
} from "../support/modern_client.ts";
import { type Message, RawServer, request } from "../support/raw_server.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const TASKS = "orchestrator://tasks";
const ID = "io.modelcontextprotocol/subscriptionId";

Deno.test("a client that listens", async (t) => {
  await using directory = await temporaryDirectory();
  await using modern = await startModern(directory.path);
  await using other = await startServer(directory.path);
  const told = toldTo(modern);
  await other.ask("create_group", { group_id: "g" });
  await create(other, "a", { id: "b", dependencies: ["a"] }, "unrelated", "marker");

  await t.step("is notified of changes to every kind of resource", async () => {
    for (const uri of [TASKS, "orchestrator://graph", "orchestrator://history", "orchestrator://groups/g"]) {
      const subscription = await listen(modern, uri);
      assertEquals(subscription.honoredFilter, { resourceSubscriptions: [uri] });
      told.length = 0;
      await other.ask("create_task", { id: `for ${uri}`, description: "", group: "g" });
      await until(`a notification of ${uri}`, () => told.includes(uri));
      assertEquals(new Set(told), new Set([uri]));
      await subscription.close();
    }
  });

  await t.step("to a task is notified when a dependency makes it ready, and of no other task", async () => {
    await using _listening = await listening(modern, uriOf("b"), uriOf("marker"));
    assertEquals(
      await toldBy(other, told, () => other.ask("update_task", { task_id: "unrelated", description: "x" })),
      [],
    );
    assertEquals(await toldBy(other, told, () => finish(other, "a")), [uriOf("b")]);
  });

  await t.step("to a task that does not exist is notified of its creation", async () => {
    await using _listening = await listening(modern, uriOf("later 🦕"), uriOf("marker"));
    assertEquals(await toldBy(other, told, () => create(other, "later 🦕")), [uriOf("later 🦕")]);
  });

  await t.step("gets no more notifications after it cancels, though another request stays open", async () => {
    const ended = await listen(modern, uriOf("b"), uriOf("marker"));
    await using _listening = await listening(modern, uriOf("marker"));
    await ended.close();
    assertEquals(
      await toldBy(other, told, () => other.ask("update_task", { task_id: "b", description: "unseen" })),
      [],
    );
  });

  await t.step("gets the requested resources that can exist", async () => {
    const subscription = await listen(modern, "orchestrator://nothing", uriOf("a"), "http://example.com", uriOf("a"));
    assertEquals(subscription.honoredFilter, { resourceSubscriptions: [uriOf("a")] });
    await subscription.close();
    const lists = await modern.client.listen({ toolsListChanged: true, resourcesListChanged: true });
    assertEquals(lists.honoredFilter, {}, "these never change");
    await lists.close();
  });

  await t.step("may subscribe to a bounded number of resources", async () => {
    const uris = (count: number) => Array.from({ length: count }, (_, n) => uriOf(`many ${n}`));
    const first = await listen(modern, ...uris(999));
    const error = await assertRejects(() => listen(modern, ...uris(2)), ProtocolError);
    assertEquals(error.code, -32602);
    assertStringIncludes(error.message, "At most 1000 subscriptions are allowed");
    const second = await listen(modern, ...uris(1));
    await assertRejects(() => modern.client.listen({ toolsListChanged: true }), ProtocolError);
    await first.close();
    await (await listen(modern, ...uris(999))).close();
    await second.close();
  });

  await t.step("gets a final answer when the server ends", async () => {
    const subscription = await listen(modern, uriOf("a"));
    Deno.kill(modern.pid, "SIGTERM");
    assertEquals(await subscription.closed, "graceful");
  });
});

Deno.test("open requests to listen are not pending calls, and notifications have the id of their request", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  // More than there may be calls under way.
  const ids = Array.from({ length: 300 }, (_, n) => `l${n}`);

  await t.step("each is acknowledged first", async () => {
    await server.write(ids.map((id) => listenRequest(id, { resourceSubscriptions: [uriOf("a")] })).join(""));
    for (const [index, message] of (await server.take(ids.length)).entries()) {
      assertEquals([message.method, metaOf(message)[ID]], ["notifications/subscriptions/acknowledged", ids[index]]);
    }
  });

  await t.step("and notified under its id", async () => {
    await server.write(call("c", "create_task", { id: "a", description: "" }));
    assertEquals((await server.next())?.id, "c");
    const messages = await server.take(ids.length);
    assertEquals(
      messages.map((message) => [message.params?.["uri"], metaOf(message)[ID]]),
      ids.map((id) => [uriOf("a"), id]),
    );
  });

  await t.step("one replaces an open one with the same id", async () => {
    for (const id of ids) await server.write(cancel(id));
    await server.write(listenRequest("same", { resourceSubscriptions: [uriOf("a")] }));
    await server.write(listenRequest("same", { resourceSubscriptions: [uriOf("b")] }));
    await until("the second acknowledgement", async () => {
      const message = await server.next();
      return JSON.stringify(message?.params?.["notifications"]) ===
        JSON.stringify({ resourceSubscriptions: [uriOf("b")] });
    });
    await server.write(call("b", "create_tasks", { tasks: [{ id: "b", description: "" }] }));
    assertEquals((await server.next())?.id, "b");
    assertEquals((await server.next())?.params?.["uri"], uriOf("b"));
  });

  await t.step("a malformed one is refused under its id", async () => {
    for (const notifications of [undefined, [], { resourceSubscriptions: "a" }, { resourceSubscriptions: [5] }]) {
      await server.write(request("bad", "subscriptions/listen", { _meta: META, notifications }));
      const { id, error } = await server.next() ?? {};
      assertEquals([id, error?.code], ["bad", -32602]);
      assertStringIncludes(error?.message ?? "", "Invalid subscriptions/listen request: params.notifications");
    }
    await server.write(request("bare", "subscriptions/listen", { notifications: {} }));
    const { id, error } = await server.next() ?? {};
    assertEquals([id, error?.code], ["bare", -32602]);
  });

  await t.step("an id that is too long is refused, a URI that is too long is left out", async () => {
    const [id, longest] = ["x".repeat(256), uriOf("🦕".repeat(200))];
    await server.write(listenRequest(`${id}x`, {}));
    assertEquals((await server.next())?.error?.code, -32600);
    await server.write(listenRequest(id, { resourceSubscriptions: [longest, uriOf("x".repeat(3_000))] }));
    const acknowledged = { resourceSubscriptions: [longest] };
    assertEquals((await server.next())?.params, { notifications: acknowledged, _meta: { [ID]: id } });
    await server.write(cancel(id));
  });

  await t.step("null means absent", async () => {
    await server.write(listenRequest("nulls", { resourceSubscriptions: null, toolsListChanged: null }));
    assertEquals((await server.next())?.params, { notifications: {}, _meta: { [ID]: "nulls" } });
  });

  await t.step("all are answered at the end of the input", async () => {
    await server.endInput();
    const answers = await server.rest();
    assertEquals(answers.map(({ id }) => id), ["same", "nulls"]);
    for (const answer of answers) {
      assertEquals(answer.result?.["resultType"], "complete");
      assertEquals((answer.result?.["_meta"] as Json)[ID], answer.id);
    }
  });
});

Deno.test("a client of an older revision cannot listen", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  await server.write(request(1, "ping") + request(2, "subscriptions/listen", { notifications: {} }));
  const answers = new Map((await server.take(2)).map(({ id, error }) => [id, error?.code]));
  assertEquals([answers.get(1), answers.get(2)], [undefined, -32601]);
});

const META = {
  "io.modelcontextprotocol/protocolVersion": MODERN_REVISION,
  "io.modelcontextprotocol/clientCapabilities": {},
};

function listenRequest(id: string, notifications: Json): string {
  return request(id, "subscriptions/listen", { _meta: META, notifications });
}

function call(id: string, name: string, args: Json): string {
  return request(id, "tools/call", { _meta: META, name, arguments: args });
}

function cancel(requestId: string): string {
  return JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId, _meta: META } }) +
    "\n";
}

function metaOf({ params }: Message): Json {
  return params?.["_meta"] as Json;
}

function listen({ client }: Modern, ...uris: readonly string[]): Promise<McpSubscription> {
  return client.listen({ resourceSubscriptions: [...uris] });
}

/** Listens until the block ends. */
async function listening(modern: Modern, ...uris: readonly string[]): Promise<AsyncDisposable> {
  const subscription = await listen(modern, ...uris);
  return { [Symbol.asyncDispose]: () => subscription.close() };
}

/** The URIs that a client is told of, from now on. */
function toldTo({ client }: Modern): string[] {
  const told: string[] = [];
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => void told.push(params.uri));
  return told;
}

/** What a change makes the server tell, beside the marker, which must be listened to. */
async function toldBy(other: Server, told: string[], change: () => Promise<unknown>): Promise<string[]> {
  told.length = 0;
  await change();
  // Changes are told in their order: with this one, all before it have been.
  await other.ask("update_task", { task_id: "marker", description: crypto.randomUUID() });
  await until("the marker's notification", () => told.includes(uriOf("marker")));
  return told.filter((uri) => uri !== uriOf("marker"));
}

function uriOf(id: string): string {
  return `${TASKS}/${encodeURIComponent(id)}`;
}
