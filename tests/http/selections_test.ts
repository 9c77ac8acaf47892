/** Streams of the same caller share what they are told of the same records, and nothing else. */

import { assert, assertEquals } from "@std/assert";
import type { JournalRecord } from "../../src/core/messages/events.ts";
import type { Notification } from "../../src/core/messages/notifications.ts";
import type { Caller } from "../../src/core/model/access.ts";
import { Selections } from "../../src/http/events/selections.ts";

const ANN: Caller = { name: "ann", role: "admin" };
const BOB: Caller = { name: "bob", role: "observer" };

function recordOf(seq: number): JournalRecord {
  return { seq, at: 0, actor: "test", command: "sweep", events: [] };
}

Deno.test("one caller's streams share a selection until further records come; other callers, filters and records do not", async () => {
  let count = 0;
  const selections = new Selections(() => {
    count++;
    return Promise.resolve<readonly Notification[]>([]);
  });
  const wanted = { records: [recordOf(1), recordOf(2)], filter: {}, source: "s" };
  const first = await selections.of(wanted, ANN);
  assert(await selections.of({ ...wanted, records: [...wanted.records] }, { ...ANN }) === first);
  assertEquals(count, 1);
  await selections.of(wanted, BOB);
  await selections.of({ ...wanted, filter: { group: "g" } }, ANN);
  await selections.of({ ...wanted, records: [recordOf(2)] }, ANN);
  await selections.of({ ...wanted, source: "other" }, ANN);
  assertEquals(count, 5);
  selections.forget();
  await selections.of(wanted, ANN);
  assertEquals(count, 6);
});
