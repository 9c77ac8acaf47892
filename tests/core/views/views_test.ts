/** Shows what can be read from the state, why nothing can be claimed, and that every answer is bounded. */

import type { NoTasks } from "../../../src/core/messages/commands.ts";
import {
  MAX_INPUT_CHARACTERS,
  MAX_INPUTS,
  MAX_INPUTS_CHARACTERS,
  MAX_NAMED,
  MAX_SCANNED,
  MAX_UNLOCKED,
} from "../../../src/core/model/limits.ts";
import { READINESSES, TASK_STATUSES, type TaskStatus } from "../../../src/core/model/status.ts";
import type { TaskFilter } from "../../../src/core/model/task.ts";
import { printable } from "../../../src/core/model/values.ts";
import { type Blocker, blockersOf, nameBlocker } from "../../../src/core/state/blockers.ts";
import { findTask } from "../../../src/core/state/lookup.ts";
import { nextClaim, profileIn } from "../../../src/core/state/next_claim.ts";
import { emptyState, type ReadonlyState, type ReadonlyTaskNode } from "../../../src/core/state/state.ts";
import { inputsOf } from "../../../src/core/views/inputs.ts";
import { noTasks } from "../../../src/core/views/no_tasks.ts";
import { completeIds, listTasks, summarize, viewOf } from "../../../src/core/views/tasks.ts";
import { unlockedBy } from "../../../src/core/views/unlocked.ts";
import {
  cancel,
  claim,
  claimingAs,
  create,
  fail,
  importing,
  newTask,
  oldTask,
  refusalOf,
  retry,
  SEES_ALL,
  stateAfter,
  type Step,
  taskOf,
  taskWith,
  times,
  update,
  work,
} from "../given.ts";
import { assert, assertEquals } from "@std/assert";

/** One task of each status and readiness, each named after it. */
const MIXED: readonly Step[] = [
  create(
    newTask("completed"),
    newTask("failed"),
    newTask("cancelled"),
    taskWith({ locks: ["l"] }, "in_progress"),
    newTask("ready", "completed"),
    taskWith({ locks: ["l"] }, "limited", "completed"),
    newTask("waiting", "in_progress", "completed"),
    newTask("blocked", "failed", "in_progress", "cancelled", "completed"),
    taskWith({ notBefore: 1_000 }, "delayed", "completed"),
    newTask("skipped", { task: "completed", on: "failed" }),
  ),
  ...work("x", "completed"),
  claim("y", "failed"),
  fail("y", "failed"),
  cancel("cancelled"),
  claim("x", "in_progress"),
];

Deno.test({
  name: "findTask finds a task by its id, and refuses an unknown one on one short line",
  permissions: "none",
  fn() {
    assertEquals(findTask(stateAfter(...MIXED), "ready").task.id, "ready");
    for (const id of ["missing", "toString", "a\nb", "a\u2028", " ", "", "🦕".repeat(150), "long".repeat(1_000)]) {
      const { code, message, data } = refusalOf(() => findTask(stateAfter(...MIXED), id));
      assertEquals([code, message, data], [
        "not_found",
        `Task ${printable(id)} not found: get_task_status lists the tasks that exist`,
        { id: printable(id) },
      ]);
    }
  },
});

Deno.test({
  name: "viewOf adds to a pending task whether it is ready, and if not what it waits for",
  permissions: "none",
  fn() {
    const state = stateAfter(...MIXED);
    const added = (id: string) => ({ ...viewOf({}, node(id, ...MIXED)), ...taskOf(state, id) });
    for (const id of TASK_STATUSES.filter((status) => status !== "pending")) {
      assertEquals(added(id), taskOf(state, id));
    }
    assertEquals(added("ready"), { ...taskOf(state, "ready"), readiness: "ready" });
    assertEquals(added("limited"), {
      ...taskOf(state, "limited"),
      readiness: "limited",
      limitedBy: ["lock l is held by in_progress"],
    });
    assertEquals(added("waiting"), { ...taskOf(state, "waiting"), readiness: "waiting", waitingFor: ["in_progress"] });
    assertEquals(added("blocked"), {
      ...taskOf(state, "blocked"),
      readiness: "blocked",
      waitingFor: ["failed", "cancelled"],
    });
    assertEquals(added("delayed"), { ...taskOf(state, "delayed"), readiness: "delayed", delayedUntil: 1_000 });
  },
});

