/** Shows that the check of deliveries passes good ones, and finds what is wrong with each doctored one. */

import { assertEquals } from "@std/assert";
import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { notificationsOf } from "../../../src/core/messages/notifications.ts";
import { signedHeaders } from "../../../src/webhooks/signature.ts";
import { newTask } from "../../core/given.ts";
import { checkDelivery, type Delivered } from "./check_delivery.ts";

const URL = "https://receiver.example.com/hook";
const SECRET = `whsec_${btoa("a secret of at least 24 bytes")}`;

const RECORDS: readonly JournalRecord[] = [
  recordOf(1, { type: "tasks.created", tasks: [newTask("before")] }),
  recordOf(2, { type: "webhook.saved", webhook: { name: "w", id: "w1", url: URL, secret: "s1" } }),
  recordOf(3, { type: "tasks.created", tasks: [newTask("a"), newTask("b")] }),
  recordOf(4, { type: "task.claimed", id: "a", instance: "ann", attempt: 1 }),
];

function recordOf(seq: number, event: JournalRecord["events"][number]): JournalRecord {
  return { seq, at: 1_000, actor: "ann", command: "any", events: [event] };
}

function complaintsOf(delivered: readonly Delivered[]): readonly string[] {
  return checkDelivery({ records: RECORDS, calls: [] }, delivered, () => SECRET).map(({ complaint }) => complaint);
}

async function messages(): Promise<readonly [Delivered, Delivered, Delivered]> {
  const events = RECORDS.slice(2).flatMap((record) => notificationsOf(record, { source: "" }));
  const [a, b, claimed] = await Promise.all(events.map(async (event) => {
    const body = JSON.stringify(event);
    const message = { id: `msg_${event.id}`.replace(".", "_"), at: 2_000, body: new TextEncoder().encode(body) };
    return { url: URL, headers: await signedHeaders(message, [SECRET]), body };
  }));
  if (a === undefined || b === undefined || claimed === undefined) throw new Error("There are three events");
  return [a, b, claimed];
}

Deno.test("deliveries: each event in order is good, also one that comes again later", async () => {
  const [a, b, claimed] = await messages();
  assertEquals(complaintsOf([a, b, claimed]), []);
  assertEquals(complaintsOf([a, a, b, a, claimed, b]), []);
});

Deno.test("deliveries: an event that is skipped is found, and one that comes too early", async () => {
  const [a, b, claimed] = await messages();
  assertEquals(complaintsOf([a, claimed]), ["webhook w did not get 3.1, orchestrator.task.created"]);
  assertEquals(complaintsOf([a, claimed, b]), ["webhook w got 3.1 for the first time after 4.0"]);
  assertEquals(complaintsOf([a, b, { ...claimed, url: `${URL}/other` }]), [
    "webhook w did not get 4.0, orchestrator.task.claimed",
  ]);
});

Deno.test("deliveries: a forged message is found, and an id that two events have", async () => {
  const [a, b, claimed] = await messages();
  const forged = { ...claimed, body: claimed.body.replace("ann", "eve") };
  assertEquals(complaintsOf([a, b, forged]), ["message msg_4_0 of 4.0 is not signed with the secret"]);
  assertEquals(complaintsOf([a, { ...b, headers: a.headers }, claimed]), [
    "message msg_3_0 is of 3.1, and of another event before",
  ]);
});
