/** Shows what the plans of other programs become here, and that nothing of them is dropped unnoticed. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromBeads } from "../../src/convert/beads.ts";
import type { Converted, ConvertedTask } from "../../src/convert/converted.ts";
import { fromMarkdown } from "../../src/convert/markdown.ts";
import { fromTaskMaster } from "../../src/convert/task_master.ts";
import { readPlan } from "../../src/store/file/plan_file.ts";
import { emptyState } from "../../src/core/state/state.ts";
import { run } from "../core/given.ts";

const read = (file: string) => Deno.readTextFileSync(new URL(`../data/foreign/${file}`, import.meta.url));

const TASK_MASTER = fromTaskMaster(read("task-master.json"));
const BEADS = fromBeads(read("beads.jsonl"));
const MARKDOWN = fromMarkdown(read("checklist.md"));

for (const [program, converted] of Object.entries({ TASK_MASTER, BEADS, MARKDOWN })) {
  Deno.test(`what comes of the example of ${program} can be imported`, () => {
    const { plan, warning } = readPlan(converted.plan, 5_000_000_000_000);
    assertEquals(warning, undefined);
    run(emptyState(), { type: "import_tasks", ...plan }, 5_000_000_000_000);
  });
}

Deno.test("Task Master: tags are groups, subtasks are tasks that the task waits for, and share its dependencies", () => {
  assertEquals(TASK_MASTER.plan.groups, [{ id: "master" }, { id: "reports" }]);
  assertEquals(shapes(TASK_MASTER), [
    ["1", "completed", [], "master"],
    ["2.1", "completed", ["1"], "master"],
    ["2.2", "pending", ["1", "2.1"], "master"],
    ["2.3", "pending", ["1", "2.2", "2.1"], "master"],
    ["2", "pending", ["1", "2.1", "2.2", "2.3"], "master"],
    ["3", "cancelled", ["2"], "master"],
    ["4", "pending", ["2", "2.3"], "master"],
    ["reports/1", "pending", [], "reports"],
    ["reports/2", "cancelled", ["reports/1"], "reports"],
  ]);
  assertEquals(TASK_MASTER.plan.tasks.flatMap(({ id, priority }) => priority === undefined ? [] : [[id, priority]]), [
    ["1", "high"],
    ["3", "low"],
    ["4", "urgent"],
  ]);
  assertEquals(
    taskIn(TASK_MASTER, "2.1").description,
    "Store passwords\n\nOnly as hashes.\n\nAcceptance criteria:\n- No plain text is kept",
  );
  assertEquals(TASK_MASTER.losses, [
    "The field metadata of a tag: master, reports",
    "The field previousStatus: 1",
    "The status review, pending here: 2.2",
    "Dependencies on tasks that the file does not have: 2.3",
    "The status in-progress, pending here, as no instance holds the task: 2",
    "The status deferred, cancelled here until retry_task brings the task back: 3",
  ]);
});

Deno.test("Task Master: the older form has one list without a tag; a number that is no subtask is a task", () => {
  const converted = fromTaskMaster(JSON.stringify({
    tasks: [
      { id: 1, title: "a", subtasks: [{ id: 2, title: "b", dependencies: [3, 1] }] },
      { id: 3, title: "c" },
    ],
  }));
  assertEquals(shapes(converted), [
    ["1.2", "pending", ["3"], undefined],
    ["1", "pending", ["1.2"], undefined],
    ["3", "pending", [], undefined],
  ]);
  assertEquals(converted.losses, ["Dependencies of subtasks on their own task: 1"]);
});

Deno.test("Beads: children are a group that the parent waits for, and wait for what blocks the parent", () => {
  assertEquals(BEADS.plan.groups, [{ id: "bd-1", title: "Accounts" }]);
  assertEquals(shapes(BEADS), [
    ["bd-1", "pending", ["bd-2", { group: "bd-1" }], undefined],
    ["bd-1.1", "pending", ["bd-2"], "bd-1"],
    ["bd-1.2", "pending", ["bd-1.1", "bd-2"], "bd-1"],
    ["bd-2", "completed", [], undefined],
    ["bd-3", "pending", [{ task: "bd-1.2", on: "failed" }], undefined],
    ["bd-4", "cancelled", [], undefined],
  ]);
  const { priority, estimateMs, refs, notes, createdAt } = taskIn(BEADS, "bd-1.1");
  assertEquals([priority, estimateMs, createdAt], ["urgent", 5_400_000, Date.parse("2026-06-01T07:00:00.123Z")]);
  assertEquals(refs, { assignee: "ann", labels: "backend, security", "discovered-from": "bd-4", related: "bd-3" });
  assertEquals(notes, [{ author: "bob", at: Date.parse("2026-06-02T08:00:00Z"), text: "Mind the old hashes." }]);
  assertEquals(taskIn(BEADS, "bd-2").result, "Merged in #1");
  assertEquals(taskIn(BEADS, "bd-1.2").deadline, Date.parse("2026-12-01T00:00:00Z"));
  assertEquals(BEADS.losses, [
    "Deleted issues: bd-5",
    "The status in_progress, pending here, as no instance holds the task: bd-1.1",
    "Dependencies on issues that the file does not have: bd-1.2",
    "The status blocked, pending here: dependencies decide: bd-3",
    "The field wisp: bd-4",
    "The status deferred, cancelled here until retry_task brings the task back: bd-4",
  ]);
});

Deno.test("Beads: an epic that its children block waits for them, and they do not wait for themselves or for it", () => {
  const issue = (id: string, ...dependencies: readonly (readonly [string, string])[]) =>
    JSON.stringify({
      id,
      title: id,
      dependencies: dependencies.map(([depends_on_id, type]) => ({ depends_on_id, type })),
    });
  const converted = fromBeads([
    issue("e", ["a", "blocks"]),
    issue("a", ["e", "parent-child"], ["b", "blocks"]),
    issue("b", ["e", "parent-child"], ["e", "blocks"]),
  ].join("\n"));
  assertEquals(shapes(converted), [
    ["e", "pending", ["a", { group: "e" }], undefined],
    ["a", "pending", ["b"], "e"],
    ["b", "pending", [], "e"],
  ]);
  assertEquals(converted.losses, ["Dependencies of children on their own parents: b"]);
});

Deno.test("Markdown: items with boxes are tasks, headings groups, and an item waits for those below it", () => {
  assertEquals(MARKDOWN.plan.groups, [{ id: "sign-in", title: "Sign in" }, { id: "release", title: "Release" }]);
  assertEquals(shapes(MARKDOWN), [
    ["store-passwords-as-hashes", "completed", [], "sign-in"],
    ["fields", "pending", [], "sign-in"],
    ["post-session", "completed", [], "sign-in"],
    ["for-a-wrong-password", "pending", [], "sign-in"],
    ["for-a-locked-account", "pending", [], "sign-in"],
    ["messages", "pending", ["for-a-wrong-password", "for-a-locked-account"], "sign-in"],
    ["form-for-signing-in", "pending", ["fields", "post-session", "messages"], "sign-in"],
    ["ask-the-designers", "pending", [], "sign-in"],
    ["announce-it", "pending", [], "release"],
    ["announce-it-2", "pending", [], "release"],
  ]);
  assertEquals(
    taskIn(MARKDOWN, "form-for-signing-in").description,
    "Form for signing in\n\nWith a link for lost passwords.",
  );
  assertEquals(taskIn(MARKDOWN, "post-session").description, "`POST /session`\n\n- a hint without a box");
  assertEquals(MARKDOWN.losses, [
    "Text outside of checklists: “Some words about the plan.”, “Not a task:”, “Later: [the wiki](https://example.org/wi”",
  ]);
});

Deno.test("losses are bounded: the first kinds, the first tasks of each, and how many more there are", () => {
  const tasks = Array.from({ length: 30 }, (_, id) => ({ id, title: "a", [`field${id}`]: 1, complexity: 1 }));
  const { losses } = fromTaskMaster(JSON.stringify({ tasks }));
  assertEquals(losses.length, 21);
  assertEquals(losses[1], "The field complexity: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 20 more");
  assertEquals(losses.at(-1), "and 11 more kinds");
});

Deno.test("a file of another form is refused with the place", () => {
  for (
    const [convert, text, message] of [
      [fromTaskMaster, "[", "It is not a plan of Task Master: it is not JSON"],
      [fromTaskMaster, "[]", "It is not a plan of Task Master: it is no object of tags"],
      [fromTaskMaster, '{"master": {"tasks": [{"title": "a"}]}}', "at master.tasks.0.id: "],
      [fromBeads, '{"id": "a"}\n{"id"', "It is not a plan of Beads: line 2 is not JSON"],
      [fromBeads, '{"id": "a"}\n\n{"title": "b"}', "It is not a plan of Beads: line 3: at id: "],
      [fromBeads, '{"id": "a"}\n{"id": "a"}', "line 2 has the id a again"],
      [fromMarkdown, "# Plan\n- do it", "It has no checklist"],
    ] as const
  ) assertThrows(() => convert(text), SyntaxError, message);
});

Deno.test("lists that are nested too deeply are refused", () => {
  const text = Array.from({ length: 60 }, (_, depth) => `${"  ".repeat(depth)}- [ ] a`).join("\n");
  assertThrows(() => fromMarkdown(text), SyntaxError, "nested more than 50 deep");
});

function shapes({ plan: { tasks } }: Converted) {
  return tasks.map(({ id, status, dependencies, group }) => [id, status, dependencies, group]);
}

function taskIn({ plan: { tasks } }: Converted, id: string): ConvertedTask {
  const task = tasks.find((each) => each.id === id);
  assert(task !== undefined, `no task ${id}`);
  return task;
}
