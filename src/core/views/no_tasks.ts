/**
 * The answer to a claim when there is no task for the instance: the reason, and remedies.
 */

import type { NoTasks, NoTasksReason, Unmatched } from "../messages/commands.ts";
import { MAX_NAMED, MAX_SCANNED } from "../model/limits.ts";
import { describeRemedies, eachOnce, type Remedy } from "../model/remedies.ts";
import type { TaskStatus } from "../model/status.ts";
import { nameSome, take } from "../model/text.ts";
import { blockersOf, tasksOf } from "../state/blockers.ts";
import { isEligible, missingOf, type Profile } from "../state/eligibility.ts";
import { inOrder } from "../state/heap.ts";
import { firstHeldBy } from "../state/lookup.ts";
import { isDraining, mayClaimMore, whyNoMore } from "../state/next_claim.ts";
import { firstOf } from "../state/order.ts";
import { describeLimit, type Limit, limitsOf } from "../state/readiness.ts";
import { compareBuckets, firstTaskOf } from "../state/ready_queue.ts";
import type { Bucket, ReadonlyState } from "../state/state.ts";
import { describeRoots, remediesForLimit, remediesForRoots, remediesToFree, rootsOf } from "./roots.ts";

/** The answer to a claim without a task. O(buckets + lanes of ready tasks + tasks that the instance holds), and a bounded number of other tasks. */
export function noTasks(state: ReadonlyState, profile: Profile): NoTasks {
  const unmatched = unmatchedFor(state, profile);
  const { reason, why, remedies } = noTasksReason(state, profile, unmatched);
  const help = describeRemedies(remedies);
  return {
    reason,
    message: help === "" ? why : `${why}; what would help: ${help}`,
    running: runningTasks(state),
    runningCount: state.counts.in_progress,
    blockedBy: take(blockers(state), MAX_NAMED),
    blockedCount: state.standings.blocked,
    holding: firstHeldBy(state, profile.instance, MAX_NAMED).map((node) => node.task.id),
    unmatched,
    ...(state.delayTimers.entries[0] !== undefined && { nextAt: state.delayTimers.entries[0].at }),
  };
}

/** The reason why nothing can be claimed, and its remedies. */
export interface WhyNoTasks {
  readonly reason: NoTasksReason;
  readonly why: string;
  /** Each helps alone. */
  readonly remedies: readonly Remedy[];
}

/** The reason why an instance can claim nothing: first reasons of the instance itself, then reasons of the tasks. */
export function noTasksReason(
  state: ReadonlyState,
  profile: Profile,
  unmatched = unmatchedFor(state, profile),
): WhyNoTasks {
  const { instance } = profile;
  const { counts, standings } = state;
  if (!mayClaimMore(state, instance)) {
    const known = state.instances.get(instance)?.instance;
    const reason = known?.status === "left" ? "left" : known && isDraining(known) ? "draining" : "at_capacity";
    return { reason, why: `${instance} ${whyNoMore(state, instance)}`, remedies: remediesToFree(state, instance) };
  }
  if (state.tasks.size === 0) {
    return {
      reason: "no_tasks_exist",
      why: "There are no tasks yet",
      remedies: [{ type: "create_task" }, { type: "wait" }],
    };
  }
  if (standings.ready > 0) return readyForOthers(state, profile, unmatched);
  if (counts.in_progress > 0) return othersRunning(state, instance);
  const delayTimer = state.delayTimers.entries[0];
  if (standings.delayed > 0 && delayTimer !== undefined) {
    return {
      reason: "delayed",
      why: `No task is ready before ${new Date(delayTimer.at).toISOString()}`,
      remedies: [{ type: "wait", until: delayTimer.at }],
    };
  }
  if (counts.pending > 0) return nothingRuns(state);
  return { reason: "all_finished", why: `All tasks are finished: ${describeCounts(counts)}`, remedies: [] };
}

/** Tasks are ready, but the instance may not claim them, or their groups or locks limit them. */
function readyForOthers(state: ReadonlyState, profile: Profile, unmatched: readonly Unmatched[]): WhyNoTasks {
  const limits = limitsFor(state, profile);
  const why = [...describeUnmatched(unmatched), ...new Set(limits.map(describeLimit))];
  const offers = unmatched.map(({ example, roles = [], capabilities = [], reservedFor }): Remedy => {
    return reservedFor === undefined
      ? { type: "offer", roles, capabilities }
      : { type: "update_task", id: example, change: "requirements" };
  });
  return {
    reason: limits.length > 0 ? "limited" : "no_match",
    why: `${describeReady(state)}: ${nameSome(why)}`,
    remedies: eachOnce([
      ...limits.flatMap((limit) => remediesForLimit(state, limit)),
      ...offers,
      ...remediesToFree(state, profile.instance),
    ]),
  };
}

