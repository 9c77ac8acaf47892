/**
 * The tasks that an instance holds, as answers tell them: an agent that has lost its context learns what it was doing.
 */

import type { HeldTask } from "../messages/commands.ts";
import type { Caller } from "../model/access.ts";
import { MAX_NAMED } from "../model/limits.ts";
import type { Task } from "../model/task.ts";
import { heldBy } from "../state/lookup.ts";
import type { ReadonlyState } from "../state/state.ts";
import { isOfOtherSession } from "./sessions.ts";

/**
 * What `instance` holds beside the task `except` (the first few), and how many these are; empty if there are none. Without
 * the tasks that another connected client claimed under the same id: their attempts are told to that client only.
 */
export function holdingOf(
  state: ReadonlyState,
  { instance, caller, except }: { readonly instance: string; readonly caller: Caller; readonly except?: string },
): { readonly holding?: readonly HeldTask[]; readonly holdingCount?: number } {
  const others = heldBy(state, instance)
    .map(({ task }) => task)
    .filter((task) => task.id !== except && !isOfOtherSession(task, caller));
  if (others.length === 0) return {};
  return { holding: others.slice(0, MAX_NAMED).map(heldTaskOf), holdingCount: others.length };
}

/** A held task, as its holder is told it. */
export function heldTaskOf({ id, attempt, leaseUntil, progress }: Task): HeldTask {
  return {
    id,
    attempt,
    ...(leaseUntil !== undefined && { leaseUntil }),
    ...(progress !== undefined && { progress }),
  };
}
