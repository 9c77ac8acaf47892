/** Shows that a plan comes out of an import as it went in, under its own ids or others, at once or in parts. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { QueryOf, QueryType, ResultOf } from "../../../src/core/messages/queries.ts";
import type { PortablePlan } from "../../../src/core/model/portable_plan.ts";
import { withPrefix } from "../../../src/core/model/prefixed_plan.ts";
import { planParts } from "../../../src/core/rules/import_parts.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { crowds, gatherings, turns } from "../arbitraries.ts";
import { claim, contextAt, create, newTask, oldTask, refusalOf, run, stateAfter, taskWith, times } from "../given.ts";
import { play } from "../play.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

for (const [kind, histories] of [["any", turns], ["crowded", crowds], ["gathering", gatherings]] as const) {
  test(`after ${kind} histories, an exported plan that is imported is exported again as it was, and looks the same`, () => {
    fc.assert(
      fc.property(histories(), (turns) => {
        const from = play(turns);
        handAllBack(from);
        const plan = exportOf(from);
        const to = imported(plan, { at: from.now });
        assertEquals(exportOf(to), plan);
        assertEquals(looks(to), looks(from));
        assertEquals(ask(to, { type: "missing_of_plan", plan }), { ...NOTHING, ...pauseOf(plan) });
        assertEquals(ask(from, { type: "missing_of_plan", plan }), { ...NOTHING, ...pauseOf(plan) });
      }),
      { numRuns: 60 },
    );
  });

  test(`after ${kind} histories, parts of a plan come to the whole, and after half of them the rest is what is missing`, () => {
    fc.assert(
      fc.property(histories(), fc.integer({ min: 1, max: 2_000 }), (turns, maxBytes) => {
        const from = play(turns);
        const plan = exportOf(from);
        const to = imported(plan, { at: from.now, maxBytes });
        assertEquals(byId(exportOf(to)), byId(plan));
        const parts = planParts(plan, maxBytes);
        const stopped = emptyState();
        for (const part of parts.slice(0, parts.length / 2)) run(stopped, { type: "import_tasks", ...part }, from.now);
        const missing = ask(stopped, { type: "missing_of_plan", plan });
        for (const part of planParts(missing, maxBytes)) run(stopped, { type: "import_tasks", ...part }, from.now);
        assertEquals(byId(exportOf(stopped)), byId(plan));
      }),
      { numRuns: 20 },
    );
  });

  test(`after ${kind} histories, a plan joins itself under a prefix, and each copy names its own tasks only`, () => {
    fc.assert(
      fc.property(histories(), (turns) => {
        const plan = exportOf(play(turns));
        const copy = withPrefix(plan, "p");
        const to = imported(plan, { at: 1_000 });
        for (const part of planParts(copy)) run(to, { type: "import_tasks", ...part }, 1_000);
        const all = exportOf(to);
        const isCopy = (id: string) => id.startsWith("p/");
        assertEquals(all.tasks.filter(({ id }) => isCopy(id)).length, plan.tasks.length);
        assertEquals(all.groups.filter(({ id }) => isCopy(id)).length, plan.groups.length);
        const own = all.tasks.filter(({ id }) => isCopy(id)).map(({ dependencies, assignTo, group }) => {
          return JSON.stringify([dependencies, assignTo?.notBy, group]).replaceAll('"p/', '"');
        });
        assertEquals(
          own,
          plan.tasks.map(({ dependencies, assignTo, group }) => {
            return JSON.stringify([dependencies, assignTo?.notBy, group]);
          }),
        );
        assertEquals(all.paused, plan.paused);
      }),
      { numRuns: 30 },
    );
  });
}

const NOTHING: PortablePlan = { tasks: [], groups: [], templates: [] };

test("a held task is exported as if it was handed back, and the next claim is told of the attempt", () => {
  const from = stateAfter(create(newTask("a")), claim("x", "a"), {
    type: "report_progress",
    id: "a",
    instance: "x",
    message: "half",
  });
  const [task] = exportOf(from).tasks;
  assertEquals([task?.status, task?.assignedTo, task?.attempt], ["pending", undefined, 1]);
  assertEquals(task?.pastAttempts?.map(({ outcome, message }) => [outcome, message]), [["released", "half"]]);
  const { answer } = run(imported(exportOf(from), { at: 10 }), claim("y"), 10);
  assertEquals(answer.task?.attempt, 2);
});

test("groups keep what they count of archived tasks, so dependencies on them stay as they are", () => {
  const from = stateAfter(
    { type: "create_group", id: "g", settings: {} },
    create(taskWith({ group: "g" }, "a"), newTask("b", { at_least: 1, of: { group: "g" } })),
    claim("x", "a"),
    { type: "complete_task", id: "a", instance: "x", result: "" },
    { type: "bulk_update", filter: { ids: ["a"] }, action: { type: "archive" }, isAtomic: true },
  );
  const to = imported(exportOf(from), { at: 10 });
  assertEquals(ask(to, { type: "get_group", id: "g" }).archived, { completed: 1 });
  assertEquals(ask(to, { type: "get_task", id: "b" }).readiness, "ready");
});

test("all clashes are named at once, up to 20, and the others are counted", () => {
  const state = stateAfter(
    { type: "create_group", id: "g", settings: { title: "here" } },
    { type: "save_template", template: { name: "t", parameters: [], tasks: [newTask("x")] } },
    create(...times(30, (index) => newTask(`t${index}`))),
  );
  const refusal = refusalOf(() =>
    run(state, {
      type: "import_tasks",
      tasks: times(30, (index) => oldTask(`t${index}`)),
      groups: [{ id: "g" }],
      templates: [{ name: "t", firstVersion: 1, versions: [{ parameters: [], tasks: [newTask("y")] }] }],
      isCheck: true,
    }, 5)
  );
  assertEquals(refusal.code, "already_exists");
  assert(refusal.message.startsWith("Group g already exists: choose another id"), refusal.message);
  assert(
    refusal.message.includes("31 more faults, of which the first 19 are: (2) Template t is here"),
    refusal.message,
  );
  assertEquals(refusal.data["fault_count"], 32);
  assertEquals((refusal.data["faults"] as unknown[]).length, 20);
});

test("templates go on where they are: what is there of them is not imported again", () => {
  const version = (id: string) => ({ parameters: [], tasks: [newTask(id)] });
  const state = stateAfter({ type: "save_template", template: { name: "t", ...version("a") } });
  const plan = { ...NOTHING, templates: [{ name: "t", firstVersion: 1, versions: [version("a"), version("b")] }] };
  const missing = ask(state, { type: "missing_of_plan", plan });
  assertEquals(missing.templates, [{ name: "t", firstVersion: 2, versions: [version("b")] }]);
  run(state, { type: "import_tasks", ...missing }, 5);
  assertEquals(ask(state, { type: "get_template", name: "t" }).template.version, 2);
});

test("a prefix leaves alone what only the other plan has, and settings of the whole project", () => {
  const plan: PortablePlan = {
    tasks: [oldTask("a", { group: "g", locks: ["db"], dependencies: ["other", { any: ["a2", { group: "g2" }] }] })],
    groups: [{ id: "g", template: { name: "t", version: 1 } }, {
      id: "h",
      template: { name: "feature", version: 0, builtinVersion: 1 },
    }],
    templates: [
      { name: "t", firstVersion: 1, versions: [{ parameters: [], tasks: [newTask("x"), newTask("y", "x", "a")] }] },
      { name: "feature", firstVersion: 1, versions: [], isArchived: true },
    ],
    paused: { reason: "so", at: 1, by: { caller: "x" } },
  };
  const { tasks: [task], groups, templates, paused } = withPrefix(plan, "p");
  assertEquals([task?.id, task?.group, task?.locks], ["p/a", "p/g", ["db"]]);
  assertEquals(task?.dependencies, ["other", { any: ["a2", { group: "g2" }] }]);
  assertEquals(groups.map(({ id, template }) => [id, template?.name]), [["p/g", "p/t"], ["p/h", "feature"]]);
  assertEquals(templates.map(({ name }) => name), ["p/t"]);
  assertEquals(templates[0]?.versions[0]?.tasks.map(({ id, dependencies }) => [id, dependencies]), [["x", []], ["y", [
    "x",
    "p/a",
  ]]]);
  assertEquals(paused, undefined);
});

/** A new project with the plan. */
function imported(plan: PortablePlan, { at, maxBytes }: { readonly at: number; readonly maxBytes?: number }): State {
  const state = emptyState();
  run(state, { type: "import_tasks", ...plan, isCheck: true }, at);
  for (const part of planParts(plan, maxBytes)) run(state, { type: "import_tasks", ...part }, at);
  return state;
}