/** No task is ready, and some run. */
function othersRunning(state: ReadonlyState, instance: string): WhyNoTasks {
  const { pending, in_progress: count } = state.counts;
  const names = nameSome(runningTasks(state).map(({ id, assignedTo }) => `${id} (${assignedTo})`), count);
  return {
    reason: "waiting",
    why: pending === 0
      ? `No task is left to claim; still running: ${names}`
      : `No task is ready; waiting for running tasks: ${names}`,
    remedies: remediesToFree(state, instance),
  };
}

/** Pending tasks wait or are blocked, and no task runs. */
function nothingRuns(state: ReadonlyState): WhyNoTasks {
  const { pending } = state.counts;
  const isBlocked = state.standings.blocked > 0;
  const first = take(inOrder(isBlocked ? state.blocked : state.waiting), MAX_SCANNED);
  const roots = rootsOf(first);
  const remedies = remediesForRoots(state, roots);
  return {
    reason: isBlocked ? "blocked" : "waiting",
    why: `No task is ready: ${pending} pending tasks ${isBlocked ? "are blocked by" : "wait for"} ${
      describeRoots(roots)
    }`,
    remedies: eachOnce([
      ...remedies.slice(0, MAX_NAMED - 1),
      ...first.slice(0, 1).map(({ task: { id } }) => ({ type: "update_task", id, change: "dependencies" }) as const),
    ]),
  };
}

function runningTasks(state: ReadonlyState): NoTasks["running"] {
  return take(inOrder(state.running), MAX_NAMED)
    .map(({ task: { id, assignedTo = "" } }) => ({ id, assignedTo }));
}

/** The numbers of ready tasks that can be claimed by others, and that are limited by groups or locks, in words. */
function describeReady({ standings, ready: { limited } }: ReadonlyState): string {
  const claimable = standings.ready - limited;
  if (limited === 0) return `${countTasks(claimable)} ready, but not for you now`;
  const others = `${countTasks(limited)} limited by groups or locks`;
  return claimable === 0
    ? `No task can be claimed now; ${others}`
    : `${countTasks(claimable)} ready, but not for you, and ${others}`;
}

function countTasks(count: number): string {
  return count === 1 ? "1 task is" : `${count} tasks are`;
}

/** The wanted buckets in the order in which their tasks are claimed, at most `limit`. O(buckets). */
function bucketsOf(state: ReadonlyState, isWanted: (bucket: Bucket) => boolean, limit: number): readonly Bucket[] {
  return firstOf(state.ready.buckets.values(), limit, {
    compare: compareBuckets,
    isWanted,
  });
}

/** The ready tasks that an instance may not claim, by bucket (the first few). */
function unmatchedFor(state: ReadonlyState, profile: Profile): readonly Unmatched[] {
  return bucketsOf(state, (bucket) => !isEligible(profile, bucket), MAX_NAMED).map((bucket) => {
    const { instance, roles, capabilities } = bucket.requirement;
    return {
      count: bucket.size,
      example: firstTaskOf(bucket).task.id,
      ...(roles.length > 0 && { roles }),
      ...(capabilities.length > 0 && { capabilities }),
      ...(instance !== undefined && { reservedFor: instance }),
      missing: missingOf(profile, bucket),
      isClaimable: bucket.demand.able > 0,
    };
  });
}

function describeUnmatched(unmatched: readonly Unmatched[]): readonly string[] {
  return unmatched.map(({ example, missing, isClaimable }) => {
    return `${example} needs ${missing.join(" and ")}${isClaimable ? "" : " (which no active instance offers)"}`;
  });
}

/** The limits that keep an instance from ready tasks: of the first task of each of the first `MAX_SCANNED` buckets. */
function limitsFor(state: ReadonlyState, profile: Profile): readonly Limit[] {
  const buckets = state.ready.limited === 0
    ? []
    : bucketsOf(state, (bucket) => isEligible(profile, bucket), MAX_SCANNED);
  return buckets.flatMap((bucket) => limitsOf(firstTaskOf(bucket)));
}

/**
 * The failed and cancelled tasks, and the completed ones with a result that cannot be read, that the first `MAX_SCANNED`
 * blocked tasks depend on, each once.
 */
function* blockers(state: ReadonlyState): Iterable<NoTasks["blockedBy"][number]> {
  const seen = new Set<string>();
  const groups = new Set<unknown>();
  for (const node of take(inOrder(state.blocked), MAX_SCANNED)) {
    for (const blocker of blockersOf(node)) {
      if (blocker.type === "condition" && blocker.condition.type === "group") {
        if (groups.has(blocker.condition.source)) continue;
        groups.add(blocker.condition.source);
      }
      for (const { task: { id, status } } of tasksOf(blocker)) {
        if (seen.has(id) || (status !== "failed" && status !== "cancelled" && status !== "completed")) continue;
        seen.add(id);
        yield { id, status };
      }
    }
  }
}

function describeCounts(counts: Readonly<Record<TaskStatus, number>>): string {
  return Object.entries(counts).filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`).join(
    ", ",
  );
}
