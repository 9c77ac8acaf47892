/** Which sessions keep tasks, and who has come back from an ended one. */

import type { SessionWatch } from "../messages/queries.ts";
import { isLeft } from "../state/evolve_sessions.ts";
import { firstOf } from "../state/order.ts";
import type { ReadonlyState } from "../state/state.ts";

export interface SessionWatchOptions {
  readonly instances: readonly string[];
  readonly after: string;
  readonly limit: number;
}

/** O(sessions + tasks that the instances hold). */
export function watchSessions(state: ReadonlyState, { instances, after, limit }: SessionWatchOptions): SessionWatch {
  const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  return {
    sessions: firstOf(state.sessions.keys(), limit, { compare, isWanted: (id) => id > after }),
    returned: instances.filter((id) => Iterator.from(state.held.get(id) ?? []).some(({ task }) => isLeft(task))),
  };
}
