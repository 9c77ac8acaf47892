/** Refuses malformed ids of instances. A known id is never refused, even if it was accepted under older rules. */

import type { Names } from "../../model/id_map.ts";
import { checkId, checkInPath, checkNewId } from "../../model/values.ts";

/** The known instances: those that registered, and those that hold tasks. */
export interface KnownInstances {
  readonly instances: Names;
  readonly held: Names;
}

/** Refuses a malformed id, unless it is known. */
export function checkInstance(state: KnownInstances, id: string): void {
  if (!isKnown(state, id)) checkId(id, "Instance id");
}

/** Refuses an id that is malformed or looks like a known one, unless it is known itself. */
export function checkNewInstance(state: KnownInstances, id: string): void {
  if (isKnown(state, id)) return;
  checkInPath(id, "Instance id");
  checkNewId(id, "Instance id", state.instances);
  checkNewId(id, "Instance id", state.held);
}

function isKnown({ instances, held }: KnownInstances, id: string): boolean {
  return instances.has(id) || held.has(id);
}
