/**
 * Calls of tools for property tests: ones that fit the tool's own schema and mostly speak of things that there may be,
 * ones that are wrong in a place, and sheer nonsense. As JSON text, since a client may write what no object can hold.
 */

import fc from "fast-check";
import type { Json } from "../support/server.ts";

/** A tool as the server lists it. */
export interface ListedTool {
  readonly name: string;
  readonly inputSchema: Schema;
}

/** The parts of JSON Schema that the tools' schemas are made of. */
export interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly additionalProperties?: Schema | false;
}

export interface AnyCall {
  readonly tool: string;
  /** JSON, in which `HELD` may stand for a task that somebody holds, and `HOLDER` for its holder. */
  readonly args: string;
}

export const HELD = "@@held@@";
export const HOLDER = "@@holder@@";

/** Calls of all tools, each as often as the others. */
export function anyCall(tools: readonly ListedTool[]): fc.Arbitrary<AnyCall> {
  return fc.oneof(...tools.map((tool) => {
    const fitting = valueOf(tool.inputSchema, "");
    const { properties = {} } = tool.inputSchema;
    const isByHolder = "task_id" in properties && "instance_id" in properties && tool.name !== "get_next_task";
    const args = fc.oneof(
      { weight: 12, arbitrary: fitting },
      { weight: isByHolder ? 12 : 0, arbitrary: fitting.map(byHolder) },
      { weight: tool.name === "apply_template" ? 12 : 0, arbitrary: fitting.map(withItsParameters) },
      { weight: 4, arbitrary: fc.tuple(fitting, odd(), fc.nat()).map(([args, value, at]) => spoil(args, value, at)) },
      {
        weight: 1,
        arbitrary: fc.tuple(fitting, oddKey(), odd()).map(([args, key, value]) => ({ ...Object(args), [key]: value })),
      },
      { weight: 1, arbitrary: odd() },
    );
    return args.map((value) => ({ tool: tool.name, args: toText(value) }));
  }));
}

/** The arguments as the holder of a task would give them. */
function byHolder(args: unknown): unknown {
  const { attempt: _, ...rest } = Object(args);
  return { ...rest, task_id: HELD, instance_id: HOLDER };
}

/** The application of a template with all that it must be given. */
function withItsParameters(args: unknown): unknown {
  const { name, group_id } = Object(args);
  return { name, group_id, parameters: PARAMETERS[name] };
}

/** Ids of tasks, groups, instances and templates that calls speak of; few, so that they meet. */
const TASK_IDS = Array.from({ length: 16 }, (_, index) => `t${index}`);
const INSTANCE_IDS = ["ann", "bob", "cid"];
const GROUP_IDS = ["g0", "g1", "g2", "g3"];
const MORE_GROUP_IDS = [...GROUP_IDS, ...Array.from({ length: 40 }, (_, index) => `h${index}`)];
const TEMPLATES = ["feature", "bugfix", "review_panel", "migration", "release", "own", "other"];
const NAMES = ["qa", "dev", "db", "gpu"];

const CURSORS = ["0", "1", "7", "999999", "-1", "x", ""];
const TIMES = ["PT0S", "PT1S", "PT10M", "P1D", "2020-01-01T00:00:00Z", "2999-01-01", "P", "PT", "tomorrow", "-PT1S"];

/** What a property of this name may hold, so that a call has a chance of making sense. */
const STRINGS: Readonly<Record<string, readonly string[]>> = {
  id: TASK_IDS,
  task_id: TASK_IDS,
  ids: TASK_IDS,
  task: TASK_IDS,
  instance_id: INSTANCE_IDS,
  assigned_to: INSTANCE_IDS,
  instance: INSTANCE_IDS,
  group_id: MORE_GROUP_IDS,
  group: GROUP_IDS,
  to_group: GROUP_IDS,
  name: TEMPLATES,
  role: NAMES,
  roles: NAMES,
  capabilities: NAMES,
  locks: NAMES,
  cursor: CURSORS,
  not_before: TIMES,
  deadline: TIMES,
  fields: ["id", "status", "result", "nope"],
  description: ["", "do it", "do {{goal}}", "{{", "{{}} {{a b}} {{__proto__}}"],
};

/** What the templates that there are must be given. */
const PARAMETERS: Readonly<Record<string, Json>> = {
  feature: { goal: "x" },
  bugfix: { bug: "x", where: "{{bug}}" },
  review_panel: { subject: "x" },
  migration: { change: "x" },
  release: { version: "x", publish: "x" },
};

const ASSIGNMENT = { instance: { type: "string" }, role: { type: "string" }, fallback_ms: { type: "integer" } };

/** Properties of objects that a listing may have as JSON text. */
const OBJECTS: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  assign_to: ASSIGNMENT,
  to_assign: ASSIGNMENT,
  backoff: {
    initial_interval_ms: { type: "integer" },
    backoff_coefficient: { type: "number" },
    max_interval_ms: { type: "integer" },
  },
};

/** Longest wait that a call asks for, in milliseconds. */
const WAITS = [0, 1, 20, -1, 60_001];

const LIMITS = [0, 1, 2, 3, 100, 1_000, 60_000, 1_000_000, 2 ** 31, 2 ** 53 - 1, -1];

/** Stand for what JSON can say and no JavaScript value can hold, or not as its own property. */
const RAW = { "@@1e400@@": "1e400", "@@-1e400@@": "-1e400", "@@-0@@": "-0", "@@1e-400@@": "1e-400" };
const PROTO = "@@__proto__@@";

function toText(value: unknown): string {
  let text = JSON.stringify(value);
  for (const [name, raw] of Object.entries(RAW)) text = text.replaceAll(`"${name}"`, raw);
  return text.replaceAll(PROTO, "__proto__");
}

