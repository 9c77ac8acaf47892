/** Shows who is told which notes, when, and how often; and that all of it follows from the records. */

import type { AnswerOf, Command, CommandOf, CommandType } from "../../../src/core/messages/commands.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import type { Event } from "../../../src/core/messages/events.ts";
import { MAX_NOTE_BYTES, MAX_NOTES, MAX_TOLD_NOTES, MAX_TOLD_NOTES_BYTES } from "../../../src/core/model/limits.ts";
import type { News, Note, ToldNotes } from "../../../src/core/model/news.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
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
  release,
  retry,
  run,
  stateAfter,
  taskOf,
  taskWith,
  times,
} from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { assert, assertEquals } from "@std/assert";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function note(id: string, text: string, instance?: string): CommandOf<"add_note"> {
  return { type: "add_note", id, text, ...(instance !== undefined && { instance }) };
}

function heartbeat(instance: string): CommandOf<"heartbeat"> {
  return { type: "heartbeat", instance };
}

function report(instance: string, id: string): CommandOf<"report_progress"> {
  return { type: "report_progress", id, instance };
}

/** The texts of the notes that a command is answered with. */
function textsOf<K extends CommandType>(state: State, command: CommandOf<K>, at = state.recordedAt + 1) {
  // Only of commands whose answers tell notes.
  const answer = run(state, command, at).answer as AnswerOf<K> & ToldNotes;
  return (answer.notes ?? []).map(({ task, text }) => task === undefined ? text : `${task}: ${text}`);
}

const HELD = [create(newTask("a"), newTask("b")), claim("x", "a")] as const;

test("add_note adds a text with its author and time", () => {
  given(...HELD).when(note("a", "use v2", "lead"))
    .then({ type: "task.noted", id: "a", author: "lead", instance: "lead", text: "use v2" });
  given(...HELD).when(note("a", "use v2")).then({ type: "task.noted", id: "a", author: "test", text: "use v2" });
  const state = stateAfter(...HELD, note("a", "use v2", "lead"), note("a", "too"));
  assertEquals(taskOf(state, "a").notes, [
    { author: "lead", isInstance: true, at: 3, text: "use v2" },
    { author: "test", at: 4, text: "too" },
  ]);
});

test("a note can be added to a task in any state, and changes nothing else", () => {
  const states = {
    pending: [create(newTask("a"))],
    waiting: [create(newTask("a", "b"), newTask("b"))],
    in_progress: [create(newTask("a")), claim("x", "a")],
    completed: [create(newTask("a")), claim("x", "a"), complete("x", "a")],
    failed: [create(newTask("a")), claim("x", "a"), fail("x", "a")],
    cancelled: [create(newTask("a")), cancel("a")],
    skipped: [create(newTask("a", { task: "b", on: "failed" }), newTask("b")), claim("x", "b"), complete("x", "b")],
  };
  for (const history of Object.values(states)) {
    const state = stateAfter(...history);
    const before = taskOf(state, "a");
    const { answer } = run(state, note("a", "n"), 9);
    assertEquals(answer.count, 1);
    assertEquals(taskOf(state, "a"), { ...before, notes: [{ author: "test", at: 9, text: "n" }] });
  }
});

test("a note on no task, an empty one and one that is too long are refused", () => {
  given().when(note("a", "n")).thenRefused("not_found", "Task a not found");
  const empty = "Cannot add a note to task a as its text is empty";
  for (const text of ["", " \n"]) given(...HELD).when(note("a", text)).thenRefused("invalid_value", empty);
  given(...HELD).when(note("a", "n", "\n")).thenRefused("invalid_value", "Instance id ");
  const most = "x".repeat(MAX_NOTE_BYTES);
  run(stateAfter(...HELD), note("a", most), 3);
  given(...HELD).when(note("a", most + "x")).thenRefused("limit_exceeded", "Note on task a is too long: ");
  given(...HELD).when(note("a", "é".repeat(MAX_NOTE_BYTES / 2) + "x")).thenRefused("limit_exceeded", "Note on task a ");
});

