/** Snapshots as tests take them: frozen, so that a state that changes what it shares with one throws. */

import { type Snapshot, snapshotOf as takeSnapshot } from "../../src/core/state/snapshot.ts";
import type { ReadonlyState } from "../../src/core/state/state.ts";
import { frozen } from "../support/frozen.ts";

export { restore } from "../../src/core/state/snapshot.ts";
export type { Snapshot } from "../../src/core/state/snapshot.ts";

/** The snapshot of a state, frozen through and through. */
export function snapshotOf(state: ReadonlyState): Snapshot {
  return frozen(takeSnapshot(state));
}
