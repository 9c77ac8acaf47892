/** Shows in which order tasks are handed out, to whom, and under which bounds; and what who gets nothing is told. */

import fc from "fast-check";
import type { CommandOf, NoTasks } from "../../../src/core/messages/commands.ts";
import type { GroupSettings } from "../../../src/core/model/group.ts";
import type { InstanceSettings } from "../../../src/core/model/instance.ts";
import type { NewTask, Priority } from "../../../src/core/model/task.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { noTasks } from "../../../src/core/views/no_tasks.ts";
import { rounds } from "../../support/rounds.ts";
import {
  cancel,
  claim,
  claimingAs,
  complete,
  create,
  fail,
  given,
  newTask,
  refusalOf,
  release,
  run,
  stateAfter,
  type Step,
  taskWith,
  times,
  work,
} from "../given.ts";
import { assert, assertEquals } from "@std/assert";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

Deno.test({
  name: "urgent tasks go first, then those that are ready longest less their boost, then those created first",
  permissions: "none",
  fn() {
    const state = emptyState();
    const start = 10 * HOUR;
    run(state, create(taskWith({ priority: "low" }, "low"), newTask("normal"), newTask("second")), start);
    run(state, create(taskWith({ priority: "high" }, "high")), start + 49 * MINUTE);
    run(state, create(taskWith({ priority: "high" }, "late high")), start + 51 * MINUTE);
    run(state, create(taskWith({ priority: "urgent" }, "late urgent")), start + 2 * HOUR);
    run(state, create(taskWith({ priority: "low" }, "late low")), start + 2 * HOUR);
    assertEquals(claims(state, 7, start + 3 * HOUR), [
      "late urgent",
      "high",
      "normal",
      "second",
      "late high",
      "low",
      "late low",
    ]);
  },
});

Deno.test({
  name: "no task is overtaken by one that became ready more than an hour later, unless that is urgent",
  permissions: "none",
  fn() {
    const arrival = fc.record({
      gap: fc.nat(20 * MINUTE),
      priority: fc.constantFrom<Priority>("low", "normal", "high", "high", "high"),
      isClaiming: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 80, size: "max" }), (arrivals) => {
        const state = emptyState();
        const readyAt = new Map<string, number>();
        let at = HOUR;
        const take = () => {
          const { task } = run(state, claim("x"), at).answer;
          if (task === undefined) return false;
          const since = readyAt.get(task.id) ?? 0;
          readyAt.delete(task.id);
          for (const other of readyAt.values()) assert(since - other <= HOUR, "an older task was left behind");
          run(state, complete("x", task.id), at);
          return true;
        };
        arrivals.forEach(({ gap, priority, isClaiming }, index) => {
          at += gap;
          run(state, create(taskWith({ priority }, `t${index}`)), at);
          readyAt.set(`t${index}`, at);
          if (isClaiming) take();
        });
        for (const _ of rounds("the claims", arrivals.length + 1)) if (!take()) break;
        assertEquals(readyAt.size, 0);
      }),
      { numRuns: 200 },
    );
  },
});

Deno.test({
  name: "a low task gets its turn though high ones come without end",
  permissions: "none",
  fn() {
    const state = emptyState();
    run(state, create(taskWith({ priority: "low" }, "low")), HOUR);
    for (const round of rounds("the turn of others", 100)) {
      const at = HOUR + round * MINUTE;
      run(state, create(taskWith({ priority: "high" }, `high ${at}`)), at);
      if (run(state, claim("x"), at).answer.task?.id !== "low") continue;
      assertEquals(round, 60);
      break;
    }
  },
});

Deno.test({
  name: "another priority counts at once, for ready tasks and for waiting ones",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("a"), newTask("b"), newTask("c"), newTask("d", "a")),
      { type: "update_task", id: "c", settings: { priority: "urgent" } },
      { type: "update_task", id: "d", settings: { priority: "urgent" } },
    );
    assertEquals(claims(state, 2, 10), ["c", "a"]);
    run(state, complete("x", "a"), 11);
    assertEquals(claims(state, 2, 12), ["d", "b"]);
    const calmed = stateAfter(
      create(newTask("a"), taskWith({ priority: "urgent" }, "b")),
      { type: "update_task", id: "b", settings: { priority: null } },
    );
    assertEquals(claims(calmed, 2, 10), ["a", "b"]);
  },
});