function exportOf(state: State): PortablePlan {
  return ask(state, { type: "export_plan" });
}

function ask<K extends QueryType>(state: State, query: QueryOf<K>): ResultOf<K> {
  return answer(state, query, contextAt(state.now));
}

/** Has the holders hand back their tasks: a plan has no running attempts. */
function handAllBack(state: State): void {
  for (const { task: { id, status, assignedTo, attempt } } of [...state.tasks.values()]) {
    if (status !== "in_progress" || assignedTo === undefined) continue;
    run(state, { type: "release_task", id, instance: assignedTo, attempt }, state.now);
  }
}

/** What callers see of a plan, apart from instances and from what they have done. */
function looks(state: State) {
  return {
    tasks: Array.from(state.tasks.keys(), (id) => {
      const { order: _, ...task } = ask(state, { type: "get_task", id });
      return task;
    }),
    explained: Array.from(state.tasks.keys(), (id) => {
      const { why, whatWouldChange: _, ...explanation } = ask(state, { type: "explain_task", id });
      // A ready task waits for instances, and what would change things is what they can do.
      return explanation.readiness === "ready" ? explanation : { ...explanation, why };
    }),
    groups: ask(state, { type: "list_groups", skip: 0, limit: 100 }),
    templates: ask(state, { type: "list_templates" }),
    project: ask(state, { type: "get_project" }),
    graph: ask(state, { type: "draw_graph" }),
    counts: ask(state, { type: "count_tasks", filter: {} }),
  };
}

/** The plan without the order of tasks: parts bring dependencies first. */
function byId({ tasks, ...plan }: PortablePlan) {
  return { ...plan, tasks: new Map(tasks.map(({ order: _, ...task }) => [task.id, task])) };
}

function pauseOf({ paused }: PortablePlan): Pick<PortablePlan, "paused"> {
  return paused === undefined ? {} : { paused };
}
