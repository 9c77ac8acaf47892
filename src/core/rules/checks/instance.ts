/** Refuses instance ids that no instance may have. Those that are known stay usable, whatever later rules forbid. */

import type { Names } from "../../model/id_map.ts";
import { checkId, checkNewId } from "../../model/values.ts";

/** The instances that registered, and those that hold tasks. */
export interface KnownInstances {
  readonly instances: Names;
  readonly held: Names;
}

/** Refuses the id of an instance that is not known and is malformed. */
export function checkInstance(state: KnownInstances, id: string): void {
  if (!isKnown(state, id)) checkId(id, "Instance id");
}

/** Refuses the id of an instance that is not known, and is malformed or looks like that of a known one. */
export function checkNewInstance(state: KnownInstances, id: string): void {
  if (isKnown(state, id)) return;
  checkNewId(id, "Instance id", state.instances);
  checkNewId(id, "Instance id", state.held);
}

function isKnown({ instances, held }: KnownInstances, id: string): boolean {
  return instances.has(id) || held.has(id);
}
