/** Converts news, explanations, groups and notifications to the JSON that agents read: times as ISO 8601, long texts cut. */

import { nameOf } from "../core/messages/history.ts";
import type { Notification } from "../core/messages/notifications.ts";
import type { ExplainedDependency, Explanation } from "../core/messages/queries.ts";
import type { GroupView } from "../core/model/group.ts";
import { nameActor, type News, type ToldNotes } from "../core/model/news.ts";
import { isoTime } from "../core/model/text.ts";
import { bytesOf, clip, clipDeep, type Json, MAX_PAGE_BYTES } from "./page.ts";
import { presentNote } from "./present_task.ts";

/** Notes for a worker, and where the others are. */
function presentNotes({ notes = [], moreNotes }: ToldNotes): Json {
  return {
    ...(notes.length > 0 && { notes: notes.map(presentNote) }),
    ...(moreNotes !== undefined && { more_notes: moreNotes }),
  };
}

/** News for an instance. */
export function presentNews({ lostTasks = [], cancelledTasks, moreCancelled, ...notes }: News): Json {
  return {
    ...(lostTasks.length > 0 && { lost_tasks: lostTasks }),
    ...(cancelledTasks !== undefined && {
      cancelled_tasks: cancelledTasks.map(({ by, session: _, ...task }) => ({ ...task, by: nameActor(by) })),
    }),
    ...(moreCancelled !== undefined && { more_cancelled: moreCancelled }),
    ...presentNotes(notes),
  };
}

/** The explanation of a task: a dependency that is undecided is not met yet. */
export function presentExplanation({ dependencies, ...explanation }: Explanation): Json {
  return { ...explanation, ...(dependencies !== undefined && { dependencies: dependencies.map(presentDependency) }) };
}

function presentDependency({ verdict, of, ...rest }: ExplainedDependency): Json {
  return {
    ...rest,
    verdict: verdict === "unknown" ? "not yet" : verdict,
    ...(of !== undefined && { of: of.map(presentDependency) }),
  };
}

/** A group, with its time as ISO 8601. */
export function presentGroup(
  { id, status, percent, total, counts, createdAt, title, preamble, ...rest }: GroupView,
): Json {
  return {
    id,
    ...(title !== undefined && { title: clip(title, "get_history has all") }),
    status,
    percent,
    total,
    counts,
    ...rest,
    ...(preamble !== undefined && { preamble: clip(preamble, "get_groups with group_id has all") }),
    createdAt: isoTime(createdAt),
  };
}

/** A group with its whole preamble. */
export function presentWholeGroup(group: GroupView): Json {
  return { ...presentGroup(group), ...(group.preamble !== undefined && { preamble: group.preamble }) };
}

/**
 * A notification without what is the same for all (`specversion`, `source`, `datacontenttype`, the prefix of the type) and
 * without the way of the call and the session that keeps a claimed task, its long texts and lists cut.
 */
export function presentEvent({ id, type, subject, time, data }: Notification): Json {
  const { via: _v, session, ...rest } = data;
  const name = nameOf(type);
  const shown = session === undefined || name === "task.claimed" ? rest : { ...rest, session };
  return { id, type: name, ...(subject !== undefined && { subject }), time, data: clipDeep(shown) };
}

/** Bounds a page of notifications by the bytes that are shown of them. */
export const eventBounds = {
  maxSize: MAX_PAGE_BYTES,
  sizeOf: (event: Notification) => bytesOf(presentEvent(event)),
};
