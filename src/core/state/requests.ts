/** The newest requests of callers that were carried out, so that a repeat is not carried out again. */

import type { JournalRecord } from "../messages/events.ts";
import type { CallerName } from "../model/access.ts";
import { MAX_REQUESTS } from "../model/limits.ts";
import { parseRequest, type PastRequest } from "../model/request.ts";
import type { ReadonlyState, State } from "./state.ts";

/** Remembers the request of a record if a caller gave its id. */
export function rememberRequest(state: State, record: JournalRecord): void {
  const request = record.request === undefined ? undefined : parseRequest(record.request);
  if (request === undefined) return;
  const claimed = claimedBy(record);
  const token = record.via?.token;
  const past = {
    ...request,
    caller: record.actor,
    ...(token !== undefined && { token }),
    seq: record.seq,
    ...(claimed !== undefined && { claimed }),
  };
  state.requests.set(keyOf(past), past);
  if (state.requests.size <= MAX_REQUESTS) return;
  for (const oldest of state.requests.keys()) {
    state.requests.delete(oldest);
    return;
  }
}

/** The request of a caller with this id; undefined if it was not carried out, or long ago. */
export function findRequest(
  state: ReadonlyState,
  { name, via }: CallerName,
  id: string,
): PastRequest | undefined {
  return state.requests.get(keyOf({ caller: name, ...(via?.token !== undefined && { token: via.token }), id }));
}

/** Puts the requests of a snapshot back, the oldest first. */
export function restoreRequests(state: State, requests: readonly PastRequest[]): void {
  for (const past of requests) state.requests.set(keyOf(past), past);
}

/** The task that a record claims, if any. */
export function claimedBy({ events }: Pick<JournalRecord, "events">): string | undefined {
  return events.find((event) => event.type === "task.claimed")?.id;
}

/** Whether an attempt that a record begins is over: its claim must not be answered any more as if it were not. */
export function isClaimOver(state: ReadonlyState, { events }: Pick<JournalRecord, "events">): boolean {
  return events.some((event) => {
    if (event.type !== "task.claimed") return false;
    const task = state.tasks.get(event.id)?.task;
    return task?.status !== "in_progress" || task.assignedTo !== event.instance || task.attempt !== event.attempt;
  });
}

function keyOf({ caller, token, id }: Pick<PastRequest, "caller" | "token" | "id">): string {
  return JSON.stringify([caller, id, token]);
}