Deno.test({
  name: "a task is delayed until its time, and then ready since that time",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ notBefore: 500 }, "later"), newTask("first")));
    assertEquals(state.tasks.get("later")?.standing, "delayed");
    assertEquals(run(state, claim("x"), 499).answer.task?.id, "first");
    assertEquals(refusalOf(() => run(state, claim("x", "later"), 499)).code, "not_ready");
    run(state, create(newTask("new")), 499);
    assertEquals(claims(state, 3, 500), ["new", "later", undefined]);
  },
});

Deno.test({
  name: "a reserved task is for its instance alone, until the time to fall back is over",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ assignTo: { instance: "y", fallbackMs: 100 }, role: "dev" }, "a")));
    assertEquals(claims(state, 1, 100), [undefined]);
    assertEquals(refusalOf(() => run(state, claim("x", "a"), 100)).code, "not_eligible");
    // Then what it asks of anybody counts.
    assertEquals(claims(state, 1, 101), [undefined]);
    assertEquals(run(state, { ...claim("x"), roles: ["dev"] }, 101).answer.task?.id, "a");
    const forever = stateAfter(create(taskWith({ assignTo: { instance: "y" } }, "a")));
    assertEquals(claims(forever, 1, 1_000 * HOUR), [undefined]);
    assertEquals(run(forever, claim("y"), 1_000 * HOUR).answer.task?.id, "a");
  },
});

Deno.test({
  name: "a task reserved for a role is for all with that role, on top of what it asks",
  permissions: "none",
  fn() {
    const task = taskWith({ assignTo: { role: "lead", fallbackMs: 100 }, capabilities: ["gpu"] }, "a");
    const tryWith = (at: number, offer: InstanceSettings) => {
      return run(stateAfter(create(task)), { ...claim("x"), ...offer } as CommandOf<"claim_task">, at).answer.task?.id;
    };
    assertEquals(tryWith(50, { roles: ["lead"] }), undefined);
    assertEquals(tryWith(50, { capabilities: ["gpu"] }), undefined);
    assertEquals(tryWith(50, { roles: ["lead"], capabilities: ["gpu"] }), "a");
    assertEquals(tryWith(101, { capabilities: ["gpu"] }), "a");
  },
});

Deno.test({
  name: "roles and capabilities are those that were registered, and those given with a call stand in for them",
  permissions: "none",
  fn() {
    const state = registered({ roles: ["dev"], capabilities: ["gpu"] });
    run(state, create(taskWith({ role: "dev", capabilities: ["gpu"] }, "a"), taskWith({ role: "ops" }, "b")), 2);
    assertEquals(run(state, { ...claim("x"), roles: [] }, 3).answer.task, undefined);
    assertEquals(run(state, { ...claim("x"), roles: ["ops"] }, 4).answer.task?.id, "b");
    assertEquals(run(state, claim("x"), 5).answer.task?.id, "a");
  },
});

Deno.test({
  name: "among equals an instance gets what nobody else can do",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "register_instance", instance: "gpu", settings: { capabilities: ["gpu"] } },
      { type: "register_instance", instance: "plain", settings: {} },
      create(newTask("any"), taskWith({ capabilities: ["gpu"] }, "special")),
    );
    assertEquals(claims(state, 1, 10, "gpu"), ["special"]);
    const shared = stateAfter(
      { type: "register_instance", instance: "gpu", settings: { capabilities: ["gpu"] } },
      { type: "register_instance", instance: "other", settings: { capabilities: ["gpu"] } },
      create(newTask("any"), taskWith({ capabilities: ["gpu"] }, "special")),
    );
    assertEquals(claims(shared, 1, 10, "gpu"), ["any"]);
    // Not any more, once the other one has gone.
    run(shared, release("gpu", "any"), 10);
    run(shared, { type: "leave", instance: "other" }, 10);
    run(shared, { type: "update_task", id: "special", settings: { notBefore: 10 } }, 10);
    assertEquals(claims(shared, 1, 10, "gpu"), ["special"]);
  },
});

