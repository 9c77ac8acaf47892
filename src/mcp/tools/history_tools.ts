/** The tools that tell what happened, and what happens next. */

import * as z from "zod";
import type { NextEvents } from "../../app/event_waits.ts";
import { readHistory } from "../../app/history.ts";
import type { Waiting } from "../../app/waiting.ts";
import { requireType } from "../../core/messages/history.ts";
import { eventBounds, presentEvent } from "../present.ts";
import { defineTool, joinNotes, reads, type Tool } from "../tool.ts";
import { historyAnswer, momentOf, periodShape } from "./history_page.ts";
import { defined, names, taskId } from "./task_arguments.ts";

/** Events per answer: the default of `limit`, and its maximum. */
const DEFAULT_EVENTS = 50;
const MAX_EVENTS = 500;

/** Which events are wanted. */
const filterShape = {
  task_id: taskId.optional(),
  instance_id: z.string().optional(),
  group: z.string().optional(),
  type: names.optional().describe("Like task.completed"),
};

const limit = z.int().min(1).max(MAX_EVENTS).optional();

export const HISTORY_TOOLS: readonly Tool[] = [
  defineTool({
    name: "get_history",
    description: "Return what happened, when and by whom: the newest events, or with `since` the first ones after it.",
    input: {
      ...filterShape,
      ...periodShape,
      limit,
    },
    annotations: reads,
    isForOthers: true,
    async run({ since, until, limit = DEFAULT_EVENTS, ...filter }, { engine, query, now }) {
      const page = await readHistory({ engine, query }, {
        ...filterOf(filter),
        ...defined({ since: momentOf(since, "since", now), until: momentOf(until, "until", now) }),
        limit,
        ...eventBounds,
      });
      return historyAnswer(page, { since, events: page.events.map(presentEvent) });
    },
  }),
  defineTool({
    name: "wait_for_event",
    description:
      "Return the first events after since (default: now), as get_history. If there are none, wait_ms waits for one: do " +
      "not poll. Go on with next_since, else last_seq, as since.",
    input: { ...filterShape, since: periodShape.since, limit, wait_ms: z.int().min(0).optional() },
    isBrief: true,
    annotations: reads,
    isForOthers: true,
    async run({ since, limit = DEFAULT_EVENTS, wait_ms = 0, ...filter }, { waiting, caller, signal, report, now }) {
      const total = Math.min(wait_ms, waiting.maxWaitMs);
      const page = await waiting.events.next({
        ...filterOf(filter),
        ...defined({ since: momentOf(since, "since", now) }),
        limit,
        ...eventBounds,
      }, {
        caller,
        waitMs: wait_ms,
        signal,
        ...(report !== undefined && {
          onWaiting: (waitedMs) => report({ progress: Math.round(waitedMs), total, message: "No event yet" }),
        }),
      });
      const answer = historyAnswer(page, { since: since ?? "", events: page.events.map(presentEvent) });
      const note = joinNotes([answer.note, waitNote(page, wait_ms, waiting)]);
      return note === undefined ? answer : { ...answer, note };
    },
  }),
];

function filterOf({ task_id, instance_id, group, type }: Partial<z.infer<z.ZodObject<typeof filterShape>>>) {
  return defined({ task: task_id, instance: instance_id, group, types: type?.map(requireType) });
}

/** Says why a call did not wait as long as it was to. */
function waitNote(
  { events, isBeyond, isCrowded }: NextEvents,
  waitMs: number,
  { maxWaitMs, maxWaiters }: Waiting,
): string | undefined {
  if (events.length > 0 || isBeyond === true) return undefined;
  if (isCrowded === true) {
    return `wait_ms was ignored, as ${maxWaiters} calls already wait for events in this server: call again later.`;
  }
  return waitMs > maxWaitMs
    ? `wait_ms was shortened to ${maxWaitMs}, the maximum: call again with since: last_seq to wait longer.`
    : undefined;
}
