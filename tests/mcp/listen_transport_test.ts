/** Shows in which order a request to listen is answered, and what becomes of one that fails. */

import { digestOf, issueToken } from "../../src/app/tokens.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals } from "@std/assert";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { Unavailable } from "../../src/app/ports.ts";
import type { JSONRPCMessage } from "../../src/mcp/sdk.ts";
import { serve, type Served } from "../support/connected.ts";
import { MODERN_REVISION } from "../support/modern_client.ts";
import { until } from "../support/until.ts";

const ACKNOWLEDGED = "notifications/subscriptions/acknowledged";
const UPDATED = "notifications/resources/updated";

/** A journal whose next reads wait or fail, if a test says so. */
class HeldJournal extends MemoryJournal {
  failure: Error | undefined;
  held: Promise<void> | undefined;

  override async *read(after: Parameters<MemoryJournal["read"]>[0]) {
    await this.held;
    if (this.failure !== undefined) throw this.failure;
    yield* super.read(after);
  }
}

Deno.test("the acknowledgement comes first, even before a change during the first read", async () => {
  const journal = new HeldJournal(Date.now);
  await using server = await serve({ journal });
  const received = receivedBy(server);
  const release = Promise.withResolvers<void>();
  journal.held = release.promise;
  await server.transport.send(listenRequest("l"));
  const created = server.engine.execute(CREATE, localOperator("test"));
  release.resolve();
  journal.held = undefined;
  await created;
  await until("the change", () => received.some(({ method }) => method === UPDATED));
  assertEquals(received.map(({ method }) => method), [ACKNOWLEDGED, UPDATED]);
});

Deno.test("a request that is cancelled before its acknowledgement is not answered", async () => {
  const journal = new HeldJournal(Date.now);
  await using server = await serve({ journal });
  const received = receivedBy(server);
  const release = Promise.withResolvers<void>();
  journal.held = release.promise;
  await server.transport.send(listenRequest("l"));
  await server.transport.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "l" } });
  release.resolve();
  await server.engine.execute(CREATE, localOperator("test"));
  await server.transport.send(listenRequest("next"));
  await until("the next acknowledgement", () => received.length > 0);
  assertEquals(received.map(({ params }) => params?.["_meta"]), [{ "io.modelcontextprotocol/subscriptionId": "next" }]);
});

Deno.test("a failed request to listen is answered once, without internal details, and can be repeated", async () => {
  const journal = new HeldJournal(Date.now);
  await using server = await serve({ journal });
  const received = receivedBy(server);
  for (
    const [failure, told] of [
      [new TypeError("secret path /home/x"), "Internal error: the server's log has the details"],
      [
        new Unavailable("busy", "Another process holds the lock: try again"),
        "Another process holds the lock: try again",
      ],
    ] as const
  ) {
    received.length = 0;
    journal.failure = failure;
    await server.transport.send(listenRequest("l"));
    await until("the answer", () => received.length > 0);
    assertEquals(received.map(({ id, error }) => [id, error]), [["l", { code: -32603, message: told }]]);
    journal.failure = undefined;
    await server.transport.send(listenRequest("l"));
    await until("the acknowledgement", () => received.length > 1);
    assertEquals(received[1]?.method, ACKNOWLEDGED);
  }
  assert(server.log.errors.some((line) => line.includes("secret path /home/x")));
});

Deno.test("a request to listen is answered with an error when the token of its client is revoked", async () => {
  const journal = new MemoryJournal(Date.now);
  await using other = await serve({ journal });
  const operator = localOperator("test");
  const { secret } = await issueToken((command) => other.engine.execute(command, operator), {
    name: "ci",
    role: "observer",
  });
  await using server = await serve({ journal, rights: { token: await digestOf(secret) } });
  const received = receivedBy(server);
  await server.transport.send(listenRequest("l"));
  await until("the acknowledgement", () => received.length > 0);
  await other.engine.execute({ type: "revoke_token", name: "ci" }, operator);
  await until("the answer", () => received.length > 1);
  await other.engine.execute(CREATE, operator);
  await server.engine.catchUp();
  const message =
    "Cannot find as your token is unknown: it was never issued, or was revoked: ask an admin for a new one";
  assertEquals(received.slice(1).map(({ id, error }) => [id, error]), [["l", { code: -32602, message }]]);
});

const CREATE = { type: "create_tasks", tasks: [{ id: "a", description: "", dependencies: [] }] } as const;

interface Received {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
}

function listenRequest(id: string): JSONRPCMessage & { readonly id: string } {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN_REVISION,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const notifications = { resourceSubscriptions: ["orchestrator://tasks"] };
  return { jsonrpc: "2.0", id, method: "subscriptions/listen", params: { _meta, notifications } };
}

/** What a server sends from now on. */
function receivedBy({ transport }: Served): Received[] {
  const received: Received[] = [];
  transport.onmessage = (message) => void received.push(message as Received);
  return received;
}
