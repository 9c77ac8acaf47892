/**
 * What a decision is, and what the deciders have in common.
 */

import type { AnswerOf, CommandOf, CommandType, Context } from "../messages/commands.ts";
import type { Event } from "../messages/events.ts";
import { type Refusal, refuse } from "../model/refusal.ts";
import type { Remedy } from "../model/remedies.ts";
import type { Task, TaskView } from "../model/task.ts";
import { findTask } from "../state/lookup.ts";
import type { ReadonlyState } from "../state/state.ts";
import { viewOf } from "../views/tasks.ts";

export interface Decision<A> {
  readonly events: readonly Event[];
  /** Reads the answer from the state to which the events, and what follows from them, have been applied. */
  readonly answer: (state: ReadonlyState) => A;
}

/** Decides the commands of one type. Throws a `Refusal` if the rules forbid it. */
export type Decider<K extends CommandType> = (
  state: ReadonlyState,
  command: CommandOf<K>,
  context: Context,
) => Decision<AnswerOf<K>>;

/** The deciders of some types. */
export type Deciders<K extends CommandType> = { readonly [T in K]: Decider<T> };

/** The view of a task that must exist. */
export function viewIn(state: ReadonlyState, id: string): TaskView {
  return viewOf(findTask(state, id));
}

/** The refusal of an action that a task's status forbids. */
export function wrongState(action: string, task: Task, why: string, remedies?: readonly Remedy[]): Refusal {
  const { id, status } = task;
  return refuse("wrong_state", `Cannot ${action} task ${id} in ${status} state: ${why}`, {
    ...(remedies !== undefined && { remedies }),
    data: { id, status },
  });
}