Deno.test({
  name: "among equals an instance gets what continues its own work",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b"), newTask("last")), ...work("x", "a"), ...work("y", "b"));
    run(state, create(newTask("after a", "a"), newTask("after b", "b"), newTask("after last", "last")), 10);
    run(state, { type: "cancel_task", id: "last" }, 10);
    assertEquals(claims(state, 2, 11, "y"), ["after b", "after a"]);
  },
});

Deno.test({
  name: "tasks that name the same lock run one after the other, and others go on",
  permissions: "none",
  fn() {
    const state = stateAfter(create(
      taskWith({ locks: ["db", "net"] }, "a"),
      taskWith({ locks: ["db"] }, "b"),
      taskWith({ locks: ["net"] }, "c"),
      newTask("d"),
    ));
    assertEquals(claims(state, 3, 10), ["a", "d", undefined]);
    const refusal = refusalOf(() => run(state, claim("y", "b"), 11));
    assertEquals([refusal.code, refusal.data.reasons], ["limit_reached", ["lock db is held by a"]]);
    run(state, fail("x", "a"), 12);
    assertEquals(claims(state, 3, 13), ["b", "c", undefined]);
  },
});

Deno.test({
  name: "a group runs no more tasks than it may, and none while it is paused",
  permissions: "none",
  fn() {
    const state = grouped({ maxParallel: 2 }, ...times(4, (index) => taskWith({ group: "g" }, `t${index}`)));
    assertEquals(claims(state, 3, 10), ["t0", "t1", undefined]);
    assertEquals(refusalOf(() => run(state, claim("x", "t2"), 11)).code, "limit_reached");
    run(state, cancel("t0"), 12);
    assertEquals(claims(state, 2, 13), ["t2", undefined]);
    update(state, { paused: true }, 14);
    run(state, complete("x", "t1"), 15);
    assertEquals(claims(state, 1, 16), [undefined]);
    assertEquals(
      refusalOf(() => run(state, claim("x", "t3"), 16)).data.reasons,
      ["group g is paused (update_group resumes it)"],
    );
    update(state, { paused: null }, 17);
    assertEquals(claims(state, 1, 18), ["t3"]);
    // More of them may be running than a new bound allows; that bound counts from then on.
    update(state, { maxParallel: 1 }, 19);
    run(state, create(taskWith({ group: "g" }, "t4")), 20);
    run(state, complete("x", "t2"), 21);
    assertEquals(claims(state, 1, 22), [undefined]);
    run(state, complete("x", "t3"), 23);
    assertEquals(claims(state, 1, 24), ["t4"]);
  },
});

Deno.test({
  name: "a task that moves takes its bounds along",
  permissions: "none",
  fn() {
    const state = grouped(
      { maxParallel: 1 },
      taskWith({ group: "g" }, "a"),
      taskWith({ group: "g" }, "b"),
      newTask("c"),
    );
    assertEquals(claims(state, 1, 10), ["a"]);
    run(state, { type: "update_task", id: "b", settings: { group: null } }, 11);
    run(state, { type: "update_task", id: "c", settings: { group: "g" } }, 11);
    assertEquals(claims(state, 2, 12), ["b", undefined]);
  },
});

Deno.test({
  name: "an instance holds no more than it may",
  permissions: "none",
  fn() {
    const state = registered({ maxConcurrent: 2 });
    run(state, create(...times(4, (index) => newTask(`t${index}`))), 2);
    assertEquals(claims(state, 3, 3), ["t0", "t1", undefined]);
    const refusal = refusalOf(() => run(state, claim("x", "t2"), 4));
    assertEquals(refusal.code, "limit_reached");
    assert(refusal.message.includes("holds 2 tasks, and its max_concurrent is 2"), refusal.message);
    // What it holds already it gets again.
    assertEquals(run(state, claim("x", "t0"), 5), {
      events: [],
      answer: run(state, claim("x", "t0"), 5).answer,
    });
    run(state, complete("x", "t0"), 6);
    assertEquals(claims(state, 2, 7), ["t2", undefined]);
  },
});

