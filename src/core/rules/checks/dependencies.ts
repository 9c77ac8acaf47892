/**
 * Refuses dependencies with invalid values, too many of them, and those that name a task or group that does not exist.
 */

import {
  type AtLeast,
  COMPARISONS,
  type Dependency,
  isList,
  type Outcome,
  partsOf,
  type ResultCondition,
} from "../../model/dependency.ts";
import { checkEach } from "../../model/faults.ts";
import { MAX_CONDITION_CHARACTERS, MAX_DEPENDENCIES, MAX_DEPENDENCY_DEPTH } from "../../model/limits.ts";
import type { Names } from "../../model/id_map.ts";
import { Refusal, refuse } from "../../model/refusal.ts";
import { checkId, hasJsonNumbers, printable, twinHint } from "../../model/values.ts";

/** The tasks and groups that dependencies may name. */
export interface Existing {
  readonly tasks: Names;
  readonly groups: Names;
}

/** Refuses dependencies that `task` cannot have, each with its fault. Does not look for cycles. */
export function checkDependencies(task: string, dependencies: readonly Dependency[], existing: Existing): void {
  let count = 0;
  const check = (dependency: Dependency, depth: number): void => {
    // Only once: the others are checked, too.
    if (++count === MAX_DEPENDENCIES + 1) throw tooMany(count);
    if (depth > MAX_DEPENDENCY_DEPTH) {
      throw new Refusal(
        "limit_exceeded",
        `Dependencies of task ${task} are nested more than ${MAX_DEPENDENCY_DEPTH} deep: flatten them`,
        { limit: MAX_DEPENDENCY_DEPTH },
      );
    }
    if (typeof dependency === "string") return checkTask(task, dependency, existing);
    if ("task" in dependency) {
      checkTask(task, dependency.task, existing);
      if (dependency.when !== undefined) checkCondition(task, dependency.on, dependency.when);
    } else if ("group" in dependency) {
      checkGroup(task, dependency.group, existing);
    } else {
      const parts = partsOf(dependency);
      if (parts.length === 0) throw invalid(task, "an expression has no parts: give at least one");
      if ("at_least" in dependency) checkAtLeast(task, dependency);
      checkEach(parts, (part) => check(part, depth + 1));
    }
  };
  if (dependencies.length > MAX_DEPENDENCIES) throw tooMany(dependencies.length);
  checkEach(dependencies, (dependency) => check(dependency, 1));
}

function tooMany(count: number): Refusal {
  return new Refusal(
    "limit_exceeded",
    `Cannot depend on ${count} tasks: at most ${MAX_DEPENDENCIES} are allowed; ` +
      "depend on a group, or on tasks that depend on some of them each",
    { limit: MAX_DEPENDENCIES },
  );
}

function checkTask(task: string, id: string, { tasks }: Existing): void {
  if (tasks.has(id)) return;
  checkId(id, "Task id");
  const twin = tasks.twinOf(id);
  throw refuse("dependency_not_found", `Dependency task ${id} not found: task ${task} names it${twinHint(twin)}`, {
    remedies: twin === undefined ? [{ type: "create_task", id }] : [],
    data: { id, task, ...(twin !== undefined && { existing: twin }) },
  });
}

function checkGroup(task: string, id: string, { groups }: Existing): void {
  if (groups.has(id)) return;
  checkId(id, "Group id");
  const twin = groups.twinOf(id);
  throw refuse("dependency_not_found", `Dependency group ${id} not found: task ${task} names it${twinHint(twin)}`, {
    remedies: twin === undefined ? [{ type: "create_group", group: id }] : [],
    data: { group: id, task, ...(twin !== undefined && { existing: twin }) },
  });
}

function checkAtLeast(task: string, { at_least, of }: AtLeast): void {
  const total = isList(of) ? of.length : Infinity;
  const isRight = typeof at_least === "number"
    ? Number.isSafeInteger(at_least) && at_least >= 1 && at_least <= total
    : /^\d{1,3}(\.\d{1,4})?%$/.test(at_least) && Number.parseFloat(at_least) > 0 && Number.parseFloat(at_least) <= 100;
  if (isRight) return;
  const most = total === Infinity ? "" : ` to ${total}`;
  throw invalid(
    task,
    `at_least ${printable(String(at_least))} is not valid: give a whole number from 1${most}, or a share like "60%"`,
  );
}

function checkCondition(task: string, on: Outcome | undefined, condition: ResultCondition): void {
  if (on !== undefined && on !== "completed") {
    throw invalid(task, `"when" compares a result, which only a completed task has: leave out "on"`);
  }
  const comparisons = COMPARISONS.filter((name) => condition[name] !== undefined);
  if (comparisons.length !== 1) {
    throw invalid(task, `"when" needs exactly one of ${COMPARISONS.join(", ")}; combine several with "all"`);
  }
  if (!hasJsonNumbers(condition)) {
    throw invalid(task, `a number in "when" is too large, or -0: JSON cannot keep it`);
  }
  const { pointer } = condition;
  if (pointer !== undefined && pointer !== "" && !/^(\/([^~/]|~[01])*)+$/.test(pointer)) {
    throw invalid(
      task,
      `pointer ${printable(pointer)} is not a JSON Pointer: use "/verdict" or "/items/0", or "" for all`,
    );
  }
  if (JSON.stringify(condition).length > MAX_CONDITION_CHARACTERS) {
    throw new Refusal(
      "limit_exceeded",
      `A condition of task ${task} is too long: at most ${MAX_CONDITION_CHARACTERS} characters are allowed`,
      { limit: MAX_CONDITION_CHARACTERS },
    );
  }
}

function invalid(task: string, why: string): Refusal {
  return new Refusal("invalid_value", `Dependencies of task ${task} are not valid: ${why}`, { task });
}
