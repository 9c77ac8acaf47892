/** Shows that a cancelled task says by whom, and that the instance which held it is told so once, with its next answer. */

import type { CommandOf } from "../../../src/core/messages/commands.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { MAX_CANCELLED_INSTANCES, MAX_NAMED, MAX_TOLD_REASON_CHARACTERS } from "../../../src/core/model/limits.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import type { State } from "../../../src/core/state/state.ts";
import { explain } from "../../../src/core/views/explain.ts";
import {
  cancel,
  claim,
  complete,
  create,
  given,
  newTask,
  remove,
  retry,
  run,
  stateAfter,
  taskOf,
  times,
} from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { assertEquals } from "@std/assert";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

const HELD = [create(newTask("a"), newTask("b")), claim("x", "a")] as const;

function heartbeat(instance: string): CommandOf<"heartbeat"> {
  return { type: "heartbeat", instance };
}

function byLead(id: string, reason = "not needed"): CommandOf<"cancel_task"> {
  return { type: "cancel_task", id, reason, instance: "lead" };
}

/** The cancelled tasks that an instance is told of by its next heartbeat. */
function toldTo(state: State, instance = "x") {
  return run(state, heartbeat(instance), state.recordedAt + 1).answer.cancelledTasks;
}

test("a cancellation records the caller, and the instance if the call names one", () => {
  given(...HELD).when(cancel("a")).then({
    type: "task.cancelled",
    id: "a",
    instance: "x",
    by: { caller: "test" },
  });
  const by = { caller: "test", instance: "lead" };
  given(...HELD).when(byLead("a")).then({ type: "task.cancelled", id: "a", instance: "x", reason: "not needed", by });
  const state = stateAfter(...HELD, byLead("a"));
  assertEquals(taskOf(state, "a").cancelledBy, by);
  assertEquals(explain(state, "a").why, "It was cancelled by lead (test): not needed");
  run(state, retry("a"), 4);
  assertEquals(taskOf(state, "a").cancelledBy, undefined);
});

test("the former holder's completion is refused with by whom and why", () => {
  given(...HELD, byLead("a")).when(complete("x", "a")).thenRefused(
    "wrong_state",
    "Cannot complete task a in cancelled state: it was cancelled by lead (test): not needed; drop this work",
  );
});

test("the former holder is told once: by its next claim or heartbeat", () => {
  const one = { id: "a", attempt: 1, by: { caller: "test", instance: "lead" }, reason: "not needed" };
  const cancelled = [...HELD, byLead("a")] as const;
  const tell = { type: "instance.renewed", instance: "x", isTold: true } as const;
  given(...cancelled).when(heartbeat("x")).then(tell);
  given(...cancelled).when(claim("x")).then(tell, { type: "task.claimed", id: "b", instance: "x", attempt: 1 });
  for (const command of [heartbeat("x"), claim("x"), claim("x", "b")]) {
    const again = stateAfter(...cancelled);
    const { cancelledTasks } = run<"heartbeat" | "claim_task">(again, command, 4).answer;
    assertEquals(cancelledTasks, [one]);
    assertEquals(toldTo(again), undefined);
  }
  const registering = stateAfter(...cancelled);
  const { answer } = run(registering, { type: "register_instance", instance: "x", settings: {} }, 4);
  assertEquals([answer.cancelledTasks, toldTo(registering)], [[one], undefined]);
});

test("it is told also when the task is pending, held or gone by then", () => {
  const by = { caller: "test" };
  const one = [{ id: "a", attempt: 1, by }];
  assertEquals(toldTo(stateAfter(...HELD, cancel("a"), retry("a"))), one);
  assertEquals(toldTo(stateAfter(...HELD, cancel("a"), retry("a"), claim("y", "a"))), one);
  assertEquals(toldTo(stateAfter(...HELD, cancel("a"), remove("a"))), one);
});

test("it is told also from a snapshot", () => {
  const restored = restore(snapshotOf(stateAfter(...HELD, byLead("a"))));
  assertEquals(toldTo(restored)?.map(({ id }) => id), ["a"]);
  assertEquals(toldTo(restore(snapshotOf(restored))), undefined);
});

