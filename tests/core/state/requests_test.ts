/** Shows which requests the state remembers, for how long, and that a snapshot keeps them. */

import { assertEquals } from "@std/assert";
import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { MAX_REQUESTS } from "../../../src/core/model/limits.ts";
import { engineRequest, formatRequest } from "../../../src/core/model/request.ts";
import { evolveRecord } from "../../../src/core/state/evolve.ts";
import { findRequest } from "../../../src/core/state/requests.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { newTask } from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("a request is found by its caller and id only", () => {
  const state = stateAfter(record(1, "a"), record(2, "b", "other"));
  assertEquals(findRequest(state, { name: "test" }, "a"), { caller: "test", id: "a", fingerprint: "f", seq: 1 });
  assertEquals(findRequest(state, { name: "other" }, "b")?.seq, 2);
  assertEquals([findRequest(state, { name: "other" }, "a"), findRequest(state, { name: "test" }, "b")], [
    undefined,
    undefined,
  ]);
  assertEquals(findRequest(state, { name: 'te","st' }, "a"), undefined);
});

test("a claim's request names the claimed task", () => {
  const claim = {
    ...record(2, "a"),
    events: [{ type: "task.claimed", id: "t1", instance: "i", attempt: 1 }],
  } as const;
  assertEquals(findRequest(stateAfter(record(1, "x"), claim), { name: "test" }, "a")?.claimed, "t1");
});

test("requests of the engine, and records without one, are not remembered", () => {
  const { request: _, ...old } = record(2, "a");
  assertEquals(stateAfter({ ...record(1, "a"), request: engineRequest("0a", 1) }, old).requests.size, 0);
});

test("the newest requests are remembered, the oldest is forgotten first, before and after a restart", () => {
  const state = stateAfter();
  for (let seq = 1; seq <= MAX_REQUESTS; seq++) evolveRecord(state, record(seq, `r${seq}`));
  assertEquals([state.requests.size, findRequest(state, { name: "test" }, "r1")?.seq], [MAX_REQUESTS, 1]);
  const restored = restore(snapshotOf(state));
  for (const each of [state, restored]) {
    evolveRecord(each, record(MAX_REQUESTS + 1, "next"));
    assertEquals(each.requests.size, MAX_REQUESTS);
    assertEquals(findRequest(each, { name: "test" }, "r1"), undefined);
    assertEquals(findRequest(each, { name: "test" }, "r2")?.seq, 2);
    assertEquals(findRequest(each, { name: "test" }, "next")?.seq, MAX_REQUESTS + 1);
  }
  assertEquals(snapshotOf(restored), snapshotOf(state));
});

function stateAfter(...records: readonly JournalRecord[]): State {
  const state = emptyState();
  for (const each of records) evolveRecord(state, each);
  return state;
}

function record(seq: number, id: string, actor = "test"): JournalRecord {
  const request = formatRequest({ id, fingerprint: "f" });
  const events = seq <= 2 ? [{ type: "tasks.created" as const, tasks: [newTask(`t${seq}`)] }] : [];
  return { seq, at: seq, actor, request, command: "create_tasks", events };
}
