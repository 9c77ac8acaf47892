/** Shows what groups, bulk operations and templates do, and what is said of each state a task can be in. */

import type { BulkAction, BulkResult, CommandOf } from "../../../src/core/messages/commands.ts";
import type { Dependency } from "../../../src/core/model/dependency.ts";
import type { GroupSettings } from "../../../src/core/model/group.ts";
import { MAX_FAULTS } from "../../../src/core/model/limits.ts";
import type { TaskFilter } from "../../../src/core/model/task.ts";
import type { NewTemplate } from "../../../src/core/model/template.ts";
import { findGroup } from "../../../src/core/state/lookup.ts";
import type { State } from "../../../src/core/state/state.ts";
import { BUILTIN_TEMPLATES } from "../../../src/core/templates/builtin_templates.ts";
import { findTemplate, listTemplates } from "../../../src/core/templates/catalog.ts";
import { explain } from "../../../src/core/views/explain.ts";
import { groupViewOf } from "../../../src/core/views/groups.ts";
import {
  cancel,
  claim,
  complete,
  create,
  fail,
  given,
  newTask,
  refusalOf,
  retry,
  run,
  stateAfter,
  type Step,
  taskOf,
  taskWith,
  times,
  work,
} from "../given.ts";
import { assert, assertEquals } from "@std/assert";

Deno.test({
  name: "a group is created once, changed where something is different, and deleted when nothing names it",
  permissions: "none",
  fn() {
    const group: Step = { type: "create_group", id: "g", settings: { title: "G", maxParallel: 2 } };
    given().when(group).then({ type: "group.created", group: { id: "g", title: "G", maxParallel: 2 } }).answering({
      id: "g",
      title: "G",
      maxParallel: 2,
      createdAt: 1,
      status: "empty",
      total: 0,
      counts: { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0, skipped: 0 },
      percent: 0,
    });
    given(group).when(group).thenRefused("already_exists", "Group g already exists");
    given().when({ ...group, settings: { maxParallel: 0 } }).thenRefused("invalid_value", "max_parallel of group g");
    given().when({ ...group, id: "" }).thenRefused("invalid_value", "Group id");
    given(group).when(grouping({ title: "G", paused: null })).then();
    given(group).when(grouping({ paused: true, maxParallel: null })).then({
      type: "group.updated",
      group: "g",
      settings: { paused: true, maxParallel: null },
    });
    given().when(grouping({})).thenRefused("not_found", "Group g not found");
    given(group, create(taskWith({ group: "g" }, "a"))).when({ type: "delete_group", id: "g" })
      .thenRefused("has_dependents", "Cannot delete group g", { group: "g", dependents: ["a"], count: 1 });
    given(group).when({ type: "delete_group", id: "g" }).then({ type: "group.deleted", group: "g" }).answering({
      deleted: "g",
    });
    given().when(create(taskWith({ group: "g" }, "a"))).thenRefused("not_found", "Group g not found: task a names it");
  },
});

Deno.test({
  name: "the status of a group follows from its tasks",
  permissions: "none",
  fn() {
    const state = grouped({}, "a", "b", "c");
    run(state, create(newTask("outside")), 3);
    const view = () => {
      const { status, percent, total } = groupViewOf(findGroup(state, "g"));
      return [status, percent, total];
    };
    assertEquals(view(), ["open", 0, 3]);
    run(state, grouping({ paused: true }), 4);
    assertEquals(view(), ["paused", 0, 3]);
    run(state, grouping({ paused: null }), 5);
    end(state, "a");
    assertEquals(view(), ["open", 33, 3]);
    run(state, cancel("outside"), 6);
    for (const id of ["b", "c"]) run(state, { type: "update_task", id, dependencies: ["outside"] }, 7);
    assertEquals(view(), ["blocked", 33, 3]);
    for (const id of ["b", "c"]) run(state, { type: "update_task", id, dependencies: [] }, 8);
    end(state, "b");
    run(state, cancel("c"), 9);
    assertEquals(view(), ["failed", 66, 3]);
    run(state, { type: "delete_task", id: "c" }, 10);
    assertEquals(view(), ["done", 100, 2]);
  },
});

