/**
 * The view of an instance.
 */

import type { Instance, InstanceView } from "../model/instance.ts";
import { MAX_NAMED } from "../model/limits.ts";
import { heldBy } from "../state/lookup.ts";
import type { ReadonlyState } from "../state/state.ts";

/** An instance with the tasks that it holds (the first few). */
export function instanceViewOf(state: ReadonlyState, instance: Instance): InstanceView {
  const held = heldBy(state, instance.id);
  const { lostTasks, ...rest } = instance;
  return {
    ...rest,
    ...(lostTasks !== undefined && { lostTasks: lostTasks.map(({ id }) => id) }),
    holding: held.slice(0, MAX_NAMED).map(({ task }) => task.id),
    holdingCount: held.length,
  };
}
