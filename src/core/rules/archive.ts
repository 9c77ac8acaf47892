/** The rules for archiving ended tasks: those of one bulk action, and any number in parts of one record each. */

import type { ArchiveFilter } from "../messages/commands.ts";
import type { Event } from "../messages/events.ts";
import { MAX_NAMED, MAX_RECORD_TASKS } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";
import { END_STATUSES } from "../model/status.ts";
import { tasksMatching } from "../state/lookup.ts";
import { sees } from "../state/sight.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { type Archivable, archivable } from "./archivable.ts";
import type { Deciders } from "./decision.ts";

export const archiveDeciders: Deciders<"archive_tasks"> = {
  archive_tasks(state, { filter, isCheck }, { clock }) {
    if (Object.values(filter).every((value) => value === undefined)) {
      throw new Refusal("invalid_value", "Cannot archive all tasks at once: give a group, a status or an age");
    }
    const has = (node: ReadonlyTaskNode) => sees(state, node) && isWanted(node, filter, clock);
    const found = archivable(state, {
      nodes: wantedIn(state, filter, has),
      has,
      maxRing: MAX_RECORD_TASKS,
      ...(isCheck !== true && { limit: MAX_RECORD_TASKS }),
    });
    const kept = found.isCut ? [] : Array.from(wantedIn(state, filter, has)).filter(found.isKept);
    const answer = {
      archived: found.order.length,
      hasMore: found.isCut,
      kept: kept.slice(0, MAX_NAMED).flatMap((node) => shownRefusal(node, found)),
      keptCount: kept.length,
    };
    return { events: isCheck === true ? [] : archiveEvents(found.order), answer: () => answer };
  },
};

/** What archives tasks that were found to be archivable, in the order in which they were found. */
export function archiveEvents(order: readonly ReadonlyTaskNode[]): readonly Event[] {
  return order.length === 0 ? [] : [{ type: "tasks.archived", tasks: order.map(({ task }) => task.id) }];
}

/** Finds which of some tasks can be archived together. */
export function archivableOf(state: ReadonlyState, nodes: readonly ReadonlyTaskNode[]): Archivable {
  const wanted = new Set(nodes);
  return archivable(state, { nodes, has: (node) => wanted.has(node) && sees(state, node) });
}

/** The tasks that match, one after the other, so that a part of many costs no more than the tasks up to its end. */
function* wantedIn(
  state: ReadonlyState,
  { group }: ArchiveFilter,
  has: (node: ReadonlyTaskNode) => boolean,
): Iterable<ReadonlyTaskNode> {
  for (const node of tasksMatching(state, group === undefined ? {} : { group })) if (has(node)) yield node;
}

function isWanted({ task }: ReadonlyTaskNode, filter: ArchiveFilter, clock: number): boolean {
  const { group = task.group, status = END_STATUSES, olderThanMs } = filter;
  return group === task.group && status.some((each) => each === task.status) &&
    (olderThanMs === undefined || (task.finishedAt ?? Infinity) <= clock - olderThanMs);
}

function shownRefusal(node: ReadonlyTaskNode, { refusalOf }: Archivable) {
  const refusal = refusalOf(node);
  return refusal === undefined ? [] : [{ id: node.task.id, code: refusal.code, message: refusal.message }];
}
