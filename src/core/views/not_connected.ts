/**
 * Helps an agent to find its tasks again that does not know its former instance id: an instance that gives none gets
 * another one when its client starts again.
 */

import type { Caller } from "../model/access.ts";
import { isNamedAfter } from "../model/instance_name.ts";
import type { Task } from "../model/task.ts";
import { nameSome } from "../model/text.ts";
import { isWithoutSession } from "../state/evolve_sessions.ts";
import { countHeldBy, firstHeldBy } from "../state/lookup.ts";
import { firstOf } from "../state/order.ts";
import type { ReadonlyState } from "../state/state.ts";

/** Most instances that an answer names. */
const MAX_FORMER = 3;

/** What to add where somebody else is told who holds a task: empty if the holder is connected. */
export function hintToHolder(task: Task): string {
  const { assignedTo } = task;
  return isWithoutSession(task)
    ? `; ${assignedTo} is not connected: if that was you, give instance_id ${assignedTo}`
    : "";
}

/**
 * The instances that hold tasks, are not connected, and have an id as the asking instance may have had before a restart of
 * its client, in words; empty if there are none. O(instances that hold tasks).
 */
export function hintToFormerIds(state: ReadonlyState, instance: string, { name }: Caller): string {
  if (!isNamedAfter(name, instance)) return "";
  const isWanted = (id: string) =>
    id !== instance && isNamedAfter(name, id) &&
    Iterator.from(state.held.get(id) ?? []).every(({ task }) => isWithoutSession(task));
  const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  const ids = firstOf(state.held.keys(), MAX_FORMER, { compare, isWanted });
  const names = ids.map((id) => {
    return `${id} (${nameSome(firstHeldBy(state, id, 1).map(({ task }) => task.id), countHeldBy(state, id))})`;
  });
  return names.length === 0
    ? ""
    : `not connected, but holding tasks: ${names.join(", ")}: if that was you, give this instance_id`;
}
