/**
 * Which conditions on results will be met, for one run: by how often the same condition was met by the tasks that have
 * completed. The results themselves are not foretold.
 */

import type { Plan } from "../../messages/analysis.ts";
import { type Dependency, isList, partsOf, type ResultCondition, type TaskDependency } from "../../model/dependency.ts";
import type { Task } from "../../model/task.ts";
import { isOpen } from "../../views/analytics/remaining.ts";
import { verdictOn } from "../../views/analytics/verdicts.ts";
import type { Random } from "./chance.ts";

/** How often each condition, as JSON, was met. */
export type Rates = ReadonlyMap<string, { readonly met: number; readonly total: number }>;

/** The rates of all conditions on tasks that have completed. O(dependencies). */
export function ratesOf({ tasks }: Plan): Rates {
  const ended = new Map(tasks.map(({ task }) => [task.id, task]));
  const rates = new Map<string, { met: number; total: number }>();
  for (const { task } of tasks) {
    for (const { task: id, when } of task.dependencies.flatMap((each) => [...conditionalParts(each)])) {
      const source = ended.get(id);
      if (when === undefined || source?.status !== "completed") continue;
      const key = JSON.stringify(when);
      const rate = rates.get(key) ?? { met: 0, total: 0 };
      rates.set(key, { met: rate.met + Number(verdictOn(source, when) === "true"), total: rate.total + 1 });
    }
  }
  return rates;
}

/**
 * The tasks with their conditions on open tasks decided: one that will be met waits for the end only, any other will not be
 * taken. Conditions on one task share a draw, so that of several that exclude each other one is met.
 */
export function decided(tasks: readonly Task[], rates: Rates, random: Random): readonly Task[] {
  const open = new Set(tasks.filter(isOpen).map(({ id }) => id));
  const outcomes = new Map<string, { readonly draw: number; readonly seen: Map<string, boolean>; from: number }>();
  const willBeMet = (id: string, when: ResultCondition) => {
    const outcome = outcomes.get(id) ?? { draw: random(), seen: new Map<string, boolean>(), from: 0 };
    outcomes.set(id, outcome);
    const key = JSON.stringify(when);
    const known = outcome.seen.get(key);
    if (known !== undefined) return known;
    const { met = 1, total = 2 } = rates.get(key) ?? {};
    const to = outcome.from + met / total;
    // Beyond 1, it begins again: conditions that are met more often than once altogether do not exclude each other.
    const isMet = (outcome.draw >= outcome.from && outcome.draw < to) || outcome.draw < to - 1;
    outcome.from = to % 1;
    outcome.seen.set(key, isMet);
    return isMet;
  };
  const decide = (dependency: Dependency): Dependency => {
    if (typeof dependency === "string" || "group" in dependency) return dependency;
    if ("task" in dependency) {
      const { task, when } = dependency;
      if (when === undefined || !open.has(task)) return dependency;
      return willBeMet(task, when) ? task : { task, on: "failed" };
    }
    if ("any" in dependency) return { any: dependency.any.map(decide) };
    if ("all" in dependency) return { all: dependency.all.map(decide) };
    return isList(dependency.of) ? { ...dependency, of: dependency.of.map(decide) } : dependency;
  };
  return tasks.map((task) => hasConditions(task) ? { ...task, dependencies: task.dependencies.map(decide) } : task);
}

export function hasConditions({ dependencies }: Pick<Task, "dependencies">): boolean {
  return dependencies.some((each) => typeof each !== "string" && !conditionalParts(each).next().done);
}

/** The parts of a dependency that have a condition on a result. */
function* conditionalParts(dependency: Dependency): Generator<TaskDependency, void> {
  if (typeof dependency === "string" || "group" in dependency) return;
  if (!("task" in dependency)) { for (const part of partsOf(dependency)) yield* conditionalParts(part); }
  else if (dependency.when !== undefined) yield dependency;
}
