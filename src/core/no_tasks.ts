/**
 * Why an instance can claim nothing, and what would change that.
 */

import type { NoTasks, NoTasksReason, Unmatched } from "./commands.ts";
import { culpritsOf, nameCulpritWithState, tasksOf } from "./culprits.ts";
import { nameSome } from "./graph.ts";
import { MAX_NAMED, MAX_SCANNED } from "./limits.ts";
import type { Task } from "./model.ts";
import type { TaskStatus } from "./status.ts";
import { isClosed } from "./ready_tasks.ts";
import { isEligible, missingOf, type Profile } from "./routing.ts";
import { eligibleCount, type ReadonlyState, type ReadonlyTaskNode } from "./state.ts";
import { heldBy, take } from "./views.ts";

/** Why nothing can be claimed now. O(1) but for the few tasks and kinds of tasks it looks at. */
export function noTasks(state: ReadonlyState, profile: Profile): NoTasks {
  const { instance } = profile;
  const held = heldBy(state, instance);
  const running = take(heldTasks(state), MAX_NAMED).map((task) => ({ id: task.id, assignedTo: task.assignedTo ?? "" }));
  const facts: Omit<NoTasks, "reason" | "message"> = {
    running,
    runningCount: state.counts.in_progress,
    blockedBy: take(culprits(state), MAX_NAMED),
    blockedCount: state.readinesses.blocked,
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
  if (state.ready.size > 0) {
    const closed = closedFor(state, profile);
    const why = [...describeUnmatched(facts.unmatched), ...closed];
    const hint = facts.unmatched.length === 0
      ? ""
      : "; give roles and capabilities with register_instance or with the call, or change the tasks";
    return because(
      closed.length > 0 ? "limited" : "no_match",
      `${state.ready.size} tasks are ready, but not for you now: ${nameSome(why)}${hint}${own}`,
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
  if (state.readinesses.delayed > 0 && facts.nextAt !== undefined) {
    return because(
      "delayed",
      `No task is ready before ${new Date(facts.nextAt).toISOString()}: ask again with wait_ms`,
    );
  }
  if (state.readinesses.blocked > 0) {
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

/** Kinds of ready tasks that an instance may not do (the first few of those looked at). */
function unmatchedFor(state: ReadonlyState, profile: Profile): readonly Unmatched[] {
  const unmatched: Unmatched[] = [];
  for (const { requirement, heap } of take(state.ready.buckets.values(), MAX_SCANNED)) {
    const first = heap.entries[0];
    if (first === undefined || isEligible(profile, requirement)) continue;
    const { instance, roles, capabilities } = requirement;
    unmatched.push({
      count: heap.entries.length,
      example: first.task.id,
      ...(roles.length > 0 && { roles }),
      ...(capabilities.length > 0 && { capabilities }),
      ...(instance !== undefined && { reservedFor: instance }),
      missing: missingOf(profile, requirement),
      isClaimable: eligibleCount(state.instances, requirement) > 0,
    });
    if (unmatched.length === MAX_NAMED) break;
  }
  return unmatched;
}

function describeUnmatched(unmatched: readonly Unmatched[]): readonly string[] {
  return unmatched.map(({ example, missing, isClaimable }) => {
    return `${example} needs ${missing.join(" and ")}${isClaimable ? "" : " (which no active instance offers)"}`;
  });
}

/** What closes the ready tasks that an instance may do, in words (of the first kinds of them). */
function closedFor(state: ReadonlyState, profile: Profile): readonly string[] {
  const reasons = new Set<string>();
  for (const bucket of take(state.ready.buckets.values(), MAX_SCANNED)) {
    const node = bucket.heap.entries[0];
    if (node === undefined || !isClosed(bucket) || !isEligible(profile, bucket.requirement)) continue;
    for (const reason of closedBy(state, node)) reasons.add(reason);
  }
  return [...reasons];
}

/** What keeps a ready task from being claimed by anybody, in words. */
export function closedBy(state: ReadonlyState, { group, task }: ReadonlyTaskNode): readonly string[] {
  const reasons: string[] = [];
  if (group?.group.paused === true) reasons.push(`group ${group.group.id} is paused (update_group resumes it)`);
  else if (group?.isOpen === false) {
    reasons.push(`group ${group.group.id} has ${group.counts.in_progress} running tasks, as many as it may`);
  }
  for (const name of task.locks ?? []) {
    const [holder] = state.locks.get(name)?.holders ?? [];
    if (holder !== undefined && holder.task.id !== task.id) reasons.push(`lock ${name} is held by ${holder.task.id}`);
  }
  return reasons;
}

function* heldTasks(state: ReadonlyState): Iterable<Task> {
  for (const nodes of state.held.values()) {
    for (const node of nodes) yield node.task;
  }
}

/** Failed and cancelled tasks that pending ones wait for, each once; as seen from the first blocked tasks. */
function* culprits(state: ReadonlyState): Iterable<NoTasks["blockedBy"][number]> {
  const seen = new Set<string>();
  const groups = new Set<unknown>();
  for (const node of take(state.blocked, MAX_SCANNED)) {
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
  let looked = 0;
  for (const node of state.tasks.values()) {
    if (node.readiness !== "waiting") continue;
    for (const culprit of culpritsOf(node)) {
      if (culprit.type === "gate" && culprit.gate.type === "group") names.add(nameCulpritWithState(culprit));
    }
    if (++looked === MAX_SCANNED || names.size >= MAX_NAMED) break;
  }
  return [...names];
}

function describeCounts(counts: Readonly<Record<TaskStatus, number>>): string {
  return Object.entries(counts).filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`).join(
    ", ",
  );
}
