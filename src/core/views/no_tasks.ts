/**
 * The answer to a claim when there is no task for the instance: the reason, and remedies.
 */

import type { NoTasks, NoTasksReason, Unmatched } from "../messages/commands.ts";
import type { Caller } from "../model/access.ts";
import { MAX_NAMED, MAX_SCANNED } from "../model/limits.ts";
import { describePause } from "../model/project.ts";
import { describeRemedies, eachOnce, type Remedy } from "../model/remedies.ts";
import type { TaskStatus } from "../model/status.ts";
import { nameSome, take } from "../model/text.ts";
import { authorsNamedBy } from "../state/authors.ts";
import { blockersOf, tasksOf } from "../state/blockers.ts";
import { isEligible, missingOf, notAuthorOf, type Profile } from "../state/eligibility.ts";
import { firstCreated } from "../state/lookup.ts";
import { isDraining, mayClaimMore, whyNoMore } from "../state/next_claim.ts";
import { firstOf } from "../state/order.ts";
import { describeLimit, type Limit, limitsOf } from "../state/readiness.ts";
import { compareBuckets, firstTaskOf } from "../state/ready_queue.ts";
import type { Bucket, ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { holdingOf } from "./holding.ts";
import { hintToFormerIds } from "./not_connected.ts";
import { type Asker, describeRoots, remediesForLimit, remediesForRoots, remediesToFree, rootsOf } from "./roots.ts";
import { type Scope, scopeOf } from "./scope.ts";
import { isOfOtherSession } from "./sessions.ts";

/** A claim as far as its answer depends on it. */
export interface Claiming {
  readonly profile: Profile;
  readonly caller: Caller;
}

/**
 * The answer to a claim without a task, of all or of a group. O(buckets + lanes of ready tasks + tasks that the instance
 * holds + members of the group), and a bounded number of other tasks.
 */
export function noTasks(state: ReadonlyState, { profile, caller }: Claiming, group?: string): NoTasks {
  const scope = scopeOf(state, group);
  const unmatched = unmatchedFor(state, profile, scope);
  const { reason, why, remedies } = noTasksReason(state, { profile, caller }, { scope, unmatched });
  const { holding = [], holdingCount = 0 } = holdingOf(state, { instance: profile.instance, caller });
  const help = describeRemedies(remedies);
  const hint = hintToFormerIds(state, profile.instance, caller);
  return {
    reason,
    message: [why, ...(help === "" ? [] : [`what would help: ${help}`]), ...(hint === "" ? [] : [hint])].join("; "),
    running: runningTasks(scope),
    runningCount: scope.counts.in_progress,
    blockedBy: take(blockers(scope), MAX_NAMED),
    blockedCount: scope.standings.blocked,
    holding,
    holdingCount,
    unmatched,
    ...(scope.nextAt !== undefined && { nextAt: scope.nextAt }),
  };
}

/** The reason why nothing can be claimed, and its remedies. */
export interface WhyNoTasks {
  readonly reason: NoTasksReason;
  readonly why: string;
  /** Each helps alone. */
  readonly remedies: readonly Remedy[];
}

/** The reason why an instance can claim nothing: of the instance itself, else of the project, else of the tasks. */
export function noTasksReason(
  state: ReadonlyState,
  { profile, caller }: Claiming,
  asked?: { readonly scope: Scope; readonly unmatched: readonly Unmatched[] },
): WhyNoTasks {
  const { instance } = profile;
  const asker = { instance, caller };
  if (!mayClaimMore(state, instance)) {
    const known = state.instances.get(instance)?.instance;
    const reason = known?.status === "left" ? "left" : known && isDraining(known) ? "draining" : "at_capacity";
    return {
      reason,
      why: `${instance} ${whyNoMore(state, instance)}`,
      remedies: remediesToFree(state, instance, asker),
    };
  }
  if (state.pause !== undefined) {
    const why = `Nothing can be claimed as ${describePause(state.pause)}`;
    return { reason: "paused", why, remedies: [{ type: "resume_project" }] };
  }
  const scope = asked?.scope ?? scopeOf(state, undefined);
  const { group, where, counts, standings, nextAt } = scope;
  if (scope.size === 0) {
    return {
      reason: "no_tasks_exist",
      why: `There are no tasks${where} yet`,
      remedies: [{ type: "create_task", ...(group !== undefined && { group }) }, { type: "wait" }],
    };
  }
  if (standings.ready > 0) {
    const unmatched = asked?.unmatched ?? unmatchedFor(state, profile, scope);
    return readyForOthers(state, { profile, caller }, { scope, unmatched });
  }
  if (counts.in_progress > 0) return othersRunning(state, asker, scope);
  if (standings.delayed > 0 && nextAt !== undefined) {
    return {
      reason: "delayed",
      why: `No task${where} is ready before ${new Date(nextAt).toISOString()}`,
      remedies: [{ type: "wait", until: nextAt }],
    };
  }
  if (counts.pending > 0) return nothingRuns(state, asker, scope);
  return { reason: "all_finished", why: `All tasks${where} are finished: ${describeCounts(counts)}`, remedies: [] };
}

/** Tasks are ready, but the instance may not claim them, or their groups or locks limit them. */
function readyForOthers(
  state: ReadonlyState,
  { profile, caller }: Claiming,
  { scope, unmatched }: { readonly scope: Scope; readonly unmatched: readonly Unmatched[] },
): WhyNoTasks {
  const asker = { instance: profile.instance, caller };
  const limits = limitsFor(state, { scope, profile });
  const why = [...describeUnmatched(unmatched), ...new Set(limits.map(describeLimit))];
  const offers = unmatched.map(({ example, roles = [], capabilities = [], reservedFor, notBy }): Remedy => {
    return reservedFor === undefined && notBy === undefined
      ? { type: "offer", roles, capabilities }
      : { type: "update_task", id: example, change: "requirements" };
  });
  return {
    reason: limits.length > 0 ? "limited" : "no_match",
    why: `${describeReady(scope)}: ${nameSome(why)}`,
    remedies: eachOnce([
      ...limits.flatMap((limit) => remediesForLimit(state, limit, asker)),
      ...offers,
      ...remediesToEndOwn(state, asker, scope),
    ]),
  };
}

/** No task is ready, and some run. */
function othersRunning(state: ReadonlyState, asker: Asker, scope: Scope): WhyNoTasks {
  const { where, counts: { pending, in_progress: count } } = scope;
  const names = nameSome(runningTasks(scope).map(({ id, assignedTo }) => `${id} (${assignedTo})`), count);
  return {
    reason: "waiting",
    why: pending === 0
      ? `No task${where} is left to claim; still running: ${names}`
      : `No task${where} is ready; waiting for running tasks: ${names}`,
    remedies: remediesToEndOwn(state, asker, scope),
  };
}

/**
 * The remedies that end what the instance holds itself of the tasks that its claim asks for; not what another connected
 * client holds under its id.
 */
function remediesToEndOwn(state: ReadonlyState, { instance, caller }: Asker, { group }: Scope): readonly Remedy[] {
  const isOwn = ({ task }: ReadonlyTaskNode) =>
    (group === undefined || task.group === group) && !isOfOtherSession(task, caller);
  return firstCreated(state.held.get(instance) ?? [], MAX_NAMED, isOwn).map(({ task: { id } }) => {
    return { type: "end_task", id, how: "finished", instance };
  });
}

/** Pending tasks wait or are blocked, and no task runs. */
function nothingRuns(state: ReadonlyState, asker: Asker, scope: Scope): WhyNoTasks {
  const { where, counts: { pending }, standings } = scope;
  const isBlocked = standings.blocked > 0;
  const first = scope.first(isBlocked ? "blocked" : "waiting", MAX_SCANNED);
  const roots = rootsOf(first);
  const remedies = remediesForRoots(state, roots, asker);
  return {
    reason: isBlocked ? "blocked" : "waiting",
    why: `No task${where} is ready: ${pending} pending tasks ${isBlocked ? "are blocked by" : "wait for"} ${
      describeRoots(roots)
    }`,
    remedies: eachOnce([
      ...remedies.slice(0, MAX_NAMED - 1),
      ...first.slice(0, 1).map(({ task: { id } }) => ({ type: "update_task", id, change: "dependencies" }) as const),
    ]),
  };
}

function runningTasks(scope: Scope): NoTasks["running"] {
  return scope.first("running", MAX_NAMED)
    .map(({ task: { id, assignedTo = "" } }) => ({ id, assignedTo }));
}

/** The numbers of ready tasks that can be claimed by others, and that are limited by groups or locks, in words. */
function describeReady({ standings, limited, where }: Scope): string {
  const claimable = standings.ready - limited;
  if (limited === 0) return `${countTasks(claimable, where)} ready, but not for you now`;
  const others = `${countTasks(limited)} limited by groups or locks`;
  return claimable === 0
    ? `No task${where} can be claimed now; ${others}`
    : `${countTasks(claimable, where)} ready, but not for you, and ${others}`;
}

function countTasks(count: number, where = ""): string {
  return count === 1 ? `1 task${where} is` : `${count} tasks${where} are`;
}

/** The wanted buckets in the order in which their tasks are claimed, at most `limit`. O(buckets). */
function bucketsOf({ buckets }: Scope, isWanted: (bucket: Bucket) => boolean, limit: number): readonly Bucket[] {
  return firstOf(buckets, limit, {
    compare: compareBuckets,
    isWanted,
  });
}

/** The ready tasks that an instance may not claim, by bucket (the first few). */
function unmatchedFor(state: ReadonlyState, profile: Profile, scope: Scope): readonly Unmatched[] {
  return bucketsOf(scope, (bucket) => !isEligible(profile, bucket), MAX_NAMED).map((bucket) => {
    const { instance, roles, capabilities } = bucket.requirement;
    const { task } = firstTaskOf(bucket);
    const notBy = authorsNamedBy(state, task).filter((author) => author.instance === profile.instance);
    return {
      count: bucket.size,
      example: task.id,
      ...(roles.length > 0 && { roles }),
      ...(capabilities.length > 0 && { capabilities }),
      ...(instance !== undefined && { reservedFor: instance }),
      ...(notBy.length > 0 && { notBy: notBy.map((author) => author.task) }),
      missing: [...missingOf(profile, bucket), ...notBy.map(notAuthorOf)],
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
function limitsFor(
  state: ReadonlyState,
  { scope, profile }: { readonly scope: Scope; readonly profile: Profile },
): readonly Limit[] {
  const buckets = scope.limited === 0 ? [] : bucketsOf(scope, (bucket) => isEligible(profile, bucket), MAX_SCANNED);
  return buckets.flatMap((bucket) => limitsOf(state, firstTaskOf(bucket)));
}

/**
 * The failed and cancelled tasks, and the completed ones with a result that cannot be read, that the first `MAX_SCANNED`
 * blocked tasks depend on, each once.
 */
function* blockers(scope: Scope): Iterable<NoTasks["blockedBy"][number]> {
  const seen = new Set<string>();
  const groups = new Set<unknown>();
  for (const node of scope.first("blocked", MAX_SCANNED)) {
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
