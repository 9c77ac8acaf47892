/** Shows the form of tasks.json, that it gives back what was written, and which files of others are understood. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Task } from "../../../src/core/model/task.ts";
import { TASK_STATUSES } from "../../../src/core/model/status.ts";
import { formatTasks, parseOwnTasks, parseTasks as parseFile } from "../../../src/store/file/tasks_file.ts";
import { oldTask, times } from "../../core/given.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("tasks.json is an object of tasks keyed by id, one a line", () => {
  const tasks = [
    oldTask("a", { order: 1 }),
    oldTask("b", {
      order: 2,
      status: "completed",
      dependencies: ["a"],
      assignedTo: "x",
      result: "r",
      attempt: 1,
      startedAt: 1,
      finishedAt: 2,
    }),
  ];
  const text = textOf(tasks);
  assertEquals(JSON.parse(text), { a: tasks[0], b: tasks[1] });
  assertEquals(text.split("\n").length, 5);
  assertEquals(text.split("\n")[1], `"a":${JSON.stringify(tasks[0])},`);
  assertEquals(JSON.parse(textOf([])), {});
});

test("both readers return the written tasks, in the order of creation", () => {
  fc.assert(
    fc.property(fc.uniqueArray(tasks(), { selector: ({ id }) => id }), (unordered) => {
      const expected = unordered.map((task, index) => ({ ...task, order: index + 1 }));
      const text = textOf(expected);
      // V8 15.0 can mix up keys that are written with a backslash.
      if (!expected.some(({ id }) => JSON.stringify(id).includes("\\"))) assertEquals(parseTasks(text, 0), expected);
      const bytes = new TextEncoder().encode(text);
      const half = Math.floor(bytes.length / 2);
      assertEquals(parseOwnTasks([bytes]), expected);
      assertEquals(parseOwnTasks([bytes.subarray(0, half), bytes.subarray(half)]), expected);
    }),
    { numRuns: 100 },
  );
});

test("ids that JavaScript objects would reorder keep their place", () => {
  const ids = ["b", "10", "9", "__proto__", "constructor", "a", "é\u{1F600}", ":"];
  const expected = ids.map((id, index) => oldTask(id, { order: index + 1 }));
  assertEquals(parseOwnTasks([new TextEncoder().encode(textOf(expected))]), expected);
  assertEquals(parseTasks(textOf(expected), 0), expected);
});

test("ids with quotes and backslashes are read unchanged", () => {
  const ids = ['","', 'x":{', "\\", '"', '\\"', '{"a":'];
  const expected = ids.map((id, index) => oldTask(id, { order: index + 1 }));
  assertEquals(parseOwnTasks([new TextEncoder().encode(textOf(expected))]), expected);
});

test("a long file is written in slices", () => {
  const many = times(5_000, (index) => oldTask(`t${index}`, { order: index + 1, description: "x".repeat(100) }));
  const slices = [...formatTasks(many)];
  assert(slices.length > 2 && slices.every((slice) => slice.length < 300_000));
  assertEquals(parseOwnTasks(slices.map((slice) => new TextEncoder().encode(slice))), many);
});

test("tasks of the earlier server are understood", () => {
  const text = JSON.stringify({
    setup: {
      id: "setup",
      description: "Set up",
      status: "completed",
      dependencies: [],
      assignedTo: "w1",
      result: "ok",
    },
    build: { id: "build", description: "Build", status: "in_progress", dependencies: ["setup"], assignedTo: "w2" },
    test: { id: "test", description: "Test", status: "pending", dependencies: ["build"] },
    data: { id: "data", description: "Data", status: "completed", assignedTo: "w1", result: { rows: 3 } },
  });
  assertEquals(parseTasks(text, 50), [
    {
      ...common("setup", "Set up", 1),
      status: "completed",
      assignedTo: "w1",
      result: "ok",
      attempt: 1,
      startedAt: 50,
      finishedAt: 50,
    },
    {
      ...common("build", "Build", 2),
      status: "in_progress",
      dependencies: ["setup"],
      assignedTo: "w2",
      attempt: 1,
      startedAt: 50,
    },
    { ...common("test", "Test", 3), status: "pending", dependencies: ["build"], attempt: 0 },
    {
      ...common("data", "Data", 4),
      status: "completed",
      assignedTo: "w1",
      result: '{"rows":3}',
      attempt: 1,
      startedAt: 50,
      finishedAt: 50,
    },
  ]);
});

test("of an exported plan, tasks in progress keep their session", () => {
  const task = (status: string) => parseTasks(JSON.stringify({ a: { status, assignedTo: "x", session: "s" } }), 50)[0];
  assertEquals(["in_progress", "pending", "completed"].map((status) => task(status)?.session), [
    "s",
    undefined,
    undefined,
  ]);
});

test("missing fields of a task are filled in", () => {
  assertEquals(parseTasks('{"a": {}}', 50), [{ ...common("a", "", 1), status: "pending", attempt: 0 }]);
  assertEquals(
    parseTasks('{"a": {"assignedTo": null, "dependencies": null, "result": null}}', 50),
    parseTasks('{"a": {}}', 50),
  );
  assertEquals(parseTasks('{"a": {"assignedTo": "x"}}', 50), parseTasks('{"a": {}}', 50));
  assertEquals(parseTasks('[{"id": "a"}, {}]', 50).map(({ id }) => id), ["a", "2"]);
  assertEquals(parseTasks('{"a": {"result": 0, "status": "completed"}}', 50)[0]?.result, "0");
  const stood = (rest: string) => {
    const [task] = parseTasks(`{"a": {"createdAt": 10, ${rest}}}`, 50);
    return [task?.createdAt, task?.pendingAt, task?.startedAt, task?.finishedAt];
  };
  assertEquals(stood('"status": "pending"'), [10, 10, undefined, undefined]);
  assertEquals(stood('"status": "pending", "pendingAt": 20'), [10, 20, undefined, undefined]);
  assertEquals(stood('"status": "in_progress", "assignedTo": "x", "pendingAt": 20'), [10, 20, 10, undefined]);
  for (const status of ["completed", "failed", "cancelled", "skipped"]) {
    assertEquals(stood(`"status": "${status}"`), [10, 10, 10, 50]);
    assertEquals(stood(`"status": "${status}", "startedAt": 30, "finishedAt": 40`), [10, 10, 30, 40]);
    assertEquals(stood(`"status": "${status}", "attempt": 0`), [10, 10, undefined, 50]);
    // Never claimed: its id goes on with the attempts of a removed task.
    assertEquals(stood(`"status": "${status}", "attempt": 3`), [10, 10, undefined, 50]);
  }
  assertEquals(parseTasks("{}", 50), []);
  assertEquals(parseTasks("[]", 50), []);
});

test("an invalid tasks file is refused with the place of the error", () => {
  const refused: Readonly<Record<string, string>> = {
    "": "It is not JSON",
    '{"a": {}': "It is not JSON",
    "null": "at the top",
    "7": "at the top",
    '{"a": 7}': "at a: ",
    '{"a": {}, "b": {"status": "finished"}}': "at b.status: ",
    '{"a": {"dependencies": "b"}}': "at a.dependencies: ",
    '{"a": {"dependencies": [1]}}': "at a.dependencies: A dependency is not valid: 1 should be a task id",
    '{"a": {"description": 7}}': "at a.description: ",
    '{"a": {"createdAt": "yesterday"}}': "at a.createdAt: ",
    '{"a": {"attempt": -1}}': "at a.attempt: ",
    '[{"id": 7}]': "at 1.id: ",
  };
  for (const [text, message] of Object.entries(refused)) assertThrows(() => parseTasks(text, 0), SyntaxError, message);
});

test("a field that resembles one of a task is refused with the right name, at any depth", () => {
  const refused: Readonly<Record<string, string>> = {
    '{"a": {}, "b": {"dependancies": ["a"]}}': "at b.dependancies: write dependencies",
    '{"a": {"dependencies": [], "dependsOn": ["b"]}}': "at a.dependsOn: write dependencies",
    '{"a": {"timeout_ms": 5}}': "at a.timeout_ms: write timeoutMs",
    '{"a": {"assign_to": {}}}': "at a.assign_to: write assignTo",
    '{"a": {"assignTo": {"fallback_ms": 5}}}': "at a.assignTo.fallback_ms: write assignTo.fallbackMs",
    '{"a": {"backoff": {"coeficient": 5}}}': "at a.backoff.coeficient: write backoff.coefficient",
    '[{"descripton": "x"}]': "at 1.descripton: write description",
  };
  for (const [text, message] of Object.entries(refused)) assertThrows(() => parseTasks(text, 0), SyntaxError, message);
});

test("other unknown fields are left out and named, each once", () => {
  const text =
    '{"a": {"title": "x"}, "b": {"title": "y", "description": "z", "assignTo": {"note": 1}, "__proto__": 1}}';
  assertThrows(() => parseTasks(text, 0), SyntaxError, "at a: it has no field of a task, but title; ");
  const { tasks, warning } = parseFile(new TextEncoder().encode(text.replace('"x"', '"x", "description": ""')), 50);
  assertEquals(warning, "Fields that no task has were left out: title (of a), assignTo.note (of b), __proto__ (of b)");
  assertEquals(tasks, [
    { ...common("a", "", 1), status: "pending", attempt: 0 },
    { ...common("b", "z", 2), status: "pending", attempt: 0, assignTo: {} },
  ]);
  const many = Object.fromEntries(times(11, (index) => [`x${index}`, 1]));
  const bytes = new TextEncoder().encode(JSON.stringify({ a: { description: "", ...many } }));
  assert(parseFile(bytes, 0).warning?.endsWith("x8 (of a), x9 (of a) and more"));
});

test("no field of a task is taken for a misspelt other one", () => {
  // What resembles a field is refused only where it is none itself.
  const whole = oldTask("a", { status: "failed", error: "e", assignedTo: "x", reason: "r", readyAt: 1, finishedAt: 2 });
  assertEquals(parseFile(new TextEncoder().encode(textOf([{ ...whole, order: 1 }])), 0).warning, undefined);
});

test("a file of something else is refused", () => {
  for (
    const text of [
      '{"master": {"tasks": [{"id": 1, "title": "x"}]}}',
      '{"tasks": {"a": {"description": "x"}}}',
      '[{"name": "x", "done": false}]',
    ]
  ) assertThrows(() => parseTasks(text, 0), SyntaxError, "it has no field of a task, but ");
});

function parseTasks(text: string, now: number): readonly Task[] {
  const { tasks, warning } = parseFile(new TextEncoder().encode(text), now);
  assertEquals(warning, undefined);
  return tasks;
}

function textOf(tasks: readonly Task[]): string {
  return [...formatTasks(tasks)].join("");
}

function common(id: string, description: string, order: number) {
  return { id, description, dependencies: [] as string[], order, createdAt: 50, pendingAt: 50 };
}

function tasks(): fc.Arbitrary<Task> {
  const text = fc.oneof(fc.constantFrom("__proto__", "7", '"', "\\", "\n", "\ud800"), fc.string({ unit: "binary" }));
  return fc.record({ id: text, text, status: fc.constantFrom(...TASK_STATUSES), attempt: fc.nat() }).map(
    ({ id, text, status, attempt }) => {
      const isPending = status === "pending";
      return oldTask(id, {
        description: text,
        dependencies: [text],
        status,
        attempt,
        reason: text,
        ...(!isPending && { assignedTo: text, startedAt: 5 }),
        ...(!isPending && status !== "in_progress" && { finishedAt: 6 }),
        ...(status === "completed" && { result: text }),
        ...(status === "failed" && { error: text }),
        ...(status === "cancelled" && { cancelledBy: { caller: text, instance: text } }),
        refs: { issue: text },
        version: attempt + 1,
        notes: [{ author: text, at: 7, text }, { author: "x", isInstance: true, at: 8, text }],
        notesDropped: attempt,
        notesTold: attempt + 1,
        pastAuthors: [text, "x"],
      });
    },
  );
}