Deno.test({
  name: "viewOf names ten of the tasks that a task waits for",
  permissions: "none",
  fn() {
    const ids = times(MAX_NAMED + 1, (index) => `t${index}`);
    const tasks = [...ids.map((id) => newTask(id)), newTask("ten", ...ids.slice(1)), newTask("more", ...ids)];
    assertEquals(viewOf({}, node("ten", create(...tasks))).waitingFor, ids.slice(1));
    assertEquals(viewOf({}, node("more", create(...tasks))).waitingFor, ids.slice(0, MAX_NAMED));
  },
});

Deno.test({
  name: "nextClaim is the task that a claim takes, or none",
  permissions: "none",
  fn() {
    assertEquals(nextFor(stateAfter(...MIXED)), "ready");
    assertEquals(nextFor(stateAfter(create(newTask("b"), newTask("a")))), "b");
    assertEquals(nextFor(emptyState()), undefined);
  },
});

Deno.test({
  name: "unlockedBy names dependents that can be claimed, in the order of creation",
  permissions: "none",
  fn() {
    const tasks = [newTask("b"), newTask("c", "b"), newTask("a"), newTask("d", "a"), newTask("e", "a", "b")];
    const history = [create(...tasks), update("c", "a"), ...work("x", "a")];
    const unlocked = (...ids: readonly string[]) => ({
      unlocked: ids.map((id) => viewOf({}, node(id, ...history))),
      unlockedCount: ids.length,
    });
    assertEquals(unlockedBy({}, node("a", ...history)), unlocked("c", "d"));
    assertEquals(unlockedBy({}, node("a", ...history, claim("x", "c"))), unlocked("d"));
    assertEquals(unlockedBy({}, node("a", create(...tasks))), unlocked());
    assertEquals(unlockedBy({}, node("b", ...MIXED, create(newTask("b")))), unlocked());
  },
});

Deno.test({
  name: "unlockedBy shows 20 dependents, the first created of them, and counts the others",
  permissions: "none",
  fn() {
    const ids = times(MAX_UNLOCKED + 5, (index) => `t${index}`);
    const unlocked = (most: number) => {
      const dependents = ids.slice(0, most);
      const free = create(newTask("a"), ...dependents.map((id) => newTask(id)));
      const bound = dependents.toReversed().map((id) => update(id, "a"));
      const { unlocked, unlockedCount } = unlockedBy({}, node("a", free, ...bound, ...work("x", "a")));
      assert(unlocked.every(({ readiness }) => readiness === "ready"));
      return [unlocked.map(({ id }) => id), unlockedCount];
    };
    assertEquals(unlocked(MAX_UNLOCKED), [ids.slice(0, MAX_UNLOCKED), MAX_UNLOCKED]);
    assertEquals(unlocked(MAX_UNLOCKED + 1), [ids.slice(0, MAX_UNLOCKED), MAX_UNLOCKED + 1]);
    assertEquals(unlocked(MAX_UNLOCKED + 5), [ids.slice(0, MAX_UNLOCKED), MAX_UNLOCKED + 5]);
  },
});

Deno.test({
  name: "blockersOf names what is broken, or else what is unfinished, in the order of the dependencies",
  permissions: "none",
  fn() {
    const blockers = (id: string) => blockersOf(node(id, ...MIXED)).map(nameBlocker);
    assertEquals(blockers("blocked"), ["failed", "cancelled"]);
    assertEquals(blockers("waiting"), ["in_progress"]);
    assertEquals(blockers("ready"), []);
    assertEquals(blockers("skipped"), ["completed failed"]);
    const first: readonly Blocker[] = blockersOf(node("blocked", ...MIXED), 1);
    assertEquals(first.map(nameBlocker), ["failed"]);
  },
});

