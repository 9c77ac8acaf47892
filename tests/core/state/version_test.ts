/** Shows that a version changes whenever what is shown does, and otherwise only with the object or what it depends on. */

import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { localOperator } from "../../../src/core/model/access.ts";
import { referencesOf } from "../../../src/core/model/dependency.ts";
import type { Task } from "../../../src/core/model/task.ts";
import { advanceClock, rewindClock } from "../../../src/core/state/evolve.ts";
import type { State, TaskNode } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { groupViewOf } from "../../../src/core/views/groups.ts";
import { listTasks, viewOf } from "../../../src/core/views/tasks.ts";
import { crowds, expiries, gatherings, turns } from "../arbitraries.ts";
import {
  claim,
  complete,
  contextAt,
  create,
  newTask,
  oldTask,
  release,
  remove,
  run,
  SEES_ALL,
  stateAfter,
  taskWith,
  times,
} from "../given.ts";
import { play } from "../play.ts";
import { restore, snapshotOf } from "../snapshot.ts";

/** What is known of one task or group. */
interface Seen {
  readonly version: string | undefined;
  /** What is shown of it, as JSON. */
  readonly content: string;
  /** The ids of which an event may change it. */
  readonly related: ReadonlySet<string>;
}

for (const [name, histories] of Object.entries({ turns, gatherings, crowds, expiries })) {
  Deno.test({
    name: `in every history (${name}), a version changes with what is shown, and else only with what it is made of`,
    permissions: "none",
    fn() {
      fc.assert(
        fc.property(histories(), (turns) => {
          let before = new Map<string, Seen>();
          // A look ahead that is taken back changes versions, and nobody is told of it.
          play(turns.map((turn) => ({ ...turn, aheadMs: 0 })), (state, { events, command }) => {
            const after = seenIn(state);
            for (const key of new Set([...before.keys(), ...after.keys()])) {
              const [old, now] = [before.get(key) ?? MISSING, after.get(key) ?? MISSING];
              const why = `${key} after ${JSON.stringify(command)}: ${old.content} → ${now.content}`;
              if (old.content !== now.content) assertOther(old.version, now.version, why);
              else if (old.version !== now.version) {
                const named = textsIn(events);
                assert(!old.related.isDisjointFrom(named) || !now.related.isDisjointFrom(named), `for nothing: ${why}`);
              }
            }
            before = after;
          });
        }),
        { numRuns: 200 },
      );
    },
  });
}

Deno.test({
  name: "the passing of time changes the version of a delayed task when it becomes ready, and of no other",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      create(taskWith({ notBefore: 1_000 }, "delayed"), { ...newTask("ready"), group: "g" }),
      create(taskWith({ assignTo: { instance: "x", fallbackMs: 500 } }, "reserved")),
    );
    const before = versionsIn(state);
    advanceClock(state, 1_000);
    const after = versionsIn(state);
    assertOther(after.get("delayed"), before.get("delayed"));
    rewindClock(state, 600);
    assertOther(versionsIn(state).get("delayed"), after.get("delayed"));
    for (const key of ["ready", "reserved", "group g"]) {
      assert(before.get(key) !== undefined);
      assertEquals(versionsIn(state).get(key), before.get(key));
    }
  },
});

Deno.test({
  name: "a dependency that is claimed, or that changes under a task that has ended, leaves the version as it is",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("a"), newTask("c", "a"), newTask("b", { task: "a", on: "failed" }), newTask("ended", "a")),
      { type: "cancel_task", id: "ended" },
    );
    const before = versionsIn(state);
    run(state, claim("x", "a"), 10);
    for (const key of ["b", "c", "ended"]) assertEquals(versionsIn(state).get(key), before.get(key));
    run(state, complete("x", "a"), 11);
    for (const key of ["b", "c"]) assertOther(versionsIn(state).get(key), before.get(key), key);
    assertEquals(versionsIn(state).get("ended"), before.get("ended"));
  },
});

Deno.test({
  name: "a task or group that was deleted and created again has a version that it never had",
  permissions: "none",
  fn() {
    const state = stateAfter();
    const had = new Set<string>();
    for (let round = 0; round < 3; round++) {
      run(state, { type: "create_group", id: "g", settings: {} }, 1);
      run(state, create(newTask("a")), 1);
      for (
        const next of [claim("x", "a"), release("x", "a"), remove("a"), { type: "delete_group", id: "g" } as const]
      ) {
        for (const key of ["a", "group g"]) had.add(`${key}: ${versionsIn(state).get(key)}`);
        run(state, next, 1);
      }
    }
    // Of the task three in each round, of the group one; and once that of a deleted task.
    assertEquals(had.size, 3 * (3 + 1) + 1);
  },
});

