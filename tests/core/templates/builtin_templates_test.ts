/** Shows that the built-in templates can be applied as they are, and which way their tasks go. */

import {
  combine,
  type Dependency,
  meets,
  neededOf,
  partsOf,
  referencesOf,
  TRUTH_TABLE,
  type Verdict,
} from "../../../src/core/model/dependency.ts";
import { valueOf } from "../../../src/core/model/result.ts";
import type { TaskStatus } from "../../../src/core/model/status.ts";
import type { NewTask } from "../../../src/core/model/task.ts";
import type { Template } from "../../../src/core/model/template.ts";
import { BUILTIN_TEMPLATES } from "../../../src/core/templates/builtin_templates.ts";
import { checkTemplate, expand } from "../../../src/core/templates/expand.ts";
import { assert, assertEquals } from "@std/assert";

/** How a task of a template has ended: its result, or another end. */
type End = { readonly result: string } | Exclude<TaskStatus, "completed">;

const DONE: End = { result: "done" };

Deno.test({
  name: "there are five built-in templates, each in its first version",
  permissions: "none",
  fn() {
    assertEquals(BUILTIN_TEMPLATES.map(({ name, version }) => [name, version]), [
      ["feature", 1],
      ["bugfix", 1],
      ["review_panel", 1],
      ["migration", 1],
      ["release", 1],
    ]);
    for (const each of BUILTIN_TEMPLATES) {
      assertEquals(each.createdAt, undefined);
      assert((each.description ?? "").length > 20);
    }
  },
});

Deno.test({
  name: "every built-in template could be saved",
  permissions: "none",
  fn() {
    for (const each of BUILTIN_TEMPLATES) checkTemplate(each);
  },
});

Deno.test({
  name: "every parameter of a built-in template is described and used, and is required or has a default",
  permissions: "none",
  fn() {
    for (const { name, parameters, tasks } of BUILTIN_TEMPLATES) {
      const text = JSON.stringify(tasks);
      for (const each of parameters) {
        assert((each.description ?? "").length > 10, `${name}.${each.name}`);
        assert(text.includes(`{{${each.name}}}`), `${name}.${each.name}`);
        assert((each.required === true) !== (each.default !== undefined), `${name}.${each.name}`);
      }
    }
  },
});

Deno.test({
  name: "a built-in template leaves no blanks, refers to nothing outside and has no cycle",
  permissions: "none",
  fn() {
    for (const template of BUILTIN_TEMPLATES) {
      const tasks = applied(template);
      assert(!JSON.stringify(tasks).includes("{{"), template.name);
      const open = new Map(tasks.map((task) => [task.id, referencesTo(task)]));
      for (const references of open.values()) {
        for (const { type, id } of references) assert(type === "task" && open.has(id), `${template.name}: ${id}`);
      }
      // Kahn: what depends on nothing open goes, until nothing is left.
      while (open.size > 0) {
        const free = [...open].filter(([, references]) => references.every(({ id }) => !open.has(id)));
        assert(free.length > 0, `${template.name} has a cycle among ${[...open.keys()].join(", ")}`);
        for (const [id] of free) open.delete(id);
      }
    }
  },
});

Deno.test({
  name: "every built-in task says what its result must contain, and has a short id",
  permissions: "none",
  fn() {
    for (const { tasks } of BUILTIN_TEMPLATES) {
      for (const { id, description } of tasks) {
        assert(/^[a-z0-9]{2,12}$/.test(id), id);
        assert(/result must/.test(description), `${id}: ${description}`);
        assert(description.length > 300, id);
      }
    }
  },
});

Deno.test({
  name: "inputs that a built-in description names are there when its task starts",
  permissions: "none",
  fn() {
    for (const { name, tasks } of BUILTIN_TEMPLATES) {
      for (const task of tasks) {
        const references = referencesTo(task).map(({ id }) => id);
        for (const [, input = ""] of task.description.matchAll(/input from the task (\w+)/g)) {
          assert(references.includes(input), `${name}: ${task.id} has no input from ${input}`);
        }
      }
    }
  },
});

