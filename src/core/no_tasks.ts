/**
 * Why an instance can claim nothing, and what would change that.
 */

import type { NoTasks, NoTasksReason, Unmatched } from "./commands.ts";
import { culpritsOf, nameCulpritWithState, tasksOf } from "./culprits.ts";
import { nameSome } from "./graph.ts";
import { MAX_NAMED, MAX_SCANNED } from "./limits.ts";
import type { TaskStatus } from "./status.ts";
import { inOrder } from "./heap.ts";
import { firstOf } from "./order.ts";
import { describeLimit, limitsOf } from "./readiness.ts";
import { compareBuckets } from "./ready_tasks.ts";
import { isEligible, missingOf, type Profile } from "./routing.ts";
import type { Bucket } from "./nodes.ts";
import type { ReadonlyState } from "./state.ts";
import { heldBy, take } from "./views.ts";

/** Why nothing can be claimed now. O(buckets of ready tasks + tasks that the instance holds), and few tasks besides. */
export function noTasks(state: ReadonlyState, profile: Profile): NoTasks {
  const { instance } = profile;
  const held = heldBy(state, instance);
  const running = take(inOrder(state.running), MAX_NAMED)
    .map(({ task: { id, assignedTo = "" } }) => ({ id, assignedTo }));
  const facts: Omit<NoTasks, "reason" | "message"> = {
    running,
    runningCount: state.counts.in_progress,
    blockedBy: take(culprits(state), MAX_NAMED),
    blockedCount: state.standings.blocked,
    holding: held.slice(0, MAX_NAMED).map((node) => node.task.id),
    unmatched: unmatchedFor(state, profile),
    ...(state.wakes.entries[0] !== undefined && { nextAt: state.wakes.entries[0].at }),
  };
  const names = nameSome(running.map(({ id, assignedTo }) => `${id} (${assignedTo})`), state.counts.in_progress);
  const own = facts.holding.length === 0
    ? ""
    : `; you hold ${nameSome(facts.holding, held.length)} yourself: complete, fail or release it`;
  const because = (reason: NoTasksReason, message: string): NoTasks => ({ reason, message, ...facts });
  const registered = state.instances.get(instance)?.instance;

  if (registered?.status === "draining") {
    return because("draining", `You are draining and get no more tasks${own}; register_instance to take part again`);
  }
  if (registered?.status === "left") {
    return because("left", "You have left and get no more tasks; register_instance to take part again");
  }
  if (registered?.maxConcurrent !== undefined && held.length >= registered.maxConcurrent) {
    return because("at_capacity", `You hold as many tasks as you may (${registered.maxConcurrent})${own}`);
  }
  if (state.tasks.size === 0) {
    return because("no_tasks_exist", "There are no tasks yet: create some with create_tasks");
  }
  if (state.standings.ready > 0) {
    const limits = limitsFor(state, profile);
    const why = [...describeUnmatched(facts.unmatched), ...limits];
    const hint = facts.unmatched.length === 0
      ? ""
      : "; give roles and capabilities with register_instance or with the call, or change the tasks";
    return because(
      limits.length > 0 ? "limited" : "no_match",
      `${describeReady(state)}: ${nameSome(why)}${hint}${own}`,
    );
  }
  if (state.counts.in_progress > 0) {
    return because(
      "waiting",
      state.counts.pending === 0
        ? `No task is left to claim; still being worked on: ${names}${own}`
        : `No task is ready; waiting for running tasks: ${names}${own}`,
    );
  }
  if (state.standings.delayed > 0 && facts.nextAt !== undefined) {
    return because(
      "delayed",
      `No task is ready before ${new Date(facts.nextAt).toISOString()}: ask again with wait_ms`,
    );
  }
  if (state.standings.blocked > 0) {
    const blockers = nameSome(facts.blockedBy.map(({ id, status }) => `${id} (${status})`));
    return because(
      "blocked",
      `No task is ready: ${state.counts.pending} pending tasks are blocked by ${blockers}; retry_task them, or change ` +
        "what depends on them",
    );
  }
  if (state.counts.pending > 0) {
    return because(
      "waiting",
      `No task is ready: ${state.counts.pending} pending tasks wait for ${
        nameSome(undecided(state))
      }; explain_task says more`,
    );
  }
  return because("all_finished", `All tasks are finished: ${describeCounts(state.counts)}`);
}

