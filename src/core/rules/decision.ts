/**
 * The types of deciders and their decisions, and helpers that several deciders share.
 */

import type { AnswerOf, CommandOf, CommandType, Context } from "../messages/commands.ts";
import type { KnownCaller } from "../model/access.ts";
import type { Event } from "../messages/events.ts";
import { type Refusal, refuse } from "../model/refusal.ts";
import type { Remedy } from "../model/remedies.ts";
import type { Task, TaskView } from "../model/task.ts";
import { findTask } from "../state/lookup.ts";
import type { ReadonlyState } from "../state/state.ts";
import { viewOf } from "../views/tasks.ts";

export interface Decision<A> {
  readonly events: readonly Event[];
  /** Whether the command itself causes nothing, and all events are those of a call of its instance. */
  readonly isEmpty?: boolean;
  /** Reads the answer from the state after the events and their consequences. */
  readonly answer: (state: ReadonlyState) => A;
}

/** The context of a command whose caller has the right to it. */
export interface DecisionContext extends Context {
  readonly caller: KnownCaller;
}

/**
 * Decides the commands of one type. Throws a `Refusal` if the rules forbid it.
 *
 * @param state as the caller sees it: `wholeOf` has what is hidden
 */
export type Decider<K extends CommandType> = (
  state: ReadonlyState,
  command: CommandOf<K>,
  context: DecisionContext,
) => Decision<AnswerOf<K>>;

/** The deciders of several types of commands. */
export type Deciders<K extends CommandType> = { readonly [T in K]: Decider<T> };

/** The view of a task. Throws a `Refusal` if it does not exist. */
export function viewIn(state: ReadonlyState, id: string): TaskView {
  return viewOf(state, findTask(state, id));
}

/** The refusal of an action that the status of a task forbids. */
export function wrongState(action: string, task: Task, why: string, remedies?: readonly Remedy[]): Refusal {
  const { id, status } = task;
  return refuse("wrong_state", `Cannot ${action} task ${id} in ${status} state: ${why}`, {
    ...(remedies !== undefined && { remedies }),
    data: { id, status },
  });
}
