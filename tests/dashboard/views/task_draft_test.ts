/** The form for tasks: what it sends, what it keeps when others change the task, where it shows what is wrong. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Task } from "../../../src/dashboard/api/types.ts";
import { durationText, parseDurationText } from "../../../src/dashboard/views/edit/duration_text.ts";
import { fieldOfError } from "../../../src/dashboard/views/edit/field_of_error.ts";
import { rebase } from "../../../src/dashboard/views/edit/rebase.ts";
import {
  changesOf,
  creationOf,
  draftOf,
  EMPTY_DRAFT,
  problemsOf,
  type TaskDraft,
} from "../../../src/dashboard/views/edit/task_draft.ts";

const TASK: Task = {
  id: "a",
  description: "Do it",
  status: "pending",
  dependencies: ["b", { any: ["c", "d"] }],
  priority: "high",
  group: "g",
  locks: ["db"],
  assignTo: { instance: "ann", fallbackMs: 90_000, notBy: ["b"] },
  deadline: "2026-01-02T03:04:05.678Z",
  estimateMs: 5_400_001,
  maxAttempts: 5,
  refs: { issue: "#12" },
  version: 3,
  attempt: 0,
  createdAt: "2026-01-01T00:00:00.000Z",
};

const DRAFT = draftOf(TASK);

Deno.test("a task that was not changed sends nothing", () => {
  assertEquals(changesOf(DRAFT, DRAFT), {});
});

Deno.test("only what differs is sent, and what was emptied is cleared", () => {
  const changes: Partial<TaskDraft> = { priority: "normal", locks: [], estimate: "2h", dependencies: ['{"task":"b"}'] };
  assertEquals(changesOf(DRAFT, { ...DRAFT, ...changes }), {
    dependencies: [{ task: "b" }],
    estimate_ms: 7_200_000,
    clear: ["priority", "locks"],
  });
});

Deno.test("a reservation is sent whole, so that nothing of it is lost", () => {
  assertEquals(changesOf(DRAFT, { ...DRAFT, assignee: "bob" }), {
    assign_to: { instance: "bob", fallback_ms: 90_000, not_by: ["b"] },
  });
  assertEquals(changesOf(DRAFT, { ...DRAFT, reserve: "none" }), { assign_to: { not_by: ["b"] } });
  assertEquals(changesOf(DRAFT, { ...DRAFT, notBy: [] }), {
    assign_to: { instance: "ann", fallback_ms: 90_000, not_by: [] },
  });
  assertEquals(changesOf(DRAFT, { ...DRAFT, reserve: "none", notBy: [] }), { clear: ["assign_to"] });
});

Deno.test("a deadline keeps its seconds unless it is changed", () => {
  assertEquals(changesOf(DRAFT, { ...DRAFT, description: "New" }), { description: "New" });
  const local = "2026-05-06T07:08";
  assertEquals(changesOf(DRAFT, { ...DRAFT, deadline: local }), { deadline: new Date(local).toISOString() });
});

Deno.test("a new task has an id and no empty settings", () => {
  const sent = JSON.parse(JSON.stringify(creationOf({ ...EMPTY_DRAFT, id: " a ", description: "Do it" })));
  assertEquals(sent, { id: "a", description: "Do it", dependencies: [] });
  const reserved = creationOf({ ...EMPTY_DRAFT, id: "a", reserve: "role", assignee: "qa" });
  assertEquals(JSON.parse(JSON.stringify(reserved)).assign_to, { role: "qa" });
});

Deno.test("what cannot be right is said at its field, before anything is sent", () => {
  const refs = [{ name: "pr", value: "1" }, { name: "pr", value: "2" }];
  const draft: TaskDraft = {
    ...EMPTY_DRAFT,
    dependencies: ['{"any": ['],
    estimate: "soon",
    maxAttempts: "many",
    reserve: "role",
    refs,
  };
  assertEquals(Object.keys(problemsOf(draft)).sort(), [
    "assignee",
    "dependencies",
    "estimate",
    "id",
    "maxAttempts",
    "refs",
  ]);
  assertEquals(problemsOf(DRAFT), {});
});

Deno.test("a change of somebody else is taken over, but for what the user has typed", () => {
  const mine = { ...DRAFT, description: "mine", role: "r" };
  const theirs = { ...DRAFT, description: "theirs", group: "h", role: "r" };
  const first = rebase(DRAFT, theirs, { draft: mine });
  assertEquals(first, { draft: { ...mine, group: "h" }, taken: ["group"], conflicts: ["description"] });
  assertEquals(changesOf(theirs, first.draft), { description: "mine" });
  const again = { ...theirs, priority: "low" } as const;
  const second = rebase(theirs, again, first);
  assertEquals([second.taken, second.conflicts], [["group", "priority"], ["description"]]);
  const agreed = rebase(again, { ...again, description: "mine" }, second);
  assertEquals([agreed.draft, agreed.conflicts], [second.draft, []]);
});

Deno.test("durations are read as they are written, to the millisecond", () => {
  fc.assert(fc.property(fc.nat({ max: 10_000_000_000 }), (ms) => parseDurationText(durationText(ms)) === ms));
  const readings = ["90m", "1 h 30 min", "1.5 hours", "1h30m", "soon", "10", "1 fortnight", ""].map(parseDurationText);
  assertEquals(readings, [5_400_000, 5_400_000, 5_400_000, 5_400_000, undefined, undefined, undefined, undefined]);
});

Deno.test("a refusal is shown at the field that it is about", () => {
  const fieldOf = (code: string, message: string, data = {}) => fieldOfError({ code, message, data });
  assertEquals(fieldOf("already_exists", "Task a already exists: choose another id"), "id");
  assertEquals(fieldOf("cycle", "Dependencies would create a cycle: a → a"), "dependencies");
  assertEquals(fieldOf("dependency_not_found", "Task x not found: task a names it in not_by"), "notBy");
  assertEquals(fieldOf("invalid_value", 'A dependency is not valid: "task" must be a text.'), "dependencies");
  assertEquals(fieldOf("not_found", "Group g not found: task a names it", { group: "g" }), "group");
  assertEquals(fieldOf("not_found", "Task a not found", { id: "a" }), undefined);
  assertEquals(fieldOf("invalid_value", "Capability is empty: give at least one character"), "capabilities");
  assertEquals(fieldOf("invalid_value", "deadline tomorrow is not a time"), "deadline");
  assertEquals(fieldOf("stale_version", "Cannot update version 1 of task a"), undefined);
});