Deno.test({
  name: "inputsOf gives results in the order of the dependencies, and an empty one where there is none",
  permissions: "none",
  fn() {
    const history = [
      importing(oldTask("a", { status: "completed" })),
      create(newTask("b"), newTask("c", "b", "a")),
      ...work("x", "b", "B"),
    ];
    const inputs = [{ task: "b", by: "x", result: "B" }, { task: "a", result: "" }];
    assertEquals(inputsOf(node("c", ...history)), { inputs, moreInputs: 0 });
    assertEquals(inputsOf(node("b", ...history)), { inputs: [], moreInputs: 0 });
  },
});

Deno.test({
  name: "inputsOf gives what the end of each task says, whatever was said of it before",
  permissions: "none",
  fn() {
    const byX = { by: "x" };
    const cases: readonly (readonly [status: TaskStatus, result: string, by: { by?: string }, ...ends: Step[]])[] = [
      ["completed", "done", byX, ...work("x", "a")],
      ["failed", "broken", byX, claim("x", "a"), fail("x", "a")],
      ["failed", "", byX, claim("x", "a"), fail("x", "a", "")],
      [
        "failed",
        "Its deadline 1970-01-01T00:00:00.005Z has passed",
        {},
        { type: "update_task", id: "a", settings: { deadline: 5, failOnDeadline: true } },
        { type: "sweep" },
      ],
      [
        "failed",
        "Its dependencies cannot be met: first",
        {},
        update("a", "first"),
        claim("x", "first"),
        fail("x", "first"),
      ],
      ["cancelled", "why", {}, { type: "cancel_task", id: "a", reason: "why" }],
      ["cancelled", "", {}, cancel("a")],
      ["cancelled", "", {}, claim("x", "a"), cancel("a")],
      [
        "skipped",
        "It depends on first failed",
        {},
        update("a", { task: "first", on: "failed" }),
        ...work("x", "first"),
      ],
    ];
    for (const [status, result, by, ...ends] of cases) {
      const history: readonly Step[] = [
        create(
          newTask("first"),
          taskWith({ ifUnreachable: "fail" }, "a"),
          newTask("t", { task: "a", on: "finished" }),
        ),
        claim("w", "a"),
        { type: "release_task", id: "a", instance: "w", reason: "said before" },
        ...ends,
      ];
      const inputs = [{ task: "a", ...(status !== "completed" && { status }), ...by, result }];
      assertEquals(inputsOf(node("t", ...history)), { inputs, moreInputs: 0 }, `${status}: ${result}`);
    }
  },
});

Deno.test({
  name: "inputsOf gives the results of a group in the order of creation, whenever tasks came into it",
  permissions: "none",
  fn() {
    const waiting = node(
      "c",
      { type: "create_group", id: "g", settings: {} },
      create(newTask("a"), taskWith({ group: "g" }, "b")),
      { type: "update_task", id: "a", settings: { group: "g" } },
      create(newTask("c", { group: "g" })),
      ...work("x", "b", "B"),
      ...work("x", "a", "A"),
    );
    assertEquals(inputsOf(waiting).inputs.map(({ task }) => task), ["a", "b"]);
  },
});

Deno.test({
  name: "inputsOf marks results that did not count, and gives them last",
  permissions: "none",
  fn() {
    const verdict = (equals: string) => ({ task: "review", when: { pointer: "/verdict", equals } });
    const start = [
      create(
        newTask("fix", verdict("changes")),
        newTask("review"),
        newTask("a"),
        newTask("b"),
        newTask("sum", { any: [{ all: ["fix", "a"] }, verdict("ok")] }, "b"),
      ),
      ...work("x", "a", "A"),
      ...work("x", "b", "B"),
      ...work("y", "review", '{"verdict":"ok"}'),
    ];
    assertEquals(inputsOf(node("sum", ...start)).inputs, [
      { task: "b", by: "x", result: "B" },
      { task: "review", by: "y", result: '{"verdict":"ok"}' },
      { task: "fix", status: "skipped", counted: false, result: 'It depends on review when /verdict equals "changes"' },
      { task: "a", by: "x", counted: false, result: "A" },
    ]);
  },
});

