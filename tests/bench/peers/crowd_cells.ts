/** How the outcome of a crowd is judged and put into words. */

import { BUDGET_MS } from "./budget.ts";
import type { Figure } from "./row.ts";

export interface CreatesOutcome {
  /** How many tasks were to be made, and how many calls to make one there were until time was over. */
  readonly tasks: number;
  readonly asked: number;
  /** How many of the calls succeeded, with how many different ids. */
  readonly answered: number;
  readonly ids: number;
  /** How many of those that were answered are there. */
  readonly kept: number;
}

/** Right if all calls succeeded, each with an id of its own, and all their tasks are there. */
export function createsCell({ tasks, asked, answered, ids, kept }: CreatesOutcome): Figure {
  const faults = [
    ...(kept < answered ? [`of ${answered} answered`] : []),
    ...(answered < asked ? [`${asked - answered} refused`] : []),
    ...(ids < answered ? [`${ids} different ids`] : []),
  ];
  const details = asked < tasks ? [...faults, `not done in ${BUDGET_MS / 1_000} s`] : faults;
  return { value: kept, isRight: faults.length === 0, ...details.length > 0 && { detail: details.join(", ") } };
}

export interface RaceOutcome {
  readonly tasks: number;
  /** How often a task was handed out, and how many different ones. */
  readonly executions: number;
  readonly distinct: number;
  readonly isFinished: boolean;
}

/** Right if each task was handed out once. */
export function raceCell({ tasks, executions, distinct, isFinished }: RaceOutcome): Figure {
  const details = [
    ...(distinct < tasks ? [`only ${distinct} of the tasks`] : []),
    ...(isFinished ? [] : [`not done in ${BUDGET_MS / 1_000} s`]),
  ];
  const isRight = executions === tasks && details.length === 0;
  return { value: executions, isRight, ...details.length > 0 && { detail: details.join(", ") } };
}