test("a cancellation in the holder's own name is told, too: another agent may use the same id unawares", () => {
  const by = { caller: "test", instance: "x" };
  assertEquals(toldTo(stateAfter(...HELD, { ...cancel("a"), instance: "x" })), [{ id: "a", attempt: 1, by }]);
});

test("nobody is told of what nobody held, or of a cancellation in an old record", () => {
  assertEquals(toldTo(stateAfter(...HELD, cancel("b"))), undefined);
  assertEquals(toldTo(stateAfter(...HELD, cancel("a")), "y"), undefined);
  const old = stateAfter(...HELD);
  evolve(old, { type: "task.cancelled", id: "a" }, 3);
  assertEquals(toldTo(old), undefined);
});

test("a client with the name of the holder is not the holder", () => {
  const state = stateAfter(...HELD);
  run(state, cancel("a"), 3, {}, localOperator("x"));
  assertEquals(toldTo(state), [{ id: "a", attempt: 1, by: { caller: "x" } }]);
});

test("a bulk cancellation is told likewise: the first few tasks, and the number of the others", () => {
  for (const more of [0, 1]) {
    const ids = times(MAX_NAMED + more, (index) => `t${index}`);
    const state = stateAfter(create(...ids.map((id) => newTask(id))), ...ids.map((id) => claim("x", id)));
    const action = { type: "cancel", reason: "r" } as const;
    run(state, { type: "bulk_update", filter: { ids }, action, isAtomic: true }, 100);
    const { cancelledTasks = [], moreCancelled } = run(state, heartbeat("x"), 101).answer;
    assertEquals([cancelledTasks.length, moreCancelled], [MAX_NAMED, more === 0 ? undefined : more]);
    assertEquals(cancelledTasks[0], { id: "t0", attempt: 1, by: { caller: "test" }, reason: "r" });
  }
});

test("a bulk cancellation says by which instance, and is a sign of its life", () => {
  const by = { caller: "test", instance: "lead" };
  const bulk = { type: "bulk_update", filter: { ids: ["a"] }, action: { type: "cancel" }, isAtomic: true } as const;
  given(...HELD).when({ ...bulk, instance: "lead" }).then({ type: "task.cancelled", id: "a", instance: "x", by });
  given(...HELD).when({ ...bulk, instance: "\n" }).thenRefused("invalid_value", "Instance id ");
  const registered = { type: "register_instance", instance: "lead", settings: { ttlMs: 3 } } as const;
  given(registered, ...HELD).when({ ...bulk, instance: "lead" }).then(
    { type: "instance.renewed", instance: "lead", expiresAt: 9 },
    { type: "task.cancelled", id: "a", instance: "x", by },
  );
});

test("a long reason is told in its beginning", () => {
  for (const more of [0, 1]) {
    const state = stateAfter(...HELD, byLead("a", "r".repeat(MAX_TOLD_REASON_CHARACTERS + more)));
    const told = toldTo(state)?.[0]?.reason ?? "";
    assertEquals([told.length, told.endsWith("…")], [MAX_TOLD_REASON_CHARACTERS, more === 1]);
  }
});

test("a bounded number of instances is remembered, the ones with the newest", () => {
  const state = stateAfter();
  const ids = times(MAX_CANCELLED_INSTANCES + 1, (index) => `t${index}`);
  evolve(state, { type: "tasks.created", tasks: ids.map((id) => newTask(id)) }, 1);
  const cancelOne = (id: string, instance: string) => {
    evolve(state, { type: "task.claimed", id, instance, attempt: 1 }, 2);
    evolve(state, { type: "task.cancelled", id, by: { caller: "c" } }, 2);
  };
  for (const id of ids.slice(0, -1)) cancelOne(id, `of ${id}`);
  assertEquals([state.cancelled.size, state.cancelled.has("of t0")], [MAX_CANCELLED_INSTANCES, true]);
  cancelOne(ids.at(-1) ?? "", "one more");
  assertEquals([state.cancelled.size, state.cancelled.has("of t0")], [MAX_CANCELLED_INSTANCES, false]);
  assertEquals(toldTo(state, "one more")?.length, 1);
});
