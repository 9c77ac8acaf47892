/** Shows what each event makes of the tasks and of the indexes, and that a snapshot holds all of it. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import { advanceClock, evolve, evolveRecord } from "../../../src/core/state/evolve.ts";
import { inOrder } from "../../../src/core/state/heap.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import type { AttemptOutcome, Task } from "../../../src/core/model/task.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import {
  cancel,
  claim,
  complete,
  create,
  fail,
  importing,
  newTask,
  oldTask,
  release,
  remove,
  retry,
  run,
  stateAfter,
  taskOf,
  taskWith,
  times,
  update,
  work,
} from "../given.ts";
import { lanesIn } from "../naive.ts";

const CREATED: Task = { ...newTask("a"), status: "pending", attempt: 0, order: 1, createdAt: 1, pendingAt: 1 };
const CLAIMED: Task = { ...CREATED, status: "in_progress", assignedTo: "x", attempt: 1, startedAt: 2 };

/** By how much a task of normal priority comes forward, in milliseconds. */
const NORMAL_BOOST_MS = 600_000;

Deno.test({
  name: "a created task is pending since its creation",
  permissions: "none",
  fn: () => assertEquals(taskOf(stateAfter(create(newTask("a"))), "a"), CREATED),
});

Deno.test({
  name: "a claimed task has its holder, attempt and start, and no reason from before",
  permissions: "none",
  fn() {
    assertEquals(taskOf(stateAfter(create(newTask("a")), claim("x")), "a"), CLAIMED);
    const state = stateAfter(create(newTask("a")), claim("x"), { ...release("x", "a"), reason: "busy" }, claim("y"));
    assertEquals(taskOf(state, "a"), {
      ...CLAIMED,
      ...past("released", "busy"),
      assignedTo: "y",
      attempt: 2,
      startedAt: 4,
      pendingAt: 3,
    });
  },
});

Deno.test({
  name: "a completed task keeps its holder and has its result",
  permissions: "none",
  fn() {
    const task = taskOf(stateAfter(create(newTask("a")), claim("x"), complete("x", "a", "r")), "a");
    assertEquals(task, { ...CLAIMED, status: "completed", result: "r", finishedAt: 3 });
  },
});

Deno.test({
  name: "a failed task keeps its holder and has its error",
  permissions: "none",
  fn() {
    const task = taskOf(stateAfter(create(newTask("a")), claim("x"), fail("x", "a", "e")), "a");
    assertEquals(task, { ...CLAIMED, status: "failed", error: "e", finishedAt: 3 });
  },
});

Deno.test({
  name: "a released task is pending again, without a holder, and remembers the attempt",
  permissions: "none",
  fn() {
    const { assignedTo: _, ...unassigned } = CLAIMED;
    const task = taskOf(stateAfter(create(newTask("a")), claim("x"), { ...release("x", "a"), reason: "w" }), "a");
    assertEquals(task, { ...unassigned, ...past("released", "w"), status: "pending", pendingAt: 3, reason: "w" });
  },
});

Deno.test({
  name: "a cancelled task has the reason of its cancellation, never one from before",
  permissions: "none",
  fn() {
    const released = [create(newTask("a")), claim("x"), { ...release("x", "a"), reason: "busy" }] as const;
    assertEquals(taskOf(stateAfter(...released, cancel("a")), "a").reason, undefined);
    assertEquals(taskOf(stateAfter(...released, { ...cancel("a"), reason: "c" }), "a").reason, "c");
    assertEquals(taskOf(stateAfter(create(newTask("a")), cancel("a")), "a"), {
      ...CREATED,
      status: "cancelled",
      finishedAt: 2,
      cancelledBy: { caller: "test" },
    });
  },
});

