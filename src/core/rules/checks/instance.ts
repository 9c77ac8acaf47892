/** Refuses instance ids that no instance may have. Those that are known stay usable, whatever later rules forbid. */

import type { ReadonlyState } from "../../state/state.ts";
import { checkId, checkNewId } from "../../model/values.ts";

/** Refuses the id of an instance that is not known and is malformed. */
export function checkInstance(state: ReadonlyState, id: string): void {
  if (!isKnown(state, id)) checkId(id, "Instance id");
}

/** Refuses the id of an instance that is not known, and is malformed or looks like that of a known one. */
export function checkNewInstance(state: ReadonlyState, id: string): void {
  if (isKnown(state, id)) return;
  checkNewId(id, "Instance id", state.instances);
  checkNewId(id, "Instance id", state.held);
}

function isKnown({ instances, held }: ReadonlyState, id: string): boolean {
  return instances.has(id) || held.has(id);
}