Deno.test({
  name: "inputsOf marks the members of a group that did not count, and none that counts elsewhere",
  permissions: "none",
  fn() {
    const member = (id: string) => taskWith({ group: "g" }, id);
    const inputs = inputsOf(node(
      "sum",
      { type: "create_group", id: "g", settings: {} },
      create(member("m1"), member("m2"), member("m3")),
      create(newTask("sum", { at_least: 1, of: { group: "g" } }, { task: "m1", on: "failed" })),
      claim("x", "m1"),
      fail("x", "m1"),
      claim("x", "m2"),
      fail("x", "m2"),
      ...work("x", "m3", "M"),
    )).inputs;
    assertEquals(inputs.map(({ task, counted = true }) => [task, counted]), [["m1", true], ["m3", true], [
      "m2",
      false,
    ]]);
  },
});

Deno.test({
  name: "inputsOf cuts a result above 4,096 characters and says so, never within a character",
  permissions: "none",
  fn() {
    const longest = "a".repeat(MAX_INPUT_CHARACTERS);
    assertEquals(inputsOf(dependentOn(longest)).inputs, [{ task: "t0", result: longest }]);
    assertEquals(inputsOf(dependentOn(longest + "b")).inputs, [{ task: "t0", result: longest, truncated: true }]);
    const cut = longest.slice(1);
    assertEquals(inputsOf(dependentOn(cut + "🦕")).inputs, [{ task: "t0", result: cut, truncated: true }]);
  },
});

Deno.test({
  name: "inputsOf gives at most 100 results, and counts the others",
  permissions: "none",
  fn() {
    const results = times(MAX_INPUTS + 1, () => "r");
    const most = inputsOf(dependentOn(...results.slice(1)));
    assertEquals([most.inputs.length, most.moreInputs], [MAX_INPUTS, 0]);
    const over = inputsOf(dependentOn(...results));
    assertEquals([over.inputs.length, over.moreInputs], [MAX_INPUTS, 1]);
  },
});

Deno.test({
  name: "inputsOf gives at most 32,768 characters in all, and counts what has no room",
  permissions: "none",
  fn() {
    const longest = "a".repeat(MAX_INPUT_CHARACTERS);
    const full = times(MAX_INPUTS_CHARACTERS / MAX_INPUT_CHARACTERS, () => longest);
    const exact = inputsOf(dependentOn(...full));
    assertEquals([exact.inputs.length, exact.moreInputs], [full.length, 0]);
    assert(exact.inputs.every(({ truncated }) => truncated === undefined));

    const over = inputsOf(dependentOn(...full, "b", ""));
    assertEquals([over.inputs.length, over.moreInputs], [full.length, 2]);

    const last = inputsOf(dependentOn(...full.slice(1), longest.slice(2), "bbb", "c"));
    assertEquals(last.inputs.at(-1), { task: `t${full.length}`, result: "bb", truncated: true });
    assertEquals(last.moreInputs, 1);
  },
});

Deno.test({
  name: "noTasks says that there are no tasks yet",
  permissions: "none",
  fn() {
    assertEquals(none(emptyState(), "x"), {
      reason: "no_tasks_exist",
      message:
        "There are no tasks yet; what would help: create_tasks; or wait for the planner: get_next_task with wait_ms",
      ...NOTHING,
    });
  },
});

Deno.test({
  name: "noTasks says that all tasks are finished, and how",
  permissions: "none",
  fn() {
    const history = [
      create(newTask("a"), newTask("b"), newTask("c")),
      ...work("x", "a"),
      ...work("x", "b"),
      cancel("c"),
    ];
    assertEquals(none(stateAfter(...history), "x"), {
      reason: "all_finished",
      message: "All tasks are finished: 2 completed, 1 cancelled",
      ...NOTHING,
    });
  },
});

