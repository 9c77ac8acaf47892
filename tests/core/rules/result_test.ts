/** Shows that a result by which dependents decide is read as models write it, and refused where it cannot be read. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ResultCondition } from "../../../src/core/model/dependency.ts";
import { explain } from "../../../src/core/views/explain.ts";
import { noTasks } from "../../../src/core/views/no_tasks.ts";
import {
  claim,
  claimingAs,
  complete,
  create,
  importing,
  newTask,
  oldTask,
  refusalOf,
  retry,
  run,
  stateAfter,
  taskOf,
  update,
  work,
} from "../given.ts";

const OK: ResultCondition = { pointer: "/verdict", equals: "ok" };

/** A review, by which a merge and, if there are several branches, the rework are decided. */
const PLAN = create(
  newTask("review"),
  newTask("merge", { task: "review", when: OK }),
  newTask("rework", { task: "review", when: { pointer: "/verdict", equals: "changes" } }),
);

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("a result with one fenced block of JSON is read, also among prose", () => {
  for (
    const result of [
      '{"verdict": "ok"}',
      '```json\n{"verdict": "ok"}\n```',
      'I read all of it.\n\n```json\n{"verdict":"ok"}\n```\n\nNothing else.',
      '```ts\nlet a = 1;\n```\n~~~~\r\n{"verdict":"ok"}\r\n~~~~',
      '   ```\n{"verdict":"ok"}\n```',
    ]
  ) {
    const state = stateAfter(PLAN, ...work("x", "review", result));
    assertEquals([taskOf(state, "merge").status, taskOf(state, "rework").status], ["pending", "skipped"], result);
    assertEquals(taskOf(state, "review").result, result);
  }
});

test("the text of a fence that is the whole result is compared as it is", () => {
  const plan = create(newTask("review"), newTask("merge", { task: "review", when: { equals: "ok" } }));
  for (const result of ["ok", "```\nok\n```", '```json\n"ok"\n```']) {
    assertEquals(taskOf(stateAfter(plan, ...work("x", "review", result)), "merge").status, "pending", result);
  }
});

test("a result that does not tell what dependents ask for is refused, with its form and the dependents", () => {
  for (
    const result of [
      "ok",
      "```\nok\n```",
      '{"status": "ok"}',
      '```json\n{"verdict": "ok"}\n```\nor\n```json\n{"verdict": "changes"}\n```',
      '["verdict"]',
    ]
  ) {
    const state = stateAfter(PLAN, claim("x", "review"));
    const { code, message, data } = refusalOf(() => run(state, complete("x", "review", result), 9));
    assertEquals(code, "invalid_value");
    assertStringIncludes(
      message,
      'Cannot complete task review with this result as merge, rework cannot tell from it whether /verdict equals "ok", ' +
        '/verdict equals "changes": give JSON that has it, alone or as the only fenced JSON block, like {"verdict":"…"}',
    );
    assertEquals(data?.["needs"], [
      { when: OK, dependent: "merge" },
      { when: { pointer: "/verdict", equals: "changes" }, dependent: "rework" },
    ]);
    assertEquals(taskOf(state, "review").status, "in_progress");
  }
});

test("a comparison of numbers needs a number, and existence needs JSON only", () => {
  const asking = (when: ResultCondition) =>
    stateAfter(create(newTask("a"), newTask("b", { task: "a", when })), claim("x", "a"));
  const more = asking({ pointer: "/n", greater_than: 3 });
  const { message } = refusalOf(() => run(more, complete("x", "a", '{"n":"high"}'), 9));
  assertStringIncludes(message, 'like {"n":3}');
  assertEquals(run(more, complete("x", "a", '{"n":4}'), 9).answer.unlocked.map(({ id }) => id), ["b"]);
  const exists = asking({ pointer: "/n", exists: true });
  assertEquals(refusalOf(() => run(exists, complete("x", "a", "none"), 9)).code, "invalid_value");
  assertEquals(run(exists, complete("x", "a", "{}"), 9).answer.unlocked, []);
  assertEquals(taskOf(exists, "b").status, "skipped");
});

test("a result that nobody waits for any more is not refused", () => {
  const any = create(newTask("a"), newTask("c"), newTask("b", { any: [{ task: "a", when: OK }, "c"] }));
  const state = stateAfter(any, ...work("x", "c"), claim("x", "a"));
  assertEquals(run(state, complete("x", "a", "just text"), 9).answer.completed.status, "completed");
});

test("a claim tells what the result must have", () => {
  const state = stateAfter(PLAN);
  const { answer } = run(state, claim("x"), 5);
  assertEquals("resultMustHave" in answer ? answer.resultMustHave : undefined, ["/verdict"]);
  const none = run(stateAfter(create(newTask("a"), newTask("b", "a"))), claim("x"), 5).answer;
  assertEquals("resultMustHave" in none, false);
});

test("a condition on a completed task whose result cannot be read blocks; opening that task or other dependencies help", () => {
  const state = stateAfter(
    create(newTask("a")),
    ...work("x", "a", "just text"),
    create(newTask("b", { task: "a", when: OK })),
  );
  assertEquals(state.tasks.get("b")?.standing, "blocked");
  const { why, whatWouldChange } = explain(state, "b");
  assertEquals(why, "It is blocked by a (completed, but its result cannot be read)");
  assertEquals(whatWouldChange, ["retry_task a", "update_task b with other dependencies"]);
  const none = noTasks(state, claimingAs(state, "x"));
  assertEquals([none.reason, none.blockedBy], ["blocked", [{ id: "a", status: "completed" }]]);
  run(state, retry("a"), 5);
  assertEquals(state.tasks.get("b")?.standing, "waiting");
  run(state, claim("x", "a"), 6);
  run(state, complete("x", "a", '{"verdict":"ok"}'), 7);
  assertEquals(state.tasks.get("b")?.standing, "ready");
});

test("other dependencies end the block, too", () => {
  const state = stateAfter(create(newTask("a")), ...work("x", "a"), create(newTask("b", { task: "a", when: OK })));
  run(state, update("b", "a"), 5);
  assertEquals(state.tasks.get("b")?.standing, "ready");
});

test("an imported result is read in the same way", () => {
  const result = '```json\n{"verdict":"ok"}\n```';
  const tasks = [
    oldTask("review", { status: "completed", result, assignedTo: "x", finishedAt: 1 }),
    oldTask("merge", { dependencies: [{ task: "review", when: OK }] }),
  ];
  assertEquals(stateAfter(importing(...tasks)).tasks.get("merge")?.standing, "ready");
});
