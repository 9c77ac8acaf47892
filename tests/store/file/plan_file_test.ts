/** Shows that a plan is the same after it was written to a file and read, and which files are no plans. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { PortablePlan, PortableTemplate } from "../../../src/core/model/portable_plan.ts";
import { normalize } from "../../../src/core/model/dependency.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { formatPlan, parsePlan } from "../../../src/store/file/plan_file.ts";
import { parseTasks } from "../../../src/store/file/tasks_file.ts";
import { turns } from "../../core/arbitraries.ts";
import { contextAt, newTask, oldTask } from "../../core/given.ts";
import { play } from "../../core/play.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

const PLAN: PortablePlan = {
  tasks: [oldTask("7", { order: 1, group: "g" }), oldTask("__proto__", { order: 2, dependencies: [{ group: "g" }] })],
  groups: [
    { id: "g", title: "G", maxParallel: 2, paused: true, preamble: "p", visibleTo: ["x"], createdAt: 5 },
    { id: "h", template: { name: "t", version: 1 }, archived: { completed: 3 } },
  ],
  templates: [
    {
      name: "t",
      firstVersion: 1,
      isArchived: true,
      versions: [{
        description: "d",
        parameters: [{ name: "p", required: true }],
        tasks: [{ ...newTask("x", { any: ["{{p}}"] }), role: "r", notBeforeMs: 5 }],
        createdAt: 6,
      }],
    },
    { name: "feature", firstVersion: 1, isArchived: true, versions: [] },
  ],
  paused: { reason: "so", at: 7, by: { caller: "x", instance: "i" } },
};

test("a plan is the same after it was written and read, one group, template or task a line", () => {
  assertEquals(parse(textOf(PLAN)), PLAN);
  assertEquals(textOf(PLAN).split("\n").length, 1 + 1 + 1 + 2 + 1 + 1 + 2 + 1 + 2 + 1 + 2);
  assertEquals(parse(textOf({ tasks: [], groups: [], templates: [] })), { tasks: [], groups: [], templates: [] });
});

test("after random histories, a plan is the same after it was written and read", () => {
  fc.assert(
    fc.property(turns(), (turns) => {
      // Imports can bring fields that no other command leaves behind, and that files do not have.
      const own = turns.filter(({ command }) => command.type !== "import_tasks");
      const plan = answer(play(own), { type: "export_plan" }, contextAt(1_000));
      // A value follows from the result.
      const tasks = plan.tasks.map(({ value: _, ...task }) => task);
      assertEquals(parse(textOf(plan)), { ...plan, tasks, templates: plan.templates.map(asCallsSaveIt) });
      assertEquals(textOf(backwards(plan)), textOf(plan));
    }),
    { numRuns: 60 },
  );
});

test("an object of tasks is a plan without groups and templates, also with a task named format", () => {
  assertEquals(parse('{"format": {"description": "a"}}').tasks.map(({ id }) => id), ["format"]);
  const { tasks, ...rest } = parse('[{"id": "a"}]');
  assertEquals([tasks.length, rest], [1, { groups: [], templates: [] }]);
});

test("parts may be left out, and a held task is handed back, as a plan has no holders", () => {
  const held = { status: "in_progress", assignedTo: "x", attempt: 3, startedAt: 4 };
  const { tasks: [task], groups } = parse(JSON.stringify({ ...HEAD, tasks: { a: held } }));
  assertEquals([task?.status, task?.attempt, task?.pastAttempts?.[0]?.instance], ["pending", 3, "x"]);
  assertEquals(groups, []);
  assertEquals(parse(JSON.stringify({ ...HEAD, paused: { reason: "so" } })).paused, {
    reason: "so",
    at: 50,
    by: { caller: "import" },
  });
});

const HEAD = { format: "orchestrator-plan", version: 1 };

test("a plan of a newer version, of another format, or with a malformed part is refused with the place", () => {
  for (
    const [value, message] of [
      [{ ...HEAD, version: 2 }, "It is a plan of version 2, and this program knows version 1: update the program"],
      [{ ...HEAD, version: 2, tasks: [], boards: [] }, "It is a plan of version 2"],
      [{ ...HEAD, format: "other" }, "It is not a plan: at format: "],
      [{ format: HEAD.format }, "It is not a plan: at version: "],
      [{ ...HEAD, boards: [] }, "boards"],
      [{ ...HEAD, groups: [{ id: "g" }, { id: "h", titel: "t" }] }, "It is not a plan: at groups.1: "],
      [{ ...HEAD, templates: [{ name: "t" }] }, "It is not a plan: at templates.0.versions: "],
      [{
        ...HEAD,
        templates: [{ name: "t", versions: [{ tasks: [{ id: "a", description: "", dependencies: [{}] }] }] }],
      }, "a.dependencies"],
      [{ ...HEAD, tasks: { a: { status: "odd" } } }, "at a.status"],
    ] as const
  ) assertThrows(() => parse(JSON.stringify(value)), SyntaxError, message);
});

test("where a tasks.json is due, a whole plan is refused, and the message says what to do with it", () => {
  assertThrows(() => parseTasks(bytesOf(textOf(PLAN)), 50), SyntaxError, "the command import adds to a data directory");
});

test("unknown fields of tasks are left out and named", () => {
  const { warning } = parsePlan(bytesOf(JSON.stringify({ ...HEAD, tasks: { a: { description: "", color: 1 } } })), 50);
  assert(warning?.includes("color (of a)"), warning);
});

function textOf(plan: PortablePlan): string {
  return [...formatPlan(plan)].join("");
}

function parse(text: string): PortablePlan {
  return parsePlan(bytesOf(text), 50).plan;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The template with its dependencies in their shortest form, as tools bring them. */
function asCallsSaveIt(template: PortableTemplate): PortableTemplate {
  const versions = template.versions.map(({ tasks, ...version }) => {
    return { ...version, tasks: tasks.map((task) => ({ ...task, dependencies: normalize(task.dependencies) })) };
  });
  return { ...template, versions };
}

/** The same with the fields of objects in the opposite order, but for those whose keys are data, and dependencies. */
function backwards<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(backwards) as Value;
  const entries = Object.entries(value).reverse();
  const kept = ["dependencies", "refs", "keptVerdicts", "archived", "value"];
  return Object.fromEntries(
    entries.map(([name, part]) => [name, kept.includes(name) ? part : backwards(part)]),
  ) as Value;
}
