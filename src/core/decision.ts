/**
 * What a decision is, and what the deciders have in common.
 */

import type { AnswerOf, CommandOf, CommandType, Context } from "./commands.ts";
import type { Event } from "./events.ts";
import type { Task, TaskView } from "./model.ts";
import type { TaskStatus } from "./status.ts";
import { Refusal } from "./refusal.ts";
import type { ReadonlyState } from "./state.ts";
import { findTask, viewOf } from "./views.ts";

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

/** What would work for a task that is in the wrong state. */
export const WAY_OUT: Readonly<Record<TaskStatus, string>> = {
  pending: "get_next_task claims it",
  in_progress: "its holder can release_task it, anybody can cancel_task it",
  completed: "create a new task to have it done again",
  failed: "retry_task makes it pending again",
  cancelled: "retry_task makes it pending again",
  skipped: "retry_task makes it pending again",
};

/** The refusal of an action that a task's status forbids. */
export function wrongState(action: string, task: Task, wayOut: string = WAY_OUT[task.status]): Refusal {
  return new Refusal("wrong_state", `Cannot ${action} task ${task.id} in ${task.status} state: ${wayOut}`, {
    id: task.id,
    status: task.status,
  });
}