/** Values that fit a schema, as far as it says. `name` is that of the property. */
function valueOf(schema: Schema, name: string): fc.Arbitrary<unknown> {
  const { type, properties, items } = schema;
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (properties !== undefined) return objectOf(properties, schema.required ?? []);
  if (name.endsWith("dependencies") && type !== "array") return asJson(dependency(3));
  const object = OBJECTS[name];
  if (object !== undefined) return asJson(objectOf(object, []));
  if (schema.anyOf !== undefined || schema.description === "JSON") return asJson(mapOf(name));
  switch (type) {
    case "string":
      return stringOf(name);
    case "integer":
    case "number":
      return numberOf(name);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valueOf(items ?? {}, name), { maxLength: 4 });
    default:
      return odd();
  }
}

function mapOf(name: string): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom(...Object.values(PARAMETERS)),
    fc.dictionary(oddKey(), stringOf(name), { maxKeys: 4 }),
  );
}

/** The values, some of them as JSON text. */
function asJson(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 4, arbitrary: values }, { weight: 1, arbitrary: values.map((value) => toText(value)) });
}

function objectOf(properties: Readonly<Record<string, Schema>>, required: readonly string[]): fc.Arbitrary<Json> {
  const values = Object.fromEntries(
    Object.entries(properties).map(([key, each]) => {
      const value = valueOf(each, key);
      // Of many settings one is easily refused; a template is taken out of use unless this says otherwise.
      const absence = required.includes(key) ? 0 : key === "archived" ? 1 : 8;
      return [key, fc.oneof({ weight: absence, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })];
    }),
  );
  return fc.record(values).map((object) =>
    Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
  );
}

function stringOf(name: string): fc.Arbitrary<string> {
  const known = STRINGS[name];
  if (known !== undefined) return fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...known) }, oddString());
  return fc.oneof(fc.constantFrom("done", '{"verdict":"ok"}', "{{goal}}"), fc.string(), oddString());
}

function numberOf(name: string): fc.Arbitrary<unknown> {
  if (name === "wait_ms") return fc.constantFrom(...WAITS);
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(1, 2, 50, ...LIMITS.slice(0, 6)) },
    { weight: 2, arbitrary: fc.constantFrom(...LIMITS) },
    { weight: 1, arbitrary: fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.constantFrom(...Object.keys(RAW))) },
  );
}

/** Dependencies of every form, well formed or almost. */
export function dependency(depth: number): fc.Arbitrary<unknown> {
  const task = stringOf("task");
  const on = fc.constantFrom(undefined, "completed", "failed", "cancelled", "skipped", "finished", "nope");
  const group = fc.record({ group: stringOf("group"), on });
  const plain = fc.oneof(
    { weight: 6, arbitrary: task },
    { weight: 2, arbitrary: fc.record({ task, on }) },
    { weight: 1, arbitrary: group },
    { weight: 1, arbitrary: fc.record({ task, when: condition() }) },
  );
  if (depth === 0) return plain;
  const parts = fc.array(dependency(depth - 1), { maxLength: 3 });
  const at_least = fc.constantFrom(0, 1, 2, 3, 1.5, -1, "60%", "0%", "100%", "101%", "x%");
  return fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 1, arbitrary: fc.record({ any: parts }) },
    { weight: 1, arbitrary: fc.record({ all: parts }) },
    { weight: 1, arbitrary: fc.record({ at_least, of: fc.oneof(parts, group) }) },
  );
}

function condition(): fc.Arbitrary<unknown> {
  const pointer = fc.constantFrom("", "/verdict", "/a/0", "/__proto__", "/~1~0", "/~2", "verdict");
  const operator = fc.constantFrom("equals", "not_equals", "contains", "greater_than", "less_than", "exists", "nope");
  return fc.tuple(pointer, operator, fc.oneof(fc.constantFrom("ok", 1, true, null), odd()))
    .map(([pointer, operator, value]) => ({ pointer, [operator]: value }));
}

/** The arguments with one of them replaced by something else. */
function spoil(args: unknown, value: unknown, at: number): unknown {
  const keys = Object.keys(Object(args));
  const key = keys[at % Math.max(1, keys.length)];
  return key === undefined ? value : { ...Object(args), [key]: value };
}

/** Any JSON, and what is near its borders. */
function odd(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    oddString(),
    fc.constantFrom(null, true, 0, -1, 1.5, 2 ** 53, 1e308, [], {}, [[]], [null], ...Object.keys(RAW)),
    fc.dictionary(oddKey(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 4 }),
    fc.tuple(fc.constantFrom(9, 100, 1_000), fc.constantFrom("[]", "any", "all", PROTO)).map(([depth, key]) =>
      nest(depth, key)
    ),
  );
}

function oddString(): fc.Arbitrary<string> {
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom("", " ", " a", "\0", "a\nb", "\ud800", "\u2028", "→", "🦕".repeat(200), "NaN"),
    },
    { weight: 4, arbitrary: fc.string({ unit: "binary" }) },
    { weight: 3, arbitrary: oddKey() },
    { weight: 1, arbitrary: fc.constantFrom("x".repeat(201), "y".repeat(4 * 1024 + 1), "z".repeat(64 * 1024 + 1)) },
  );
}

function oddKey(): fc.Arbitrary<string> {
  return fc.constantFrom(PROTO, "constructor", "toString", "hasOwnProperty", "length", "then", "", "task", "instance");
}

/** A value inside many others. */
function nest(depth: number, key: string): unknown {
  let value: unknown = "t0";
  for (let level = 0; level < depth; level++) value = key === "[]" ? [value] : { [key]: [value] };
  return value;
}