test("the holder gets a note once, with its next answer, whichever that is", () => {
  const answers: readonly (readonly [string, CommandOf<CommandType>, readonly string[]])[] = [
    ["report_progress", report("x", "a"), ["n"]],
    ["complete_task", complete("x", "a"), ["n"]],
    ["fail_task", fail("x", "a"), ["n"]],
    ["fail_task to be retried", { ...fail("x", "a"), isRetryable: true }, ["n"]],
    ["release_task", release("x", "a"), ["n"]],
    ["heartbeat", heartbeat("x"), ["a: n"]],
    ["register_instance", { type: "register_instance", instance: "x", settings: {} }, ["a: n"]],
    ["get_next_task with another task", claim("x"), ["a: n"]],
    ["get_next_task again", claim("x", "a"), ["n"]],
  ];
  for (const [name, command, texts] of answers) {
    const state = stateAfter(...HELD, note("a", "n", "lead"));
    assertEquals(textsOf(state, command), texts, name);
    if (taskOf(state, "a").assignedTo !== "x" || taskOf(state, "a").status !== "in_progress") continue;
    assertEquals(textsOf(state, heartbeat("x")), [], name);
    assertEquals(textsOf(state, report("x", "a")), [], name);
    run(state, note("a", "m"), 9);
    assertEquals(textsOf(state, report("x", "a")), ["m"], name);
  }
});

test("an answer that tells notes and is recorded for nothing else is recorded as a renewal", () => {
  const noted = given(...HELD, note("a", "n"));
  noted.when(heartbeat("x")).then({ type: "instance.renewed", instance: "x", isTold: true });
  noted.when(claim("x", "a")).then({ type: "instance.renewed", instance: "x", isTold: true });
  noted.when(report("x", "a")).then({ type: "task.progressed", id: "a", instance: "x", attempt: 1 });
  given(...HELD, note("a", "n"), heartbeat("x")).when(heartbeat("x")).then();
  given(...HELD, note("a", "n")).when(heartbeat("y")).then();
});

test("a refused call tells nothing, and leaves the note for the next answer", () => {
  const state = stateAfter(...HELD, note("a", "n"));
  given(...HELD, note("a", "n")).when(complete("x", "b")).thenRefused("not_holder", "Task b is not assigned");
  assertEquals(textsOf(state, heartbeat("x")), ["a: n"]);
});

test("nobody gets an own note back, but a client with the name of an instance is somebody else", () => {
  const state = stateAfter(...HELD, note("a", "mine", "x"));
  assertEquals(run(state, heartbeat("x"), 4).events, []);
  assertEquals(textsOf(state, report("x", "a")), []);
  const named = stateAfter(create(newTask("a")), claim("test", "a"), note("a", "of the client test"));
  assertEquals(textsOf(named, heartbeat("test")), ["a: of the client test"]);
});

test("the next claimer gets all notes, its own from an earlier attempt, too", () => {
  const state = stateAfter(
    create(newTask("a")),
    note("a", "before", "lead"),
    claim("x", "a"),
    note("a", "during", "x"),
    release("x", "a"),
    note("a", "after"),
  );
  const { answer } = run(state, claim("x"), 7);
  assertEquals(answer.notes, [
    { author: "lead", isInstance: true, at: 2, text: "before" },
    { author: "x", isInstance: true, at: 4, text: "during" },
    { author: "test", at: 6, text: "after" },
  ]);
  assertEquals(run(state, heartbeat("x"), 8).events, []);
});

test("a claim tells the new notes on other tasks that the instance holds, too", () => {
  const state = stateAfter(...HELD, note("a", "on a"), note("b", "on b"));
  assertEquals(textsOf(state, claim("x")), ["on b", "a: on a"]);
  assertEquals(textsOf(state, heartbeat("x")), []);
});

test("a claim that gets no task tells the notes on what the instance holds", () => {
  const state = stateAfter(create(newTask("a")), claim("x"), note("a", "n"));
  assertEquals(textsOf(state, claim("x")), ["a: n"]);
  assertEquals(textsOf(state, claim("x")), []);
});

test("a repeated completion, which may be one whose answer was lost, tells the same notes", () => {
  const state = stateAfter(...HELD, note("a", "n"));
  assertEquals(textsOf(state, complete("x", "a")), ["n"]);
  assertEquals(textsOf(state, complete("x", "a")), ["n"]);
});