Deno.test({
  name: "a retried task is pending again, without holder, error, reason and end, and remembers the attempt",
  permissions: "none",
  fn() {
    const { assignedTo: _, ...unassigned } = CLAIMED;
    const expected: Task = { ...unassigned, status: "pending", pendingAt: 4 };
    const claimed = [create(newTask("a")), claim("x")] as const;
    assertEquals(taskOf(stateAfter(...claimed, fail("x", "a"), retry("a")), "a"), {
      ...expected,
      ...past("failed", "broken"),
    });
    assertEquals(taskOf(stateAfter(...claimed, { ...cancel("a"), reason: "c" }, retry("a")), "a"), {
      ...expected,
      ...past("cancelled", "c"),
    });
    assertEquals(taskOf(stateAfter(create(newTask("a")), cancel("a"), retry("a")), "a"), { ...CREATED, pendingAt: 3 });
  },
});

Deno.test({
  name: "an updated task keeps what the event does not name",
  permissions: "none",
  fn() {
    const history = [create(newTask("b"), newTask("a", "b"))] as const;
    const task = taskOf(stateAfter(...history), "a");
    assertEquals(taskOf(stateAfter(...history, { type: "task.updated", id: "a", description: "" }), "a"), {
      ...task,
      version: 2,
      description: "",
    });
    assertEquals(taskOf(stateAfter(...history, { type: "task.updated", id: "a", dependencies: [] }), "a"), {
      ...task,
      version: 2,
      dependencies: [],
      readyAt: 2,
    });
  },
});

Deno.test({
  name: "a deleted task is gone, and its id starts anew at the end of the order",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b")), remove("a"), create(newTask("a")));
    assertEquals([...state.tasks.keys()], ["b", "a"]);
    assertEquals(taskOf(state, "a"), { ...CREATED, order: 3, createdAt: 3, pendingAt: 3 });
  },
});

Deno.test({
  name: "an imported task keeps everything but its place in the order",
  permissions: "none",
  fn() {
    const tasks: readonly Task[] = [
      oldTask("b", { status: "in_progress", assignedTo: "x", attempt: 2, startedAt: 120, order: 9 }),
      oldTask("c", { status: "completed", result: "r", finishedAt: 130, order: 4 }),
      oldTask("d", { status: "failed", error: "e", finishedAt: 140, dependencies: ["c", "a"], order: 4 }),
      oldTask("e", { status: "skipped", reason: "r", finishedAt: 150, order: 4 }),
    ];
    const state = stateAfter(create(newTask("a")), importing(...tasks));
    const expected = tasks.map((task, index) => ({ ...task, order: index + 2 }));
    assertEquals(snapshotOf(state).tasks.slice(1), expected);
    assertEquals(state.counts, { pending: 1, in_progress: 1, completed: 1, failed: 1, cancelled: 0, skipped: 1 });
    assertEquals([...state.held.keys()], ["x"]);
    assertEquals(readyIn(state), ["a"]);
  },
});

Deno.test({
  name: "only a pending task has the end of a back-off, whatever ended it and wherever it was imported from",
  permissions: "none",
  fn() {
    const waiting = (id: string) => oldTask(id, { retryAt: 500, ifUnreachable: "skip", dependencies: ["end"] });
    const state = stateAfter(importing(
      oldTask("end"),
      oldTask("kept", { retryAt: 500 }),
      oldTask("cancelled", { retryAt: 500 }),
      waiting("skipped"),
      { ...waiting("abandoned"), ifUnreachable: "fail" },
      oldTask("ended", { status: "skipped", finishedAt: 150, retryAt: 500 }),
      oldTask("held", { status: "in_progress", assignedTo: "x", attempt: 1, startedAt: 120, retryAt: 500 }),
    ));
    run(state, { type: "cancel_task", id: "cancelled" }, 200);
    run(state, { type: "cancel_task", id: "end" }, 201);
    const statuses = Array.from(state.tasks.values(), ({ task: { id, status, retryAt } }) => [id, status, retryAt]);
    assertEquals(statuses, [
      ["end", "cancelled", undefined],
      ["kept", "pending", 500],
      ["cancelled", "cancelled", undefined],
      ["skipped", "skipped", undefined],
      ["abandoned", "failed", undefined],
      ["ended", "skipped", undefined],
      ["held", "in_progress", undefined],
    ]);
  },
});

