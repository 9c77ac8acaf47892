/**
 * What a caller sees of an earlier state: only what it may see both then and now. What was open to it then and is hidden
 * now is put out of its sight in a copy of that state, so that the rules of `sight.ts` hold there as everywhere.
 */

import type { Hidden } from "../messages/queries.ts";
import type { Group } from "../model/group.ts";
import type { Task } from "../model/task.ts";
import { advanceClock } from "./evolve.ts";
import { restore, type Snapshot, snapshotOf } from "./snapshot.ts";
import type { ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode } from "./state.ts";

/** What is hidden from the caller of a state; undefined if nothing can be. O(hidden groups + their tasks). */
export function hiddenIn({ sight }: ReadonlyState): Hidden | undefined {
  if (sight === undefined) return undefined;
  const groups = Array.from(sight.whole.restricted).filter((node) => sight.hides(node));
  return {
    groups: groups.map(({ group }) => group.id),
    tasks: groups.flatMap(({ members }) => Array.from(members, ({ task }) => task.id)),
  };
}

/**
 * An earlier state in which nobody with audiences sees what is `hidden` now, nor what waited for any of that: the state
 * itself if none of it was there. Else a copy, O(tasks); so a task of which others cannot be told leaves no trace in their
 * standing.
 *
 * @param now the time of `past`, in milliseconds since the Unix epoch
 */
export function withHidden(past: ReadonlyState, hidden: Hidden, now: number): ReadonlyState {
  const groups = new Set(hidden.groups.flatMap((id) => past.groups.get(id) ?? []));
  const nodes = new Set(hidden.tasks.flatMap((id) => past.tasks.get(id) ?? []));
  for (const { members } of groups) for (const node of members) nodes.add(node);
  if (groups.size === 0 && nodes.size === 0) return past;
  addNaming(past, { groups, nodes });
  const copy = restore(hide(snapshotOf(past), past, { groups, nodes }));
  advanceClock(copy, now);
  return copy;
}

interface HiddenNodes {
  readonly groups: ReadonlySet<ReadonlyGroupNode>;
  readonly nodes: Set<ReadonlyTaskNode>;
}

/** Adds all tasks that name a hidden task or group, or a group with a hidden task, and so on. O(those). */
function addNaming(past: ReadonlyState, { groups, nodes }: HiddenNodes): void {
  const seen = new Set<ReadonlyGroupNode>();
  const addWaiting = (group: ReadonlyGroupNode) => {
    if (seen.has(group)) return;
    seen.add(group);
    for (const { conditions } of group.subscriptions.values()) for (const { root } of conditions) nodes.add(root);
  };
  for (const group of groups) addWaiting(group);
  // The set grows while it is walked.
  for (const { task, dependents, subscribers, group } of nodes) {
    for (const node of dependents) nodes.add(node);
    for (const { root } of subscribers) nodes.add(root);
    for (const node of past.notBy.get(task.id) ?? []) nodes.add(node);
    if (group !== undefined) addWaiting(group);
  }
}

/** The group of hidden tasks that were in none of the hidden groups. No user can give a group this id. */
const HIDDEN_GROUP: Group = { id: "\u0000", createdAt: 0, visibleTo: [] };

function hide(snapshot: Snapshot, past: ReadonlyState, { groups, nodes }: HiddenNodes): Snapshot {
  const hiddenIds = new Set(Array.from(groups, ({ group }) => group.id));
  const isMoved = ({ id, group }: Task) => {
    const node = past.tasks.get(id);
    return node !== undefined && nodes.has(node) && (group === undefined || !hiddenIds.has(group));
  };
  const shown = snapshot.groups.map((group) => hiddenIds.has(group.id) ? { ...group, visibleTo: [] } : group);
  return {
    ...snapshot,
    groups: [...shown, HIDDEN_GROUP],
    tasks: snapshot.tasks.map((task) => isMoved(task) ? { ...task, group: HIDDEN_GROUP.id } : task),
  };
}