const REPORTS: readonly Command[] = [
  report("x", "a"),
  complete("x", "a"),
  fail("x", "a"),
  { ...fail("x", "a"), isRetryable: true },
];

for (const command of REPORTS) {
  test(`${JSON.stringify(command)} tells all news once, and is recorded as a renewal only if there is any`, () => {
    const tasks = ["a", "b", "c"].map((id) => newTask(id));
    const history = [create(...tasks), ...tasks.map(({ id }) => claim("x", id)), note("a", "on a")];
    const without = stateAfter(...history);
    const quiet = run<CommandType>(without, command, 10).events;
    assertEquals(quiet.map(({ type }) => type).includes("instance.renewed"), false);
    const state = stateAfter(...history, note("b", "on b"), cancel("c"));
    const { events, answer } = run<CommandType>(state, command, 10);
    assertEquals(events, [{ type: "instance.renewed", instance: "x", isTold: true }, ...quiet]);
    // Of a command that tells news.
    const { notes, cancelledTasks } = answer as News;
    assertEquals(notes?.map(({ task, text }) => [task, text]), [[undefined, "on a"], ["b", "on b"]]);
    assertEquals(cancelledTasks, [{ id: "c", attempt: 1, by: { caller: "test" } }]);
    const next = run(state, heartbeat("x"), 11);
    assertEquals([next.events, next.answer.notes, next.answer.cancelledTasks], [[], undefined, undefined]);
  });
}

test("a repeated completion or failure tells the news since the first", () => {
  for (const command of REPORTS.slice(1)) {
    const state = stateAfter(create(newTask("a"), newTask("b")), claim("x", "a"), claim("x", "b"), command);
    run(state, note("b", "since"), 5);
    assertEquals(textsOf<CommandType>(state, command), ["b: since"]);
    assertEquals(run<CommandType>(state, command, 7).events, []);
  }
});

test("a release, which anybody may call in the name of the holder, leaves other news to the holder's next answer", () => {
  const state = stateAfter(create(newTask("a"), newTask("b")), claim("x", "a"), claim("x", "b"), note("b", "on b"));
  assertEquals(run(state, note("a", "on a"), 5).answer.count, 1);
  const { events, answer } = run(state, release("x", "a"), 6);
  assertEquals(events, [{ type: "task.released", id: "a", instance: "x", attempt: 1 }]);
  assertEquals(answer.notes?.map(({ text }) => text), ["on a"]);
  assertEquals(textsOf(state, heartbeat("x")), ["b: on b"]);
});

test("a claim of a held task counts its notes once", () => {
  const state = stateAfter(...HELD);
  for (const index of times(MAX_TOLD_NOTES + 2, (index) => index)) run(state, note("a", `${index}`), 3);
  const { notes, moreNotes } = run(state, claim("x", "a"), 4).answer;
  assertEquals([notes?.length, moreNotes], [MAX_TOLD_NOTES, 2]);
});

test("a late completion tells what else its instance lost", () => {
  const state = stateAfter(
    { type: "register_instance", instance: "x", settings: { ttlMs: 50 } },
    create(newTask("a"), newTask("b")),
    claim("x", "a"),
    claim("x", "b"),
  );
  run(state, { type: "sweep" }, 100);
  assertEquals(run(state, complete("x", "a"), 101).answer.lostTasks, ["b"]);
  assertEquals(run(state, heartbeat("x"), 102).answer.lostTasks, []);
});

test("a late completion tells the notes that the holder missed", () => {
  const state = stateAfter(create(taskWith({ timeoutMs: 5 }, "a")), claim("x"), note("a", "n"));
  run(state, { type: "sweep" }, 100);
  run(state, note("a", "m"), 101);
  assertEquals(textsOf(state, complete("x", "a"), 102), ["n", "m"]);
});

