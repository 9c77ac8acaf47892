/** Shows what the plans of other programs become here, and that nothing of them is dropped unnoticed. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromBeads } from "../../src/convert/beads.ts";
import type { Converted, ConvertedTask } from "../../src/convert/converted.ts";
import { fromMarkdown } from "../../src/convert/markdown.ts";
import { fromTaskMaster } from "../../src/convert/task_master.ts";
import { readPlan } from "../../src/store/file/plan_file.ts";
import { readinessOf } from "../../src/core/state/readiness.ts";
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
  assertEquals(TASK_MASTER.plan.groups, [
    { id: "master", title: "Tasks for master context" },
    { id: "reports", title: "Reports" },
  ]);
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
    "Dependencies on tasks that the file does not have: 2.3",
    "The field previousStatus: 1",
    "The status review, pending here: 2.2",
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
  assertEquals(converted.losses, ["Dependencies of subtasks on their own task: 1.2"]);
});

Deno.test("Task Master: subtasks are kept at any depth, and their ids may begin with that of their task", () => {
  const converted = fromTaskMaster(JSON.stringify({
    tasks: [
      { id: 5, title: "a" },
      {
        id: 6,
        title: "b",
        dependencies: [5],
        subtasks: [
          { id: "6.1", title: "c" },
          {
            id: 2,
            title: "d",
            dependencies: ["6.1"],
            subtasks: [{ id: 1, title: "e" }, { id: "6.2.2", title: "f", dependencies: [1, 6] }],
          },
        ],
      },
    ],
  }));
  assertEquals(shapes(converted), [
    ["5", "pending", [], undefined],
    ["6.1", "pending", ["5"], undefined],
    ["6.2.1", "pending", ["5", "6.1"], undefined],
    ["6.2.2", "pending", ["5", "6.1", "6.2.1"], undefined],
    ["6.2", "pending", ["5", "6.1", "6.2.1", "6.2.2"], undefined],
    ["6", "pending", ["5", "6.1", "6.2"], undefined],
  ]);
  assertEquals(converted.losses, ["Dependencies of subtasks on their own task: 6.2.2"]);
  const deep = Array.from({ length: 50 }).reduce<object>((task) => ({ id: 1, subtasks: [task] }), { id: 1 });
  assertThrows(() => fromTaskMaster(JSON.stringify({ tasks: [deep] })), SyntaxError, "more than 50 deep");
});

Deno.test("Task Master: fields about the work become sections, as text or list; capital letters make no difference", () => {
  const task = {
    id: 1,
    title: "Sign in",
    status: "Done",
    priority: "Urgent",
    implementationApproach: "With a form.",
    technicalConstraints: ["No cookies", "Under 100 ms"],
    acceptanceCriteria: ["It works"],
    relevantFiles: [{ path: "src/form.ts", description: "the form", action: "modify" }],
    scopeBoundaries: { included: "passwords", excluded: "passkeys" },
    codebasePatterns: [],
    existingInfrastructure: [{ deep: {} }],
    updatedAt: "2026-06-01T08:00:00.000Z",
    testStrategy: null,
  };
  const converted = fromTaskMaster(JSON.stringify({ tasks: [task] }));
  assertEquals(
    taskIn(converted, "1").description,
    [
      "Sign in",
      "Implementation approach:\nWith a form.",
      "Technical constraints:\n- No cookies\n- Under 100 ms",
      "Scope:\n- included: passwords\n- excluded: passkeys",
      "Relevant files:\n- src/form.ts, the form, modify",
      "Acceptance criteria:\n- It works",
    ].join("\n\n"),
  );
  assertEquals([taskIn(converted, "1").status, taskIn(converted, "1").priority], ["completed", "urgent"]);
  assertEquals(converted.losses, ["The field existingInfrastructure: 1"]);
});

Deno.test("Task Master: nobody waits for what is cancelled there, but for what was deferred", () => {
  const converted = fromTaskMaster(JSON.stringify({
    tasks: [
      { id: 1, title: "a", status: "cancelled" },
      { id: 2, title: "b", status: "deferred" },
      {
        id: 3,
        title: "c",
        dependencies: [1],
        subtasks: [{ id: 1, title: "d", status: "cancelled" }, {
          id: 2,
          title: "e",
          status: "done",
          dependencies: [1],
        }],
      },
      { id: 4, title: "f", dependencies: [2, "3.1"] },
    ],
  }));
  assertEquals(shapes(converted), [
    ["1", "cancelled", [], undefined],
    ["2", "cancelled", [], undefined],
    ["3.1", "cancelled", [{ task: "1", on: "finished" }], undefined],
    ["3.2", "completed", [{ task: "1", on: "finished" }, { task: "3.1", on: "finished" }], undefined],
    ["3", "pending", [{ task: "1", on: "finished" }, { task: "3.1", on: "finished" }, "3.2"], undefined],
    ["4", "pending", ["2", { task: "3.1", on: "finished" }], undefined],
  ]);
  assertEquals(converted.losses, ["The status deferred, cancelled here until retry_task brings the task back: 2"]);
  assertEquals(readinessIn(converted), { "3": "ready", "4": "blocked" });
});

Deno.test("Task Master: open subtasks of tasks that have ended or were put off are offered to nobody, as there", () => {
  const open = [{ id: 1, title: "open" }, { id: 2, title: "at work", status: "in-progress" }];
  const converted = fromTaskMaster(JSON.stringify({
    other: {
      tasks: [
        { id: 1, title: "a", status: "done", subtasks: open },
        { id: 2, title: "b", status: "cancelled", subtasks: [{ id: 1, title: "c", subtasks: open }] },
        { id: 3, title: "d", status: "deferred", subtasks: [...open, { id: 3, title: "e", status: "done" }] },
        { id: 4, title: "f", dependencies: ["2.1"] },
        { id: 5, title: "g", subtasks: open },
      ],
    },
  }));
  assertEquals(converted.plan.tasks.map(({ id, status, reason }) => [id, status, reason]), [
    ["other/1.1", "completed", undefined],
    ["other/1.2", "completed", undefined],
    ["other/1", "completed", undefined],
    ["other/2.1.1", "cancelled", "Its task other/2 was cancelled in Task Master"],
    ["other/2.1.2", "cancelled", "Its task other/2 was cancelled in Task Master"],
    ["other/2.1", "cancelled", "Its task other/2 was cancelled in Task Master"],
    ["other/2", "cancelled", undefined],
    ["other/3.1", "cancelled", "Its task other/3 was deferred in Task Master"],
    ["other/3.2", "cancelled", "Its task other/3 was deferred in Task Master"],
    ["other/3.3", "completed", undefined],
    ["other/3", "cancelled", "It was deferred in Task Master"],
    ["other/4", "pending", undefined],
    ["other/5.1", "pending", undefined],
    ["other/5.2", "pending", undefined],
    ["other/5", "pending", undefined],
  ]);
  assertEquals(converted.losses, [
    "Open subtasks of tasks that are done, completed here: other/1.1, other/1.2",
    "Open subtasks of cancelled tasks, cancelled here until retry_task brings them back: other/2.1.1, other/2.1.2, other/2.1",
    "Open subtasks of deferred tasks, cancelled here until retry_task brings them back: other/3.1, other/3.2",
    "The status deferred, cancelled here until retry_task brings the task back: other/3",
    "The status in-progress, pending here, as no instance holds the task: other/5.2",
  ]);
  assertEquals(readinessIn(converted), {
    "other/4": "blocked",
    "other/5.1": "ready",
    "other/5.2": "ready",
    "other/5": "waiting",
  });
});

Deno.test("Task Master: where waiting for subtasks or with a task would be a cycle, it is left out, and told", () => {
  const converted = fromTaskMaster(JSON.stringify({
    tasks: [
      { id: 1, title: "a", subtasks: [{ id: 1, title: "b", dependencies: ["2"] }] },
      { id: 2, title: "c", dependencies: [1] },
      { id: 3, title: "d", dependencies: [4], subtasks: [{ id: 1, title: "e" }] },
      { id: 4, title: "f", dependencies: ["3.1"] },
    ],
  }));
  assertEquals(shapes(converted), [
    ["1.1", "pending", ["2"], undefined],
    ["1", "pending", [], undefined],
    ["2", "pending", ["1"], undefined],
    ["3.1", "pending", [], undefined],
    ["3", "pending", ["4", "3.1"], undefined],
    ["4", "pending", ["3.1"], undefined],
  ]);
  assertEquals(converted.losses, [
    "Tasks that do not wait for all their subtasks, as that would be a cycle: 1",
    "Subtasks that do not wait for all that their task waits for, as that would be a cycle: 3.1",
  ]);
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
    "Dependencies on issues that the file does not have: bd-1.2",
    "The status in_progress, pending here, as no instance holds the task: bd-1.1",
    "The status blocked, pending here: dependencies decide: bd-3",
    "The field wisp: bd-4",
    "The status deferred, cancelled here until retry_task brings the task back: bd-4",
  ]);
});

Deno.test("Beads: an epic that its children block waits for them, and they do not wait for themselves or for it", () => {
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

Deno.test("Beads: where waiting for children or with a parent would be a cycle, it is left out, and told", () => {
  const converted = fromBeads([
    issue("e"),
    issue("a", ["e", "parent-child"], ["x", "blocks"]),
    issue("x", ["e", "blocks"]),
    issue("f", ["y", "blocks"]),
    issue("b", ["f", "parent-child"]),
    issue("y", ["b", "blocks"], ["y2", "blocks"]),
    issue("y2"),
  ].join("\n"));
  assertEquals(shapes(converted), [
    ["e", "pending", [], undefined],
    ["a", "pending", ["x"], "e"],
    ["x", "pending", ["e"], undefined],
    ["f", "pending", ["y", { group: "f" }], undefined],
    ["b", "pending", [], "f"],
    ["y", "pending", ["b", "y2"], undefined],
    ["y2", "pending", [], undefined],
  ]);
  assertEquals(converted.losses, [
    "Parents that do not wait for their children, as that would be a cycle: e",
    "Children that do not wait for all that their parents wait for, as that would be a cycle: b",
  ]);
});

Deno.test("Beads: nobody waits for what is pinned there, neither as a blocker nor as a child, but for what was deferred", () => {
  const converted = fromBeads([
    JSON.stringify({ id: "rules", title: "Rules", status: "pinned", dependencies: [parent("epic")] }),
    JSON.stringify({ id: "later", title: "Later", status: "deferred" }),
    issue("epic"),
    issue("a", ["epic", "parent-child"], ["rules", "blocks"]),
    issue("b", ["later", "blocks"]),
    issue("c", ["rules", "conditional-blocks"]),
  ].join("\n"));
  assertEquals(shapes(converted), [
    ["rules", "cancelled", [], undefined],
    ["later", "cancelled", [], undefined],
    ["epic", "pending", [{ group: "epic" }], undefined],
    ["a", "pending", [{ task: "rules", on: "finished" }], "epic"],
    ["b", "pending", ["later"], undefined],
    ["c", "pending", [{ task: "rules", on: "failed" }], undefined],
  ]);
  assertEquals(converted.losses, [
    "Parents of pinned issues, as these never end: rules",
    "The status pinned, cancelled here, as it is no work: rules",
    "The status deferred, cancelled here until retry_task brings the task back: later",
  ]);
  assertEquals(readinessIn(converted), { epic: "waiting", a: "ready", b: "blocked", c: "blocked" });
});

Deno.test("Beads: lines that are no issues and templates are left out; the owner is a reference", () => {
  const converted = fromBeads([
    `{"_schema":"beads-jsonl/1","bd_version":"1.2.2"}`,
    `{"_type":"issue","id":"a","title":"A","owner":"ann","started_at":"2026-06-01T08:00:00Z","comment_count":0}`,
    `{"_type":"memory","key":"build","value":"Use make"}`,
    `{"_type":"gate"}`,
    `{"id":"b","title":"B","is_template":true}`,
  ].join("\n"));
  assertEquals(converted.plan.tasks.map(({ id, refs }) => [id, refs]), [["a", { owner: "ann" }]]);
  assertEquals(converted.losses, [
    "Lines of the type memory: build",
    "Lines of the type gate: line 4",
    "Templates of issues: b",
  ]);
  assertThrows(() => fromBeads(`{"_type":"issue","title":"A"}`), SyntaxError, "line 1: at id");
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

Deno.test("Markdown: boxes and struck texts say what is cancelled, and what is below a task is waited for unless cancelled", () => {
  const converted = fromMarkdown(`
- [ ] Ship
  - [-] Ask the board
  - [~] Translate
  - [/] Write
  - [>] Print
  - [ ] ~~Pack by hand~~
  - [x] ~~Weigh~~.
  - [ ] ~~Wrap in paper
    and tie~~.
  - [x] ~~Stick~~
    ~~labels~~
  - [ ] ~~Fold ~ twice~~
  - [X] Count
  - [ ] ~~Send by mail~~ Send by bike
- [-] Celebrate
  - [ ] Buy a cake
- [1] A reference
- [a] Another

* [ ] ~Sing~

  Loudly.

* [-] Dance

* [/] Clap
`);
  assertEquals(shapes(converted), [
    ["ask-the-board", "cancelled", [], undefined],
    ["translate", "cancelled", [], undefined],
    ["write", "pending", [], undefined],
    ["print", "pending", [], undefined],
    ["pack-by-hand", "cancelled", [], undefined],
    ["weigh", "completed", [], undefined],
    ["wrap-in-paper", "cancelled", [], undefined],
    ["stick", "completed", [], undefined],
    ["fold-twice", "cancelled", [], undefined],
    ["count", "completed", [], undefined],
    ["send-by-mail-send-by-bike", "pending", [], undefined],
    ["ship", "pending", ["write", "print", "weigh", "stick", "count", "send-by-mail-send-by-bike"], undefined],
    ["buy-a-cake", "pending", [], undefined],
    ["celebrate", "cancelled", ["buy-a-cake"], undefined],
    ["sing", "cancelled", [], undefined],
    ["dance", "cancelled", [], undefined],
    ["clap", "pending", [], undefined],
  ]);
  assertEquals(taskIn(converted, "pack-by-hand").description, "Pack by hand");
  assertEquals(taskIn(converted, "weigh").description, "Weigh.");
  assertEquals(taskIn(converted, "wrap-in-paper").description, "Wrap in paper\nand tie.");
  assertEquals(taskIn(converted, "sing").description, "Sing\n\nLoudly.");
  assertEquals(taskIn(converted, "dance").description, "Dance");
  assertEquals(converted.losses, [
    "The box [-], cancelled here: ask-the-board, celebrate, dance",
    "The box [~], cancelled here: translate",
    "The box [/], pending here: write, clap",
    "The box [>], pending here: print",
    "Struck out, cancelled here: pack-by-hand, wrap-in-paper, fold-twice, sing",
    "Checked and struck out, completed here: weigh, stick",
    "Text outside of checklists: “[1] A reference”, “[a] Another”",
  ]);
  const { plan } = readPlan(converted.plan, 5_000_000_000_000);
  run(emptyState(), { type: "import_tasks", ...plan }, 5_000_000_000_000);
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

/** The readiness of each pending task after the import. */
function readinessIn({ plan }: Converted): Readonly<Record<string, string>> {
  const state = emptyState();
  const { plan: read } = readPlan(plan, 5_000_000_000_000);
  run(state, { type: "import_tasks", ...read }, 5_000_000_000_000);
  return Object.fromEntries(
    Array.from(state.tasks.values()).flatMap((node) => {
      const readiness = readinessOf(node);
      return readiness === undefined ? [] : [[node.task.id, readiness]];
    }),
  );
}

function taskIn({ plan: { tasks } }: Converted, id: string): ConvertedTask {
  const task = tasks.find((each) => each.id === id);
  assert(task !== undefined, `no task ${id}`);
  return task;
}

/** A line of Beads, with what the issue depends on. */
function issue(id: string, ...dependencies: readonly (readonly [string, string])[]): string {
  return JSON.stringify({
    id,
    title: id,
    dependencies: dependencies.map(([depends_on_id, type]) => ({ depends_on_id, type })),
  });
}

function parent(id: string) {
  return { depends_on_id: id, type: "parent-child" };
}
