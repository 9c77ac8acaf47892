/** Shows that news of a task stay for one who sees it, when callers of several audiences use one instance id. */

import { assertEquals } from "@std/assert";
import type { Command } from "../../../src/core/messages/commands.ts";
import type { KnownCaller } from "../../../src/core/model/access.ts";
import type { State } from "../../../src/core/state/state.ts";
import { claim, create, newTask, remove, run, stateAfter, taskWith } from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";

const P: KnownCaller = { name: "p", role: "worker", audiences: ["p"] };
const Q: KnownCaller = { name: "q", role: "worker", audiences: ["q"] };
const ALL: KnownCaller = { name: "all", role: "worker" };

const PLAN: readonly Command[] = [
  { type: "create_group", id: "pg", settings: { visibleTo: ["p"] } },
  { type: "create_group", id: "qg", settings: { visibleTo: ["q"] } },
  create(...["a", "b"].map((id) => taskWith({ group: "pg", maxAttempts: 9 }, id))),
  create(...["h", "i"].map((id) => taskWith({ group: "qg", maxAttempts: 9 }, id)), newTask("open")),
];

/** The ids of the tasks of which an answer tells news. */
function toldTo(state: State, caller: KnownCaller, command: Command = { type: "heartbeat", instance: "x" }) {
  const { answer } = run(state, command, state.recordedAt + 1, {}, caller);
  // These commands answer with news.
  const { lostTasks = [], cancelledTasks = [], moreCancelled, notes = [] } = answer as {
    readonly lostTasks?: readonly string[];
    readonly cancelledTasks?: readonly { readonly id: string }[];
    readonly moreCancelled?: number;
    readonly notes?: readonly { readonly task?: string }[];
  };
  return {
    lost: lostTasks.toSorted(),
    cancelled: cancelledTasks.map(({ id }) => id),
    ...(moreCancelled !== undefined && { moreCancelled }),
    notes: notes.map(({ task }) => task),
  };
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("notes and cancellations are told to each audience of an instance, whoever calls first", () => {
  for (const callers of [[P, Q], [Q, P]]) {
    const state = stateAfter(
      ...PLAN,
      ...["a", "b", "h", "i"].map((id) => claim("x", id)),
      ...["a", "h"].map((id): Command => ({ type: "cancel_task", id })),
      ...["b", "i"].map((id): Command => ({ type: "add_note", id, text: "n" })),
    );
    const expected = new Map([
      [P, { lost: [], cancelled: ["a"], notes: ["b"] }],
      [Q, { lost: [], cancelled: ["h"], notes: ["i"] }],
    ]);
    for (const caller of callers) assertEquals(toldTo(state, caller), expected.get(caller));
    assertEquals(toldTo(state, ALL), { lost: [], cancelled: [], notes: [] });
  }
});

test("lost tasks are told to each audience of an instance, also by its registration", () => {
  const register: Command = { type: "register_instance", instance: "x", settings: { ttlMs: 5 } };
  for (const call of [{ type: "heartbeat", instance: "x" }, register] as const) {
    const state = stateAfter(...PLAN, register, ...["a", "h"].map((id) => claim("x", id)));
    run(state, { type: "sweep" }, 99);
    assertEquals(toldTo(state, P, call), { lost: ["a"], cancelled: [], notes: [] });
    const restored = restore(snapshotOf(state));
    for (const each of [state, restored]) {
      assertEquals(toldTo(each, ALL, call), { lost: ["h"], cancelled: [], notes: [] });
      assertEquals(toldTo(each, ALL, call), { lost: [], cancelled: [], notes: [] });
    }
  }
});

test("who sees everything is told the rest, and how many were left out of a list", () => {
  const ids = Array.from({ length: 14 }, (_, index) => `t${index}`);
  const state = stateAfter(
    ...PLAN,
    create(...ids.map((id) => newTask(id))),
    ...["h", ...ids].map((id) => claim("x", id)),
    ...["h", ...ids].map((id): Command => ({ type: "cancel_task", id })),
  );
  const { cancelled, ...others } = toldTo(state, P);
  assertEquals([cancelled, others], [ids.slice(0, 10), { lost: [], notes: [] }]);
  assertEquals(toldTo(state, ALL), { lost: [], cancelled: ["h"], moreCancelled: 4, notes: [] });
  assertEquals(toldTo(state, ALL), { lost: [], cancelled: [], notes: [] });
});

test("many cancelled tasks of one audience take no room of those of another", () => {
  const ids = Array.from({ length: 12 }, (_, index) => `h${index}`);
  const state = stateAfter(
    ...PLAN,
    create(...ids.map((id) => taskWith({ group: "qg" }, id))),
    ...[...ids, "a"].map((id) => claim("x", id)),
    ...[...ids, "a"].map((id): Command => ({ type: "cancel_task", id })),
  );
  assertEquals(toldTo(state, P), { lost: [], cancelled: ["a"], notes: [] });
  assertEquals(toldTo(state, ALL), { lost: [], cancelled: ids.slice(0, 10), moreCancelled: 2, notes: [] });
});

test("of a deleted task, a caller with audiences is told nothing, whether something is hidden or not", () => {
  const plan = [create(newTask("z")), claim("x", "z"), { type: "cancel_task", id: "z" }, remove("z")] as const;
  for (const before of [[], PLAN]) {
    const state = stateAfter(...before, ...plan);
    assertEquals(toldTo(state, P).cancelled, []);
    assertEquals(toldTo(state, ALL).cancelled, ["z"]);
  }
});
