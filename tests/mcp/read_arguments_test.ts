/** Shows how arguments are read by a schema, whatever forms clients send them in. */

import { assertEquals, assertThrows } from "@std/assert";
import * as z from "zod";
import { Refusal } from "../../src/core/model/refusal.ts";
import { JSON_TEXT, readArguments } from "../../src/mcp/read_arguments.ts";

const SCHEMA = z.object({
  id: z.string(),
  names: z.array(z.string()).optional().describe("described"),
  fields: z.array(z.enum(["assignedTo", "in_progress"])).optional(),
  count: z.int().optional(),
  share: z.number().optional(),
  paused: z.boolean().optional(),
  inner: z.object({ role: z.string().optional(), after_ms: z.int().optional() }).optional(),
  items: z.array(z.object({ id: z.string(), count: z.int().optional() })).optional(),
  map: z.record(z.string(), z.string()).optional(),
  result: z.string().register(JSON_TEXT, { isKeptAsJson: true }).optional(),
  any: z.array(z.unknown()).optional(),
});

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

/** Tests what becomes of arguments; `undefined` of what stays as it is. */
function reads(given: Readonly<Record<string, unknown>>, expected: Readonly<Record<string, unknown>> = given): void {
  test(`${JSON.stringify(given)} is read as ${JSON.stringify(expected)}`, () => {
    const { args, unknown, misnamed } = readArguments(SCHEMA, given);
    assertEquals([args, unknown, misnamed], [expected, [], []]);
  });
}

reads({ id: "a", names: ["b"], count: 1, share: 0.5, paused: false, inner: { role: "r" }, map: { k: "v" } });

// Null is absent, at any depth, but for entries of lists, which would be lost.
reads({
  id: null,
  names: null,
  inner: { role: null, after_ms: 1 },
  items: [{ id: "a", count: null }],
  map: { k: null },
}, {
  inner: { after_ms: 1 },
  items: [{ id: "a" }],
  map: {},
});
reads({ names: [null], any: [null] });

// JSON text, where no text fits.
reads({ names: '["a","b"]' }, { names: ["a", "b"] });
reads({ names: ' [ "a" ] ' }, { names: ["a"] });
reads({ count: "5", share: " 0.5 ", paused: "true" }, { count: 5, share: 0.5, paused: true });
reads({ inner: '{"role":null,"after_ms":"7"}' }, { inner: { after_ms: 7 } });
reads({ items: '[{"id":"a","count":"2"}]' }, { items: [{ id: "a", count: 2 }] });
reads({ items: '{"id":"a"}' }, { items: [{ id: "a" }] });
reads({ map: '{"k":"v","n":null}' }, { map: { k: "v" } });
reads({ any: '["a",{"b":null}]' }, { any: ["a", { b: null }] });
reads({ any: '{"b":1}' }, { any: [{ b: 1 }] });

// A number where only text fits was a text that its client took for JSON.
reads({ id: 5, names: [1, "b"] }, { id: "5", names: ["1", "b"] });
reads({ id: 1.5 });

// Text stays text where one fits, or where it is not what is due.
reads({ id: '{"a":1}', names: ["[1]", "5", "null"] });
reads({ count: "five", share: "", paused: "yes", inner: "[]", map: "1" });
reads({ count: "1e999", paused: "1" });

// One entry is a list of one.
reads({ names: "a", fields: "assigned_to", any: { b: 1 }, items: { id: "a" } }, {
  names: ["a"],
  fields: ["assignedTo"],
  any: [{ b: 1 }],
  items: [{ id: "a" }],
});
reads({ names: '{"a":1}' }, { names: ['{"a":1}'] });
reads({ names: "[broken" }, { names: ["[broken"] });

// Names of fields in both spellings; what is no name stays as it is.
reads({ fields: ["assigned_to", "assignedTo", "inProgress", "IN_PROGRESS", "in-progress", "nope", 1] }, {
  fields: ["assignedTo", "assignedTo", "in_progress", "in_progress", "in_progress", "nope", 1],
});

