/** Shows which ended tasks leave the state, in which order, and what stays of them. */

import fc from "fast-check";
import type { CommandOf } from "../../../src/core/messages/commands.ts";
import type { Event } from "../../../src/core/messages/events.ts";
import { type Dependency, referencesOf } from "../../../src/core/model/dependency.ts";
import type { NewTask } from "../../../src/core/model/task.ts";
import { conditionsOn } from "../../../src/core/state/conditions.ts";
import { findGroup, findTask } from "../../../src/core/state/lookup.ts";
import type { State } from "../../../src/core/state/state.ts";
import { explain } from "../../../src/core/views/explain.ts";
import { groupViewOf } from "../../../src/core/views/groups.ts";
import { crowds, gatherings, turns } from "../arbitraries.ts";
import {
  cancel,
  claim,
  complete,
  create,
  fail,
  given,
  newTask,
  refusalOf,
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
import { play } from "../play.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { untilReached } from "../until_reached.ts";

const COMPLETED = { status: ["completed"] } as const;
const GROUP: CommandOf<"create_group"> = { type: "create_group", id: "g", settings: {} };

function archive(
  filter: CommandOf<"archive_tasks">["filter"] = COMPLETED,
): CommandOf<"archive_tasks"> {
  return { type: "archive_tasks", filter };
}

function bulk(ids: readonly string[], isAtomic = true): CommandOf<"bulk_update"> {
  return { type: "bulk_update", filter: { ids }, action: { type: "archive" }, isAtomic };
}

function archivedBy(event: Event): readonly string[] {
  return event.type === "tasks.archived" ? event.tasks : [];
}

function inGroup(id: string, ...dependencies: readonly Dependency[]): NewTask {
  return taskWith({ group: "g" }, id, ...dependencies);
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("dependents are archived before what they depend on, whatever the order in which they were created", () => {
  given(create(newTask("z"), newTask("m", "z"), newTask("a", "m")), ...["z", "m", "a"].flatMap((id) => work("x", id)))
    .when(archive())
    .then({ type: "tasks.archived", tasks: ["a", "m", "z"] })
    .answering({ archived: 3, hasMore: false, kept: [], keptCount: 0 });
});

test("a task stays while one that has not ended depends on it, plainly or by an expression, or names it in notBy", () => {
  for (
    const dependent of [
      newTask("b", "a"),
      newTask("b", { any: [{ task: "a", on: "finished" }] }),
      taskWith({ assignTo: { notBy: ["a"] } }, "b"),
    ]
  ) {
    const state = stateAfter(create(newTask("a"), dependent), ...work("x", "a"));
    const { events, answer } = run(state, archive(), 9);
    assertEquals(events, []);
    assertEquals([answer.archived, answer.keptCount], [0, 1]);
    assertMatch(
      answer.kept[0]?.message ?? "",
      /^Cannot archive task a as b, which names it, is pending; what would/,
    );
    run(state, cancel("b"), 10);
    assertEquals(run(state, archive({ olderThanMs: 0 }), 11).events, [{ type: "tasks.archived", tasks: ["b", "a"] }]);
  }
});

test("what stands in the way is named at the end of the chain, with what would work", () => {
  const steps = [create(newTask("a"), newTask("b", "a"), newTask("c", "b")), ...work("x", "a"), ...work("x", "b")];
  given(...steps).when(bulk(["a", "b"])).thenRefused(
    "has_dependents",
    "Cannot archive task a as c, which names it through others, is pending; what would help: " +
      "update_task c with other dependencies; or cancel_task c. 1 more fault: (2) Cannot archive task b as c, ",
  );

  given(...steps, ...work("x", "c")).when(bulk(["a", "b"])).thenRefused(
    "has_dependents",
    "Cannot archive task a as c, which names it through others, has ended, but is not to be archived with " +
      "it; what would help: update_tasks with action archive and ids that include c",
  );
  given(...steps, ...work("x", "c")).when(bulk(["a", "b", "c"])).then({
    type: "tasks.archived",
    tasks: ["c", "b", "a"],
  });
});

test("only ended tasks are archived", () => {
  given(create(newTask("a"))).when(bulk(["a"])).thenRefused(
    "wrong_state",
    "Cannot archive task a in pending state: it has not ended; what would help: cancel_task a",
  );
  given(create(newTask("a")), claim("x", "a")).when(bulk(["a"])).thenRefused(
    "wrong_state",
    "Cannot archive task a in in_progress state: it has not ended",
  );
  given().when(archive({})).thenRefused("invalid_value", "Cannot archive all tasks at once");
  given().when(archive({ group: "g" })).thenRefused("not_found", "Group g not found");
});

test("without atomic, a bulk action archives what it can in one event, and tells of the others", () => {
  const state = stateAfter(create(newTask("a"), newTask("b"), newTask("c", "b")), ...work("x", "a"), ...work("x", "b"));
  const { events, answer } = run(state, bulk(["a", "b", "c"], false), 9);
  assertEquals(events, [{ type: "tasks.archived", tasks: ["a"] }]);
  assertEquals([answer.changed, answer.unchanged, answer.refusedCount], [1, 0, 2]);
  assertEquals(answer.refused.map(({ id, code }) => [id, code]), [["b", "has_dependents"], ["c", "wrong_state"]]);
});

test("tasks that name each other in notBy are archived together, or not at all", () => {
  const notBy = (id: string, other: string) => taskWith({ assignTo: { notBy: [other] } }, id);
  const steps = [create(notBy("a", "b"), notBy("b", "a")), ...work("x", "a"), ...work("y", "b")];
  given(...steps).when(bulk(["a"])).thenRefused("has_dependents", "Cannot archive task a as b, which names it");
  const state = stateAfter(...steps);
  run(state, archive(), 9);
  assertEquals([state.tasks.size, state.notBy.size], [0, 0]);
});

test("status, group and age select; the age is measured by the clock, which may be behind the journal", () => {
  const history = [GROUP, create(newTask("a"), inGroup("b"), inGroup("c")), ...work("x", "a"), ...work("x", "b")];
  const state = stateAfter(...history, cancel("c"));
  const found = (filter: CommandOf<"archive_tasks">["filter"], at: number) => {
    return run(restore(snapshotOf(state)), archive(filter), at).events.flatMap(archivedBy);
  };
  assertEquals(found({ group: "g" }, 9), ["b", "c"]);
  assertEquals(found({ group: "g", status: ["cancelled"] }, 9), ["c"]);
  // They ended at 4, 6 and 7.
  assertEquals(found({ olderThanMs: 3 }, 9), ["a", "b"]);
  assertEquals(found({ olderThanMs: 3 }, 8), ["a"]);
  assertEquals(found({ olderThanMs: 3 }, 6), []);
});

test("a check counts all and changes nothing", () => {
  const ids = times(1_500, (index) => `t${index}`);
  const state = stateAfter(create(...ids.slice(0, 1_000).map((id) => newTask(id))));
  run(state, create(...ids.slice(1_000).map((id) => newTask(id)), newTask("open")), 2);
  for (const id of ids) run(state, cancel(id), 3);
  const filter = { status: ["cancelled"] } as const;
  assertEquals(run(state, { ...archive(filter), isCheck: true }, 4).answer.archived, 1_500);
  assertEquals(state.tasks.size, 1_501);
  const parts = times(2, () => run(state, archive(filter), 5).answer);
  assertEquals(parts.map(({ archived, hasMore }) => [archived, hasMore]), [[1_000, true], [500, false]]);
  assertEquals([...state.tasks.keys()], ["open"]);
});

test("a chain longer than a record is archived in parts, from its end", () => {
  const ids = times(2_500, (index) => `t${index}`);
  const state = stateAfter();
  for (const start of [0, 1_000, 2_000]) {
    const part = ids.slice(start, start + 1_000);
    run(
      state,
      create(...part.map((id, index) => index + start === 0 ? newTask(id) : newTask(id, ids[index + start - 1]!))),
      1,
    );
  }
  for (const id of ids) for (const step of [claim("x", id), complete("x", id)]) run(state, step, 2);
  const archived = times(
    3,
    () => run(state, archive(), 3).events.flatMap(archivedBy),
  );
  assertEquals(archived.flat(), ids.toReversed());
  assertEquals(archived.map(({ length }) => length), [1_000, 1_000, 500]);
});

test("a group counts its archived tasks, and what depends on it keeps its verdict, also for those who come later", () => {
  const steps = [
    GROUP,
    create(inGroup("a"), inGroup("b"), inGroup("c"), newTask("all", { group: "g" })),
    create(newTask("most", { at_least: "60%", of: { group: "g" } })),
    ...work("x", "a"),
    ...work("x", "b"),
  ];
  const state = stateAfter(...steps);
  const before = groupViewOf(findGroup(state, "g"));
  const verdicts = () => Array.from(conditionsOn(findGroup(state, "g")), ({ verdict, atLeast }) => [atLeast, verdict]);
  const decided = verdicts();
  assertEquals(run(state, archive({ group: "g" }), 9).answer.archived, 2);
  assertEquals(groupViewOf(findGroup(state, "g")), { ...before, archived: { completed: 2 } });
  assertEquals(verdicts(), decided);
  run(
    state,
    create(newTask("later", { at_least: 2, of: { group: "g" } }), newTask("more", { at_least: 4, of: { group: "g" } })),
    10,
  );
  assertEquals([findTask(state, "later").standing, findTask(state, "more").standing], ["ready", "waiting"]);
  for (const step of [claim("x", "c"), complete("x", "c")]) run(state, step, 11);
  assertEquals(findTask(state, "all").standing, "ready");
  const restored = restore(snapshotOf(state));
  assertEquals(groupViewOf(findGroup(restored, "g")), groupViewOf(findGroup(state, "g")));
  assertEquals(findTask(restored, "all").standing, "ready");
});

test("a failed task that blocks an open one through its group stays until that is solved", () => {
  const steps = [GROUP, create(inGroup("a"), newTask("w", { group: "g" })), claim("x", "a"), fail("x", "a")];
  given(...steps).when(bulk(["a"])).thenRefused(
    "has_dependents",
    "Cannot archive task a as it is failed, which blocks w through group g; what would help: retry_task a; or update_task " +
      "w with other dependencies",
  );
  given(...steps, update("w")).when(bulk(["a"])).then({ type: "tasks.archived", tasks: ["a"] });
  given(...steps, cancel("w")).when(bulk(["a"])).then({ type: "tasks.archived", tasks: ["a"] });
});

test("what later depends on a group that archived tasks block is told so, and how to go on", () => {
  const state = stateAfter(GROUP, create(inGroup("a")), claim("x", "a"), fail("x", "a"), bulk(["a"]));
  run(state, create(newTask("w", { group: "g" }), newTask("v", "w")), 9);
  const { why, whatWouldChange } = explain(state, "w");
  assertEquals(why, "It is blocked by archived tasks of group g, which cannot be retried");
  assertEquals(whatWouldChange, ["update_task w with other dependencies"]);
  assertEquals(explain(state, "v").whatWouldChange[0], "update_task w with other dependencies");
  run(state, update("w"), 10);
  assertEquals(findTask(state, "w").standing, "ready");
});

test("the inputs of a claim tell how many archived tasks are in the groups that it depends on", () => {
  const state = stateAfter(
    GROUP,
    create(inGroup("a"), inGroup("b"), newTask("w", { all: [{ group: "g" }, { at_least: 1, of: { group: "g" } }] })),
    ...work("x", "a", "kept"),
    ...work("x", "b", "gone"),
    bulk(["b"]),
  );
  const { answer } = run(state, claim("x", "w"), 9);
  assert(answer.task !== undefined);
  assertEquals(answer.inputs.map(({ task, result }) => [task, result]), [["a", "kept"]]);
  assertEquals(answer.archivedInputs, 1);
});

test("an id is free again, and its attempts go on", () => {
  const state = stateAfter(create(newTask("a")), ...work("x", "a"), archive(), create(newTask("a")));
  assertEquals([taskOf(state, "a").attempt, taskOf(state, "a").status], [1, "pending"]);
  run(state, claim("y", "a"), 9);
  assertEquals(taskOf(state, "a").attempt, 2);
  const late = refusalOf(() => run(state, { ...complete("x", "a"), attempt: 1 }, 10));
  assertEquals(late.code, "stale_attempt");
});

test("a group whose tasks are all archived can be deleted; a new one of its name counts from none", () => {
  const state = stateAfter(GROUP, create(inGroup("a")), ...work("x", "a"), archive());
  const view = groupViewOf(findGroup(state, "g"));
  assertEquals([view.status, view.total, view.percent], ["done", 1, 100]);
  const { answer } = run(state, { type: "claim_task", instance: "x", group: "g" }, 8);
  assert(answer.task === undefined && "none" in answer);
  assertEquals([answer.none.reason, answer.none.message], [
    "all_finished",
    "All tasks in group g are finished: 1 completed",
  ]);
  run(state, { type: "delete_group", id: "g" }, 9);
  run(state, GROUP, 10);
  const { archived, total } = groupViewOf(findGroup(state, "g"));
  assertEquals([archived, total], [undefined, 0]);
});

test("nothing of an archived task stays in the state but its count and its last attempt, of 10,000 ids at most", () => {
  const state = stateAfter(GROUP);
  for (let batch = 0; batch < 12; batch++) {
    const ids = times(1_000, (index) => `t${batch}.${index}`);
    run(state, create(...ids.map((id) => inGroup(id))), 2);
    for (const id of ids) for (const step of [claim("x", id), complete("x", id)]) run(state, step, 3);
    assertEquals(run(state, archive(), 4).answer.archived, 1_000);
  }
  const { removed, ...rest } = snapshotOf(state);
  assertEquals([removed.attempts.length, removed.floor], [10_000, 1]);
  assertEquals([rest.tasks.length, rest.groups[0]?.archived], [0, { completed: 12_000 }]);
  assert(JSON.stringify({ ...rest, removed: undefined }).length < 1_000);
});

test("after any history, archiving leaves nothing that names what is gone, and changes no other task and no verdict", () => {
  let archived = 0;
  untilReached(() => {
    for (const histories of [turns(), gatherings(), crowds()]) {
      fc.assert(
        fc.property(histories, fc.boolean(), (turns, isBulk) => {
          const state = play(turns);
          const before = told(state);
          const ids = [...state.tasks.keys()];
          if (ids.length === 0) return;
          const { events } = isBulk
            ? run(state, bulk(ids, false), state.now)
            : run(state, archive({ olderThanMs: 0 }), state.now);
          const gone = new Set(events.flatMap(archivedBy));
          archived += gone.size;
          const { tasks } = snapshotOf(state);
          for (const { dependencies, assignTo } of tasks) {
            for (const { type, id } of dependencies.flatMap((each) => Array.from(referencesOf(each)))) {
              assert(type === "group" || !gone.has(id), id);
            }
            for (const id of assignTo?.notBy ?? []) assert(!gone.has(id), id);
          }
          const after = told(state);
          assertEquals(after.tasks, before.tasks.filter(([id]) => !gone.has(id)));
          assertEquals(after.groups, before.groups);
        }),
        { numRuns: 100 },
      );
    }
  }, { isReached: () => archived > 50, told: () => `only ${archived} tasks were archived` });
});

/** What is shown of tasks and groups, without which tasks are archived. */
function told(state: State) {
  return {
    tasks: Array.from(state.tasks.values(), (node) => {
      const { task, standing } = node;
      return [task.id, task.status, standing, node.unmet, node.blocked, node.notTaken, task.readyAt] as const;
    }),
    groups: Array.from(state.groups.values(), (node) => {
      const { archived: _, ...view } = groupViewOf(node);
      return view;
    }),
  };
}

test("what no task may name any more after it is archived is refused as what does not exist", () => {
  given(create(newTask("a")), ...work("x", "a"), archive()).when(create(newTask("b", "a"))).thenRefused(
    "dependency_not_found",
    "Dependency task a not found",
  );
  for (const command of [retry("a"), remove("a"), cancel("a")]) {
    given(create(newTask("a")), ...work("x", "a"), archive()).when(command).thenRefused(
      "not_found",
      "Task a not found",
    );
  }
});