Deno.test({
  name: "a task object, once handed out, never changes",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b")));
    const seen: [Task, string][] = [];
    const look = () => seen.push([taskOf(state, "a"), JSON.stringify(taskOf(state, "a"))]);
    look();
    for (
      const event of [
        { type: "task.updated", id: "a", description: "new", dependencies: ["b"] },
        { type: "task.updated", id: "a", dependencies: [] },
        { type: "task.claimed", id: "a", instance: "x", attempt: 1 },
        { type: "task.released", id: "a", instance: "x", attempt: 1, reason: "r" },
        { type: "task.cancelled", id: "a", reason: "c" },
        { type: "task.retried", id: "a" },
        { type: "task.claimed", id: "a", instance: "x", attempt: 2 },
        { type: "task.failed", id: "a", instance: "x", attempt: 2, error: "e" },
        { type: "task.retried", id: "a" },
        { type: "task.claimed", id: "a", instance: "x", attempt: 3 },
        {
          type: "attempt.ended",
          id: "a",
          instance: "x",
          attempt: 3,
          outcome: "failed",
          error: "e",
          retryAt: 3,
        },
        { type: "task.updated", id: "a", settings: { priority: "urgent" } },
        { type: "task.claimed", id: "a", instance: "x", attempt: 4, leaseUntil: 5 },
        { type: "task.progressed", id: "a", instance: "x", attempt: 4, percent: 5 },
        { type: "instance.renewed", instance: "x", leases: [{ id: "a", until: 9 }] },
        { type: "task.overdue", id: "a" },
        { type: "task.completed", id: "a", instance: "x", attempt: 4, result: "r" },
        { type: "task.deleted", id: "a" },
      ] as const
    ) {
      evolve(state, event, 2);
      if (event.type !== "task.deleted") look();
    }
    for (const [task, text] of seen) assertEquals(JSON.stringify(task), text);
    assertEquals(new Set(seen.map(([task]) => task)).size, seen.length);
  },
});

Deno.test({
  name: "completing the last open dependency makes a task ready",
  permissions: "none",
  fn() {
    const tasks = create(newTask("a"), newTask("b"), newTask("c", "a", "b"));
    assertEquals(readiness(stateAfter(tasks), "c"), "waiting");
    assertEquals(readiness(stateAfter(tasks, ...work("x", "a")), "c"), "waiting");
    assertEquals(readiness(stateAfter(tasks, ...work("x", "a"), claim("x", "b")), "c"), "waiting");
    assertEquals(readiness(stateAfter(tasks, ...work("x", "a"), ...work("x", "b")), "c"), "ready");
  },
});

Deno.test({
  name: "a failed or cancelled dependency blocks a task until all such are retried",
  permissions: "none",
  fn() {
    const tasks = create(newTask("a"), newTask("b"), newTask("c", "a", "b"));
    const broken = [tasks, claim("x", "a"), fail("x", "a"), cancel("b")] as const;
    assertEquals(readiness(stateAfter(...broken.slice(0, 3)), "c"), "blocked");
    assertEquals(readiness(stateAfter(...broken), "c"), "blocked");
    assertEquals(readiness(stateAfter(...broken, retry("a")), "c"), "blocked");
    assertEquals(readiness(stateAfter(...broken, retry("a"), retry("b")), "c"), "waiting");
    const mended = stateAfter(...broken, retry("a"), retry("b"), ...work("x", "a"), ...work("x", "b"));
    assertEquals(readiness(mended, "c"), "ready");
    assertEquals(mended.blocked.entries, []);
  },
});

Deno.test({
  name: "blocking reaches direct dependents only: those behind them wait",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b", "a"), newTask("c", "b")), cancel("a"));
    assertEquals(readiness(state, "b"), "blocked");
    assertEquals(readiness(state, "c"), "waiting");
  },
});