Deno.test({
  name: "each bulk action changes all that match, as one record",
  permissions: "none",
  fn() {
    const actions: readonly (readonly [BulkAction, TaskFilter, readonly string[], Partial<BulkResult>])[] = [
      [{ type: "cancel", reason: "enough" }, { status: ["ready"] }, ["a cancelled", "b cancelled"], { changed: 2 }],
      [{ type: "cancel" }, { status: ["in_progress"] }, ["run cancelled"], { changed: 1 }],
      [{ type: "retry" }, { status: ["failed", "pending"] }, ["fail pending"], { changed: 1, unchanged: 2 }],
      [{ type: "release", reason: "stop" }, { assignedTo: "x", status: ["in_progress"] }, ["run pending"], {
        changed: 1,
      }],
      [{ type: "delete" }, { ids: ["b", "a"] }, [], { changed: 2 }],
      [{ type: "prioritize", priority: "urgent" }, { ids: ["a", "b"] }, ["a urgent", "b urgent"], { changed: 2 }],
      [{ type: "prioritize", priority: "normal" }, { ids: ["a"] }, [], { changed: 0, unchanged: 1 }],
      [{ type: "assign", assignTo: { instance: "y" } }, { ids: ["a"] }, ["a for y"], { changed: 1 }],
      [{ type: "assign", assignTo: null }, { ids: ["a"] }, [], { changed: 0, unchanged: 1 }],
      [{ type: "move", group: "h" }, { group: "g", status: ["pending"] }, ["a in h", "b in h"], { changed: 2 }],
      [{ type: "move", group: null }, { ids: ["a"] }, ["a in none"], { changed: 1 }],
    ];
    for (const [action, filter, changes, counts] of actions) {
      const state = grouped({}, "a", "b", "run", "fail", "done");
      run(state, { type: "create_group", id: "h", settings: {} }, 3);
      run(state, claim("x", "run"), 4);
      run(state, claim("x", "fail"), 4);
      run(state, fail("x", "fail"), 4);
      end(state, "done");
      const before = shown(state);
      const { answer } = run(state, { type: "bulk_update", filter, action, isAtomic: true }, 9);
      assertEquals(
        answer,
        { changed: 0, unchanged: 0, refused: [], refusedCount: 0, ...counts },
        JSON.stringify(action),
      );
      const after = shown(state);
      assertEquals(
        after.filter((each) => !before.includes(each)),
        changes,
        JSON.stringify(action),
      );
      if (action.type === "delete") assertEquals([state.tasks.has("a"), state.tasks.size], [false, 3]);
    }
  },
});

Deno.test({
  name: "a bulk operation is all or nothing, or each for itself, as asked",
  permissions: "none",
  fn() {
    const history = [create(newTask("a"), newTask("b"), newTask("c")), ...work("x", "b")];
    const cancelling: CommandOf<"bulk_update"> = {
      type: "bulk_update",
      filter: { ids: ["c", "a", "b", "a"] },
      action: { type: "cancel" },
      isAtomic: true,
    };
    given(...history).when(cancelling).thenRefused("wrong_state", "Cannot cancel task b in completed state");
    given(...history).when({ ...cancelling, isAtomic: false }).then(
      { type: "task.cancelled", id: "a", by: { caller: "test" } },
      { type: "task.cancelled", id: "c", by: { caller: "test" } },
    ).answering({
      changed: 2,
      unchanged: 0,
      refused: [{
        id: "b",
        code: "wrong_state",
        message: "Cannot cancel task b in completed state: it has ended already",
      }],
      refusedCount: 1,
    });
    given(...history).when({ ...cancelling, filter: { ids: ["a", "none"] } }).thenRefused("not_found", "Task none");
    given(...history).when({ ...cancelling, filter: {} }).thenRefused(
      "invalid_value",
      "Cannot change all tasks at once",
    );
    given(...history).when({ ...cancelling, filter: { group: "none" } }).thenRefused("not_found", "Group none");
  },
});