test("a task keeps its newest notes, and counts those that were dropped", () => {
  const state = stateAfter(create(newTask("a")));
  for (const index of times(MAX_NOTES, (index) => index)) run(state, note("a", `${index}`), 2);
  assertEquals([taskOf(state, "a").notes?.length, taskOf(state, "a").notesDropped], [MAX_NOTES, undefined]);
  const { answer } = run(state, note("a", "one more"), 3);
  const { notes = [], notesDropped } = taskOf(state, "a");
  assertEquals([answer.count, notes.length, notesDropped], [MAX_NOTES + 1, MAX_NOTES, 1]);
  assertEquals([notes[0]?.text, notes.at(-1)?.text], ["1", "one more"]);
});

test("notes that were dropped before the holder was told are counted, and told of once", () => {
  const state = stateAfter(...HELD);
  for (const index of times(MAX_NOTES + 3, (index) => index)) run(state, note("a", `${index}`), 3);
  const { answer } = run(state, heartbeat("x"), 4);
  assertEquals([answer.notes?.length, answer.moreNotes], [MAX_TOLD_NOTES, MAX_NOTES + 3 - MAX_TOLD_NOTES]);
  assertEquals(answer.notes?.at(-1)?.text, `${MAX_NOTES + 2}`);
  assertEquals(run(state, heartbeat("x"), 5).events, []);
  run(state, note("a", "new"), 6);
  const next = run(state, heartbeat("x"), 7).answer;
  assertEquals([next.notes?.map(({ text }) => text), next.moreNotes], [["new"], undefined]);
});

test("an answer has at most so many notes and bytes, the newest ones", () => {
  for (
    const [count, length, shown, rest] of [
      [MAX_TOLD_NOTES, 1, MAX_TOLD_NOTES, ""],
      [MAX_TOLD_NOTES + 1, 1, MAX_TOLD_NOTES, ""],
      [2, MAX_TOLD_NOTES_BYTES / 2, 2, ""],
      [3, MAX_TOLD_NOTES_BYTES / 2, 2, ""],
      [2, 2, 2, "é".repeat(MAX_TOLD_NOTES_BYTES / 4 - 1)],
      [3, 2, 2, "é".repeat(MAX_TOLD_NOTES_BYTES / 4 - 1)],
    ] as const
  ) {
    const state = stateAfter(create(newTask("a")));
    for (const index of times(count, (index) => index)) run(state, note("a", `${index % 10}`.repeat(length) + rest), 2);
    const { notes = [], moreNotes } = run(state, claim("x"), 3).answer;
    assertEquals([notes.length, moreNotes], [shown, count === shown ? undefined : count - shown]);
    assertEquals(notes.at(-1)?.text[0], `${(count - 1) % 10}`);
  }
});

test("notes stay when a task is opened again, and after its end", () => {
  const done = stateAfter(...HELD, note("a", "n"), complete("x", "a"), note("a", "afterwards"), retry("a"));
  assertEquals(textsOf(done, claim("y", "a")), ["n", "afterwards"]);
});

test("what was told is the same in a state that is replayed, or restored from a snapshot", () => {
  const state = emptyState();
  const events: (readonly [Event, number])[] = [];
  const steps = [
    ...HELD,
    note("a", "n", "lead"),
    heartbeat("x"),
    note("a", "m"),
    claim("x", "b"),
    report("x", "a"),
    note("b", "o"),
  ];
  for (const [index, step] of steps.entries()) {
    for (const event of run<CommandType>(state, step, index + 1).events) events.push([event, index + 1]);
  }
  const replayed = emptyState();
  for (const [event, at] of events) evolve(replayed, event, at);
  assertEquals(snapshotOf(replayed), snapshotOf(restore(snapshotOf(state))));
  for (const each of [replayed, restore(snapshotOf(state)), state]) {
    assertEquals(textsOf(each, heartbeat("x")), ["b: o"]);
  }
});

test("a call in another session under the same instance id is not told, and takes nothing from the holder's", () => {
  const inSession = (session: string) => localOperator("test", { transport: "stdio", session });
  const state = stateAfter(create(newTask("a")));
  run(state, claim("x", "a"), 2, {}, inSession("s1"));
  run(state, note("a", "n"), 3);
  const other = run(state, heartbeat("x"), 4, {}, inSession("s2"));
  assertEquals([other.events, other.answer.notes], [[], undefined]);
  const { events, answer } = run(state, heartbeat("x"), 5, {}, inSession("s1"));
  assertEquals(events, [{ type: "instance.renewed", instance: "x", isTold: true, session: "s1" }]);
  assertEquals(answer.notes?.map(({ text }) => text), ["n"]);
  assertEquals(run(state, heartbeat("x"), 6, {}, inSession("s1")).events, []);
});