Deno.test({
  name: "a task created on top of ended ones is placed by their status",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("good"), newTask("bad")),
      ...work("x", "good"),
      cancel("bad"),
      create(newTask("a", "good"), newTask("b", "bad"), newTask("c", "good", "bad"), newTask("d", "a")),
    );
    assertEquals(["a", "b", "c", "d"].map((id) => readiness(state, id)), ["ready", "blocked", "blocked", "waiting"]);
    assertEquals(readyIn(state), ["a"]);
    assertEquals(idsOf(inOrder(state.blocked)), ["b", "c"]);
  },
});

Deno.test({
  name: "new dependencies replace the old ones in every index",
  permissions: "none",
  fn() {
    const tasks = create(newTask("a"), newTask("b"), newTask("c", "a"));
    const freed = stateAfter(tasks, cancel("a"), update("c"));
    assertEquals(readiness(freed, "c"), "ready");
    assertEquals(freed.blocked.entries, []);
    assertEquals(freed.tasks.get("a")?.dependents.size, 0);

    const moved = stateAfter(tasks, cancel("a"), update("c", "b"));
    assertEquals(readiness(moved, "c"), "waiting");
    assertEquals(readiness(stateAfter(tasks, cancel("a"), update("c", "b"), ...work("x", "b")), "c"), "ready");
    assertEquals(readiness(stateAfter(tasks, cancel("b"), update("c", "a", "b")), "c"), "blocked");
    assertEquals(readiness(stateAfter(tasks, update("c", "b"), cancel("a")), "c"), "waiting");
    assertEquals(readyIn(stateAfter(tasks, update("b", "a"))), ["a"]);
  },
});

Deno.test({
  name: "a deleted task leaves no trace in the indexes",
  permissions: "none",
  fn() {
    const ready = stateAfter(create(newTask("a")), remove("a"));
    assertEquals(ready.ready.buckets.size, 0);
    assertEquals(ready.counts.pending, 0);

    const blocked = stateAfter(create(newTask("a"), newTask("b", "a")), cancel("a"), remove("b"));
    assertEquals(blocked.blocked.entries, []);
    assertEquals(blocked.tasks.get("a")?.dependents.size, 0);
    assertEquals(blocked.counts, { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 1, skipped: 0 });
  },
});

Deno.test({
  name: "held tasks are known by holder, and a holder without tasks is forgotten",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(...["a", "b", "c", "d"].map((id) => newTask(id))),
      claim("x"),
      claim("y"),
      claim("x"),
    );
    assertEquals([...state.held].map(([instance, nodes]) => [instance, idsOf(nodes)]), [["x", ["a", "c"]], ["y", [
      "b",
    ]]]);
    const end = { instance: "x", attempt: 1 };
    evolve(state, { type: "task.completed", id: "a", ...end, result: "" }, 9);
    evolve(state, { type: "task.cancelled", id: "b" }, 9);
    assertEquals([...state.held.keys()], ["x"]);
    evolve(state, { type: "task.released", id: "c", ...end }, 9);
    assertEquals(state.held.size, 0);
  },
});

Deno.test({
  name: "tasks are ready since they became pending or their last dependency was completed, and keep that turn",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("a"), newTask("b"), newTask("waiter", "a", "b")),
      ...work("x", "b"),
      ...work("x", "a"),
      create(newTask("late", "a")),
    );
    assertEquals(taskOf(state, "waiter").readyAt, 5);
    assertEquals(state.tasks.get("waiter")?.claimAt, 5 - NORMAL_BOOST_MS);
    assertEquals(taskOf(state, "late").readyAt, undefined);
    assertEquals(state.tasks.get("late")?.claimAt, 6 - NORMAL_BOOST_MS);
    evolve(state, { type: "task.updated", id: "waiter", dependencies: ["b"] }, 7);
    assertEquals(state.tasks.get("waiter")?.claimAt, 5 - NORMAL_BOOST_MS);
  },
});

