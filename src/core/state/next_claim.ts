/**
 * Finds the task that an instance claims next, and decides whether it may claim at all.
 */

import type { Urgent } from "../messages/commands.ts";
import type { WaitingClaim } from "../messages/queries.ts";
import { sessionOf } from "../model/access.ts";
import { MAX_SCANNED, MAX_URGENT } from "../model/limits.ts";
import type { Instance } from "../model/instance.ts";
import { take } from "../model/text.ts";
import { isEligible, type Profile, profileOf } from "./eligibility.ts";
import { inOrder } from "./heap.ts";
import { countHeldBy } from "./lookup.ts";
import { hasNews } from "./news.ts";
import { firstServable, isLimited, nextFor } from "./ready_queue.ts";
import { UNSEEN, wholeOf } from "./sight.ts";
import type { Bucket, ReadonlyState, ReadonlyTaskNode } from "./state.ts";

/** The profile of an instance. Roles or capabilities given with a call override the registered ones. */
export function profileIn(
  state: ReadonlyState,
  instance: string,
  overrides: { readonly roles?: readonly string[]; readonly capabilities?: readonly string[] } = {},
): Profile {
  const registered = state.instances.get(instance);
  const hasOverrides = overrides.roles !== undefined || overrides.capabilities !== undefined;
  if (registered !== undefined && !hasOverrides) return registered.profile;
  return profileOf(instance, registered?.instance, overrides);
}

/** Whether an instance may claim one more task: it neither drains nor left, and is below its `maxConcurrent`. */
export function mayClaimMore(state: ReadonlyState, id: string): boolean {
  const instance = state.instances.get(id)?.instance;
  if (instance === undefined) return true;
  if (isDraining(instance) || instance.status === "left") return false;
  return countHeldBy(wholeOf(state), id) < (instance.maxConcurrent ?? Infinity);
}

/** Whether an instance drains, or does so again when it calls. */
export function isDraining({ status, wasDraining }: Pick<Instance, "status" | "wasDraining">): boolean {
  return status === "draining" || (status === "lost" && wasDraining === true);
}

/** Why an instance may not claim one more task, as the end of a sentence that begins with its id. */
export function whyNoMore(state: ReadonlyState, id: string): string {
  const instance = state.instances.get(id)?.instance;
  if (instance !== undefined && isDraining(instance)) return "is draining and gets no more tasks";
  if (instance?.status === "left") return "has left and gets no more tasks";
  const count = countHeldBy(state, id);
  const more = count < countHeldBy(wholeOf(state), id) ? ` and ${UNSEEN}` : "";
  return `holds ${count} tasks${more}, and its max_concurrent is ${instance?.maxConcurrent}`;
}

/** A claim that waits, and the state as its caller sees it. */
export interface SeenClaim extends WaitingClaim {
  /** Default: all of it. */
  readonly seen?: ReadonlyState;
}

/**
 * The index of the first claim that can be answered now, with a task, with news, or with the reason why its instance may
 * not claim one; undefined if all must wait. O(claims + tasks that their instances hold + buckets of ready tasks), and
 * O(claims) more for each bucket whose requirement the claims meet only together.
 */
export function firstAnswerable(state: ReadonlyState, claims: readonly SeenClaim[]): number | undefined {
  const answered = claims.findIndex(({ command: { instance, group }, caller, seen = state }) => {
    return !mayClaimMore(state, instance) || (group !== undefined && !seen.groups.has(group)) ||
      hasNews(seen, { instance, session: sessionOf(caller) });
  });
  const waiting = answered < 0 ? claims : claims.slice(0, answered);
  const hasNone = state.pause !== undefined || state.standings.ready === state.ready.limited;
  const served = hasNone ? undefined : firstServed(state, waiting);
  return served ?? (answered < 0 ? undefined : answered);
}

/** The index of the first claim for which there is a task. Claims of one group are compared with its tasks only. */
function firstServed(state: ReadonlyState, claims: readonly SeenClaim[]): number | undefined {
  let first = Infinity;
  for (const [seen, all] of Map.groupBy(claims.entries(), ([, claim]) => claim.seen ?? state)) {
    for (const [group, some] of Map.groupBy(all, ([, { command }]) => command.group)) {
      const profiles = some.map(([, { command }]) => profileIn(state, command.instance, command));
      const served = firstServable(bucketsIn(seen, group), profiles);
      if (served !== undefined) first = Math.min(first, some[served]?.[0] ?? Infinity);
    }
  }
  return first < Infinity ? first : undefined;
}

/** The buckets of all ready tasks, or of those in a group. */
function bucketsIn(state: ReadonlyState, group: string | undefined): Iterable<Bucket> {
  return group === undefined ? state.ready.buckets.values() : state.groups.get(group)?.buckets ?? [];
}

/**
 * The task that an instance claims next, of all or of a group; none while the project is paused. O(buckets of ready tasks +
 * their lanes with a taken lock).
 */
export function nextClaim(state: ReadonlyState, profile: Profile, group?: string): ReadonlyTaskNode | undefined {
  if (state.pause !== undefined) return undefined;
  const isOwn = ({ task }: ReadonlyTaskNode) => task.status === "completed" && task.assignedTo === profile.instance;
  return nextFor(bucketsIn(state, group), profile, (node) => node.dependencies.some(isOwn));
}

/** Urgent tasks that an instance could claim (the first few), in the order of creation. */
export function urgentFor(state: ReadonlyState, profile: Profile): readonly Urgent[] {
  if (state.pause !== undefined) return [];
  const instance = state.instances.get(profile.instance)?.instance;
  if (instance !== undefined && (isDraining(instance) || instance.status === "left")) return [];
  return take(inOrder(state.ready.urgent), MAX_SCANNED)
    .map(({ target }) => target)
    .filter(({ lane }) => lane !== undefined && !isLimited(lane) && isEligible(profile, lane.bucket))
    .slice(0, MAX_URGENT).map(({ task: { id, description } }) => ({ id, description }));
}