Deno.test({
  name: "a feature is reworked only when its review asks for changes, and finished either way",
  permissions: "none",
  fn() {
    const feature = templateOf("feature");
    const built = { design: DONE, implement: DONE, tests: DONE };
    assertEquals(verdictsAfter(feature, { design: DONE }), { implement: "true", tests: "true" });
    assertEquals(verdictsAfter(feature, { design: DONE, implement: DONE }), { tests: "true" });
    assertEquals(verdictsAfter(feature, built), { review: "true" });
    const approved = { ...built, review: { result: '{"verdict": "approved", "findings": []}' } };
    assertEquals(verdictsAfter(feature, approved), { rework: "not_taken", finish: "true" });
    const changes = { ...built, review: { result: '{"verdict": "changes", "findings": []}' } };
    assertEquals(verdictsAfter(feature, changes), { rework: "true" });
    assertEquals(verdictsAfter(feature, { ...changes, rework: DONE }), { finish: "true" });
    assertEquals(verdictsAfter(feature, { ...changes, rework: "failed" }), { finish: "blocked" });
  },
});

Deno.test({
  name: "a bug that cannot be reproduced is reported, any other is fixed",
  permissions: "none",
  fn() {
    const bugfix = templateOf("bugfix");
    assertEquals(verdictsAfter(bugfix, {}), { reproduce: "true" });
    assertEquals(verdictsAfter(bugfix, { reproduce: DONE }), { cause: "true", report: "not_taken" });
    assertEquals(verdictsAfter(bugfix, { reproduce: "failed" }), {
      cause: "blocked",
      fix: "blocked",
      verify: "blocked",
      report: "true",
    });
    const reported: Ends = { reproduce: DONE, report: "skipped", cause: DONE, fix: DONE };
    assertEquals(verdictsAfter(bugfix, reported), { verify: "true" });
  },
});

Deno.test({
  name: "a review panel sums up when two of its three reviewers are done",
  permissions: "none",
  fn() {
    const panel = templateOf("review_panel");
    assertEquals(verdictsAfter(panel, {}), { correct: "true", secure: "true", clear: "true" });
    assertEquals(verdictsAfter(panel, { correct: DONE }), { secure: "true", clear: "true" });
    assertEquals(verdictsAfter(panel, { correct: DONE, clear: DONE }), { secure: "true", summary: "true" });
    assertEquals(verdictsAfter(panel, { correct: DONE, secure: "failed" }), { clear: "true" });
    assertEquals(verdictsAfter(panel, { correct: "failed", secure: "failed" }), { clear: "true", summary: "blocked" });
    assert(panel.tasks.every(({ locks }) => locks === undefined));
  },
});

Deno.test({
  name: "a migration is checked when three of its five batches are done, and repaired only if the check says so",
  permissions: "none",
  fn() {
    const migration = templateOf("migration");
    const batches = { batch1: DONE, batch2: DONE, batch3: DONE, batch4: DONE, batch5: DONE };
    assertEquals(
      verdictsAfter(migration, { inventory: DONE }),
      { batch1: "true", batch2: "true", batch3: "true", batch4: "true", batch5: "true" },
    );
    const half = { inventory: DONE, batch2: DONE, batch5: DONE };
    assertEquals(verdictsAfter(migration, half), { batch1: "true", batch3: "true", batch4: "true" });
    assertEquals(verdictsAfter(migration, { ...half, batch1: DONE }), {
      batch3: "true",
      batch4: "true",
      check: "true",
    });
    const checked = (ok: boolean) => ({ inventory: DONE, ...batches, check: { result: JSON.stringify({ ok }) } });
    assertEquals(verdictsAfter(migration, checked(true)), { repair: "not_taken", verify: "true" });
    assertEquals(verdictsAfter(migration, checked(false)), { repair: "true" });
    assertEquals(verdictsAfter(migration, { ...checked(false), repair: DONE }), { verify: "true" });
    assertEquals(verdictsAfter(migration, { ...checked(false), batch4: "failed" }), {
      repair: "blocked",
      verify: "blocked",
    });
  },
});