Deno.test({
  name: "of many refusals a few are shown, and all are counted",
  permissions: "none",
  fn() {
    const ids = times(25, (index) => `t${index}`);
    const state = stateAfter(create(...ids.map((id) => newTask(id))));
    for (const id of ids) end(state, id);
    const { answer } = run(
      state,
      { type: "bulk_update", filter: { ids }, action: { type: "retry" }, isAtomic: false },
      9,
    );
    assertEquals([answer.changed, answer.refused.length, answer.refusedCount], [0, MAX_FAULTS, 25]);
  },
});

Deno.test({
  name:
    "tasks that depend on each other are deleted together, and one that something else needs stays with what it needs",
  permissions: "none",
  fn() {
    const history = [create(newTask("a"), newTask("b", "a"), newTask("c", { any: ["b"] }), newTask("d", "c"))];
    const deleting = (...ids: readonly string[]): CommandOf<"bulk_update"> => {
      return { type: "bulk_update", filter: { ids }, action: { type: "delete" }, isAtomic: false };
    };
    given(...history).when(deleting("a", "b", "c", "d")).then(
      ...["a", "b", "c", "d"].map((id) => ({ type: "task.deleted" as const, id })),
    );
    // d needs c, which needs b, which needs a: none can go.
    const { events, answer } = run(stateAfter(...history), deleting("a", "b", "c"), 5);
    assertEquals([events, answer.refused.map(({ id, code }) => `${id} ${code}`)], [
      [],
      ["a has_dependents", "b has_dependents", "c has_dependents"],
    ]);
    given(...history).when({ ...deleting("a", "b", "c"), isAtomic: true }).thenRefused(
      "has_dependents",
      "Cannot delete task a",
    );
    // A held one stays, and what it needs with it.
    const held = stateAfter(create(newTask("a"), newTask("b", "a"), newTask("c")), ...work("x", "a"), claim("x", "b"));
    const { answer: kept } = run(held, deleting("a", "b", "c"), 9);
    assertEquals([kept.changed, kept.refused.map(({ id, code }) => `${id} ${code}`)], [
      1,
      ["a has_dependents", "b wrong_state"],
    ]);
  },
});

Deno.test({
  name: "a bulk retry of a whole group brings back what was skipped with what it waits for",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      create(
        taskWith({ group: "g" }, "a"),
        taskWith({ group: "g", ifUnreachable: "skip" }, "b", "a"),
        taskWith({ group: "g" }, "c", "b"),
      ),
      claim("x", "a"),
      fail("x", "a"),
    );
    assertEquals(["b", "c"].map((id) => taskOf(state, id).status), ["skipped", "skipped"]);
    const { events, answer } = run(
      state,
      { type: "bulk_update", filter: { group: "g" }, action: { type: "retry" }, isAtomic: true },
      9,
    );
    assertEquals(events, ["a", "b", "c"].map((id) => ({ type: "task.retried", id })));
    assertEquals(answer.changed, 3);
    assertEquals(state.counts.pending, 3);
  },
});

Deno.test({
  name: "a bulk retry refuses what would end again at once as retry_task does, and tells what would help then",
  permissions: "none",
  fn() {
    const skipping = (id: string, ...dependencies: readonly string[]) => {
      return taskWith({ ifUnreachable: "skip" }, id, ...dependencies);
    };
    const history = [
      create(newTask("a"), newTask("b"), skipping("c", "a", "b"), skipping("d", "c"), skipping("e", "a")),
      cancel("a"),
      cancel("b"),
    ];
    const retrying = (...ids: readonly string[]): CommandOf<"bulk_update"> => {
      return { type: "bulk_update", filter: { ids }, action: { type: "retry" }, isAtomic: false };
    };
    const state = stateAfter(...history);
    const { events, answer } = run(state, retrying("e", "d", "c", "a"), 9);
    // c waits for b, too, and d for c.
    assertEquals(events, ["a", "e"].map((id) => ({ type: "task.retried", id })));
    assertEquals([answer.changed, answer.refusedCount], [2, 2]);
    for (const { id, code, message } of answer.refused) {
      assertEquals(code, "wrong_state");
      assertEquals(message, refusalOf(() => run(state, retry(id), 9)).message);
      assert(message.includes("; what would help: retry_task b;"), message);
    }
    given(...history).when({ ...retrying("c", "a"), isAtomic: true }).thenRefused(
      "wrong_state",
      "Cannot retry task c in skipped state: ",
    );
    given(...history).when(retrying("a", "b", "c", "d", "e")).then(
      ...["a", "b", "c", "d", "e"].map((id) => ({ type: "task.retried" as const, id })),
    );
  },
});

