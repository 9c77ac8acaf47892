/** Shows what a client over HTTP can get again: all that came after an event, or nothing if a part of it is gone. */

import { assertEquals, assertRejects } from "@std/assert";
import { EventLog } from "../../src/mcp/event_log.ts";
import type { EventStore, JSONRPCMessage } from "../../src/mcp/sdk.ts";
import { times } from "../core/given.ts";

/** A message that counts some 500 characters. */
const message = (id: number): JSONRPCMessage => ({ jsonrpc: "2.0", method: "notifications/n", params: { id } });

async function replay(store: EventStore, after: string): Promise<readonly unknown[]> {
  const sent: unknown[] = [];
  await store.replayEventsAfter(after, {
    send: (_id, message) => {
      sent.push("params" in message ? message.params?.["id"] : undefined);
      return Promise.resolve();
    },
  });
  return sent;
}

Deno.test("each stream of a session gets its own events again, in order", async () => {
  const store = new EventLog().storeOf("s");
  const ids: string[] = [];
  for (const id of times(6, (index) => index)) {
    ids.push(await store.storeEvent(id % 2 === 0 ? "even" : "odd", message(id)));
  }
  assertEquals(await replay(store, ids[0] ?? ""), [2, 4]);
  assertEquals(await replay(store, ids[3] ?? ""), [5]);
  assertEquals(await replay(store, ids[4] ?? ""), []);
  assertEquals(await store.getStreamIdForEventId?.(ids[1] ?? ""), "odd");
});

Deno.test("events of other sessions, and of ended ones, are unknown", async () => {
  const log = new EventLog();
  const [store, other] = [log.storeOf("s"), log.storeOf("t")];
  const id = await store.storeEvent("x", message(1));
  for (const unknown of [id, "x:99", "nonsense", "", "x:", ":1", "x:NaN"]) {
    assertEquals(await other.getStreamIdForEventId?.(unknown), undefined, unknown);
    await assertRejects(() => replay(other, unknown), Error, "not kept");
  }
  log.forget("s");
  assertEquals(await store.getStreamIdForEventId?.(id), undefined);
});

Deno.test("the oldest events make room for new ones, and a gap is told, never passed over", async () => {
  const log = new EventLog(5 * 500);
  const store = log.storeOf("s");
  const quiet = await store.storeEvent("quiet", message(-1));
  const ids: string[] = [];
  for (const id of times(10, (index) => index)) ids.push(await log.storeOf("s").storeEvent("busy", message(id)));
  assertEquals(await store.getStreamIdForEventId?.(quiet), undefined);
  for (const id of ids.slice(0, 4)) assertEquals(await store.getStreamIdForEventId?.(id), undefined, id);
  assertEquals(await replay(store, ids[4] ?? ""), [5, 6, 7, 8, 9]);
  assertEquals(await replay(store, ids[5] ?? ""), [6, 7, 8, 9]);
});

Deno.test("large texts count as what they are", async () => {
  const store = new EventLog(10_000).storeOf("s");
  const first = await store.storeEvent("x", message(1));
  const large = { content: [{ type: "text", text: "x".repeat(6_000) }] };
  const second = await store.storeEvent("x", { jsonrpc: "2.0", id: 1, result: large });
  assertEquals(await store.getStreamIdForEventId?.(first), undefined);
  assertEquals(await store.getStreamIdForEventId?.(second), undefined, "it is larger than the log");
});