Deno.test({
  name: "a claim of a task that another instance holds names another task only where there is one for what it offers",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), taskWith({ capabilities: ["r"] }, "c")), claim("y", "a"));
    const held = "Cannot claim task a in in_progress state: it is assigned to instance y";
    assertEquals(refusalOf(() => run(state, claim("x", "a"), 3)).message, held);
    const offering = { ...claim("x"), capabilities: ["r"] };
    assertEquals(
      refusalOf(() => run(state, { ...offering, id: "a" }, 3)).message,
      `${held}; what would help: the same call without task_id, which gives another task`,
    );
    assertEquals(run(state, offering, 3).answer.task?.id, "c");
  },
});

Deno.test({
  name: "a claim by id says what forbids it",
  permissions: "none",
  fn() {
    const tasks = create(newTask("a"), newTask("b", "a"), taskWith({ role: "dev" }, "dev"));
    given(tasks).when(claim("x", "none")).thenRefused("not_found", "Task none not found");
    given(tasks).when(claim("x", "b")).thenRefused("not_ready", "Cannot claim task b as it is waiting for a (pending)");
    given(tasks, claim("y", "a"), fail("y", "a")).when(claim("x", "b"))
      .thenRefused(
        "not_ready",
        "Cannot claim task b as it is blocked by a (failed); what would help: retry_task a; or",
      );
    given(tasks, claim("y", "a")).when(claim("x", "a"))
      .thenRefused("wrong_state", "Cannot claim task a in in_progress state: it is assigned to instance y");
    given(tasks, ...work("y", "a")).when(claim("x", "a"))
      .thenRefused("wrong_state", "Cannot claim task a in completed state");
    given(tasks).when(claim("x", "dev"))
      .thenRefused("not_eligible", "Cannot claim task dev as instance x lacks role dev", {
        id: "dev",
        missing: ["role dev"],
      });
  },
});

Deno.test({
  name: "who gets no task is told why",
  permissions: "none",
  fn() {
    const running = [create(newTask("a"), newTask("b", "a")), claim("y", "a")];
    const cases: readonly (readonly [NoTasks["reason"], State, RegExp])[] = [
      ["no_tasks_exist", stateAfter(), /what would help: create_tasks/],
      ["all_finished", stateAfter(create(newTask("a")), ...work("y", "a")), /1 completed/],
      ["waiting", stateAfter(...running), /waiting for running tasks: a \(y\)/],
      ["waiting", stateAfter(create(newTask("a")), claim("y", "a")), /No task is left to claim.*a \(y\)/],
      [
        "waiting",
        grouped({}, newTask("a", { group: "g" })),
        /wait for more tasks in group g; what would help: create_task in group g/,
      ],
      ["blocked", stateAfter(...running, fail("y", "a")), /blocked by a \(failed\); what would help: retry_task a;/],
      ["delayed", stateAfter(create(taskWith({ notBefore: HOUR }, "a"))), /before 1970-01-01T01:00:00.000Z/],
      ["limited", grouped({ paused: true }, taskWith({ group: "g" }, "a")), /group g is paused/],
      ["no_match", stateAfter(create(taskWith({ role: "dev" }, "a"))), /a needs role dev.*no active instance offers/],
      [
        "at_capacity",
        registered({ maxConcurrent: 1 }, create(newTask("a"), newTask("b")), claim("x", "a")),
        /max_concurrent is 1.*complete_task.* a by x/,
      ],
      [
        "draining",
        registered({}, create(newTask("a"), newTask("b")), claim("x", "a"), {
          type: "leave",
          instance: "x",
          isDraining: true,
        }),
        /register_instance x/,
      ],
    ];
    for (const [reason, state, message] of cases) {
      const { answer } = run(state, claim("x"), state.now);
      assert("none" in answer, `${reason}: got ${answer.task?.id}`);
      assertEquals(answer.none.reason, reason, answer.none.message);
      assert(message.test(answer.none.message), answer.none.message);
    }
  },
});

