/**
 * The tasks that a claim asks for: all, or those of one group. An answer without a task speaks of these only.
 */

import type { Standing, TaskStatus } from "../model/status.ts";
import { take } from "../model/text.ts";
import { countsOf, totalOf } from "../state/group_counts.ts";
import { inOrder } from "../state/heap.ts";
import { findGroup, firstCreated } from "../state/lookup.ts";
import { limitedIn } from "../state/ready_queue.ts";
import type { Bucket, ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";

export interface Scope {
  readonly group: string | undefined;
  /** The group as the end of a phrase, such as ` in group g`; empty for all tasks. */
  readonly where: string;
  /** Tasks that were archived in the group count, too, here and in `counts`. */
  readonly size: number;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly standings: Readonly<Record<Standing, number>>;
  /** How many ready tasks are limited. */
  readonly limited: number;
  /** The ready tasks. */
  readonly buckets: Iterable<Bucket>;
  /** The first tasks that run, wait or are blocked, in the order of creation. */
  readonly first: (which: "running" | "waiting" | "blocked", limit: number) => readonly ReadonlyTaskNode[];
  /** When the first delay or reservation ends, in milliseconds since the Unix epoch. */
  readonly nextAt: number | undefined;
}

/** The tasks that a claim asks for. O(1), or O(members) for a group. Throws a `Refusal` if there is no such group. */
export function scopeOf(state: ReadonlyState, group: string | undefined): Scope {
  if (group === undefined) {
    return {
      group,
      where: "",
      size: state.tasks.size,
      counts: state.counts,
      standings: state.standings,
      limited: state.ready.limited,
      buckets: { [Symbol.iterator]: () => state.ready.buckets.values() },
      first: (which, limit) => take(inOrder(state[which]), limit),
      nextAt: take(inOrder(state.delayTimers), 1)[0]?.at,
    };
  }
  const node = findGroup(state, group);
  const { members, standings, buckets } = node;
  const isWanted = {
    running: ({ task }: ReadonlyTaskNode) => task.status === "in_progress",
    waiting: ({ standing }: ReadonlyTaskNode) => standing === "waiting",
    blocked: ({ standing }: ReadonlyTaskNode) => standing === "blocked",
  };
  let nextAt = Infinity;
  for (const { delayTimer } of members) nextAt = Math.min(nextAt, delayTimer?.at ?? Infinity);
  return {
    group,
    where: ` in group ${group}`,
    size: totalOf(node),
    counts: countsOf(node),
    standings,
    limited: limitedIn(node),
    buckets,
    first: (which, limit) => firstCreated(members, limit, isWanted[which]),
    nextAt: nextAt < Infinity ? nextAt : undefined,
  };
}
