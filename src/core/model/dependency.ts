/**
 * Dependency expressions as callers write them: their forms, the verdict of each form on one status of a task, and how
 * verdicts combine. `state/conditions.ts` connects them to the task graph.
 */

import { hasParts, type JsonValue } from "./result.ts";
import type { TaskStatus } from "./status.ts";

/** The end of a task that a dependency requires; `finished` is any end. */
export type Outcome = "completed" | "failed" | "cancelled" | "skipped" | "finished";

/** Every outcome. */
export const OUTCOMES: readonly Outcome[] = ["completed", "failed", "cancelled", "skipped", "finished"];

/** One dependency of a task. A text is the id of a task that must be completed. */
export type Dependency = string | TaskDependency | GroupDependency | AnyOf | AllOf | AtLeast;

/** A task must end as `on` says (default: `completed`), or its result must meet `when`. */
export interface TaskDependency {
  readonly task: string;
  readonly on?: Outcome;
  readonly when?: ResultCondition;
}

/** All members of a group, later ones included, must end as `on` says (default: `completed`). */
export interface GroupDependency {
  readonly group: string;
  readonly on?: Outcome;
}

export interface AnyOf {
  readonly any: readonly Dependency[];
}

export interface AllOf {
  readonly all: readonly Dependency[];
}

/** At least so many parts, or members of a group, must be met: a number, or a share like `"60%"`, rounded up. */
export interface AtLeast {
  readonly at_least: number | string;
  readonly of: readonly Dependency[] | GroupDependency;
}

/**
 * A condition on a result: exactly one comparison. A result that is JSON, or has JSON in a Markdown fence, is compared as
 * JSON, any other as text.
 * `pointer` is a JSON Pointer (RFC 6901) into the result; absent, the whole result is compared.
 */
export interface ResultCondition {
  readonly pointer?: string;
  readonly equals?: JsonValue;
  readonly not_equals?: JsonValue;
  /** A part of a text, or an element of an array. */
  readonly contains?: JsonValue;
  readonly greater_than?: number | string;
  readonly less_than?: number | string;
  readonly exists?: boolean;
}

/** Every comparison of a condition. */
export const COMPARISONS = ["equals", "not_equals", "contains", "greater_than", "less_than", "exists"] as const;

/**
 * Whether a dependency is met: `true`; `unknown`: not decided yet; `blocked`: it cannot become true unless a failed or
 * cancelled task is retried; `not_taken`: it can never become true.
 */
export type Verdict = "true" | "unknown" | "blocked" | "not_taken";

/** The verdict of each outcome in each status of the task: the published truth table. */
export const TRUTH_TABLE: Readonly<Record<Outcome, Readonly<Record<TaskStatus, Verdict>>>> = {
  completed: row("true", "blocked", "blocked", "not_taken"),
  failed: row("not_taken", "true", "blocked", "not_taken"),
  cancelled: row("not_taken", "blocked", "true", "not_taken"),
  skipped: row("not_taken", "blocked", "blocked", "true"),
  finished: row("true", "true", "true", "true"),
};

/** Counts of parts by their verdicts. */
export interface Tally {
  readonly total: number;
  /** Not true: unknown, blocked or not taken. */
  readonly unmet: number;
  readonly blocked: number;
  readonly notTaken: number;
}

/**
 * The verdict of "at least `need` of these parts": true if `need` parts are true; not taken if fewer than `need` could
 * become true even after retries. "All" is `need` = total, "any" is `need` = 1.
 */
export function combine({ total, unmet, blocked, notTaken }: Tally, need: number): Verdict {
  if (total - unmet >= need) return "true";
  if (total - blocked - notTaken >= need) return "unknown";
  return total - notTaken >= need ? "blocked" : "not_taken";
}

/** How many of `total` parts "at least" requires: a number as it is, a share rounded up. */
export function neededOf(atLeast: number | string, total: number): number {
  if (typeof atLeast === "number") return atLeast;
  // Computed in whole ten-thousandths of a per cent, as 0.55 * 100 is more than 55 in floating point.
  return Math.ceil(Math.round(Number(atLeast.slice(0, -1)) * 10_000) * total / 1_000_000);
}

/** Whether the value of a result meets a condition. */
export function meets(result: JsonValue, condition: ResultCondition): boolean {
  const value = resolvePointer(result, condition.pointer ?? "");
  if (condition.exists !== undefined) return (value !== undefined) === condition.exists;
  if (condition.not_equals !== undefined) return value === undefined || !isEqual(value, condition.not_equals);
  if (value === undefined) return false;
  if (condition.equals !== undefined) return isEqual(value, condition.equals);
  if (condition.greater_than !== undefined) return isGreater(value, condition.greater_than);
  if (condition.less_than !== undefined) return isGreater(condition.less_than, value);
  const { contains } = condition;
  if (contains === undefined) return false;
  if (Array.isArray(value)) return value.some((element) => isEqual(element, contains));
  return typeof value === "string" && typeof contains === "string" && value.includes(contains);
}

/**
 * Whether the value of a result has what a condition asks for: the part that `pointer` names, and a number or text where
 * these are compared. If not, nobody can tell whether the condition holds.
 */
export function isDecidable(result: JsonValue, condition: ResultCondition): boolean {
  const { pointer = "", exists, greater_than, less_than } = condition;
  if (pointer !== "" && !hasParts(result)) return false;
  if (exists !== undefined) return true;
  const value = resolvePointer(result, pointer);
  const bound = greater_than ?? less_than;
  return value !== undefined && (bound === undefined || typeof value === typeof bound);
}