Deno.test({
  name: "who matches nothing is told what is missing, and whether anybody has it",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "register_instance", instance: "gpu", settings: { capabilities: ["gpu"] } },
      create(
        taskWith({ capabilities: ["gpu"] }, "a"),
        taskWith({ capabilities: ["gpu"] }, "b"),
        taskWith({ role: "dev", capabilities: ["gpu"] }, "c"),
        taskWith({ assignTo: { instance: "gone" } }, "d"),
      ),
    );
    const { unmatched, reason } = noTasks(state, claimingAs(state, "x"));
    assertEquals(reason, "no_match");
    assertEquals(unmatched, [
      { count: 2, example: "a", capabilities: ["gpu"], missing: ["capability gpu"], isClaimable: true },
      {
        count: 1,
        example: "c",
        roles: ["dev"],
        capabilities: ["gpu"],
        missing: ["role dev", "capability gpu"],
        isClaimable: false,
      },
      { count: 1, example: "d", reservedFor: "gone", missing: ["instance id gone"], isClaimable: false },
    ]);
    run(state, { type: "leave", instance: "gpu" }, 5);
    assertEquals(noTasks(state, claimingAs(state, "x")).unmatched.map(({ isClaimable }) => isClaimable), [
      false,
      false,
      false,
    ]);
  },
});

Deno.test({
  name: "who gets no task is told when the next one is no longer delayed or reserved, what runs, and what it holds",
  permissions: "none",
  fn() {
    const state = stateAfter(create(
      taskWith({ notBefore: 900 }, "later"),
      taskWith({ assignTo: { instance: "y", fallbackMs: 99 } }, "reserved"),
      newTask("a"),
      newTask("b", "a"),
    ));
    assertEquals(claims(state, 1, 10), ["a"]);
    const none = noTasks(state, claimingAs(state, "x"));
    assertEquals([none.reason, none.nextAt, none.holding, none.running, none.runningCount], [
      "no_match",
      100,
      [{ id: "a", attempt: 1 }],
      [{ id: "a", assignedTo: "x" }],
      1,
    ]);
    assert(none.message.includes("complete_task, fail_task or cancel_task a by x"), none.message);
    run(state, fail("x", "a"), 11);
    const blocked = noTasks(state, claimingAs(state, "x"));
    assertEquals([blocked.blockedBy, blocked.blockedCount], [[{ id: "a", status: "failed" }], 1]);
  },
});

Deno.test({
  name: "urgent tasks that could be claimed are shown to who works on something else",
  permissions: "none",
  fn() {
    const state = grouped({ paused: true }, newTask("a"));
    run(state, claim("x", "a"), 5);
    run(
      state,
      create(
        taskWith({ priority: "urgent" }, "fire"),
        taskWith({ priority: "urgent", role: "dev" }, "not for x"),
        taskWith({ priority: "urgent", group: "g" }, "paused"),
        taskWith({ priority: "high" }, "high"),
      ),
      6,
    );
    const { urgent } = run(state, { type: "report_progress", id: "a", instance: "x" }, 7).answer;
    assertEquals(urgent, [{ id: "fire", description: "do fire" }]);
    assertEquals(run(state, complete("x", "a"), 8).answer.urgent, urgent);
    assertEquals(run(state, { type: "heartbeat", instance: "x" }, 8).answer.urgent, urgent);
  },
});

/** The ids of what an instance gets when it claims so often. */
function claims(state: State, count: number, at: number, instance = "x"): readonly (string | undefined)[] {
  return times(count, () => run(state, claim(instance), at).answer.task?.id);
}

/** A state in which x has registered, and then some steps. */
function registered(settings: InstanceSettings, ...steps: readonly Step[]): State {
  return stateAfter({ type: "register_instance", instance: "x", settings }, ...steps);
}

/** A state with a group g and some tasks. */
function grouped(settings: GroupSettings, ...tasks: readonly NewTask[]): State {
  return stateAfter({ type: "create_group", id: "g", settings }, create(...tasks));
}

function update(state: State, settings: CommandOf<"update_group">["settings"], at: number): void {
  run(state, { type: "update_group", id: "g", settings }, at);
}
