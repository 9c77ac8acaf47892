/** Shows that no method of the protocol tells a client the inner details of an unexpected error, or a wrong code. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../src/app/ports.ts";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { connect } from "../support/connected.ts";
import { type Client, ErrorCode, McpError } from "../support/sdk_client.ts";

/** A journal that fails where it is told to. */
class FailingJournal extends MemoryJournal {
  failure: Error | undefined;

  override async *read(after: Parameters<MemoryJournal["read"]>[0]) {
    if (this.failure !== undefined) throw this.failure;
    yield* super.read(after);
  }
}

/** A request of every kind that reads the state. */
const REQUESTS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  "tools/call": (client) => client.callTool({ name: "get_task_status", arguments: {} }),
  "resources/read": (client) => client.readResource({ uri: "orchestrator://tasks" }),
  "resources/subscribe": (client) => client.subscribeResource({ uri: "orchestrator://tasks" }),
  "completion/complete": (client) => {
    const ref = { type: "ref/resource" as const, uri: "orchestrator://tasks/{id}" };
    return client.complete({ ref, argument: { name: "id", value: "" } });
  },
};

for (const [method, request] of Object.entries(REQUESTS)) {
  Deno.test(`${method} answers an unexpected error without its details, and logs it`, async () => {
    const journal = new FailingJournal(Date.now);
    await using server = await connect({ journal });
    // Node's errors have such a code; it must not become that of the protocol.
    journal.failure = Object.assign(new TypeError("secret path /home/x"), { code: -32601 });
    const error = await assertRejects(() => request(server.client), McpError);
    assertEquals(error.code, ErrorCode.InternalError);
    assert(!error.message.includes("secret"), error.message);
    assert(error.message.includes("Internal error: the server's log has the details"), error.message);
    assert(server.log.errors.some((line) => line.includes("secret path /home/x")), server.log.errors.join("\n"));
    assert(server.log.facts.some(({ request }) => typeof request === "string"), "the line names the call");
    journal.failure = undefined;
    await request(server.client);
  });

  if (method === "tools/call") continue;
  Deno.test(`${method} answers with the message of an Unavailable error`, async () => {
    const journal = new FailingJournal(Date.now);
    await using server = await connect({ journal });
    journal.failure = new Unavailable("busy", "Another process holds the lock: try again");
    const error = await assertRejects(() => request(server.client), McpError);
    assertEquals(error.code, ErrorCode.InternalError);
    assert(error.message.includes("Another process holds the lock: try again"), error.message);
  });
}
