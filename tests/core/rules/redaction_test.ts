/** Shows what a redaction removes, what it keeps, and that the state follows from the redacted records as well. */

import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { askedConditions } from "../../../src/core/messages/asked_conditions.ts";
import type { Command, CommandOf } from "../../../src/core/messages/commands.ts";
import type { Event, EventOf } from "../../../src/core/messages/events.ts";
import { redactEvents } from "../../../src/core/messages/redact.ts";
import type { Dependency } from "../../../src/core/model/dependency.ts";
import { MAX_REDACTED_RECORDS } from "../../../src/core/model/limits.ts";
import { REDACTABLE_FIELDS, type RedactableField, REDACTED } from "../../../src/core/model/redaction.ts";
import type { JsonValue } from "../../../src/core/model/result.ts";
import type { Task } from "../../../src/core/model/task.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { turns } from "../arbitraries.ts";
import {
  cancel,
  claim,
  complete,
  create,
  fail,
  given,
  importing,
  newTask,
  oldTask,
  refusalOf,
  release,
  retry,
  run,
  runWhole,
  stateAfter,
  taskOf,
  times,
} from "../given.ts";
import { play } from "../play.ts";
import { restore, snapshotOf } from "../snapshot.ts";

const SECRET = "sk-live-1234567890";
const OK = { pointer: "/ok", equals: true };
const RECORD = [1, "a".repeat(64)] as const;

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function redaction(fields: readonly RedactableField[] = REDACTABLE_FIELDS, id = "a"): CommandOf<"redact_task"> {
  return { type: "redact_task", id, fields, reason: "leak", records: [] };
}

/** A task with the secret in every text. */
function leaky(id: string): Task {
  return oldTask(id, {
    status: "completed",
    description: SECRET,
    result: `{"key":"${SECRET}"}`,
    reason: SECRET,
    refs: { [SECRET]: SECRET },
    assignedTo: "x",
    attempt: 2,
    startedAt: 1,
    finishedAt: 2,
    notes: [{ author: "x", at: 1, text: SECRET }],
    pastAttempts: [{ attempt: 1, instance: "x", startedAt: 1, endedAt: 2, outcome: "failed", message: SECRET }],
  });
}

test("a redaction removes every text of a task, and of no other task", () => {
  const state = stateAfter(importing(leaky("a"), leaky("b")));
  const other = taskOf(state, "b");
  run(state, redaction(), 5);
  assertEquals(JSON.stringify(taskOf(state, "a")).includes(SECRET), false);
  assertEquals(taskOf(state, "a").result, REDACTED);
  assertEquals(taskOf(state, "b"), other);
});

test("a redaction of some texts leaves the others", () => {
  for (const field of ["description", "result", "reason", "notes", "refs"] as const) {
    const state = stateAfter(importing(leaky("a")));
    const before = taskOf(state, "a");
    run(state, redaction([field]), 5);
    const after = taskOf(state, "a");
    const same = (name: keyof Task) => JSON.stringify(before[name]) === JSON.stringify(after[name]);
    const changed = (["description", "result", "reason", "notes", "refs", "pastAttempts"] as const)
      .filter((name) => !same(name));
    assertEquals<readonly string[]>(changed, [field]);
  }
});

test("the messages of past attempts go with each text that they may come from", () => {
  const messages = (fields: readonly RedactableField[]) => {
    const state = stateAfter(
      create(newTask("a")),
      ...[claim("x", "a"), { type: "report_progress", id: "a", instance: "x", message: SECRET } as const],
      release("x", "a"),
      ...[claim("x", "a"), { ...release("x", "a"), reason: SECRET }],
      ...[claim("x", "a"), complete("x", "a", SECRET), retry("a")],
    );
    run(state, redaction(fields), 20);
    return taskOf(state, "a").pastAttempts?.map(({ message }) => message === REDACTED);
  };
  assertEquals(messages(["progress"]), [true, true, false]);
  assertEquals(messages(["reason"]), [true, true, false]);
  assertEquals(messages(["result"]), [false, false, true]);
});

test("a holder keeps a redacted task, and what it was still to be told of a cancelled one is redacted", () => {
  const held = stateAfter(create(newTask("a")), claim("x", "a"));
  const { description: _d, ...before } = taskOf(held, "a");
  run(held, redaction(["description"]), 5);
  const { description, ...after } = taskOf(held, "a");
  assertEquals([description, after], [REDACTED, before]);
  const cancelled = stateAfter(create(newTask("a")), claim("x", "a"), {
    ...cancel("a"),
    reason: SECRET,
    instance: "y",
  });
  assert(JSON.stringify(snapshotOf(cancelled)).includes(SECRET));
  run(cancelled, redaction(["reason"]), 5);
  assertEquals(JSON.stringify(snapshotOf(cancelled)).includes(SECRET), false);
});

