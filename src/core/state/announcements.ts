/**
 * Which ready tasks `tasks.ready` has not announced yet. A task counts as ready while its standing is `ready`: neither an
 * update nor the end of a reservation announces it again. A delay is over only when a record has that time or a later
 * one: all processes announce the same, also one that reads of a delay when its clock is already past the end.
 */

import type { EventOf } from "../messages/events.ts";
import { delayedUntilOf } from "../model/task.ts";
import { nodeOf } from "./edges.ts";
import { firstCreated } from "./lookup.ts";
import type { ReadonlyState, ReadonlyTaskNode, State, TaskNode } from "./state.ts";

/** Notes the standing of a task that was indexed. */
export function noteStanding(
  { unannounced, recordedAt }: Pick<State, "unannounced" | "recordedAt">,
  node: TaskNode,
): void {
  const isReady = node.standing === "ready";
  if (!isReady || delayedUntilOf(node.task) > recordedAt) node.isAnnounced = false;
  if (isReady) {
    if (!node.isAnnounced) unannounced.add(node);
  } else if (unannounced.size > 0) unannounced.delete(node);
}

/** Announces ready tasks. */
export function announce(state: State, ids: readonly string[]): void {
  for (const id of ids) announceNode(state, nodeOf(state, id));
}

/** Counts every ready task as announced. */
export function announceAll(state: State): void {
  for (const node of state.unannounced) announceNode(state, node);
}

/**
 * The event that announces in a record at `at` the tasks that are ready by then, in the order of creation, at most
 * `limit`; undefined if there are none.
 */
export function readyEvent(
  state: ReadonlyState,
  { at, limit }: { readonly at: number; readonly limit: number },
): EventOf<"tasks.ready"> | undefined {
  if (state.unannounced.size === 0 || limit <= 0) return undefined;
  const tasks = idsAt(state, at, limit);
  return tasks.length === 0 ? undefined : { type: "tasks.ready", tasks };
}

/** The ids of the ready tasks to be announced, without those that became ready by time since the last record. */
export function unannouncedIds(state: ReadonlyState): readonly string[] {
  return idsAt(state, state.recordedAt, Infinity);
}

function idsAt({ unannounced }: ReadonlyState, at: number, limit: number): readonly string[] {
  const isReady = ({ task }: ReadonlyTaskNode) => delayedUntilOf(task) <= at;
  return firstCreated(unannounced, limit, isReady).map(({ task }) => task.id);
}

/** Restores which ready tasks are to be announced. */
export function restoreUnannounced(state: State, ids: readonly string[]): void {
  announceAll(state);
  for (const id of ids) {
    const node = nodeOf(state, id);
    node.isAnnounced = false;
    noteStanding(state, node);
  }
}

function announceNode(state: State, node: TaskNode): void {
  node.isAnnounced = true;
  state.unannounced.delete(node);
}