Deno.test({
  name: "a bulk retry refuses what waits for a task that ends again, too",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("a"), newTask("condition")),
      create(
        taskWith({ ifUnreachable: "fail" }, "b", { task: "a", on: "skipped" }, "condition"),
        taskWith({ ifUnreachable: "skip" }, "c", "b"),
      ),
      cancel("a"),
    );
    assertEquals(["b", "c"].map((id) => taskOf(state, id).status), ["failed", "skipped"]);
    const { answer } = run(
      state,
      { type: "bulk_update", filter: { ids: ["b", "c"] }, action: { type: "retry" }, isAtomic: false },
      9,
    );
    assertEquals(answer.refused.map(({ id }) => id), ["b", "c"]);
    assertEquals(["b", "c"].map((id) => taskOf(state, id).status), ["failed", "skipped"]);
  },
});

Deno.test({
  name: "a bulk retry changes what ends in another way at once, and not what is skipped as it waits for that",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("done"), newTask("a", { task: "done", on: "skipped" }), newTask("b", "a")),
      cancel("a"),
      ...work("x", "done"),
    );
    const retrying = bulkRetry("a", "b");
    const { changed, unchanged, refusedCount } = run(state, retrying, 9).answer;
    assertEquals({ changed, unchanged, refusedCount }, { changed: 1, unchanged: 1, refusedCount: 0 });
    assertEquals(["a", "b"].map((id) => taskOf(state, id).status), ["skipped", "skipped"]);
    const again = run(state, retrying, 10).answer;
    assertEquals([again.changed, again.refused.map(({ id }) => id)], [0, ["a", "b"]]);
  },
});

Deno.test({
  name: "a bulk retry judges each task by the tasks that are retried with it, and not by those that are refused",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      create(
        taskWith({ group: "g" }, "root"),
        taskWith({ ifUnreachable: "skip" }, "p", { group: "g" }),
        newTask("a", "p"),
        taskWith({ ifUnreachable: "fail" }, "c", "root", "a"),
      ),
      cancel("root"),
    );
    assertEquals(["p", "a", "c"].map((id) => taskOf(state, id).status), ["skipped", "skipped", "failed"]);
    // As a stays skipped, c is skipped now; if a were pending for a moment, c would fail again.
    const { changed, refused } = run(state, bulkRetry("a", "c"), 9).answer;
    assertEquals([changed, refused.map(({ id }) => id)], [1, ["a"]]);
    assertEquals(["a", "c"].map((id) => taskOf(state, id).status), ["skipped", "skipped"]);
    assertEquals(run(state, bulkRetry("root", "p", "a", "c"), 11).answer.changed, 4);
    assertEquals(["root", "p", "a", "c"].map((id) => taskOf(state, id).status), times(4, () => "pending"));
  },
});

function bulkRetry(...ids: readonly string[]): CommandOf<"bulk_update"> {
  return { type: "bulk_update", filter: { ids }, action: { type: "retry" }, isAtomic: false };
}

