/**
 * Parses a dependency from a caller or a file. Refuses any other form and lists the valid ones. Values and names are
 * checked later, against the graph.
 */

import {
  COMPARISONS,
  type Dependency,
  type GroupDependency,
  normalize,
  type Outcome,
  OUTCOMES,
  type ResultCondition,
} from "./dependency.ts";
import type { JsonValue } from "./result.ts";
import { MAX_CONDITION_CHARACTERS, MAX_DEPENDENCY_DEPTH } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { shortened } from "./text.ts";
import { printable } from "./values.ts";

/** Parses dependencies into the form in which they are stored. Throws a `Refusal` that says what is wrong. */
export function parseDependencies(values: readonly unknown[]): readonly Dependency[] {
  return normalize(values.map((value) => parse(value, 1)));
}

function parse(value: unknown, depth: number): Dependency {
  if (typeof value === "string") return value;
  if (depth > MAX_DEPENDENCY_DEPTH) {
    throw new Refusal("limit_exceeded", `A dependency is nested more than ${MAX_DEPENDENCY_DEPTH} deep: flatten it`, {
      limit: MAX_DEPENDENCY_DEPTH,
    });
  }
  const entry = asObject(value, "a task id or an object");
  if ("task" in entry) {
    onlyKeys(entry, ["task", "on", "when"]);
    const on = parseOutcome(entry.on);
    return {
      task: asText(entry.task, "task"),
      ...(on !== undefined && { on }),
      ...(entry.when !== undefined && { when: parseCondition(entry.when) }),
    };
  }
  if ("group" in entry) return parseGroup(entry);
  if ("any" in entry) {
    onlyKeys(entry, ["any"]);
    return { any: parseParts(entry.any, depth) };
  }
  if ("all" in entry) {
    onlyKeys(entry, ["all"]);
    return { all: parseParts(entry.all, depth) };
  }
  if (!("at_least" in entry)) throw invalid(`${shown(value)} has no known form`);
  onlyKeys(entry, ["at_least", "of"]);
  const { at_least, of } = entry;
  if (typeof at_least !== "number" && typeof at_least !== "string") {
    throw invalid(`at_least must be a number or a share like "60%"`);
  }
  return { at_least, of: Array.isArray(of) ? parseParts(of, depth) : parseGroup(asObject(of, "a list or a group")) };
}

function parseParts(value: unknown, depth: number): readonly Dependency[] {
  if (!Array.isArray(value)) throw invalid(`${shown(value)} should be a list of dependencies`);
  return value.map((part) => parse(part, depth + 1));
}

function parseGroup(entry: Readonly<Record<string, unknown>>): GroupDependency {
  onlyKeys(entry, ["group", "on"]);
  const on = parseOutcome(entry.on);
  return { group: asText(entry.group, "group"), ...(on !== undefined && { on }) };
}

function parseOutcome(value: unknown): Outcome | undefined {
  if (value === undefined) return undefined;
  const outcome = OUTCOMES.find((each) => each === value);
  if (outcome === undefined) throw invalid(`"on" must be ${OUTCOMES.join(", ")}`);
  return outcome;
}

function parseCondition(value: unknown): ResultCondition {
  const condition = asObject(value, "a condition");
  checkSize(condition);
  onlyKeys(condition, ["pointer", ...COMPARISONS]);
  const { pointer, exists, greater_than, less_than, ...rest } = condition;
  if (exists !== undefined && typeof exists !== "boolean") throw invalid(`"exists" must be true or false`);
  for (const bound of [greater_than, less_than]) {
    if (bound !== undefined && typeof bound !== "number" && typeof bound !== "string") {
      throw invalid(`"greater_than" and "less_than" must be a number or a text`);
    }
  }
  return {
    ...(pointer !== undefined && { pointer: asPointer(pointer) }),
    ...(exists !== undefined && { exists }),
    // The loop above checked the types.
    ...(greater_than !== undefined && { greater_than: greater_than as number | string }),
    ...(less_than !== undefined && { less_than: less_than as number | string }),
    // Values from callers and files are JSON.
    ...rest as Record<string, JsonValue>,
  };
}

/** Refuses a condition that is too long or too deep. Iterative, as its depth is unknown. */
function checkSize(condition: object): void {
  const seen: unknown[] = [condition];
  let characters = 0;
  for (let part = seen.pop(); part !== undefined; part = seen.pop()) {
    if (typeof part === "object" && part !== null) {
      for (const [key, each] of Object.entries(part)) seen.push(key, each);
    }
    characters += typeof part === "string" ? part.length + 2 : 4;
    if (characters <= MAX_CONDITION_CHARACTERS) continue;
    throw new Refusal("limit_exceeded", `A condition is too long: at most ${MAX_CONDITION_CHARACTERS} characters`, {
      limit: MAX_CONDITION_CHARACTERS,
    });
  }
}

function asObject(value: unknown, expected: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`${shown(value)} should be ${expected}`);
  }
  // An object that is not an array.
  return value as Readonly<Record<string, unknown>>;
}

function asPointer(value: unknown): string {
  const pointer = asText(value, "pointer");
  if (/^(\/[^\p{Cc}\u2028\u2029]*)?$/u.test(pointer) && pointer.isWellFormed()) return pointer;
  throw invalid(`pointer ${printable(pointer)} is not a JSON Pointer such as "/verdict"`);
}

function asText(value: unknown, key: string): string {
  if (typeof value !== "string") throw invalid(`"${key}" must be a text`);
  return value;
}

function onlyKeys(entry: object, allowed: readonly string[]): void {
  const unknown = Object.keys(entry).find((key) => !allowed.includes(key));
  if (unknown === undefined) return;
  throw invalid(`"${printable(unknown)}" is not a key of this form, which has ${allowed.join(", ")}`);
}

/** Most characters of a malformed value in a message. */
const MAX_SHOWN_CHARACTERS = 60;

function shown(value: unknown): string {
  return printable(shortened(JSON.stringify(value) ?? String(value), MAX_SHOWN_CHARACTERS));
}

function invalid(why: string): Refusal {
  return new Refusal(
    "invalid_value",
    `A dependency is not valid: ${why}. Give a task id, {"task", "on"}, {"task", "when": {"pointer", "equals"}}, ` +
      `{"group"}, {"any": […]}, {"all": […]} or {"at_least": 2 or "60%", "of": […] or {"group"}}`,
  );
}
