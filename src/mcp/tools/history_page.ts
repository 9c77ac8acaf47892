/** The places between which the history is read, and the form of a page of it. */

import * as z from "zod";
import { type HistoryPage, type Moment, parseMoment } from "../../app/history.ts";
import type { ToolAnswer } from "../tool.ts";

export const periodShape = {
  since: z.string().optional().describe("After this: last_seq, next_since, an ISO 8601 time, or PT1H (an hour ago)"),
  until: z.string().optional().describe("Before this: likewise, or next_until"),
};

/** The place in the history that a parameter names; undefined if it is not given. */
export function momentOf(text: string | undefined, name: string, now: () => number): Moment | undefined {
  return text === undefined ? undefined : parseMoment(text, name, now());
}

export interface HistoryAnswerOptions {
  /** Undefined if the page has the newest events. */
  readonly since: string | undefined;
  /** The events of the page, as they are shown. */
  readonly events: readonly unknown[];
}

export function historyAnswer(page: HistoryPage, { since, events }: HistoryAnswerOptions): ToolAnswer {
  const { lastSeq, isBeyond, hasMore } = page;
  const next = since === undefined ? { next_until: page.events[0]?.id } : { next_since: page.events.at(-1)?.id };
  return {
    json: { events, last_seq: lastSeq, has_more: hasMore, ...(hasMore && next) },
    ...(isBeyond === true && {
      note: `The journal has no record ${since}: it was repaired, or is another one. Its last record is ${lastSeq}.`,
    }),
  };
}