Deno.test({
  name: "thousands of tasks in a chain move to a group at once, but for those that wait for it",
  permissions: "none",
  fn() {
    const chain = (name: string, first: readonly Dependency[]) =>
      times(1_000, (index) => newTask(`${name}${index}`, ...(index === 0 ? first : [`${name}${index - 1}`])));
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      ...times(4, (index) => create(...chain(`free ${index} `, index === 0 ? [] : [`free ${index - 1} 999`]))),
      create(...chain("waiting ", [{ group: "g" }])),
    );
    const filter = { ids: [...state.tasks.keys()] };
    const action = { type: "move", group: "g" } as const;
    const { answer } = run(state, { type: "bulk_update", filter, action, isAtomic: false }, 9);
    assertEquals([answer.changed, answer.refusedCount], [4_000, 1_000]);
    assertEquals(new Set(answer.refused.map(({ code }) => code)), new Set(["cycle"]));
    assertEquals(findGroup(state, "g").members.size, 4_000);
  },
});

Deno.test({
  name: "a move that makes a circle is refused, and takes others down with it only where all is to be done or nothing",
  permissions: "none",
  fn() {
    const history: readonly Step[] = [
      { type: "create_group", id: "g", settings: {} },
      { type: "create_group", id: "h", settings: {} },
      create(newTask("condition", { group: "g" }), taskWith({ group: "h" }, "a"), newTask("b", "condition")),
    ];
    const moving: CommandOf<"bulk_update"> = {
      type: "bulk_update",
      filter: { ids: ["a", "b"] },
      action: { type: "move", group: "g" },
      isAtomic: false,
    };
    const { answer } = run(stateAfter(...history), moving, 5);
    assertEquals([answer.changed, answer.refused.map(({ id, code }) => [id, code])], [1, [["b", "cycle"]]]);
    given(...history).when({ ...moving, isAtomic: true }).thenRefused("cycle", "Dependencies would create a cycle");
    given(...history).when({ ...moving, isAtomic: true, action: { type: "move", group: "none" } }).thenRefused(
      "not_found",
      "Group none not found",
    );
  },
});

const REVIEW: NewTemplate = {
  name: "review",
  parameters: [
    { name: "what", required: true },
    { name: "who", default: "anybody" },
  ],
  tasks: [
    newTask("read", "plan"),
    { id: "judge-{{what}}", description: "judge {{what}} as {{who}}", dependencies: [{ any: ["read"] }] },
  ],
};

Deno.test({
  name: "each saving of a template is another version, and those before stay as they are",
  permissions: "none",
  fn() {
    const other: NewTemplate = { ...REVIEW, parameters: [], tasks: [newTask("only")] };
    const state = stateAfter(saving(REVIEW));
    assertEquals(run(state, saving(other), 2), {
      events: [{ type: "template.saved", template: other, version: 2 }],
      answer: { name: "review", version: 2 },
    });
    assertEquals(findTemplate(state, "review", 1), { ...REVIEW, version: 1, createdAt: 1 });
    assertEquals(findTemplate(state, "review"), { ...other, version: 2, createdAt: 2 });
    assertEquals(
      refusalOf(() => findTemplate(state, "review", 3)).message,
      "Template review has no version 3: it has 1 to 2",
    );
    const listed = listTemplates(state).find(({ name }) => name === "review");
    assertEquals([listed?.version, listed?.taskCount, listed?.isBuiltin], [2, 1, false]);
    given().when(saving({ ...REVIEW, tasks: [] })).thenRefused(
      "invalid_value",
      "Cannot save template review as it has no",
    );
  },
});