/** How many tasks nothing but routing, or their group or locks, keeps from being claimed. */
function describeReady({ standings, ready: { limited } }: ReadonlyState): string {
  const claimable = standings.ready - limited;
  if (limited === 0) return `${countTasks(claimable)} ready, but not for you now`;
  const kept = `${countTasks(limited)} limited by groups or locks`;
  return claimable === 0
    ? `No task can be claimed now; ${kept}`
    : `${countTasks(claimable)} ready, but not for you, and ${kept}`;
}

function countTasks(count: number): string {
  return count === 1 ? "1 task is" : `${count} tasks are`;
}

/** The buckets that are asked for, those with the first tasks to be claimed first: at most `limit`. O(buckets). */
function bucketsOf(state: ReadonlyState, isWanted: (bucket: Bucket) => boolean, limit: number): readonly Bucket[] {
  return firstOf(state.ready.buckets.values(), limit, {
    compare: compareBuckets,
    isWanted,
  });
}

/** Kinds of ready tasks that an instance may not do (the first few). */
function unmatchedFor(state: ReadonlyState, profile: Profile): readonly Unmatched[] {
  return bucketsOf(state, (bucket) => !isEligible(profile, bucket), MAX_NAMED).map((bucket) => {
    const { instance, roles, capabilities } = bucket.requirement;
    return {
      count: bucket.size,
      example: bucket.first.task.id,
      ...(roles.length > 0 && { roles }),
      ...(capabilities.length > 0 && { capabilities }),
      ...(instance !== undefined && { reservedFor: instance }),
      missing: missingOf(profile, bucket),
      isClaimable: bucket.able > 0,
    };
  });
}

function describeUnmatched(unmatched: readonly Unmatched[]): readonly string[] {
  return unmatched.map(({ example, missing, isClaimable }) => {
    return `${example} needs ${missing.join(" and ")}${isClaimable ? "" : " (which no active instance offers)"}`;
  });
}

/** What limits the ready tasks that an instance may do, in words (of the first kinds of them). */
function limitsFor(state: ReadonlyState, profile: Profile): readonly string[] {
  const buckets = state.ready.limited === 0
    ? []
    : bucketsOf(state, (bucket) => isEligible(profile, bucket), MAX_SCANNED);
  return [...new Set(buckets.flatMap((bucket) => limitsOf(bucket.first).map(describeLimit)))];
}

/** Failed and cancelled tasks that pending ones wait for, each once; as seen from the first blocked tasks. */
function* culprits(state: ReadonlyState): Iterable<NoTasks["blockedBy"][number]> {
  const seen = new Set<string>();
  const groups = new Set<unknown>();
  for (const node of take(inOrder(state.blocked), MAX_SCANNED)) {
    for (const culprit of culpritsOf(node)) {
      if (culprit.type === "gate" && culprit.gate.type === "group") {
        if (groups.has(culprit.gate.source)) continue;
        groups.add(culprit.gate.source);
      }
      for (const { task: { id, status } } of tasksOf(culprit)) {
        if (seen.has(id) || (status !== "failed" && status !== "cancelled")) continue;
        seen.add(id);
        yield { id, status };
      }
    }
  }
}

/** What waiting tasks wait for where nothing runs and nothing is blocked: groups without enough tasks. */
function undecided(state: ReadonlyState): readonly string[] {
  const names = new Set<string>();
  for (const node of take(inOrder(state.waiting), MAX_SCANNED)) {
    for (const culprit of culpritsOf(node)) {
      if (culprit.type === "gate" && culprit.gate.type === "group") names.add(nameCulpritWithState(culprit));
    }
    if (names.size >= MAX_NAMED) break;
  }
  return [...names];
}

function describeCounts(counts: Readonly<Record<TaskStatus, number>>): string {
  return Object.entries(counts).filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`).join(
    ", ",
  );
}