test("what waits for a redacted result is decided as before, and what comes later is blocked", () => {
  const when = (pointer: string) => [{ task: "a", when: { pointer, equals: true } }];
  const state = stateAfter(
    create(
      newTask("a"),
      { ...newTask("yes"), dependencies: when("/ok") },
      { ...newTask("any"), dependencies: [{ any: [...when("/no"), "a"] }] },
    ),
    claim("x", "a"),
    complete("x", "a", `{"ok":true,"no":false,"key":"${SECRET}"}`),
  );
  const { events } = run(state, redaction(["result"]), 5);
  assertEquals(events.length, 1);
  run(state, create({ ...newTask("late"), dependencies: when("/late") }), 6);
  for (const each of [state, restore(snapshotOf(state))]) {
    const standings = ["yes", "any", "late"].map((id) => each.tasks.get(id)?.standing);
    assertEquals(standings, ["ready", "ready", "blocked"]);
  }
});

test("a redaction is refused without a text, a known field, a reason, or a task", () => {
  const history = create({ ...newTask("a"), description: "plain" });
  given(history).when(redaction(["result"])).thenRefused("wrong_state", "Cannot redact result of task a as it has no", {
    id: "a",
    fields: ["description"],
  });
  given(history).when(redaction(REDACTABLE_FIELDS, "b")).thenRefused("not_found", "Task b not found");
  given(history).when({ ...redaction(), reason: " " }).thenRefused("invalid_value", "Cannot redact task a without a");
  given(history).when(redaction([])).thenRefused("invalid_value", "Cannot redact as no text is named");
  // A client may send any name.
  given(history).when(redaction(["results" as RedactableField]))
    .thenRefused("invalid_value", "Cannot redact as a task has no text results: there are description, result");
  const state = stateAfter(history);
  for (const records of [[[0, RECORD[1]]], [[2, RECORD[1]], [1, RECORD[1]]], [[1, "x"]]] as const) {
    assertEquals(refusalOf(() => run(state, { ...redaction(), records }, 5)).code, "invalid_value");
  }
});

test("one redaction names as many records as fit, and not one more", () => {
  const naming = (count: number): CommandOf<"redact_task"> => {
    return { ...redaction(), records: times(count, (index) => [index + 1, RECORD[1]] as const) };
  };
  const { answer } = run(stateAfter(), naming(MAX_REDACTED_RECORDS), 1);
  assertEquals(answer.records, MAX_REDACTED_RECORDS);
  assertEquals(refusalOf(() => run(stateAfter(), naming(MAX_REDACTED_RECORDS + 1), 1)).code, "limit_exceeded");
});

test("a task that is gone is redacted in its records alone", () => {
  given().when({ ...redaction(["result"]), records: [RECORD] }).then({
    type: "task.redacted",
    id: "a",
    fields: ["result"],
    reason: "leak",
    by: { caller: "test" },
    records: [RECORD],
    isGone: true,
  });
});

test("redacted events hold no text of the task", () => {
  const texts: readonly Event[] = [
    { type: "tasks.created", tasks: [{ ...newTask("a"), description: SECRET, refs: { a: SECRET } }] },
    { type: "tasks.imported", tasks: [leaky("a")] },
    { type: "task.updated", id: "a", description: SECRET, settings: { refs: { a: SECRET } } },
    { type: "task.progressed", id: "a", instance: "x", attempt: 1, message: SECRET },
    {
      type: "task.completed",
      id: "a",
      instance: "x",
      attempt: 1,
      result: SECRET,
      value: [SECRET],
      refs: { a: SECRET },
    },
    { type: "task.failed", id: "a", instance: "x", attempt: 1, error: SECRET },
    { type: "attempt.ended", id: "a", instance: "x", attempt: 1, outcome: "failed", error: SECRET },
    { type: "task.released", id: "a", instance: "x", attempt: 1, reason: SECRET },
    { type: "task.cancelled", id: "a", reason: SECRET },
    { type: "task.noted", id: "a", author: "x", text: SECRET },
    { type: "tasks.abandoned", tasks: [{ id: "a", error: SECRET }] },
    { type: "handler.failed", handler: "h", notification: "1.0", task: "a", error: SECRET, tries: 1 },
  ];
  const all = { id: "a", fields: REDACTABLE_FIELDS };
  const redacted = redactEvents(texts, all);
  assertEquals(JSON.stringify(redacted).includes(SECRET), false);
  assertEquals(redacted.map(({ type }) => type), texts.map(({ type }) => type));
  // Nothing is left to do, and nothing else is touched.
  assert(redactEvents(redacted, all) === redacted);
  assert(redactEvents(texts, { ...all, id: "b" }) === texts);
});