Deno.test({
  name: "saved versions of a built-in template's name count from 1, and the built-in one stays reachable as version 0",
  permissions: "none",
  fn() {
    const builtin = listTemplates(stateAfter()).find(({ isBuiltin }) => isBuiltin);
    assert(builtin !== undefined);
    given().when(saving({ ...REVIEW, name: builtin.name })).then({
      type: "template.saved",
      template: { ...REVIEW, name: builtin.name },
      version: 1,
    });
    const { name } = builtin;
    const state = stateAfter(saving({ ...REVIEW, name }), saving({ ...REVIEW, name }));
    const newest = findTemplate(state, name);
    assertEquals([newest.version, newest.createdAt, newest.builtinVersion], [2, 2, undefined]);
    const shipped = BUILTIN_TEMPLATES.find((each) => each.name === name);
    assert(shipped !== undefined);
    assertEquals(findTemplate(state, name, 0), { ...shipped, version: 0, builtinVersion: shipped.version });
    const messages = [state, stateAfter()].map((each) => refusalOf(() => findTemplate(each, name, 7)).message);
    assertEquals(messages, [
      `Template ${name} has no version 7: it has 0 (built in) and 1 to 2`,
      `Template ${name} has no version 7: it has 0 (built in)`,
    ]);
    // A journal of format 2 counted on from the built-in one.
    const old = stateAfter({ type: "template.saved", template: { ...REVIEW, name }, version: 2 });
    assertEquals(run(old, saving({ ...REVIEW, name }), 9).answer.version, 3);
    assertEquals(refusalOf(() => findTemplate(old, "feature", 1)).code, "not_found");
  },
});

Deno.test({
  name: "applying a template makes its group and its tasks at once, ids prefixed, the version pinned",
  permissions: "none",
  fn() {
    const history = [
      create(newTask("plan")),
      saving(REVIEW),
      saving({ ...REVIEW, tasks: [newTask("newer")], parameters: [] }),
    ];
    const { events, answer } = run(stateAfter(...history), applying({ version: 1 }), 9);
    assertEquals(events, [
      {
        type: "group.created",
        group: { id: "r1", title: "First", maxParallel: 1, template: { name: "review", version: 1 } },
      },
      {
        type: "tasks.created",
        tasks: [
          { ...newTask("r1/read", "plan"), description: "do read", group: "r1" },
          {
            id: "r1/judge-code",
            description: "judge code as anybody",
            dependencies: [{ any: ["r1/read"] }],
            group: "r1",
          },
        ],
      },
    ]);
    assertEquals([answer.version, answer.group.total, answer.tasks.map(({ id }) => id)], [
      1,
      2,
      ["r1/read", "r1/judge-code"],
    ]);
    const newest = run(stateAfter(...history), applying({ parameters: {} }), 9);
    assertEquals(newest.answer.tasks.map(({ id }) => id), ["r1/newer"]);
    const { version, group } = newest.answer;
    assertEquals([version, group.template], [2, { name: "review", version: 2 }]);
  },
});

Deno.test({
  name: "a template that cannot be applied as a whole makes nothing",
  permissions: "none",
  fn() {
    const history = [create(newTask("plan")), saving(REVIEW)];
    given(saving(REVIEW)).when(applying({})).thenRefused("dependency_not_found", "Dependency task plan not found");
    given(...history).when(applying({ parameters: {} })).thenRefused(
      "invalid_value",
      "Cannot apply template review as parameter what",
    );
    given(...history).when(applying({ parameters: { what: "a", extra: "b" } })).thenRefused(
      "invalid_value",
      "Cannot apply",
    );
    given(...history).when(applying({ name: "none" })).thenRefused("not_found", "Template none not found");
    given(...history).when(applying({ version: 2 })).thenRefused("not_found", "Template review has no version 2");
    given(...history, { type: "create_group", id: "r1", settings: {} }).when(applying({})).thenRefused(
      "already_exists",
      "Group r1 already exists",
    );
    given(...history, create(newTask("r1/read"))).when(applying({})).thenRefused("already_exists", "Task r1/read");
  },
});

Deno.test({
  name: "an archived template is not applied until it is back, and keeps its versions",
  permissions: "none",
  fn() {
    const archiving = (isArchived: boolean): CommandOf<"archive_template"> => {
      return { type: "archive_template", name: "review", isArchived };
    };
    const history = [create(newTask("plan")), saving(REVIEW)];
    given(...history).when(archiving(true)).then({ type: "template.archived", name: "review", isArchived: true });
    given(...history, archiving(true)).when(archiving(true)).then();
    given(...history, archiving(true)).when(applying({})).thenRefused(
      "wrong_state",
      "Cannot apply template review as it is archived",
    );
    given(...history).when({ ...archiving(true), name: "none" }).thenRefused("not_found", "Template none");
    const state = stateAfter(...history, archiving(true), archiving(false));
    assertEquals(run(state, applying({}), 9).answer.version, 1);
    const builtin = listTemplates(state).find(({ isBuiltin }) => isBuiltin);
    assert(builtin !== undefined);
    run(state, { ...archiving(true), name: builtin.name }, 10);
    assertEquals(listTemplates(state).find(({ name }) => name === builtin.name)?.isArchived, true);
  },
});