/** The verdict of a condition on a result: one that cannot decide it blocks, as the task can be done again. */
export function resultVerdict(result: JsonValue, condition: ResultCondition): Verdict {
  if (meets(result, condition)) return "true";
  return isDecidable(result, condition) ? "not_taken" : "blocked";
}

/** Dependencies in the form in which they are stored: the shortest one, each plain id once. */
export function normalize(dependencies: readonly Dependency[]): readonly Dependency[] {
  return [...new Set(dependencies.map(shortest))];
}

/** The dependencies of a list, then those of another one that it does not have. */
export function union(first: readonly Dependency[], second: readonly Dependency[]): readonly Dependency[] {
  const all = new Map([...normalize(first), ...normalize(second)].map((each) => [JSON.stringify(each), each]));
  return [...all.values()];
}

/** The dependencies of a list that another one does not have. */
export function difference(first: readonly Dependency[], second: readonly Dependency[]): readonly Dependency[] {
  const removed = new Set(normalize(second).map((each) => JSON.stringify(each)));
  return normalize(first).filter((each) => !removed.has(JSON.stringify(each)));
}

/** The tasks and groups that a dependency names, in their order in it; a name may be repeated. */
export function* referencesOf(
  dependency: Dependency,
): Iterable<{ readonly type: "task" | "group"; readonly id: string }> {
  if (typeof dependency === "string") yield { type: "task", id: dependency };
  else if ("task" in dependency) yield { type: "task", id: dependency.task };
  else if ("group" in dependency) yield { type: "group", id: dependency.group };
  else for (const part of partsOf(dependency)) yield* referencesOf(part);
}

/** The conditions on results that a dependency names, with their tasks. */
export function* conditionsIn(
  dependency: Dependency,
): Iterable<{ readonly task: string; readonly when: ResultCondition }> {
  if (typeof dependency === "string" || "group" in dependency) return;
  if (!("task" in dependency)) { for (const part of partsOf(dependency)) yield* conditionsIn(part); }
  else if (dependency.when !== undefined) yield { task: dependency.task, when: dependency.when };
}

/** The parts of an inner expression. */
export function partsOf(dependency: AnyOf | AllOf | AtLeast): readonly Dependency[] {
  if ("any" in dependency) return dependency.any;
  if ("all" in dependency) return dependency.all;
  return isList(dependency.of) ? dependency.of : [dependency.of];
}

/** Whether "at least" counts the parts of a list, and not the members of a group. */
export function isList(of: AtLeast["of"]): of is readonly Dependency[] {
  return Array.isArray(of);
}

/** A dependency in a few words. */
export function describe(dependency: Dependency): string {
  if (typeof dependency === "string") return dependency;
  if ("task" in dependency) {
    const { task, on, when } = dependency;
    if (when !== undefined) return `${task} when ${describeCondition(when)}`;
    return on === undefined ? task : `${task} ${on}`;
  }
  if ("group" in dependency) {
    return `group ${dependency.group}${dependency.on === undefined ? "" : ` ${dependency.on}`}`;
  }
  const parts = partsOf(dependency);
  const names = parts.slice(0, MAX_DESCRIBED).map(describe).join(", ") + (parts.length > MAX_DESCRIBED ? ", …" : "");
  if ("any" in dependency) return `any of (${names})`;
  if ("all" in dependency) return `all of (${names})`;
  return `at least ${dependency.at_least} of ${isList(dependency.of) ? `(${names})` : names}`;
}

/** How many parts of an expression its description names at most. */
const MAX_DESCRIBED = 5;

/** A condition in a few words. */
export function describeCondition(condition: ResultCondition): string {
  const comparison = COMPARISONS.find((name) => condition[name] !== undefined) ?? "exists";
  return `${condition.pointer ?? "result"} ${comparison} ${JSON.stringify(condition[comparison])}`;
}

function shortest(dependency: Dependency): Dependency {
  if (typeof dependency === "string") return dependency;
  if ("task" in dependency) {
    const { task, on, when } = dependency;
    const isPlain = when === undefined && (on === undefined || on === "completed");
    return isPlain ? task : { task, ...(on !== undefined && on !== "completed" && { on }), ...(when && { when }) };
  }
  if ("group" in dependency) {
    const { group, on } = dependency;
    return { group, ...(on !== undefined && on !== "completed" && { on }) };
  }
  if ("any" in dependency) return { any: dependency.any.map(shortest) };
  if ("all" in dependency) return { all: dependency.all.map(shortest) };
  const { at_least, of } = dependency;
  // The shortest form of a group dependency is a group dependency.
  return { at_least, of: isList(of) ? of.map(shortest) : shortest(of) as GroupDependency };
}

/** The value that a JSON Pointer (RFC 6901) points at; undefined if there is none. */
function resolvePointer(root: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (isArray(value)) value = /^(0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined;
    else if (typeof value === "object" && value !== null && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}

function isEqual(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (isArray(a) || isArray(b)) {
    return isArray(a) && isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]!));
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key]!, b[key]!));
}

/** Compares two numbers, or two texts by their UTF-16 units (so that ISO 8601 times compare); nothing else. */
function isGreater(a: JsonValue, b: JsonValue): boolean {
  if (typeof a === "number" && typeof b === "number") return a > b;
  return typeof a === "string" && typeof b === "string" && a > b;
}

/** `Array.isArray` does not narrow read-only arrays. */
function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function row(completed: Verdict, failed: Verdict, cancelled: Verdict, skipped: Verdict): Record<TaskStatus, Verdict> {
  return { pending: "unknown", in_progress: "unknown", completed, failed, cancelled, skipped };
}