Deno.test({
  name: "noTasks names the running tasks that others wait for, and what the asking instance holds",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b"), newTask("c", "a", "b")), claim("x"), claim("y"));
    const running = [{ id: "a", assignedTo: "x" }, { id: "b", assignedTo: "y" }];
    const message = "No task is ready; waiting for running tasks: a (x), b (y)";
    assertEquals(none(state, "z"), { reason: "waiting", message, ...NOTHING, running, runningCount: 2 });
    assertEquals(none(state, "y"), {
      reason: "waiting",
      message: `${message}; what would help: complete_task, fail_task or cancel_task b by y`,
      ...NOTHING,
      running,
      runningCount: 2,
      holding: [{ id: "b", attempt: 1 }],
      holdingCount: 1,
    });
  },
});

Deno.test({
  name: "noTasks tells a finished plan's last running tasks from those that others wait for",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b")), ...work("x", "a"), claim("y"));
    assertEquals(none(state, "x").message, "No task is left to claim; still running: b (y)");
    assertEquals(none(state, "x").reason, "waiting");
  },
});

Deno.test({
  name: "noTasks names the failed and cancelled tasks that block the others, each once",
  permissions: "none",
  fn() {
    const tasks = [newTask("a"), newTask("b"), newTask("c", "a", "b"), newTask("d", "a"), newTask("e", "d")];
    const state = stateAfter(create(...tasks), claim("x", "a"), fail("x", "a"), cancel("b"));
    assertEquals(none(state, "x"), {
      reason: "blocked",
      message: "No task is ready: 3 pending tasks are blocked by a (failed), b (cancelled); " +
        "what would help: retry_task a, b; or update_task c with other dependencies",
      ...NOTHING,
      blockedBy: [{ id: "a", status: "failed" }, { id: "b", status: "cancelled" }],
      blockedCount: 2,
    });
  },
});

Deno.test({
  name: "noTasks names only what still blocks",
  permissions: "none",
  fn() {
    const tasks = [newTask("a"), newTask("b"), newTask("lone"), newTask("c", "a", "b")];
    const state = stateAfter(create(...tasks), cancel("a"), cancel("b"), cancel("lone"), retry("a"), claim("x", "a"));
    const { reason, blockedBy, blockedCount } = none(state, "x");
    assertEquals({ reason, blockedBy, blockedCount }, {
      reason: "waiting",
      blockedBy: [{ id: "b", status: "cancelled" }],
      blockedCount: 1,
    });
  },
});

Deno.test({
  name: "noTasks names ten tasks of each kind, and counts the others",
  permissions: "none",
  fn() {
    const held = times(MAX_NAMED + 1, (index) => `h${index}`);
    const broken = times(MAX_NAMED + 1, (index) => `b${index}`);
    const state = stateAfter(
      create(...[...held, ...broken].map((id) => newTask(id)), newTask("blocked", ...broken)),
      ...held.map((id) => claim("x", id)),
      ...broken.map((id) => cancel(id)),
    );
    const answer = none(state, "x");
    const names = held.slice(0, MAX_NAMED);
    assertEquals(answer.running.map(({ id }) => id), names);
    assertEquals(answer.runningCount, MAX_NAMED + 1);
    assertEquals(answer.blockedBy.map(({ id }) => id), broken.slice(0, MAX_NAMED));
    assertEquals(answer.blockedCount, 1);
    assertEquals([answer.holding.map(({ id }) => id), answer.holdingCount], [names, MAX_NAMED + 1]);
    assertEquals(
      answer.message,
      `No task is ready; waiting for running tasks: ${names.map((id) => `${id} (x)`).join(", ")} and 1 more; ` +
        `what would help: complete_task, fail_task or cancel_task ${names.join(", ")} by x`,
    );
  },
});

Deno.test({
  name: "noTasks looks at 100 blocked tasks for what blocks them, and not at more",
  permissions: "none",
  fn() {
    const blockers = (before: number) => {
      const first = times(before, (index) => newTask(`t${index}`, "a"));
      const state = stateAfter(
        create(newTask("a"), newTask("b"), ...first, newTask("c", "b")),
        cancel("a"),
        cancel("b"),
      );
      return none(state, "x").blockedBy.map(({ id }) => id);
    };
    assertEquals(blockers(MAX_SCANNED - 1), ["a", "b"]);
    assertEquals(blockers(MAX_SCANNED), ["a"]);
  },
});