Deno.test({
  name: "times of a template that are durations count from its application, moments stay what they are",
  permissions: "none",
  fn() {
    const tasks = [
      { ...newTask("soon"), notBeforeMs: 1_000, deadlineMs: 5_000 },
      { ...newTask("fixed"), notBefore: 7_000, deadline: 9_000 },
    ];
    const state = stateAfter(saving({ name: "timed", parameters: [], tasks }));
    for (const [group, at] of [["early", 100], ["late", 50_000]] as const) {
      run(state, { type: "apply_template", name: "timed", group, settings: {}, parameters: {} }, at);
      const { notBefore, deadline, ...soon } = taskOf(state, `${group}/soon`);
      assertEquals([notBefore, deadline], [at + 1_000, at + 5_000]);
      assertEquals(Object.keys(soon).filter((field) => field.endsWith("Ms")), []);
      const fixed = taskOf(state, `${group}/fixed`);
      assertEquals([fixed.notBefore, fixed.deadline], [7_000, 9_000]);
    }
  },
});

Deno.test({
  name: "a template with what no parameters could make right is not saved",
  permissions: "none",
  fn() {
    const cases: readonly (readonly [Partial<NewTemplate["tasks"][number]>, string])[] = [
      [{ maxAttempts: -5 }, "max_attempts of task b must be a whole number from 1 to"],
      [{ timeoutMs: 0.5 }, "timeout_ms of task b must be"],
      [{ notBeforeMs: -1 }, "not_before of task b must be"],
      [{ deadlineMs: 1e12 }, "deadline of task b must be"],
      [{ dependencies: [{ at_least: 0, of: ["a"] }] }, ""],
      [{ dependencies: [{ at_least: "101%", of: ["a"] }] }, ""],
    ];
    for (const [wrong, says] of cases) {
      const tasks = [newTask("a"), { ...newTask("b", "a"), ...wrong }];
      given().when(saving({ name: "wrong", parameters: [], tasks })).thenRefused("invalid_value", says);
    }
  },
});

Deno.test({
  name: "each state of a task is explained with what would change it",
  permissions: "none",
  fn() {
    const base: readonly Step[] = [
      { type: "create_group", id: "g", settings: {} },
      create(newTask("a"), newTask("t", "a")),
    ];
    const cases: readonly (readonly [string, readonly Step[], RegExp, RegExp])[] = [
      ["a", base, /^It is ready: get_next_task hands it out/, /get_next_task with task_id a/],
      [
        "t",
        base,
        /^It waits, directly or through other tasks, for a \(ready\)/,
        /get_next_task with task_id a, then complete_task/,
      ],
      ["t", [...base, claim("x", "a")], /for a \(in_progress\)/, /complete_task a/],
      ["a", [...base, claim("x", "a")], /^x works on attempt 1, without a timeout/, /release_task a/],
      ["a", [...base, ...work("x", "a")], /^x completed it/, /^$/],
      ["a", [...base, claim("x", "a"), fail("x", "a", "no disk")], /^It failed: no disk/, /retry_task a/],
      ["t", [...base, claim("x", "a"), fail("x", "a")], /blocked by a \(failed\)/, /retry_task a/],
      ["a", [...base, cancel("a")], /^It was cancelled by test: no reason was given/, /retry_task a/],
      [
        "s",
        [...base, create(newTask("s", { task: "a", on: "failed" })), ...work("x", "a")],
        /a failed; its dependencies cannot be met, so a retry would end at once; no change of existing tasks helps/,
        /^update_task s with other dependencies$/,
      ],
      [
        "d",
        [...base, create(taskWith({ notBefore: 5_000 }, "d"))],
        /waits until 1970-01-01T00:00:05.000Z/,
        /earlier not_before/,
      ],
      [
        "e",
        [...base, create(newTask("e", { group: "g" }))],
        /^It waits for more tasks in group g$/,
        /^create_task in group g$/,
      ],
      [
        "r",
        [...base, create(taskWith({ role: "dev" }, "r"))],
        /ready for an instance with role dev, which no active/,
        /by an instance/,
      ],
      [
        "l",
        [...base, create(taskWith({ locks: ["db"] }, "l"), taskWith({ locks: ["db"] }, "k")), claim("x", "k")],
        /lock db/,
        /./,
      ],
    ];
    for (const [id, history, why, what] of cases) {
      const explanation = explain(stateAfter(...history), id);
      assert(why.test(explanation.why), `${id}: ${explanation.why}`);
      const changes = explanation.whatWouldChange.join("\n");
      assert(what.test(changes), `${id}: ${changes}`);
    }
  },
});

