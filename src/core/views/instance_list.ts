/** Lists instances: the registered ones, and unregistered ones that hold tasks or wait for one. */

import type { Connection, InstanceList, InstanceListOptions, UnregisteredView } from "../messages/queries.ts";
import { MAX_NAMED } from "../model/limits.ts";
import { take } from "../model/text.ts";
import { countHeldBy, firstHeldBy } from "../state/lookup.ts";
import { firstOf } from "../state/order.ts";
import type { ReadonlyState } from "../state/state.ts";
import { instanceViewOf } from "./instances.ts";
import { connectionOf } from "./sessions.ts";

/** The registered instances in the order of their registration, then the others by id. O(instances + held tasks). */
export function listInstances(
  state: ReadonlyState,
  { limit, all, waiting }: InstanceListOptions,
): InstanceList {
  const registered = Array.from(state.instances.values(), (node) => node.instance)
    .filter(({ status }) => all || status === "active" || status === "draining");
  const others = new Set([...state.held.keys(), ...waiting].filter((id) => !state.instances.has(id)));
  const views = take(registered, limit).map((each) => {
    return {
      ...instanceViewOf(state, each),
      ...connectionOf(state, each.id),
      seenAt: Math.max(each.seenAt, callsOf(state, each.id)),
    };
  });
  const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  const rest = firstOf(others, limit - views.length, { compare, isWanted: () => true });
  return {
    shown: [...views, ...rest.map((id) => unregisteredView(state, id))],
    total: registered.length + others.size,
  };
}

function unregisteredView(state: ReadonlyState, id: string): UnregisteredView & Connection {
  const seenAt = callsOf(state, id);
  return {
    id,
    status: "unregistered",
    ...(seenAt > 0 && { seenAt }),
    holding: firstHeldBy(state, id, MAX_NAMED).map(({ task }) => task.id),
    holdingCount: countHeldBy(state, id),
    ...connectionOf(state, id),
  };
}

/** The time of the last claim or progress report of a task that an instance holds; 0 if it holds none. */
function callsOf(state: ReadonlyState, id: string): number {
  let last = 0;
  for (const { task: { startedAt = 0, progress } } of state.held.get(id) ?? []) {
    last = Math.max(last, startedAt, progress?.at ?? 0);
  }
  return last;
}
