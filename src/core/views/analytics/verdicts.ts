/**
 * Verdicts of dependencies from tasks alone, for a plan that is not in a state. `state/conditions.ts` keeps the same
 * verdicts up to date in the state.
 */

import {
  combine,
  type Dependency,
  type GroupDependency,
  isList,
  neededOf,
  type Outcome,
  partsOf,
  type ResultCondition,
  resultVerdict,
  type TaskDependency,
  TRUTH_TABLE,
  type Verdict,
} from "../../model/dependency.ts";
import type { TaskStatus } from "../../model/status.ts";
import { countVerdict } from "../../state/conditions.ts";
import { valueOf } from "../../model/result.ts";
import type { Task } from "../../model/task.ts";

/** A part of a dependency that names one task or group. */
export type Leaf = TaskDependency | GroupDependency;

type Counts = Readonly<Record<TaskStatus, number>>;

export class Verdicts {
  readonly #taskOf: (id: string) => Task | undefined;
  readonly #countsOf: (group: string) => Counts;
  /** Of groups, by name, outcome and number: many tasks may wait for the same. */
  readonly #groups = new Map<string, Verdict>();

  /** @param countsOf the tasks of a group by status, archived ones included */
  constructor(taskOf: (id: string) => Task | undefined, countsOf: (group: string) => Counts) {
    this.#taskOf = taskOf;
    this.#countsOf = countsOf;
  }

  /** O(parts), and once for each group as long as counting takes. */
  of(dependency: Dependency): Verdict {
    if (typeof dependency === "string") return this.#ofTask({ task: dependency });
    if ("task" in dependency) return this.#ofTask(dependency);
    if ("group" in dependency) return this.#ofGroup(dependency, "100%");
    if ("at_least" in dependency && !isList(dependency.of)) return this.#ofGroup(dependency.of, dependency.at_least);
    const parts = partsOf(dependency);
    return combined(parts.map((part) => this.of(part)), neededParts(dependency, parts.length));
  }

  /** The tasks and groups for which a dependency that is not met still waits. */
  *openLeaves(dependency: Dependency): Iterable<Leaf> {
    if (typeof dependency === "string") yield { task: dependency };
    else if ("task" in dependency || "group" in dependency) yield dependency;
    else for (const part of partsOf(dependency)) if (this.of(part) !== "true") yield* this.openLeaves(part);
  }

  #ofTask({ task: id, on = "completed", when }: TaskDependency): Verdict {
    const task = this.#taskOf(id);
    if (task === undefined) return "unknown";
    const verdict = TRUTH_TABLE[on][task.status];
    if (when === undefined || verdict !== "true") return verdict;
    return verdictOn(task, when);
  }

  #ofGroup({ group, on = "completed" }: GroupDependency, atLeast: number | string): Verdict {
    const key = JSON.stringify([group, on, atLeast]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const counts = this.#countsOf(group);
    const tally = { total: 0, unmet: 0, blocked: 0, notTaken: 0 };
    // The keys of the counts are the statuses.
    for (const status of Object.keys(counts) as TaskStatus[]) {
      tally.total += counts[status];
      countVerdict(tally, TRUTH_TABLE[on][status], counts[status]);
    }
    const need = neededOf(atLeast, tally.total);
    const isShort = tally.total === 0 || need > tally.total;
    const verdict = isShort ? "unknown" : combine(tally, need);
    this.#groups.set(key, verdict);
    return verdict;
  }
}

/** The verdict of a condition on the result of a completed task. */
export function verdictOn(task: Task, when: ResultCondition): Verdict {
  if (task.keptVerdicts !== undefined) return task.keptVerdicts[JSON.stringify(when)] ?? "blocked";
  return resultVerdict(valueOf(task), when);
}

/** Whether a task that has not reached an outcome can still do so, be it by a retry. */
export function canStillMeet({ status }: Task, on: Outcome): boolean {
  const verdict = TRUTH_TABLE[on][status];
  return verdict === "unknown" || verdict === "blocked";
}

function neededParts(
  dependency: Exclude<Dependency, string | TaskDependency | GroupDependency>,
  total: number,
): number {
  if ("any" in dependency) return 1;
  return "all" in dependency ? total : neededOf(dependency.at_least, total);
}

function combined(verdicts: readonly Verdict[], need: number): Verdict {
  const tally = { total: verdicts.length, unmet: 0, blocked: 0, notTaken: 0 };
  for (const verdict of verdicts) countVerdict(tally, verdict, 1);
  return combine(tally, need);
}
