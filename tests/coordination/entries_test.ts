/** Shows how records are told: who did what, and what could start because of it. */

import { assertEquals } from "@std/assert";
import type { Event, JournalRecord } from "../../src/core/messages/events.ts";
import { entriesOf } from "./entries.ts";
import { claimed, completed, created } from "./history.ts";

Deno.test({
  name: "coordination: a record of a client is told of it, that of an instance of the instance",
  permissions: "none",
  fn() {
    assertEquals(told(created({ id: "a" }, { id: "b", dependencies: ["a"] })), ["planner created 2 tasks"]);
    assertEquals(told(created({ id: "a", priority: "urgent" })), ["planner created a, urgent"]);
    assertEquals(told({ type: "group.created", group: { id: "g", template: { name: "feature", version: 1 } } }), [
      "planner created group g, from the template feature",
    ]);
    assertEquals(told(claimed("a", "ada"), claimed("a", "ben", 2)), [
      "ada claimed a",
      "ben claimed a, attempt 2",
    ]);
    const progress = { type: "task.progressed", id: "a", instance: "ada", attempt: 1 } as const;
    assertEquals(told({ ...progress, percent: 40, message: "soon" }, { ...progress, percent: 50 }), [
      'ada reports a: 40 %, "soon"',
      "ada reports a: 50 %",
    ]);
    assertEquals(told({ type: "task.cancelled", id: "a" }), ["planner changed a (task.cancelled)"]);
  },
});

Deno.test({
  name: "coordination: what can start because of a record is named, or counted",
  permissions: "none",
  fn() {
    const join = created(
      { id: "a" },
      { id: "b" },
      { id: "either", dependencies: [{ any: ["a", "b"] }] },
      { id: "plan-b", dependencies: [{ task: "a", on: "failed" }] },
    );
    const failed = { type: "task.failed", id: "a", instance: "ada", attempt: 1, error: "no" } as const;
    const [, , , , ...rest] = told(join, claimed("b", "ben"), completed("b", "ben"), claimed("a", "ada"), failed);
    assertEquals(rest, ["ada failed a: no → plan-b can start"]);
    assertEquals(told(join, completed("a", "ada")).at(-1), "ada completed a → either can start");
    const fan = created(
      { id: "a" },
      ...["the-first-of-them", "the-second-of-them"].map((id) => ({ id, dependencies: ["a"] })),
    );
    assertEquals(told(fan, completed("a", "ada")).at(-1), "ada completed a → 2 tasks can start");
  },
});

Deno.test({
  name: "coordination: what a rule does is the server's deed, and extended leases are not told",
  permissions: "none",
  fn() {
    assertEquals(
      told(
        { type: "instance.registered", instance: "ada", settings: { ttlMs: 600 } },
        { type: "instance.registered", instance: "ada", settings: {} },
        { type: "instance.renewed", instance: "ada" },
        { type: "instance.lost", instance: "ada", tasks: ["a"] },
        { type: "attempt.ended", id: "a", instance: "ada", attempt: 1, outcome: "lost" },
        { type: "tasks.skipped", tasks: [{ id: "b", because: "a" }, { id: "c", because: "b" }] },
        { type: "session.lost", session: "s", until: 2, tasks: ["d", "e"] },
        { type: "session.resumed", session: "t", instance: "ada", tasks: ["d"] },
      ),
      [
        "ada registers with a time to live of 600 ms",
        "ada registers without a time to live",
        "server gives up ada: no sign of life",
        "server takes back a from ada: lost",
        "server skipped b, c",
        "server keeps d, e for its holder, whose client is gone",
        "ada keeps d, from another client",
      ],
    );
  },
});

function told(...events: readonly Event[]): readonly string[] {
  const record: JournalRecord = { seq: 1, at: 1, actor: "planner", command: "test", events };
  return entriesOf([record]).map(({ who, did, what }) => `${who} ${did} ${what}`);
}
