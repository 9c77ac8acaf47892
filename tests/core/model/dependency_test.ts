/** Shows what dependencies mean, one by one: the truth table, counting, conditions, words, and what is refused. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  combine,
  type Dependency,
  describe,
  meets,
  neededOf,
  normalize,
  type Outcome,
  OUTCOMES,
  referencesOf,
  type ResultCondition,
  TRUTH_TABLE,
  type Verdict,
} from "../../../src/core/model/dependency.ts";
import { MAX_CONDITION_CHARACTERS, MAX_DEPENDENCIES, MAX_DEPENDENCY_DEPTH } from "../../../src/core/model/limits.ts";
import { valueOf } from "../../../src/core/model/result.ts";
import { parseDependencies } from "../../../src/core/model/parse_dependency.ts";
import type { RefusalCode } from "../../../src/core/model/refusal.ts";
import { TASK_STATUSES, type TaskStatus } from "../../../src/core/model/status.ts";
import { create, given, newTask, refusalOf, run, stateAfter, times } from "../given.ts";

Deno.test({
  name: "each end of a task makes of what waits for it what the published table says",
  permissions: "none",
  fn() {
    const table: readonly (readonly [Outcome, TaskStatus, Verdict])[] = [
      ["completed", "pending", "unknown"],
      ["completed", "in_progress", "unknown"],
      ["completed", "completed", "true"],
      ["completed", "failed", "blocked"],
      ["completed", "cancelled", "blocked"],
      ["completed", "skipped", "not_taken"],
      ["failed", "pending", "unknown"],
      ["failed", "in_progress", "unknown"],
      ["failed", "completed", "not_taken"],
      ["failed", "failed", "true"],
      ["failed", "cancelled", "blocked"],
      ["failed", "skipped", "not_taken"],
      ["cancelled", "pending", "unknown"],
      ["cancelled", "in_progress", "unknown"],
      ["cancelled", "completed", "not_taken"],
      ["cancelled", "failed", "blocked"],
      ["cancelled", "cancelled", "true"],
      ["cancelled", "skipped", "not_taken"],
      ["skipped", "pending", "unknown"],
      ["skipped", "in_progress", "unknown"],
      ["skipped", "completed", "not_taken"],
      ["skipped", "failed", "blocked"],
      ["skipped", "cancelled", "blocked"],
      ["skipped", "skipped", "true"],
      ["finished", "pending", "unknown"],
      ["finished", "in_progress", "unknown"],
      ["finished", "completed", "true"],
      ["finished", "failed", "true"],
      ["finished", "cancelled", "true"],
      ["finished", "skipped", "true"],
    ];
    assertEquals(table.length, OUTCOMES.length * TASK_STATUSES.length);
    for (const [outcome, status, verdict] of table) {
      assertEquals(TRUTH_TABLE[outcome][status], verdict, `${outcome} of ${status}`);
    }
  },
});

Deno.test({
  name: "so many of the parts are true, open, blocked or not taken as their counts say",
  permissions: "none",
  fn() {
    // t true, u unknown, b blocked, n not taken.
    const table: readonly (readonly [string, number, Verdict])[] = [
      ["ttt", 3, "true"],
      ["ttu", 3, "unknown"],
      ["ttb", 3, "blocked"],
      ["tub", 3, "blocked"],
      ["tun", 3, "not_taken"],
      ["tbn", 3, "not_taken"],
      ["tnn", 1, "true"],
      ["tbu", 1, "true"],
      ["ubn", 1, "unknown"],
      ["bbn", 1, "blocked"],
      ["nnn", 1, "not_taken"],
      ["ttbn", 2, "true"],
      ["tubn", 2, "unknown"],
      ["tbbn", 2, "blocked"],
      ["tnnn", 2, "not_taken"],
      ["ubbn", 3, "blocked"],
      ["uubn", 3, "blocked"],
      ["uunn", 3, "not_taken"],
    ];
    for (const [parts, need, verdict] of table) {
      const count = (letters: string) => [...parts].filter((part) => letters.includes(part)).length;
      const tally = { total: parts.length, unmet: count("ubn"), blocked: count("b"), notTaken: count("n") };
      assertEquals(combine(tally, need), verdict, `${need} of ${parts}`);
    }
  },
});

Deno.test({
  name: "a share is rounded up, and exact where floating point is not",
  permissions: "none",
  fn() {
    const table: readonly (readonly [number | string, number, number])[] = [
      [2, 5, 2],
      ["55%", 100, 55],
      ["7%", 100, 7],
      ["14%", 50, 7],
      ["29%", 100, 29],
      ["60%", 3, 2],
      ["50%", 3, 2],
      ["50%", 4, 2],
      ["33.3333%", 3, 1],
      ["66.6667%", 3, 3],
      ["0.0001%", 1_000_000, 1],
      ["0.0001%", 1_000_001, 2],
      ["1%", 1, 1],
      ["100%", 7, 7],
      ["99.9999%", 1_000_000, 999_999],
    ];
    for (const [atLeast, total, needed] of table) {
      assertEquals(neededOf(atLeast, total), needed, `${atLeast} of ${total}`);
    }
    fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(100_000), (percent, total) => {
      // In whole numbers, which are exact.
      assertEquals(BigInt(neededOf(`${percent}%`, total)), (BigInt(percent) * BigInt(total) + 99n) / 100n);
    }));
  },
});

Deno.test({
  name: "a condition compares what its pointer shows of the result",
  permissions: "none",
  fn() {
    const result = JSON.stringify({
      verdict: "changes",
      score: 7,
      "a/b": 1,
      "m~n": 2,
      "~1": 3,
      "": 4,
      items: [{ id: "x" }, "y", null],
      nested: { deep: [1, 2] },
      none: null,
      when: "2026-01-02T00:00:00Z",
    });
    const table: readonly (readonly [ResultCondition, boolean])[] = [
      [{ pointer: "/verdict", equals: "changes" }, true],
      [{ pointer: "/verdict", equals: "approved" }, false],
      [{ pointer: "/score", equals: 7 }, true],
      [{ pointer: "/score", equals: "7" }, false],
      [{ pointer: "/none", equals: null }, true],
      [{ pointer: "/nested", equals: { deep: [1, 2] } }, true],
      [{ pointer: "/nested", equals: { deep: [2, 1] } }, false],
      [{ pointer: "/nested", equals: { deep: [1, 2], more: 1 } }, false],
      [{ pointer: "/nested/deep", equals: { "0": 1, "1": 2 } }, false],
      [{ pointer: "/verdict", not_equals: "approved" }, true],
      [{ pointer: "/verdict", not_equals: "changes" }, false],
      [{ pointer: "/absent", not_equals: "changes" }, true],
      [{ pointer: "/absent", equals: "changes" }, false],
      [{ pointer: "/verdict", contains: "ang" }, true],
      [{ pointer: "/verdict", contains: "ANG" }, false],
      [{ pointer: "/items", contains: "y" }, true],
      [{ pointer: "/items", contains: { id: "x" } }, true],
      [{ pointer: "/items", contains: null }, true],
      [{ pointer: "/items", contains: "z" }, false],
      [{ pointer: "/score", contains: 7 }, false],
      [{ pointer: "/nested", contains: "deep" }, false],
      [{ pointer: "/score", greater_than: 6 }, true],
      [{ pointer: "/score", greater_than: 7 }, false],
      [{ pointer: "/score", less_than: 8 }, true],
      [{ pointer: "/score", less_than: 7 }, false],
      [{ pointer: "/score", greater_than: "6" }, false],
      [{ pointer: "/when", less_than: "2026-02" }, true],
      [{ pointer: "/when", greater_than: "2026-02" }, false],
      [{ pointer: "/absent", less_than: 1 }, false],
      [{ pointer: "/none", exists: true }, true],
      [{ pointer: "/absent", exists: true }, false],
      [{ pointer: "/absent", exists: false }, true],
      [{ pointer: "/score", exists: false }, false],
      [{ pointer: "/a~1b", equals: 1 }, true],
      [{ pointer: "/m~0n", equals: 2 }, true],
      [{ pointer: "/~01", equals: 3 }, true],
      [{ pointer: "/", equals: 4 }, true],
      [{ pointer: "/items/0/id", equals: "x" }, true],
      [{ pointer: "/items/1", equals: "y" }, true],
      [{ pointer: "/items/3", exists: true }, false],
      [{ pointer: "/items/01", exists: true }, false],
      [{ pointer: "/items/-", exists: true }, false],
      [{ pointer: "/items/length", exists: true }, false],
      [{ pointer: "/verdict/0", exists: true }, false],
      [{ pointer: "/toString", exists: true }, false],
      [{ pointer: "/__proto__", exists: true }, false],
      [{ pointer: "", exists: true }, true],
    ];
    for (const [condition, isMet] of table) {
      assertEquals(meets(valueOf({ result }), condition), isMet, JSON.stringify(condition));
    }
  },
});

Deno.test({
  name: "a result that is not JSON is a text, and one that is JSON is a value",
  permissions: "none",
  fn() {
    const table: readonly (readonly [string, ResultCondition, boolean])[] = [
      ["all tests pass", { contains: "pass" }, true],
      ["all tests pass", { equals: "all tests pass" }, true],
      ["all tests pass", { pointer: "/verdict", exists: true }, false],
      ["", { equals: "" }, true],
      ["{broken", { contains: "{" }, true],
      ["42", { greater_than: 41 }, true],
      ["42", { equals: "42" }, false],
      ['"quoted"', { equals: "quoted" }, true],
      ["[1,2]", { contains: 2 }, true],
      ["null", { equals: null }, true],
    ];
    for (const [result, condition, isMet] of table) {
      assertEquals(meets(valueOf({ result }), condition), isMet, `${result}: ${JSON.stringify(condition)}`);
    }
  },
});

Deno.test({
  name: "dependencies are described as shortly as they are clear",
  permissions: "none",
  fn() {
    const table: readonly (readonly [Dependency, string])[] = [
      ["a", "a"],
      [{ task: "a", on: "failed" }, "a failed"],
      [{ task: "a", when: { pointer: "/v", equals: "x" } }, 'a when /v equals "x"'],
      [{ task: "a", when: { exists: true } }, "a when result exists true"],
      [{ group: "g" }, "group g"],
      [{ group: "g", on: "finished" }, "group g finished"],
      [{ any: ["a", { all: ["b", "c"] }] }, "any of (a, all of (b, c))"],
      [{ at_least: 2, of: ["a", "b", "c"] }, "at least 2 of (a, b, c)"],
      [{ at_least: "60%", of: { group: "g", on: "failed" } }, "at least 60% of group g failed"],
      [{ any: times(7, (index) => `t${index}`) }, "any of (t0, t1, t2, t3, t4, …)"],
    ];
    for (const [dependency, words] of table) assertEquals(describe(dependency), words);
  },
});

Deno.test({
  name: "dependencies are kept in their shortest form, plain ids once",
  permissions: "none",
  fn() {
    assertEquals(normalize(["a", { task: "a" }, { task: "a", on: "completed" }, "b", "a"]), ["a", "b"]);
    assertEquals(normalize([{ any: [{ task: "a", on: "completed" }, { group: "g", on: "completed" }] }]), [
      { any: ["a", { group: "g" }] },
    ]);
    assertEquals(normalize([{ at_least: 1, of: { group: "g", on: "completed" } }]), [
      { at_least: 1, of: { group: "g" } },
    ]);
    const kept: readonly Dependency[] = [
      { task: "a", on: "failed" },
      { task: "a", when: { equals: null } },
      { group: "g", on: "finished" },
      { at_least: "50%", of: ["a", { all: ["b"] }] },
    ];
    assertEquals(normalize(kept), kept);
    assertEquals(
      Array.from(referencesOf({ any: ["a", { at_least: 1, of: { group: "g" } }, { all: [{ task: "b" }] }] })),
      [
        { type: "task", id: "a" },
        { type: "group", id: "g" },
        { type: "task", id: "b" },
      ],
    );
  },
});

Deno.test({
  name: "what is parsed is what was written, in its shortest form",
  permissions: "none",
  fn() {
    const value = [
      "a",
      { task: "b", on: "completed" },
      { task: "c", when: { pointer: "/x", contains: { deep: [null] } } },
      { group: "g", on: "finished" },
      { any: [{ all: ["d"] }, { at_least: "50%", of: { group: "g" } }, { at_least: 1, of: ["e"] }] },
    ];
    assertEquals(parseDependencies(value), ["a", "b", ...value.slice(2)] as readonly Dependency[]);
  },
});

Deno.test({
  name: "what is no dependency is refused with what is wrong and what would be right",
  permissions: "none",
  fn() {
    const table: readonly (readonly [unknown, string])[] = [
      [7, "7 should be a task id or an object"],
      [null, "null should be a task id or an object"],
      [["a"], '["a"] should be a task id or an object'],
      [{}, "{} has no known form"],
      [{ id: "a" }, '{"id":"a"} has no known form'],
      [{ task: 7 }, '"task" must be a text'],
      [{ task: "a", on: "done" }, '"on" must be completed, failed, cancelled, skipped, finished'],
      [{ task: "a", if: "b" }, '"if" is not a key of this form, which has task, on, when'],
      [{ task: "a", when: "x" }, '"x" should be a condition'],
      [{ task: "a", when: { matches: "x" } }, '"matches" is not a key of this form, which has pointer, equals'],
      [{ task: "a", when: { pointer: 1, equals: 1 } }, '"pointer" must be a text'],
      [{ task: "a", when: { exists: "yes" } }, '"exists" must be true or false'],
      [{ task: "a", when: { less_than: true } }, '"greater_than" and "less_than" must be a number or a text'],
      [{ group: "g", when: {} }, '"when" is not a key of this form, which has group, on'],
      [{ any: "a" }, '"a" should be a list of dependencies'],
      [{ all: ["a"], any: ["b"] }, "is not a key of this form, which has any"],
      [{ at_least: true, of: ["a"] }, "at_least must be a number or a share"],
      [{ at_least: 1 }, "undefined should be a list or a group"],
      [{ at_least: 1, of: { group: "g", any: [] } }, '"any" is not a key of this form, which has group, on'],
    ];
    for (const [value, why] of table) {
      const refusal = refusalOf(() => parseDependencies([value]));
      assertEquals(refusal.code, "invalid_value");
      assert(refusal.message.startsWith("A dependency is not valid: "), refusal.message);
      assert(refusal.message.includes(why), `${refusal.message} does not say: ${why}`);
      assert(refusal.message.includes('{"any": […]}'), "no hint of what would be right");
    }
  },
});

Deno.test({
  name: "values that make no sense are refused when a task is created with them",
  permissions: "none",
  fn() {
    const table: readonly (readonly [Dependency, string])[] = [
      [{ any: [] }, "an expression has no parts"],
      [{ at_least: 0, of: ["b"] }, "at_least 0 is not valid: give a whole number from 1 to 1"],
      [{ at_least: 2, of: ["b"] }, "at_least 2 is not valid"],
      [{ at_least: 1.5, of: ["b", "b"] }, "at_least 1.5 is not valid"],
      [{ at_least: 0, of: { group: "g" } }, "at_least 0 is not valid: give a whole number from 1, or"],
      [{ at_least: "0%", of: ["b"] }, "at_least 0% is not valid"],
      [{ at_least: "101%", of: ["b"] }, "at_least 101% is not valid"],
      [{ at_least: "60", of: ["b"] }, "at_least 60 is not valid"],
      [{ at_least: "-5%", of: ["b"] }, "at_least -5% is not valid"],
      [{ task: "b", when: {} }, '"when" needs exactly one of equals'],
      [{ task: "b", when: { equals: 1, exists: true } }, '"when" needs exactly one of'],
      [{ task: "b", on: "failed", when: { equals: 1 } }, 'leave out "on"'],
      [{ task: "b", when: { pointer: "x", equals: 1 } }, "pointer x is not a JSON Pointer"],
      [{ task: "b", when: { pointer: "/a~2", equals: 1 } }, "pointer /a~2 is not a JSON Pointer"],
    ];
    for (const [dependency, why] of table) {
      given({ type: "create_group", id: "g", settings: {} }, create(newTask("b"))).when(
        create(newTask("a", dependency)),
      )
        .thenRefused("invalid_value", "Dependencies of task a are not valid: ");
      const refusal = refusalOf(() => attemptWith(dependency));
      assert(refusal.message.includes(why), `${refusal.message} does not say: ${why}`);
    }
  },
});

Deno.test({
  name: "dependencies are as many, as deep and as long as they may be, and no more",
  permissions: "none",
  fn() {
    const nested = (depth: number): Dependency => depth === 1 ? "b" : { any: [nested(depth - 1)] };
    const long = (characters: number): Dependency => {
      const empty = JSON.stringify({ equals: "" }).length;
      return { task: "b", when: { equals: "x".repeat(characters - empty) } };
    };
    const many = (count: number): Dependency => ({ any: times(count - 1, () => "b") });
    assertEquals(codeOf(nested(MAX_DEPENDENCY_DEPTH)), undefined);
    assertEquals(codeOf(nested(MAX_DEPENDENCY_DEPTH + 1)), "limit_exceeded");
    assertEquals(codeOf(long(MAX_CONDITION_CHARACTERS)), undefined);
    assertEquals(codeOf(long(MAX_CONDITION_CHARACTERS + 1)), "limit_exceeded");
    assertEquals(codeOf(many(MAX_DEPENDENCIES)), undefined);
    assertEquals(codeOf(many(MAX_DEPENDENCIES + 1)), "limit_exceeded");
    // However deep, a value is refused before it can do harm.
    let value: unknown = "b";
    for (let depth = 0; depth < 100_000; depth++) value = { any: [value] };
    assertEquals(refusalOf(() => parseDependencies([value])).code, "limit_exceeded");
  },
});

Deno.test({
  name: "a condition or a value that is no dependency is refused however deep it is, or long",
  permissions: "none",
  fn() {
    for (const nest of [(value: unknown) => [value], (value: unknown) => ({ "": value })]) {
      let deep: unknown = 1;
      for (let depth = 0; depth < 100_000; depth++) deep = nest(deep);
      for (const condition of [{ equals: deep }, { contains: deep }, { greater_than: deep }, { unknown: deep }]) {
        const refusal = refusalOf(() => parseDependencies([{ task: "b", when: condition }]));
        assertEquals([refusal.code, refusal.data], ["limit_exceeded", { limit: MAX_CONDITION_CHARACTERS }]);
      }
      for (const value of [deep, [deep], { any: deep }, { at_least: 1, of: deep }, { any: [[deep]] }]) {
        const refusal = refusalOf(() => parseDependencies([value]));
        assertEquals(refusal.code, "invalid_value");
        assert(refusal.message.length < 600, refusal.message);
      }
    }
    const pointer = "/" + "x".repeat(MAX_CONDITION_CHARACTERS);
    assertEquals(refusalOf(() => parseDependencies([{ task: "b", when: { pointer } }])).code, "limit_exceeded");
  },
});

/** Why a task with a dependency cannot be created where task b and group g are; undefined if it can. */
function codeOf(dependency: Dependency): RefusalCode | undefined {
  let code: RefusalCode | undefined;
  try {
    attemptWith(dependency);
  } catch {
    code = refusalOf(() => attemptWith(dependency)).code;
  }
  return code;
}

function attemptWith(dependency: Dependency): void {
  run(
    stateAfter({ type: "create_group", id: "g", settings: {} }, create(newTask("b"))),
    create(newTask("a", dependency)),
    3,
  );
}