test("a call in another session is not told which task of the holder's was cancelled", () => {
  const inSession = (session: string) => localOperator("test", { transport: "stdio", session });
  const state = stateAfter(create(newTask("a")));
  run(state, claim("x", "a"), 2, {}, inSession("s1"));
  run(state, { type: "cancel_task", id: "a" }, 3);
  const other = run(state, heartbeat("x"), 4, {}, inSession("s2"));
  assertEquals([other.events, other.answer.cancelledTasks], [[], undefined]);
  const told = run(state, heartbeat("x"), 5, {}, inSession("s1")).answer.cancelledTasks;
  assertEquals(told?.map(({ id }) => id), ["a"]);
  assertEquals(run(state, heartbeat("x"), 6, {}, inSession("s1")).answer.cancelledTasks, undefined);
});

test("the many notes of a claimed task leave out none of another task, which are told once", () => {
  const state = stateAfter(
    create(newTask("a"), newTask("b")),
    claim("x", "a"),
    note("a", "STOP"),
    ...Array.from({ length: MAX_TOLD_NOTES }, (_, index) => note("b", `${index}`)),
  );
  const { notes, moreNotes } = run(state, claim("x", "b"), 50).answer;
  assertEquals([notes?.length, moreNotes], [MAX_TOLD_NOTES, 1]);
  assertEquals(notes?.at(-1)?.text, "STOP");
});

test("the views do not show what the holder was told", () => {
  const state = stateAfter(...HELD, note("a", "n"));
  const { answer } = run(state, report("x", "a"), 4);
  assert(taskOf(state, "a").notesTold !== undefined);
  assert(!("notesTold" in answer.task));
});

test("a corrected clock corrects the times of notes", () => {
  const state = stateAfter(create(newTask("a")));
  run(state, note("a", "early"), 1_000);
  run(state, note("a", "late"), 10_000_000);
  evolve(state, { type: "clock.corrected", from: 10_000_000, to: 2_000 }, 2_000);
  assertEquals(taskOf(state, "a").notes?.map(({ at }) => at), [1_000, 2_000]);
});

test("imported tasks keep their notes", () => {
  const notes: readonly Note[] = [{ author: "lead", isInstance: true, at: 120, text: "n" }];
  const held = oldTask("a", { status: "in_progress", assignedTo: "x", attempt: 1, startedAt: 150, notes });
  assertEquals(textsOf(stateAfter(importing(held)), heartbeat("x"), 300), ["a: n"]);
  assertEquals(textsOf(stateAfter(importing({ ...held, notesTold: 1 })), heartbeat("x"), 300), []);
  const many = times(MAX_NOTES + 1, (): Note => ({ author: "lead", at: 1, text: "n" }));
  const wrong: readonly (readonly [Partial<typeof held>, string])[] = [
    [{ notes: many }, `it cannot have more than ${MAX_NOTES} notes`],
    [{ notes: [{ author: "lead", at: -1, text: "n" }] }, "its times must be milliseconds since 1970"],
    [{ notesDropped: 0.5 }, "notesDropped, notesTold and version must be whole numbers"],
    [{ notesTold: 2 }, "notesTold cannot be more than all its notes"],
    [{ cancelledBy: { caller: "c" } }, "only a cancelled task can have cancelledBy"],
  ];
  for (const [change, why] of wrong) {
    given().when(importing({ ...held, ...change })).thenRefused(
      "invalid_value",
      `Cannot import task a as it is: ${why}`,
    );
  }
  given().when(importing({ ...held, notes: [{ author: "l", at: 1, text: "x".repeat(MAX_NOTE_BYTES + 1) }] }))
    .thenRefused("limit_exceeded", "Note on task a is too long");
  given().when(importing({ ...held, notes: [{ author: "\n", isInstance: true, at: 1, text: "n" }] }))
    .thenRefused("invalid_value", "Instance id ");
});