Deno.test({
  name: "after the state was loaded anew, no version is one from before",
  permissions: "none",
  fn() {
    const state = stateAfter({ type: "create_group", id: "g", settings: {} }, create({ ...newTask("a"), group: "g" }));
    const before = new Set(versionsIn(state).values());
    const loaded = restore(snapshotOf(state), state.epoch + 1);
    for (let round = 0; round < 5; round++) {
      for (const version of versionsIn(loaded).values()) assert(!before.has(version), version);
      run(loaded, claim("x", "a"), 1);
      run(loaded, release("x", "a"), 1);
    }
  },
});

Deno.test({
  name: "of two holders of a lock, as an import can leave them, the end of the first changes the groups that wait",
  permissions: "none",
  fn() {
    const held = ["b", "c"].map((id, index) =>
      oldTask(id, { locks: ["l"], status: "in_progress", assignedTo: "x", attempt: 1, startedAt: 1, order: index + 1 })
    );
    const state = stateAfter(
      { type: "import_tasks", tasks: held },
      { type: "create_group", id: "g", settings: {} },
      create({ ...taskWith({ locks: ["l"] }, "t"), group: "g" }),
    );
    const before = versionsIn(state);
    run(state, { type: "report_progress", id: "b", instance: "x", percent: 1 }, 5);
    assertEquals(versionsIn(state).get("group g"), before.get("group g"));
    run(state, release("x", "b"), 6);
    for (const key of ["t", "group g"]) assertOther(versionsIn(state).get(key), before.get(key));
  },
});

Deno.test({
  name: "versions of 300 tasks and a group are found without looking into a task",
  permissions: "none",
  fn() {
    const ids = times(300, (index) => `t${index}`);
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      create(...ids.map((id) => ({ ...newTask(id), group: "g" }))),
    );
    let copies = 0;
    const counted = (task: Task) => new Proxy(task, { ownKeys: (target) => (copies++, Reflect.ownKeys(target)) });
    // The nodes are written to only here, so that every copy of a task is counted.
    for (const node of state.tasks.values()) (node as TaskNode).task = counted(node.task);
    viewOf(state, state.tasks.get("t0") as TaskNode);
    assertEquals(copies, 1, "views are counted");
    const versions = answer(state, { type: "find", tasks: ids, groups: ["g"] }, contextOf());
    assertEquals([versions.tasks.size, versions.groups.size, copies], [300, 1, 1]);
  },
});

const MISSING: Seen = { version: undefined, content: "nothing", related: new Set() };

function contextOf() {
  return { ...contextAt(1), caller: localOperator("test") };
}

/** Every task and group of a state. */
function seenIn(state: State): Map<string, Seen> {
  const versions = versionsIn(state);
  const seen = new Map<string, Seen>();
  for (const [id, node] of state.tasks.entries()) {
    seen.set(id, {
      version: versions.get(id),
      content: JSON.stringify(viewOf({}, node)),
      related: sourcesOf(state, node),
    });
  }
  for (const [id, node] of state.groups.entries()) {
    const members = listTasks(state, { filter: { group: id }, limit: 200 }, SEES_ALL);
    const related = new Set([id]);
    for (const member of node.members) for (const each of sourcesOf(state, member)) related.add(each);
    const content = JSON.stringify([groupViewOf(node), members.tasks]);
    seen.set(`group ${id}`, { version: versions.get(`group ${id}`), content, related });
  }
  return seen;
}

function versionsIn(state: State): Map<string, string> {
  const find = { type: "find", tasks: [...state.tasks.keys()], groups: [...state.groups.keys()] } as const;
  const { tasks, groups } = answer(state, find, contextOf());
  return new Map([...tasks, ...Array.from(groups, ([id, version]) => [`group ${id}`, version] as const)]);
}

/** The task, the tasks that it depends on, and those that name a lock of it. */
function sourcesOf(state: State, { task }: TaskNode): Set<string> {
  const sources = new Set([task.id]);
  for (const { type, id } of task.dependencies.flatMap((dependency) => [...referencesOf(dependency)])) {
    if (type === "task") sources.add(id);
    else for (const member of state.groups.get(id)?.members ?? []) sources.add(member.task.id);
  }
  for (const other of state.tasks.values()) {
    if (other.task.locks?.some((lock) => task.locks?.includes(lock))) sources.add(other.task.id);
  }
  return sources;
}

/** Fails if two versions are the same. */
function assertOther(one: string | undefined, other: string | undefined, why?: string): void {
  assert(one !== other, why);
}

/** Every text in a value, at any depth. */
function textsIn(value: unknown, texts = new Set<string>()): Set<string> {
  if (typeof value === "string") texts.add(value);
  else if (typeof value === "object" && value !== null) {
    for (const each of Object.values(value)) {
      textsIn(each, texts);
    }
  }
  return texts;
}