// Whatever a result is, it is kept.
reads({ result: "text" });
reads({ result: '{"a": 1}' });
reads({ result: { a: [1, null] } }, { result: '{"a":[1,null]}' });
reads({ result: ["a"] }, { result: '["a"]' });
reads({ result: 5 }, { result: "5" });
reads({ result: false }, { result: "false" });
reads({ result: null }, {});

// What clients add.
reads({ id: "a", wait_for_previous: true, task_progress: "- [ ] x", _meta: {}, inner: { toolCallId: 1 } }, {
  id: "a",
  inner: {},
});

for (const nothing of [undefined, null, {}]) {
  test(`${JSON.stringify(nothing)} means no arguments`, () => {
    assertEquals(readArguments(SCHEMA, nothing), { args: {}, unknown: [], misnamed: [], nulls: [] });
  });
}

test("unknown parameters are left out and reported, each once, at any depth", () => {
  const items = [{ id: "a", colour: 1 }, { id: "b", colour: 2, cnt: 3 }, { id: "c", counts: 1 }];
  const { args, unknown, misnamed } = readArguments(SCHEMA, { colour: 1, name: "a", items });
  assertEquals(args, { items: [{ id: "a" }, { id: "b" }, { id: "c" }] });
  assertEquals(unknown, ["colour", "items.colour", "items.cnt"]);
  assertEquals(misnamed, [["name", "names"], ["items.counts", "items.count"]]);
});

test("an unknown name is reported with the parameter that it resembles, if that is absent or null", () => {
  for (const absent of [{}, { names: undefined, inner: {} }, { names: null, inner: { role: null } }]) {
    const given = { id: "a", ...absent, name: "b", inner: { ...absent.inner, roles: "r" } };
    const { unknown, misnamed } = readArguments(SCHEMA, given);
    assertEquals([unknown, misnamed.toSorted()], [[], [["inner.roles", "inner.role"], ["name", "names"]]]);
  }
});

test("an unknown name is not taken for a parameter that is given", () => {
  const { unknown, misnamed } = readArguments(SCHEMA, { names: ["a"], name: "b" });
  assertEquals([unknown, misnamed], [["name"], []]);
});

test("an unknown parameter that is null is not reported", () => {
  assertEquals(readArguments(SCHEMA, { colour: null, name: null }).unknown, []);
});

test("parameters that were null are reported", () => {
  assertEquals(readArguments(SCHEMA, { id: "a", names: null, inner: { role: null } }).nulls, ["names"]);
});

test("names of built-in properties of objects are ordinary names", () => {
  const given = JSON.parse('{"id":"a","__proto__":{"id":"b"},"constructor":1,"map":{"__proto__":"x"}}');
  const { args, unknown } = readArguments(SCHEMA, given);
  assertEquals(JSON.stringify(args), '{"id":"a","map":{"__proto__":"x"}}');
  assertEquals(unknown, ["constructor"]);
});

for (
  const [what, nested] of [
    ["values", (depth: number) => JSON.parse('{"any":'.repeat(depth) + "1" + "}".repeat(depth))],
    ["a JSON text", (depth: number) => ({ any: "[".repeat(depth) + "]".repeat(depth) })],
  ] as const
) {
  test(`${what} can be nested a hundred deep and no deeper`, () => {
    readArguments(SCHEMA, nested(99));
    readArguments(SCHEMA, nested(100));
    for (const depth of [101, 100_000]) {
      assertThrows(() => readArguments(SCHEMA, nested(depth)), Refusal, "nested more than 100 deep");
    }
  });
}

test("a hundred unknown parameters are reported, and more are refused", () => {
  const unknown = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, 1]));
  assertEquals(readArguments(SCHEMA, unknown(99)).unknown.length, 99);
  assertEquals(readArguments(SCHEMA, unknown(100)).unknown.length, 100);
  assertThrows(() => readArguments(SCHEMA, unknown(101)), Refusal, "more than 100 unknown parameters");
});