/** What conditions say of one result must not be taken for what they said of another one, or for nothing. */
const JUDGED: Readonly<Record<string, readonly Command[]>> = {
  "the earlier attempt of a task that was done again": [
    ...judged({ any: [{ task: "a", when: OK }, "c"] }, { ok: true }),
    ...[claim("y", "b"), retry("a"), claim("x", "a"), complete("x", "a", `{"ok":false}`)],
  ],
  "a task that was retried": [...judged({ task: "a", when: OK }, { ok: true }), claim("y", "b"), retry("a")],
  "a result for which a task does not wait any more": [
    ...judged({ task: "a", when: OK }, { ok: true }),
    { type: "update_task", id: "b", dependencies: [] },
  ],
  "a task with a failure without a text and one with a text": [
    create(newTask("a")),
    ...[claim("x", "a"), fail("x", "a", ""), retry("a"), claim("x", "a"), fail("x", "a", SECRET), retry("a")],
  ],
  "a task that was archived": [
    ...judged({ task: "a", when: OK }, { ok: true }),
    { type: "update_task", id: "b", dependencies: [] },
    { type: "archive_tasks", filter: { status: ["completed"] } },
  ],
  "a task that was deleted and made again": [
    ...judged({ task: "a", when: OK }, { ok: false }),
    ...[{ type: "delete_task", id: "b" } as const, { type: "delete_task", id: "a" } as const],
    { type: "delete_task", id: "c" },
    ...judged({ task: "a", when: OK }, { ok: true }),
  ],
};

for (const [name, commands] of Object.entries(JUDGED)) {
  test(`the state follows from the redacted records of ${name}`, () => {
    const state = emptyState();
    const history = commands.flatMap((command, index) => {
      return runWhole(state, command, index + 1).events.map((event) => ({ event, at: index + 1 }));
    });
    assertReplayed(state, history, { id: "a", fields: ["result", "error"] });
  });
}

test("the state that follows from the redacted records of a history is the one after the redaction", () => {
  const tasks = fc.constantFrom("a", "b", "c", "d");
  const fields = fc.subarray([...REDACTABLE_FIELDS], { minLength: 1 });
  fc.assert(
    fc.property(turns(), tasks, fields, (turns, id, fields) => {
      const history: HistoryEvent[] = [];
      const state = play(turns, (_, { events, now }) => events.forEach((event) => history.push({ event, at: now })));
      assertReplayed(state, history, { id, fields });
    }),
    { numRuns: 300 },
  );
});

interface HistoryEvent {
  readonly event: Event;
  readonly at: number;
}

/** Redacts a task in a state, and compares the state with what follows from its redacted history. */
function assertReplayed(
  state: State,
  history: readonly HistoryEvent[],
  { id, fields }: { readonly id: string; readonly fields: readonly RedactableField[] },
): void {
  const pastConditions = Array.from(askedConditions(history.map(({ event }) => event)))
    .flatMap(({ task, when }) => task === id ? [when] : []);
  const command = { ...redaction(fields, id), records: [RECORD], pastConditions };
  const { events } = runWhole(state, command, state.recordedAt);
  const redacted = events.find((event): event is EventOf<"task.redacted"> => event.type === "task.redacted");
  assert(redacted !== undefined);
  const replayed = emptyState();
  for (const { event, at } of history) {
    for (const each of redactEvents([event], redacted)) evolve(replayed, each, at);
  }
  for (const event of events) evolve(replayed, event, state.recordedAt);
  assertEquals(snapshotOf(replayed), snapshotOf(state));
}

/** Task b waits for a result of task a, and a was completed with one. */
function judged(dependency: Dependency, result: JsonValue): readonly Command[] {
  return [
    create(newTask("a"), { ...newTask("b"), dependencies: [dependency] }, newTask("c")),
    ...[claim("x", "a"), complete("x", "a", JSON.stringify(result))],
  ];
}