Deno.test({
  name: "a task keeps its turn when it is described anew, and loses it when it is handed back",
  permissions: "none",
  fn() {
    const created = [create(newTask("a"), newTask("b"))] as const;
    assertEquals(drain(stateAfter(...created, { type: "task.updated", id: "a", description: "new" })), ["a", "b"]);
    assertEquals(drain(stateAfter(...created, claim("x", "a"), release("x", "a"))), ["b", "a"]);
    assertEquals(drain(stateAfter(...created, cancel("a"), retry("a"))), ["b", "a"]);
  },
});

Deno.test({
  name: "a record applies its events in order, at its time",
  permissions: "none",
  fn() {
    const state = emptyState();
    evolveRecord(state, {
      seq: 1,
      at: 7,
      actor: "x",
      command: "create_tasks",
      events: [
        { type: "tasks.created", tasks: [newTask("a")] },
        { type: "task.claimed", id: "a", instance: "x", attempt: 1 },
      ],
    });
    assertEquals(taskOf(state, "a"), { ...CLAIMED, createdAt: 7, pendingAt: 7, startedAt: 7 });
  },
});

Deno.test({
  name: "time never goes back: a record with an earlier clock counts as the time of the one before",
  permissions: "none",
  fn() {
    const state = emptyState();
    const events = [{ type: "tasks.created", tasks: [newTask("a")] }, {
      type: "task.claimed",
      id: "a",
      instance: "x",
      attempt: 1,
    }, { type: "task.failed", id: "a", instance: "x", attempt: 1, error: "e" }] as const;
    events.forEach((event, index) => evolve(state, event, [7, 5, 8][index] ?? 0));
    const { createdAt, startedAt, finishedAt } = taskOf(state, "a");
    assertEquals([createdAt, startedAt, finishedAt], [7, 7, 8]);
    assertEquals([state.recordedAt, state.now], [8, 8]);
  },
});

Deno.test({
  name: "delays and reservations that end by the time of a record have ended in the state after it",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(taskWith({ notBefore: 5 }, "delayed"), taskWith({ assignTo: { instance: "x", fallbackMs: 4 } }, "kept")),
    );
    assertEquals(readiness(state, "delayed"), "delayed");
    assertEquals(reservations(state), ["x"]);
    evolve(state, { type: "group.created", group: { id: "g" } }, 5);
    assertEquals(readiness(state, "delayed"), "ready");
    assertEquals(reservations(state), []);
    assertEquals(state.delayTimers.entries, []);
  },
});

Deno.test({
  name: "a task is ready since the record that met its dependencies, whatever later time the process knows of",
  permissions: "none",
  fn() {
    const grouped = { group: "g" };
    const tasks = create(taskWith(grouped, "a"), taskWith(grouped, "b"), newTask("w", grouped), newTask("v", "b"));
    const left: readonly Event[] = [
      { type: "task.deleted", id: "b" },
      { type: "task.updated", id: "b", settings: { group: null } },
    ];
    for (const event of left) {
      const state = stateAfter({ type: "create_group", id: "g", settings: {} }, tasks, update("v"), ...work("x", "a"));
      advanceClock(state, 99);
      evolve(state, event, 6);
      assertEquals(readiness(state, "w"), "ready");
      assertEquals([taskOf(state, "v").readyAt, taskOf(state, "w").readyAt], [3, 6]);
    }
  },
});

Deno.test({
  name: "an event of an unknown task is a fault of the program, not a refusal",
  permissions: "none",
  fn() {
    const error = assertThrows(() => evolve(emptyState(), { type: "task.deleted", id: "a" }, 1), Error, `"a"`);
    assert(!(error instanceof Refusal));
  },
});

Deno.test({
  name: "a snapshot does not change with the state it was taken of",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b", "a")));
    const snapshot = snapshotOf(state);
    const text = JSON.stringify(snapshot);
    evolve(state, { type: "task.claimed", id: "a", instance: "x", attempt: 1 }, 2);
    evolve(state, { type: "task.updated", id: "b", dependencies: [] }, 3);
    evolve(state, { type: "task.deleted", id: "b" }, 4);
    assertEquals(JSON.stringify(snapshot), text);
  },
});

