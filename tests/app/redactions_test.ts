/** Shows which texts a record that is read has no more, and that those of other tasks cost nothing. */

import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { Redactions } from "../../src/app/redactions.ts";
import type { Event, EventOf, JournalRecord } from "../../src/core/messages/events.ts";
import { redactEvents } from "../../src/core/messages/redact.ts";
import { REDACTABLE_FIELDS } from "../../src/core/model/redaction.ts";
import { IDS, turns } from "../core/arbitraries.ts";
import { play } from "../core/play.ts";

/** As many redactions as are kept. */
const KEPT = 100;

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function recordOf(seq: number, events: readonly Event[]): JournalRecord {
  return { seq, at: seq, actor: "test", command: "create_tasks", events };
}

function redactionOf(id: string, fields: EventOf<"task.redacted">["fields"]): EventOf<"task.redacted"> {
  return { type: "task.redacted", id, fields, reason: "leak", by: { caller: "test" }, records: [] };
}

function isRedaction(event: Event): event is EventOf<"task.redacted"> {
  return event.type === "task.redacted";
}

test("a record is as if each of the newest redactions after it were applied to it in turn", () => {
  const fields = fc.subarray([...REDACTABLE_FIELDS], { minLength: 1 });
  const redacted = fc.array(fc.tuple(fc.constantFrom(...IDS), fields), { maxLength: 2 * KEPT, size: "max" });
  fc.assert(
    fc.property(turns(), redacted, (commands, redacted) => {
      const lists: (readonly Event[])[] = [undefined, ...IDS].map((task) => [{
        type: "handler.failed",
        handler: "h",
        notification: "1.1",
        ...(task !== undefined && { task }),
        error: "It said a secret",
        tries: 1,
      }]);
      play(commands, (_, { events }) => lists.push(events));
      for (const [id, fields] of redacted) lists.push([redactionOf(id, fields)]);
      const records = lists.map((events, index) => recordOf(index + 1, events));
      const redactions = new Redactions();
      for (const record of records) redactions.note(record);
      const newest = records.flatMap(({ seq, events }) => events.filter(isRedaction).map((event) => ({ seq, event })))
        .slice(-KEPT);
      for (const record of records) {
        const later = newest.filter(({ seq }) => seq > record.seq).map(({ event }) => event);
        const events = later.reduce(redactEvents, record.events);
        const found = redactions.of(record);
        assertEquals(JSON.stringify(found), JSON.stringify({ ...record, events }));
        if (events === record.events) assert(found === record);
      }
    }),
    { numRuns: 100 },
  );
});

test("the newest redactions are kept", () => {
  const redactions = new Redactions();
  for (let index = 0; index <= KEPT; index++) {
    redactions.note(recordOf(10 + index, [redactionOf(`t${index}`, ["notes"])]));
  }
  const textOf = (id: string) => {
    const { events: [event] } = redactions.of(recordOf(1, [{ type: "task.noted", id, author: "x", text: "secret" }]));
    return event?.type === "task.noted" ? event.text : undefined;
  };
  assertEquals(["t0", "t1", `t${KEPT}`, "other"].map(textOf), ["secret", "[redacted]", "[redacted]", "secret"]);
});

test("redactions of other tasks do not make a record dearer to read", () => {
  const looksAfter = (count: number) => {
    const redactions = new Redactions();
    for (let index = 0; index < count; index++) {
      redactions.note(recordOf(10 + index, [redactionOf(`t${index}`, ["notes"])]));
    }
    let looks = 0;
    const noted = {
      type: "task.noted" as const,
      get id() {
        looks++;
        return "other";
      },
      author: "x",
      text: "secret",
    };
    redactions.of(recordOf(1, [noted]));
    return looks;
  };
  assertEquals(looksAfter(KEPT), looksAfter(1));
});
