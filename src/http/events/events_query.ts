/** Reads what a client wants of the events: which ones, and from where on. */

import * as z from "zod";
import { type Moment, parseMoment } from "../../app/history.ts";
import { type HistoryFilter, requireType } from "../../core/messages/history.ts";
import { meantBy } from "../../core/model/resembling.ts";
import { printable } from "../../core/model/values.ts";
import { HttpError } from "../problem.ts";
import { readQuery } from "../rest/read_request.ts";
import { parseEventId } from "./event_id.ts";

/** The parameters of the query. The filters are those of `get_history`. */
export const EVENTS_QUERY = z.object({
  type: z.array(z.string()).optional().describe("Only of these types, like task.completed"),
  task_id: z.string().optional().describe("Only about this task"),
  instance_id: z.string().optional().describe("Only about this instance, or a task that it held then"),
  group: z.string().optional().describe("Only about this group, or a task that was in it"),
  after: z.string().optional().describe(
    "From here on: the id of an event, the seq of a record (0: from the beginning), an ISO 8601 time, or PT1H (an hour " +
      "ago). Default: from now on. Last-Event-ID takes its place",
  ),
});

/** Which events a client wants, and after which place; from now on if there is none. */
export interface WantedEvents {
  readonly filter: HistoryFilter;
  readonly after?: Moment;
  /** The epoch of the journal in which `after` was told; undefined if the client does not know it. */
  readonly epoch?: number;
}

/** @throws HttpError or Refusal that names what would work */
export function wantedEvents(request: Request, now: number): WantedEvents {
  const { type, task_id: task, instance_id: instance, group, after } = readEventsQuery(new URL(request.url));
  const filter = {
    ...(task !== undefined && { task }),
    ...(instance !== undefined && { instance }),
    ...(group !== undefined && { group }),
    ...(type !== undefined && { types: type.map(requireType) }),
  };
  const lastId = request.headers.get("last-event-id");
  if (lastId !== null && lastId !== "") {
    const place = parseEventId(lastId);
    if (place === undefined) throw invalid(`Last-Event-ID ${printable(lastId)} is not the id of an event, like 12.0`);
    // The stream that told it said the epoch, unless that was the first.
    return { filter, epoch: 0, ...place };
  }
  if (after === undefined) return { filter };
  return { filter, ...(parseEventId(after) ?? { after: parseMoment(after, "after", now) }) };
}

function readEventsQuery({ searchParams }: URL): z.infer<typeof EVENTS_QUERY> {
  const { type, ...given } = readQuery(searchParams);
  const names = Object.keys(EVENTS_QUERY.shape);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const meant = meantBy(name, names);
    const remedy = meant === undefined ? `there are ${names.join(", ")}` : `use ${meant}`;
    throw invalid(`There is no parameter ${printable(name)}: ${remedy}`);
  }
  const parsed = EVENTS_QUERY.safeParse({ ...given, ...(type !== undefined && { type: [type].flat() }) });
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
}

function invalid(message: string): HttpError {
  return new HttpError(400, message, { code: "invalid_value" });
}
