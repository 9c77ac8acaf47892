/**
 * The tool that reads what happened.
 */

import { z } from "zod";
import { parseMoment, readHistory } from "../../app/history.ts";
import { findType } from "../../core/messages/history.ts";
import { NOTIFICATION_TYPES, type NotificationType } from "../../core/messages/notifications.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { printable } from "../../core/model/values.ts";
import { eventBounds, presentEvent } from "../present.ts";
import { defineTool, reads, type Tool } from "../tool.ts";
import { defined, names, taskId } from "./task_arguments.ts";

/** Events per answer: the default of `limit`, and its maximum. */
const DEFAULT_EVENTS = 50;
const MAX_EVENTS = 500;

export const HISTORY_TOOLS: readonly Tool[] = [
  defineTool({
    name: "get_history",
    description: "Return what happened, when and by whom: the newest events, or with `since` the first ones after it.",
    input: {
      task_id: taskId.optional(),
      instance_id: z.string().optional(),
      group: z.string().optional(),
      type: names.optional().describe("Like task.completed"),
      since: z.string().optional().describe(
        "After this: last_seq, next_since, an ISO 8601 time, or PT1H (an hour ago)",
      ),
      until: z.string().optional().describe("Before this: likewise, or next_until"),
      limit: z.int().min(1).max(MAX_EVENTS).optional(),
    },
    annotations: reads,
    isForOthers: true,
    async run({ task_id, instance_id, group, type, since, until, limit = DEFAULT_EVENTS }, { engine, query, now }) {
      const moment = (text: string | undefined, name: string) =>
        text === undefined ? undefined : parseMoment(text, name, now());
      const { events, lastSeq, isBeyond, hasMore } = await readHistory({ engine, query }, {
        ...defined({
          task: task_id,
          instance: instance_id,
          group,
          types: type?.map(knownType),
          since: moment(since, "since"),
          until: moment(until, "until"),
        }),
        limit,
        ...eventBounds,
      });
      return {
        json: {
          events: events.map(presentEvent),
          last_seq: lastSeq,
          has_more: hasMore,
          ...(hasMore && (since === undefined ? { next_until: events[0]?.id } : { next_since: events.at(-1)?.id })),
        },
        ...(isBeyond === true && {
          note:
            `The journal has no record ${since}: it was repaired, or is another one. Its last record is ${lastSeq}.`,
        }),
      };
    },
  }),
];

function knownType(text: string): NotificationType {
  const type = findType(text);
  if (type !== undefined) return type;
  throw new Refusal(
    "invalid_value",
    `There is no event type ${printable(text)}: there are ${NOTIFICATION_TYPES.join(", ")}`,
  );
}
