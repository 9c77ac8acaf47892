/**
 * Which task an instance would claim next, and whether it may claim at all.
 */

import type { CommandOf, Urgent } from "../messages/commands.ts";
import { MAX_SCANNED, MAX_URGENT } from "../model/limits.ts";
import { take } from "../model/text.ts";
import { isEligible, type Profile, profileOf } from "./eligibility.ts";
import { inOrder } from "./heap.ts";
import { countHeldBy } from "./lookup.ts";
import { firstServed, isLimited, nextFor } from "./ready_queue.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "./state.ts";

/** What an instance offers: what it says with the call, or else what it registered. */
export function profileIn(
  state: ReadonlyState,
  instance: string,
  said?: { readonly roles?: readonly string[]; readonly capabilities?: readonly string[] },
): Profile {
  const registered = state.instances.get(instance);
  const saysNothing = said?.roles === undefined && said?.capabilities === undefined;
  return saysNothing && registered !== undefined ? registered.profile : profileOf(instance, registered?.instance, said);
}

/** Whether an instance may take one more task at all. */
export function isFree(state: ReadonlyState, id: string): boolean {
  const instance = state.instances.get(id)?.instance;
  if (instance === undefined) return true;
  if (instance.status === "draining" || instance.status === "left") return false;
  return countHeldBy(state, id) < (instance.maxConcurrent ?? Infinity);
}

/** Why an instance may not take one more task, in words that follow its name. */
export function describeBusy(state: ReadonlyState, id: string): string {
  const { status, maxConcurrent } = state.instances.get(id)?.instance ?? {};
  if (status === "draining") return "is draining and gets no more tasks";
  return status === "left" ? "has left and gets no more tasks" : `holds as many tasks as it may (${maxConcurrent})`;
}

/**
 * The index of the first of some claims that has an answer now: there is a task for it, or its instance may not take one;
 * undefined if all are to wait. O(claims + buckets of ready tasks), and O(claims) more for each bucket that no claim alone
 * but all together offer enough for.
 */
export function firstAnswered(
  state: ReadonlyState,
  claims: readonly CommandOf<"claim_task">[],
): number | undefined {
  const busy = claims.findIndex(({ instance }) => !isFree(state, instance));
  const waiting = busy < 0 ? claims : claims.slice(0, busy);
  const served = state.standings.ready === state.ready.limited
    ? undefined
    : firstServed(state.ready, waiting.map((command) => profileIn(state, command.instance, command)));
  return served ?? (busy < 0 ? undefined : busy);
}

/** The task that an instance claims next. O(buckets of ready tasks + their lanes with a taken lock). */
export function nextClaim(state: ReadonlyState, profile: Profile): ReadonlyTaskNode | undefined {
  const isOwn = ({ task }: ReadonlyTaskNode) => task.status === "completed" && task.assignedTo === profile.instance;
  return nextFor(state.ready, profile, (node) => node.dependencies.some(isOwn));
}

/** Urgent tasks that an instance could claim (the first few), in the order of creation. */
export function urgentFor(state: ReadonlyState, profile: Profile): readonly Urgent[] {
  const status = state.instances.get(profile.instance)?.instance.status;
  if (status === "draining" || status === "left") return [];
  return take(inOrder(state.ready.urgent), MAX_SCANNED)
    .map(({ target }) => target)
    .filter(({ lane }) => lane !== undefined && !isLimited(lane) && isEligible(profile, lane.bucket))
    .slice(0, MAX_URGENT).map(({ task: { id, description } }) => ({ id, description }));
}
