/** Shows that a task whose group is paused or full, or whose lock is taken, is limited, and that all views say by what. */

import type { Command, CommandType } from "../../../src/core/messages/commands.ts";
import type { TaskSettings } from "../../../src/core/model/task.ts";
import { findGroup, findTask } from "../../../src/core/state/lookup.ts";
import { firstAnswerable } from "../../../src/core/state/next_claim.ts";
import type { State } from "../../../src/core/state/state.ts";
import { explain } from "../../../src/core/views/explain.ts";
import { groupViewOf } from "../../../src/core/views/groups.ts";
import { listTasks, summarize, viewOf } from "../../../src/core/views/tasks.ts";
import { claim, complete, create, newTask, release, run, SEES_ALL, stateAfter, taskWith, waiting } from "../given.ts";
import { assertEquals } from "@std/assert";

/** For each way to limit task `t`: how it comes about, what is said, and a way out of it that is said too. */
const CASES: readonly {
  readonly settings: TaskSettings;
  readonly limiting: readonly Command[];
  readonly limitedBy: string;
  readonly remediesForStatus: readonly string[];
  readonly freeing: Command;
}[] = [
  {
    settings: { group: "g" },
    limiting: [{ type: "update_group", id: "g", settings: { paused: true } }],
    limitedBy: "group g is paused (update_group resumes it)",
    remediesForStatus: ["update_group g with paused: false"],
    freeing: { type: "update_group", id: "g", settings: { paused: null } },
  },
  {
    settings: { group: "g" },
    limiting: [{ type: "update_group", id: "g", settings: { maxParallel: 1 } }, claim("x", "member")],
    limitedBy: "group g has 1 running tasks, and its max_parallel is 1",
    remediesForStatus: [
      "complete_task, fail_task or cancel_task member by x",
      "release_task member with instance_id x",
      "update_group g with a higher max_parallel",
    ],
    freeing: complete("x", "member"),
  },
  {
    settings: { locks: ["l"] },
    limiting: [claim("x", "holder")],
    limitedBy: "lock l is held by holder",
    remediesForStatus: [
      "complete_task, fail_task or cancel_task holder by x",
      "release_task holder with instance_id x",
    ],
    freeing: release("x", "holder"),
  },
];

Deno.test({
  name: "a limited task is not among the ready ones, and all that speaks of it says what limits it",
  permissions: "none",
  fn() {
    for (const { settings, limiting, limitedBy, remediesForStatus, freeing } of CASES) {
      const state = stateAfter(
        { type: "create_group", id: "g", settings: {} },
        create(
          taskWith({ group: "g" }, "member"),
          taskWith({ locks: ["l"] }, "holder"),
          taskWith(settings, "t"),
          newTask("after", "t"),
        ),
        ...limiting,
      );
      assertEquals(viewOf({}, findTask(state, "t")).readiness, "limited");
      assertEquals(viewOf({}, findTask(state, "t")).limitedBy, [limitedBy]);
      assertEquals(listed(state, "limited").includes("t"), true);
      assertEquals(listed(state, "ready").includes("t"), false);
      const { ready, limited } = summarize(state);
      assertEquals([ready, limited], [listed(state, "ready").length, listed(state, "limited").length]);
      const { readiness, why, whatWouldChange } = explain(state, "t");
      assertEquals([readiness, why, whatWouldChange], [
        "limited",
        `It could be claimed, but ${limitedBy}`,
        remediesForStatus,
      ]);
      const after = explain(state, "after");
      assertEquals([after.why, after.whatWouldChange], [
        "It waits, directly or through other tasks, for t (limited)",
        remediesForStatus,
      ]);

      run<CommandType>(state, freeing, 50);
      assertEquals(viewOf({}, findTask(state, "t")).readiness, "ready");
      assertEquals(explain(state, "t").whatWouldChange, ["get_next_task with task_id t"]);
    }
  },
});

Deno.test({
  name: "a group counts its limited tasks, each once, and counts none once they can be claimed",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      create(
        taskWith({ locks: ["l"] }, "outside"),
        taskWith({ group: "g", locks: ["l"] }, "a"),
        taskWith({ group: "g", locks: ["m", "l"] }, "b"),
        taskWith({ group: "g" }, "c"),
      ),
    );
    const counted = () => [groupViewOf(findGroup(state, "g")).limited ?? 0, summarize(state).limited];
    assertEquals(counted(), [0, 0]);
    run(state, claim("x", "outside"), 10);
    assertEquals(counted(), [2, 2]);
    assertEquals(groupViewOf(findGroup(state, "g")).status, "open");
    run(state, { type: "update_group", id: "g", settings: { paused: true } }, 11);
    assertEquals(counted(), [3, 3]);
    assertEquals(groupViewOf(findGroup(state, "g")).status, "paused");
    assertEquals(firstAnswerable(state, waiting(claim("y"))), undefined);
    run(state, complete("x", "outside"), 12);
    assertEquals(counted(), [3, 3]);
    run(state, { type: "update_group", id: "g", settings: { paused: null } }, 13);
    assertEquals(counted(), [0, 0]);
    assertEquals(firstAnswerable(state, waiting(claim("y"))), 0);
  },
});

Deno.test({
  name: "a progress report of the holder neither opens nor closes its lock for a moment",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ locks: ["l"] }, "a"), taskWith({ locks: ["l"] }, "b")), claim("x", "a"));
    const [lane] = state.locks.get("l")?.lanes ?? [];
    let changes = 0;
    // Counts how often the number of taken locks is set.
    if (lane !== undefined) {
      let { taken } = lane;
      Object.defineProperty(lane, "taken", { get: () => taken, set: (value: number) => (changes++, taken = value) });
    }
    run(state, { type: "report_progress", id: "a", instance: "x", percent: 5 }, 10);
    assertEquals(changes, 0);
    run(state, complete("x", "a"), 11);
    assertEquals(changes, 1);
  },
});

function listed(state: State, status: "ready" | "limited"): readonly string[] {
  return listTasks(state, { filter: { status: [status] }, limit: 10 }, SEES_ALL).tasks.map(({ id }) => id);
}