Deno.test({
  name: "noTasks says when the next delayed task can be claimed",
  permissions: "none",
  fn() {
    const later = [taskWith({ notBefore: 2_000 }, "b"), taskWith({ notBefore: 1_000 }, "a")];
    const delayed = none(stateAfter(create(...later)), "x");
    assertEquals(delayed, {
      reason: "delayed",
      message: "No task is ready before 1970-01-01T00:00:01.000Z; what would help: get_next_task with wait_ms",
      ...NOTHING,
      nextAt: 1_000,
    });
    const running = none(stateAfter(create(...later, newTask("c")), claim("y")), "x");
    assertEquals([running.reason, running.nextAt], ["waiting", 1_000]);
  },
});

Deno.test({
  name: "noTasks names the tasks that are ready for others only, and what the asking instance lacks",
  permissions: "none",
  fn() {
    const tasks = [taskWith({ role: "r", capabilities: ["c"] }, "a"), taskWith({ assignTo: { instance: "y" } }, "b")];
    const { reason, message, unmatched } = none(stateAfter(create(...tasks)), "x");
    assertEquals(reason, "no_match");
    assertEquals(
      message,
      "2 tasks are ready, but not for you now: a needs role r and capability c (which no active instance offers), " +
        "b needs instance id y (which no active instance offers); what would help: get_next_task or " +
        "register_instance with role r and capability c, if you can do that; or update_task b with another role, " +
        "other capabilities or another assign_to",
    );
    assertEquals(unmatched, [
      {
        count: 1,
        example: "a",
        roles: ["r"],
        capabilities: ["c"],
        missing: ["role r", "capability c"],
        isClaimable: false,
      },
      { count: 1, example: "b", reservedFor: "y", missing: ["instance id y"], isClaimable: false },
    ]);
  },
});

Deno.test({
  name: "noTasks names the groups and locks that keep ready tasks from being claimed",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "create_group", id: "g", settings: { paused: true } },
      create(taskWith({ group: "g" }, "a"), taskWith({ locks: ["l"] }, "b"), taskWith({ locks: ["l"] }, "c")),
      claim("y", "b"),
    );
    const { reason, message } = none(state, "x");
    assertEquals(reason, "limited");
    assertEquals(
      message,
      "No task can be claimed now; 2 tasks are limited by groups or locks: group g is paused (update_group " +
        "resumes it), lock l is held by b; what would help: update_group g with paused: false; or complete_task, " +
        "fail_task or cancel_task b by y; or release_task b with instance_id y",
    );
  },
});

Deno.test({
  name: "summarize counts by status, and pending tasks by readiness",
  permissions: "none",
  fn() {
    assertEquals(summarize(stateAfter(...MIXED)), {
      total: 10,
      byStatus: { pending: 5, in_progress: 1, completed: 1, failed: 1, cancelled: 1, skipped: 1 },
      ready: 1,
      limited: 1,
      waiting: 1,
      blocked: 1,
      delayed: 1,
      overdue: 0,
    });
  },
});

Deno.test({
  name: "summarize gives counts of its own, which later events do not change",
  permissions: "none",
  fn() {
    const state = stateAfter(...MIXED);
    const { byStatus } = summarize(state);
    state.counts.pending = 99;
    assertEquals(byStatus.pending, 5);
  },
});

Deno.test({
  name: "listTasks lists tasks of the given statuses or readiness, in the order of creation",
  permissions: "none",
  fn() {
    const pending = ["ready", "limited", "waiting", "blocked", "delayed"];
    const all = ["completed", "failed", "cancelled", "in_progress", ...pending, "skipped"];
    assertEquals(listed({}), all);
    assertEquals(listed({ status: [] }), []);
    assertEquals(listed({ status: ["pending"] }), pending);
    for (const status of [...TASK_STATUSES, ...READINESSES]) {
      if (status !== "pending") assertEquals(listed({ status: [status] }), [status]);
    }
    assertEquals(listed({ status: ["blocked", "completed"] }), ["completed", "blocked"]);
    assertEquals(listed({ status: ["pending", "ready"] }), pending);
  },
});

