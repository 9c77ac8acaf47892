/** Shows that clients of every revision of the protocol before 2026-07-28 are served, each in its own. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { JSONRPCMessage } from "../../src/mcp/sdk.ts";
import { RawServer, request, toolCall } from "../support/raw_server.ts";
import { MODERN_REVISION } from "../support/modern_client.ts";
import {
  type CallToolResult,
  Client,
  McpError,
  ResourceUpdatedNotificationSchema,
  StdioClientTransport,
} from "../support/sdk_client.ts";
import { programArgs, Server, serverEnvironment } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const REVISIONS = ["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;

/** What `initialize` tells the server of a client of 2026-07-28 that asks first what the server speaks. */
const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": MODERN_REVISION,
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** The SDK's transport, of a client that asks for a certain revision. */
class RevisionTransport extends StdioClientTransport {
  /** What the server has agreed to. */
  agreed: string | undefined;

  constructor(readonly revision: string, directory: string) {
    const args = programArgs(directory);
    super({ command: Deno.execPath(), args, env: serverEnvironment(), stderr: "pipe" });
  }

  setProtocolVersion(version: string): void {
    this.agreed = version;
  }

  override send(message: JSONRPCMessage): Promise<void> {
    if (!("method" in message) || message.method !== "initialize") return super.send(message);
    return super.send({ ...message, params: { ...message.params, protocolVersion: this.revision } });
  }
}

for (const revision of REVISIONS) {
  Deno.test(`a client of ${revision} is served in its revision`, async () => {
    await using directory = await temporaryDirectory();
    const transport = new RevisionTransport(revision, directory.path);
    const client = new Client({ name: `of ${revision}`, version: "1.0.0" });
    await using server = new Server(client, transport);
    await client.connect(transport);
    assertEquals(transport.agreed, revision);

    const listed = await client.listTools();
    assert(listed.tools.length > 20);
    assertEquals(Object.keys(listed), ["tools"], "no field of a later revision");
    await server.ask("create_task", { id: "a", description: "do it" });
    await server.ask("get_next_task", { instance_id: "ann" });
    assertEquals(
      (await server.refused("complete_task", { task_id: "a", instance_id: "bob", result: "" })).code,
      "not_holder",
    );
    assertEquals((await server.refused("create_task", { id: 5 })).code, "invalid_value");

    const told: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void told.push(params.uri));
    await client.subscribeResource({ uri: "orchestrator://tasks/a" });
    await server.ask("complete_task", { task_id: "a", instance_id: "ann", result: "done" });
    await until("the notification", () => told.includes("orchestrator://tasks/a"));
    assertEquals(Object.keys(await client.readResource({ uri: "orchestrator://tasks/a" })), ["contents"]);
    const error = await assertRejects(() => client.readResource({ uri: "orchestrator://tasks/none" }), McpError);
    assertEquals([error.code, error.data], [-32602, { uri: "orchestrator://tasks/none" }]);
    assertEquals((await client.getPrompt({ name: "plan_work", arguments: { goal: "x" } })).messages.length, 1);
    await client.ping();

    const { events } = await server.ask<{ events: { data: { actor: string } }[] }>("get_history");
    assertEquals(events.map(({ data }) => data.actor), events.map(() => `of ${revision}`));
  });
}

Deno.test("a client of an unknown revision is offered the newest one that uses initialize", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const params = { protocolVersion: "2031-01-01", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  await server.write(request(1, "initialize", params));
  assertEquals((await server.next())?.result?.["protocolVersion"], "2025-11-25");
});

Deno.test("a client that asks for 2026-07-28 first may go on with an older revision", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  await server.write(request("ask", "server/discover", { _meta: ENVELOPE }));
  assertEquals((await server.next())?.result?.["supportedVersions"], [MODERN_REVISION]);
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  await server.write(request(1, "initialize", params) + toolCall(2, "create_task", { id: "a", description: "" }));
  const [initialized] = await server.take(2);
  assertEquals(initialized?.result?.["protocolVersion"], "2025-11-25");
  await server.write(request(3, "resources/subscribe", { uri: "orchestrator://tasks/a" }));
  assertEquals((await server.next())?.result, {});
  await server.write(toolCall(4, "get_next_task", { instance_id: "ann" }));
  const [claimed, told] = await server.take(2);
  assertEquals(Object.keys(claimed?.result ?? {}), ["content", "structuredContent"]);
  assertEquals(told?.method, "notifications/resources/updated");
});

Deno.test("a request of an unknown revision is answered with the known ones", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  for (const method of ["server/discover", "tools/list", "subscriptions/listen"]) {
    const _meta = { ...ENVELOPE, "io.modelcontextprotocol/protocolVersion": "2031-01-01" };
    await server.write(request(method, method, { _meta, notifications: {} }));
    const { error } = (await server.next()) as { error?: { code: number; data?: CallToolResult } };
    assertEquals([error?.code, error?.data?.["supported"]], [-32022, [MODERN_REVISION]]);
  }
});