Deno.test({
  name: "a restored state goes on where the other one was, also in numbering tasks",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("a"), newTask("b", "a"), newTask("last")),
      ...work("x", "a"),
      remove("last"),
    );
    const restored = restore(snapshotOf(state));
    assertEquals(restored.counts, state.counts);
    for (const each of [state, restored]) evolve(each, { type: "tasks.created", tasks: [newTask("c")] }, 9);
    assertEquals(taskOf(restored, "c").order, 4);
    assertEquals(snapshotOf(restored), snapshotOf(state));
    assertEquals(drain(restored), drain(state));
  },
});

Deno.test({
  name: "a restored state shares nothing that changes with the state it came from",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b", "a")), claim("x", "a"));
    const snapshot = snapshotOf(state);
    const restored = restore(snapshot);
    evolve(restored, { type: "task.completed", id: "a", instance: "x", attempt: 1, result: "r" }, 9);
    assertEquals(snapshotOf(state), snapshot);
    assertEquals(readyIn(state), []);
    assertEquals(state.counts.in_progress, 1);
    assertEquals(emptyState().counts.pending, 0);
  },
});

Deno.test({
  name: "claiming and completing among 10,000 ready tasks touches a logarithmic part of the queue",
  permissions: "none",
  fn() {
    const full = restore({
      ...snapshotOf(emptyState()),
      tasks: times(10_000, (index) => oldTask(`t${index}`, { order: index + 1 })),
      nextOrder: 10_001,
    });
    let touched = 0;
    const count = <T>(result: T): T => {
      touched++;
      return result;
    };
    const [bucket] = full.ready.buckets.values();
    const [lane] = bucket?.lanes.values() ?? [];
    assert(bucket !== undefined && lane !== undefined);
    const entries = new Proxy(lane.tasks.entries, {
      get: (target, key) => count(Reflect.get(target, key)),
      set: (target, key, value) => count(Reflect.set(target, key, value)),
    });
    const watched = { ...lane, tasks: { ...lane.tasks, entries } };
    bucket.queue.entries[0] = watched;
    bucket.lanes.set(lane.key, watched);
    for (const node of full.tasks.values()) node.lane = watched;
    const state = full;
    evolve(state, { type: "task.claimed", id: "t0", instance: "x", attempt: 1 }, 1);
    evolve(state, { type: "task.completed", id: "t0", instance: "x", attempt: 1, result: "" }, 2);
    assertEquals(bucket.size, 9_999);
    assert(touched > 0 && touched < 12 * Math.log2(10_000), `${touched} accesses`);
  },
});

function readiness(state: State, id: string): string {
  const node = state.tasks.get(id);
  assert(node !== undefined);
  return node.standing ?? node.task.status;
}

function reservations(state: State): readonly string[] {
  return Array.from(state.ready.buckets.values()).flatMap(({ requirement }) => requirement.instance ?? []);
}

function idsOf(nodes: Iterable<{ readonly task: Task }>): readonly string[] {
  return Array.from(nodes, ({ task }) => task.id);
}

/** The ids of ready tasks that ask for nothing, in the order in which claims take them. */
function readyIn(state: State): readonly string[] {
  return lanesIn(state).flatMap(({ tasks }) => idsOf(inOrder(tasks)));
}

/** What is left of the first attempt of `x`, from 2 to 3. */
function past(outcome: AttemptOutcome, message: string): Pick<Task, "pastAttempts" | "workedMs"> {
  return { pastAttempts: [{ attempt: 1, instance: "x", startedAt: 2, endedAt: 3, outcome, message }], workedMs: 1 };
}

/** The ids of the ready tasks in the order in which claims take them; claims them all. */
function drain(state: State): readonly string[] {
  const ids: string[] = [];
  for (const _ of state.tasks) {
    const [next] = readyIn(state);
    if (next === undefined) break;
    ids.push(next);
    const attempt = taskOf(state, next).attempt + 1;
    evolve(state, { type: "task.claimed", id: next, instance: "drain", attempt }, 99);
  }
  return ids;
}