Deno.test({
  name: "listTasks lists tasks by the instance that holds them or held them last",
  permissions: "none",
  fn() {
    assertEquals(listed({ assignedTo: "x" }), ["completed", "in_progress"]);
    assertEquals(listed({ assignedTo: "y" }), ["failed"]);
    assertEquals(listed({ assignedTo: "x", status: ["in_progress", "failed"] }), ["in_progress"]);
    assertEquals(listed({ assignedTo: "" }), []);
  },
});

Deno.test({
  name: "listTasks pages through all that match, whatever the size of a page",
  permissions: "none",
  fn() {
    const state = stateAfter(...MIXED);
    for (const owner of [SEES_ALL, { role: "observer", audiences: ["p"] } as const]) {
      for (const limit of [1, 2, 3, 4, 9, 10, 11]) {
        const ids: string[] = [];
        let pages = 0;
        let cursor: string | undefined;
        do {
          const page = listTasks(state, { filter: {}, limit, ...(cursor !== undefined && { cursor }) }, owner);
          assert(page.tasks.length <= limit);
          assertEquals(page.total, 10);
          ids.push(...page.tasks.map(({ id }) => id));
          pages++;
          cursor = page.next;
        } while (cursor !== undefined && pages < 11);
        assertEquals(ids, [...state.tasks.keys()]);
        assertEquals(pages, Math.ceil(10 / limit));
      }
    }
  },
});

Deno.test({
  name: "listTasks goes on after a task that has been deleted or no longer matches",
  permissions: "none",
  fn() {
    const state = stateAfter(create(...["a", "b", "c"].map((id) => newTask(id))), cancel("b"));
    const page = listTasks(state, { filter: { status: ["pending"] }, limit: 1, cursor: "2" }, SEES_ALL);
    assertEquals([page.tasks.map(({ id }) => id), page.total, page.next], [["c"], 2, undefined]);
    assertEquals(listTasks(state, { filter: {}, limit: 9, cursor: "3" }, SEES_ALL).tasks, []);
  },
});

Deno.test({
  name: "completeIds gives ids with the prefix, in the order of creation, as many as asked",
  permissions: "none",
  fn() {
    const ids = ["b1", "a1", "__proto__", "a2", "a3"];
    const state = stateAfter(create(...ids.map((id) => newTask(id))));
    assertEquals(completeIds(state.tasks.keys(), "a", 9), ["a1", "a2", "a3"]);
    assertEquals(completeIds(state.tasks.keys(), "a", 2), ["a1", "a2"]);
    assertEquals(completeIds(state.tasks.keys(), "a", 0), []);
    assertEquals(completeIds(state.tasks.keys(), "", 9), ids);
    assertEquals(completeIds(state.tasks.keys(), "", 0), []);
    assertEquals(completeIds(state.tasks.keys(), "__", 9), ["__proto__"]);
    assertEquals(completeIds(state.tasks.keys(), "A", 9), []);
  },
});

const NOTHING: Omit<NoTasks, "reason" | "message"> = {
  running: [],
  runningCount: 0,
  blockedBy: [],
  blockedCount: 0,
  holding: [],
  holdingCount: 0,
  unmatched: [],
};

/** Why instance `id` gets no task. */
function none(state: ReadonlyState, id: string): NoTasks {
  return noTasks(state, claimingAs(state, id));
}

function nextFor(state: ReadonlyState): string | undefined {
  return nextClaim(state, profileIn(state, "x"))?.task.id;
}

function node(id: string, ...history: readonly Step[]): ReadonlyTaskNode {
  const found = stateAfter(...history).tasks.get(id);
  assert(found !== undefined);
  return found;
}

/** A task that depends on completed ones with these results. */
function dependentOn(...results: readonly string[]): ReadonlyTaskNode {
  const done = results.map((result, index) => oldTask(`t${index}`, { status: "completed", result }));
  return node("a", importing(...done), create(newTask("a", ...done.map(({ id }) => id))));
}

function listed(filter: TaskFilter): readonly string[] {
  return listTasks(stateAfter(...MIXED), { filter, limit: 10 }, SEES_ALL).tasks.map(({ id }) => id);
}
