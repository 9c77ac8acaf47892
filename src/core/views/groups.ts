/**
 * The view of a group.
 */

import type { GroupView } from "../model/group.ts";
import { countsOf, totalOf } from "../state/group_counts.ts";
import { limitedIn } from "../state/ready_queue.ts";
import type { ReadonlyGroupNode } from "../state/state.ts";

/** A group with what is derived from its tasks. O(1). */
export function groupViewOf(node: ReadonlyGroupNode): GroupView {
  const { group: { preambleTo: _, ...group } } = node;
  const counts = countsOf(node);
  const total = totalOf(node);
  const done = counts.completed + counts.skipped;
  const limited = limitedIn(node);
  return {
    ...group,
    status: groupStatus(node, { total, done }),
    total,
    counts: { ...counts },
    ...(limited > 0 && { limited }),
    percent: total === 0 ? 0 : Math.floor(100 * done / total),
  };
}

function groupStatus(
  { group, counts, standings }: ReadonlyGroupNode,
  { total, done }: { readonly total: number; readonly done: number },
): GroupView["status"] {
  if (total === 0) return "empty";
  if (done === total) return "done";
  if (counts.pending + counts.in_progress === 0) return "failed";
  if (group.paused === true) return "paused";
  return counts.in_progress === 0 && standings.blocked === counts.pending ? "blocked" : "open";
}