Deno.test({
  name: "each batch of a migration has its own lock, named after the area",
  permissions: "none",
  fn() {
    const tasks = expand(templateOf("migration"), { change: "a to b", area: "api" }, "g");
    assertEquals(tasks.flatMap(({ locks }) => locks ?? []), ["api-1", "api-2", "api-3", "api-4", "api-5"]);
  },
});

Deno.test({
  name: "a release is rolled back at once when publishing or trying it fails, and only then",
  permissions: "none",
  fn() {
    const release = templateOf("release");
    const built = { freeze: DONE, changelog: DONE, tests: DONE, build: DONE };
    assertEquals(verdictsAfter(release, { freeze: DONE }), { changelog: "true", tests: "true" });
    assertEquals(verdictsAfter(release, { ...built, build: "failed" }), { publish: "blocked" });
    assertEquals(verdictsAfter(release, built), { publish: "true" });
    assertEquals(verdictsAfter(release, { ...built, publish: "failed" }), {
      try: "blocked",
      announce: "blocked",
      rollback: "true",
    });
    const published = { ...built, publish: DONE };
    assertEquals(verdictsAfter(release, { ...published, try: "failed" }), { announce: "blocked", rollback: "true" });
    assertEquals(verdictsAfter(release, { ...published, try: DONE }), { announce: "true", rollback: "not_taken" });
    const rollback = release.tasks.find(({ id }) => id === "rollback");
    assertEquals([rollback?.priority, rollback?.locks], ["urgent", ["release"]]);
    assertEquals(release.tasks.find(({ id }) => id === "publish")?.locks, ["release"]);
  },
});

function templateOf(name: string): Template {
  const template = BUILTIN_TEMPLATES.find((each) => each.name === name);
  assert(template !== undefined, `no template ${name}`);
  return template;
}

/** The tasks of a template with its required parameters given. */
function applied(template: Template): readonly NewTask[] {
  const required = template.parameters.filter((each) => each.required === true);
  return expand(template, Object.fromEntries(required.map(({ name }) => [name, `the ${name}`])), "g");
}

function referencesTo(task: NewTask) {
  return task.dependencies.flatMap((dependency) => [...referencesOf(dependency)]);
}

type Ends = Readonly<Record<string, End>>;

/** What is known, from the tasks that have ended, of each that has not; undecided ones are left out. */
function verdictsAfter({ tasks }: Template, ends: Ends): Readonly<Record<string, Verdict>> {
  const known = new Map(Object.entries(ends));
  const verdicts = tasks.filter(({ id }) => !known.has(id)).map(({ id, dependencies }) => {
    const parts = dependencies.map((dependency) => verdictOf(dependency, known));
    return [id, combined(parts, parts.length)] as const;
  });
  return Object.fromEntries(verdicts.filter(([, verdict]) => verdict !== "unknown"));
}

function verdictOf(dependency: Dependency, ends: ReadonlyMap<string, End>): Verdict {
  if (typeof dependency === "string") return verdictOf({ task: dependency }, ends);
  if ("task" in dependency) {
    const end = ends.get(dependency.task);
    if (end === undefined) return "unknown";
    if (typeof end === "string") return TRUTH_TABLE[dependency.on ?? "completed"][end];
    if (dependency.when !== undefined) return meets(valueOf(end), dependency.when) ? "true" : "not_taken";
    return TRUTH_TABLE[dependency.on ?? "completed"].completed;
  }
  assert(!("group" in dependency), "no built-in template waits for groups");
  const parts = partsOf(dependency).map((part) => verdictOf(part, ends));
  if ("any" in dependency) return combined(parts, 1);
  return combined(parts, "all" in dependency ? parts.length : neededOf(dependency.at_least, parts.length));
}

function combined(parts: readonly Verdict[], need: number): Verdict {
  return combine({
    total: parts.length,
    unmet: parts.filter((each) => each !== "true").length,
    blocked: parts.filter((each) => each === "blocked").length,
    notTaken: parts.filter((each) => each === "not_taken").length,
  }, need);
}