Deno.test({
  name: "an explanation shows the whole expression, what decides first, and the roots behind all waiting",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(
        newTask("root"),
        newTask("middle", "root"),
        newTask("done"),
        newTask("failed"),
        newTask("t", "done", "middle", { at_least: 2, of: ["failed", "done", { task: "middle", on: "finished" }] }),
      ),
      ...work("x", "done"),
      claim("x", "failed"),
      fail("x", "failed"),
      claim("x", "root"),
    );
    const { why, readiness, dependencies, roots } = explain(state, "t");
    assertEquals([why, readiness], ["It waits, directly or through other tasks, for root (in_progress)", "waiting"]);
    assertEquals(roots, [{ id: "root", state: "in_progress", assignedTo: "x" }]);
    assertEquals(dependencies, [
      { dependency: "middle", verdict: "unknown", state: "waiting" },
      {
        dependency: "at least 2 of (failed, done, middle finished)",
        verdict: "unknown",
        need: 2,
        of: [
          { dependency: "failed", verdict: "blocked", state: "failed" },
          { dependency: "middle finished", verdict: "unknown", state: "waiting" },
          { dependency: "done", verdict: "true", state: "completed" },
        ],
      },
      { dependency: "done", verdict: "true", state: "completed" },
    ]);
    assertEquals(refusalOf(() => explain(state, "none")).code, "not_found");
    // Retried, the root of the matter is another one.
    run(state, fail("x", "root"), 20);
    run(state, retry("failed"), 21);
    assertEquals(explain(state, "t").roots, [
      { id: "root", state: "failed", assignedTo: "x" },
      { id: "failed", state: "ready" },
    ]);
  },
});

function grouping(settings: CommandOf<"update_group">["settings"]): CommandOf<"update_group"> {
  return { type: "update_group", id: "g", settings };
}

/** A state with a group g and tasks in it. */
function grouped(settings: GroupSettings, ...ids: readonly string[]): State {
  return stateAfter(
    { type: "create_group", id: "g", settings },
    create(...ids.map((id) => taskWith({ group: "g" }, id))),
  );
}

/** What can be told of each task, one fact a line. */
function shown(state: State): readonly string[] {
  return Array.from(state.tasks.values()).flatMap(({ task: { id, status, priority, assignTo, group } }) => [
    `${id} ${status}`,
    `${id} ${priority ?? "normal"}`,
    `${id} for ${assignTo?.instance ?? "anybody"}`,
    `${id} in ${group ?? "none"}`,
  ]);
}

function saving(template: NewTemplate): CommandOf<"save_template"> {
  return { type: "save_template", template };
}

function applying(rest: Partial<CommandOf<"apply_template">>): CommandOf<"apply_template"> {
  return {
    type: "apply_template",
    name: "review",
    group: "r1",
    settings: { title: "First", maxParallel: 1 },
    parameters: { what: "code" },
    ...rest,
  };
}

function end(state: State, id: string): void {
  run(state, claim("x", id), state.now);
  run(state, complete("x", id), state.now);
}
