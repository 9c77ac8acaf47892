/** Shows that what is told follows from what there is, and not from how it came about. */

import { localOperator } from "../../../src/core/model/access.ts";
import fc from "fast-check";
import { MAX_NAMED, MAX_SCANNED, MAX_URGENT } from "../../../src/core/model/limits.ts";
import { READINESSES, TASK_STATUSES } from "../../../src/core/model/status.ts";
import type { NewTask } from "../../../src/core/model/task.ts";
import { heartbeatOf } from "../../../src/core/rules/heartbeat.ts";
import { advanceClock } from "../../../src/core/state/evolve.ts";
import { findTask, heldBy } from "../../../src/core/state/lookup.ts";
import { nextClaim, profileIn, urgentFor } from "../../../src/core/state/next_claim.ts";
import type { State } from "../../../src/core/state/state.ts";
import { measure } from "../../../src/core/views/analytics/metrics.ts";
import { explain } from "../../../src/core/views/explain.ts";
import { groupViewOf } from "../../../src/core/views/groups.ts";
import { inputsOf } from "../../../src/core/views/inputs.ts";
import { instanceViewOf } from "../../../src/core/views/instances.ts";
import { drawGraph } from "../../../src/core/views/mermaid.ts";
import { newsFor } from "../../../src/core/views/news.ts";
import { noTasks } from "../../../src/core/views/no_tasks.ts";
import { listTasks, summarize } from "../../../src/core/views/tasks.ts";
import { unlockedBy } from "../../../src/core/views/unlocked.ts";
import { crowds, gatherings, INSTANCES, turns } from "../arbitraries.ts";
import { claim, claimingAs, create, fail, newTask, run, SEES_ALL, stateAfter, taskWith, times } from "../given.ts";
import { play } from "../play.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { assert, assertEquals } from "@std/assert";

const CALLER = localOperator("test");

Deno.test({
  name: "every view of a state made from a snapshot is that of the state that it was taken from",
  permissions: "none",
  fn() {
    for (const [histories, numRuns] of [[turns(), 150], [gatherings(), 100], [crowds(), 100]] as const) {
      fc.assert(fc.property(histories, (turns) => assertSameViews(play(turns))), { numRuns });
    }
  },
});

Deno.test({
  name: "the counts of a filter that all tasks match are those without one",
  permissions: "none",
  fn() {
    for (const [histories, numRuns] of [[turns(), 150], [gatherings(), 100]] as const) {
      fc.assert(
        fc.property(histories, (turns) => {
          const state = play(turns);
          assertEquals(summarize(state, { ids: [...state.tasks.keys()] }), summarize(state));
        }),
        { numRuns },
      );
    }
  },
});

Deno.test({
  name: "views that show the first few of many show the same ones, in whatever order they came about",
  permissions: "none",
  fn() {
    const count = 3 * MAX_SCANNED;
    const shuffled = times(count, (index) => (7 * index + 3) % count);
    const all = (settings: Partial<NewTask>, name: string, ...dependencies: NewTask["dependencies"]) =>
      create(...times(count, (index) => ({ ...taskWith({}, `${name}${index}`, ...dependencies), ...settings })));
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      { type: "create_group", id: "paused", settings: { paused: true } },
      create(newTask("after", { group: "g" })),
      all({}, "member"),
      all({ priority: "urgent" }, "urgent"),
      all({ priority: "urgent", role: "r" }, "asked"),
      create(...times(count, (index) => newTask(`blocked${index}`, `member${index}`))),
      create(...times(count, (index) => taskWith({ role: `role${index}` }, `role${index}`))),
    );
    const at = 100;
    for (const index of shuffled) {
      run(state, { type: "update_task", id: `member${index}`, settings: { group: "g" } }, at);
      run(state, claim(`worker${index}`, `urgent${index}`), at);
    }
    for (const index of shuffled) {
      run(state, { type: "release_task", id: `urgent${index}`, instance: `worker${index}` }, at);
      run(state, claim(`worker${index}`, `member${index}`), at);
    }
    for (const index of shuffled.slice(0, -MAX_SCANNED)) run(state, fail(`worker${index}`, `member${index}`), at);
    assertSameViews(state, ["after", "blocked0", "member0"]);
    const { running, blockedBy, unmatched } = noTasks(state, claimingAs(state, "x"));
    assertEquals([running, blockedBy, unmatched].map(({ length }) => length), [MAX_NAMED, MAX_NAMED, MAX_NAMED]);
    assertEquals(urgentFor(state, profileIn(state, "x")).map(({ id }) => id), times(MAX_URGENT, (n) => `urgent${n}`));
    const inOrder = blockedBy.map(({ id }) => findTask(state, id).task.order);
    assertEquals(inOrder, inOrder.toSorted((a, b) => a - b));
  },
});

Deno.test({
  name: "of two holders of a lock, as an import can leave them, the one created first is named",
  permissions: "none",
  fn() {
    const tasks = ["b", "a"].map((id, index) => ({
      ...taskWith({ locks: ["l"] }, id),
      status: "in_progress" as const,
      assignedTo: "x",
      attempt: 1,
      startedAt: 1,
      order: index + 1,
      createdAt: 1,
      pendingAt: 1,
    }));
    const state = stateAfter({ type: "import_tasks", tasks }, create(taskWith({ locks: ["l"] }, "t")));
    // The first one gives its lock back, and takes it again.
    run(state, { type: "report_progress", id: "b", instance: "x", percent: 1 }, 5);
    assert(explain(state, "t").why.endsWith("lock l is held by b"));
    assertSameViews(state);
  },
});

function assertSameViews(state: State, explained: Iterable<string> = state.tasks.keys()): void {
  const restored = restore(snapshotOf(state));
  advanceClock(restored, state.now);
  const ids = [...explained];
  assertEquals(viewsOf(restored, ids), viewsOf(state, ids));
}

function viewsOf(state: State, ids: readonly string[]) {
  const { tasks, groups, instances } = state;
  const limit = tasks.size + 1;
  return {
    summary: summarize(state),
    lists: [...TASK_STATUSES, ...READINESSES].map((status) =>
      listTasks(state, { filter: { status: [status] }, limit }, SEES_ALL)
    ),
    inGroups: Array.from(groups.keys(), (group) => listTasks(state, { filter: { group }, limit }, SEES_ALL)),
    explanations: ids.map((id) => explain(state, id)),
    inputs: ids.map((id) => inputsOf(findTask(state, id))),
    unlocked: ids.map((id) => unlockedBy({}, findTask(state, id))),
    groups: Array.from(groups.values(), groupViewOf),
    instances: Array.from(instances.values(), ({ instance }) => instanceViewOf(state, instance)),
    graph: drawGraph(state),
    metrics: [undefined, ...groups.keys()].map((group) => {
      return measure(state, { ...(group !== undefined && { group }), limit }, state.now);
    }),
    perInstance: INSTANCES.map((instance) => {
      const profile = profileIn(state, instance);
      return {
        next: nextClaim(state, profile)?.task.id,
        none: noTasks(state, { profile, caller: CALLER }),
        held: heldBy(state, instance).map(({ task }) => task.id),
        contact: heartbeatOf(state, instance, { caller: CALLER, news: newsFor(state, { instance, caller: CALLER }) }),
      };
    }),
  };
}
