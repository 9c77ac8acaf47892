/**
 * Finds the roots of waiting tasks, that is, the tasks that they finally wait for, by walking along the dependencies that
 * decide; and the remedies for each root. Bounded for any graph.
 */

import type { Caller } from "../model/access.ts";
import { neededOf, type Outcome, TRUTH_TABLE } from "../model/dependency.ts";
import { MAX_NAMED, MAX_SCANNED } from "../model/limits.ts";
import { type Asks, eachOnce, type End, type Remedy } from "../model/remedies.ts";
import { END_STATUSES } from "../model/status.ts";
import type { Task } from "../model/task.ts";
import { nameSome, take } from "../model/text.ts";
import { authorsNamedBy } from "../state/authors.ts";
import { blockersOf, tasksOf, wantedOutcome } from "../state/blockers.ts";
import { unreachableEnd, verdictOf } from "../state/conditions.ts";
import { countArchived, totalOf } from "../state/group_counts.ts";
import { inOrder } from "../state/heap.ts";
import { firstCreated } from "../state/lookup.ts";
import { isDraining, mayClaimMore } from "../state/next_claim.ts";
import { type Limit, limitsOf, readinessOf } from "../state/readiness.ts";
import type { GroupCondition, ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { isOfOtherSession } from "./sessions.ts";

/** Most dependencies that a walk examines. */
const MAX_STEPS = 20_000;

/**
 * The instance that asks, and its caller: it is not advised to end what another connected client holds under its id, which
 * would be refused.
 */
export interface Asker {
  readonly instance: string;
  readonly caller: Caller;
}

/** A task that others finally wait for. */
export interface Root {
  readonly node: ReadonlyTaskNode;
  /** The end that its dependent requires. */
  readonly wanted: Outcome;
  /** The first dependent that the walk found. */
  readonly waiter: ReadonlyTaskNode;
}

/** The result of a walk. */
export interface Roots {
  /** The tasks that others finally wait for (the first few). */
  readonly tasks: readonly Root[];
  /** Conditions on groups that have too few tasks (the first few). */
  readonly groups: readonly GroupCondition[];
  /** Conditions on groups that archived tasks block, which cannot be retried (the first few). */
  readonly archived: readonly GroupCondition[];
  /** Whether the walk ended at its bound, so that there may be more roots. */
  readonly isCut: boolean;
  /** The last task of a walk that reached its bound without finding a root. */
  readonly further: ReadonlyTaskNode | undefined;
}

/** The roots of tasks that are not ready. Depth first, as every path ends in a root, however long it is. Bounded. */
export function rootsOf(starts: Iterable<ReadonlyTaskNode>): Roots {
  const tasks: Root[] = [];
  const groups: GroupCondition[] = [];
  const archived: GroupCondition[] = [];
  const seen = new Set<ReadonlyTaskNode>();
  const asked = new Set<string>();
  /** Equal conditions on a group wait for the same members, which are visited once. */
  const isNew = (condition: GroupCondition) => {
    const key = JSON.stringify([condition.source.group.id, condition.on, condition.atLeast, condition.verdict]);
    if (asked.has(key)) return false;
    asked.add(key);
    if (needsMoreMembers(condition) && groups.length < MAX_NAMED) groups.push(condition);
    if (isBlockedByArchived(condition) && archived.length < MAX_NAMED) archived.push(condition);
    return true;
  };
  const path: Iterator<Root>[] = [startsOf(starts)];
  let last: ReadonlyTaskNode | undefined;
  for (let steps = 0; steps < MAX_STEPS && tasks.length < MAX_NAMED;) {
    const step = path.at(-1)?.next();
    if (step === undefined) break;
    if (step.done === true) {
      path.pop();
      continue;
    }
    steps++;
    const { node } = step.value;
    if (!seen.has(node)) {
      seen.add(node);
      if (hasDecidingDependencies(step.value)) path.push(rootsBehind(last = node, isNew));
      // A completed task has no remedy, unless its result cannot be read.
      else if (node.task.status !== "completed" || verdictOf(step.value.waiter) === "blocked") tasks.push(step.value);
    }
  }
  const isCut = path.length > 0;
  const isFound = tasks.length + groups.length + archived.length > 0;
  return { tasks, groups, archived, isCut, further: isCut && !isFound ? last : undefined };
}

/** The roots in words; never empty. */
export function describeRoots({ tasks, groups, archived, isCut, further }: Roots): string {
  const names = [
    ...tasks.map(({ node }) => `${node.task.id} (${stateOf(node)})`),
    ...groups.map(({ source }) => `more tasks in group ${source.group.id}`),
    ...archived.map(({ source }) => `archived tasks of group ${source.group.id}, which cannot be retried`),
  ];
  if (further !== undefined) return `tasks that ${further.task.id} depends on, too many to examine`;
  if (names.length === 0) return "dependencies that nothing can meet any more";
  return nameSome(names) + (isCut && names.length <= MAX_NAMED ? ", and perhaps others" : "");
}

function stateOf(node: ReadonlyTaskNode): string {
  const { status } = node.task;
  return status === "completed" ? "completed, but its result cannot be read" : readinessOf(node) ?? status;
}

/** The remedies for all roots. Each helps alone. */
export function remediesForRoots(
  state: ReadonlyState,
  { tasks, groups, archived, further }: Roots,
  asker?: Asker,
): readonly Remedy[] {
  return eachOnce([
    ...tasks.flatMap((root) => remediesForRoot(state, root, asker)),
    ...groups.map(({ source }): Remedy => ({ type: "create_task", group: source.group.id })),
    ...archived.map(({ root }): Remedy => ({ type: "update_task", id: root.task.id, change: "dependencies" })),
    ...(further === undefined ? [] : [{ type: "explain_task", id: further.task.id } as const]),
  ]);
}

/** The remedies that let a root proceed, or end it as its dependent requires. */
function remediesForRoot(
  state: ReadonlyState,
  { node, wanted, waiter }: Root,
  asker: Asker | undefined,
): readonly Remedy[] {
  const { id, status } = node.task;
  if (status === "completed") {
    const change: Remedy = { type: "update_task", id: waiter.task.id, change: "dependencies" };
    return [{ type: "retry_task", id }, ...(waiter.task.status === "pending" ? [change] : [])];
  }
  if (status === "failed" || status === "cancelled" || status === "skipped") return [{ type: "retry_task", id }];
  // Only its own dependencies can make a task skipped.
  if (wanted === "skipped") return [{ type: "update_task", id: waiter.task.id, change: "dependencies" }];
  if (wanted === "cancelled") return [{ type: "cancel_task", id }];
  if (status === "in_progress") return [endOf(node.task, wanted, asker)];
  return remediesToClaim(state, node, { how: wanted, asker });
}

/** The remedies for a pending task whose dependencies are met: they claim it, and end it as `how` says, if given. */
export function remediesToClaim(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  { how, asker }: { readonly how?: End; readonly asker?: Asker | undefined } = {},
): readonly Remedy[] {
  const { id, retryAt } = node.task;
  if (node.standing === "delayed") {
    const until = node.delayTimer?.at ?? 0;
    const shortcut: Remedy = retryAt === until
      ? { type: "retry_task", id }
      : { type: "update_task", id, change: "not_before" };
    return [{ type: "wait", until, id }, shortcut];
  }
  const limits = limitsOf(state, node);
  if (limits.length > 0) return limits.flatMap((limit) => remediesForLimit(state, limit, asker));
  if (state.pause !== undefined) return [{ type: "resume_project" }];
  const asks = asksOf(state, node);
  const { instance } = asks;
  // Nobody can claim a task that is reserved for one of the instances that may not claim it.
  if (asks.notBy?.some((author) => author.instance === instance)) {
    return [{ type: "update_task", id, change: "requirements" }];
  }
  if (instance === undefined || mayClaimMore(state, instance)) {
    return [{ type: "claim_task", id, asks, ...(how !== undefined && { how }) }];
  }
  return remediesToFree(state, instance, asker);
}

/** The remedies that end the limit of a ready task. */
export function remediesForLimit(state: ReadonlyState, limit: Limit, asker?: Asker): readonly Remedy[] {
  if (limit.type === "lock") return limit.holder === undefined ? [{ type: "wait" }] : endsOf(limit.holder.task, asker);
  const { group: { id } } = limit.group;
  if (limit.type === "paused") return [{ type: "update_group", group: id, change: "paused" }];
  const running = take(inOrder(state.running), MAX_SCANNED).find(({ task }) => task.group === id);
  return [
    ...(running === undefined ? [] : endsOf(running.task, asker)),
    { type: "update_group", group: id, change: "max_parallel" },
  ];
}

/** The remedies that free a task in progress: its holder ends it, or anybody hands it back. */
export function endsOf(task: Task, asker?: Asker): readonly Remedy[] {
  return eachOnce([endOf(task, "finished", asker), releaseOf(task)]);
}

/** The remedy that ends a task in progress; that hands it back, if another connected client holds it for the asker. */
function endOf(task: Task, how: End, asker: Asker | undefined): Remedy {
  const { id, assignedTo = "" } = task;
  return isElsewhere(task, asker) ? releaseOf(task) : { type: "end_task", id, how, instance: assignedTo };
}

/** Anybody may hand back a task in progress. Another connected client than that of its holder must name the attempt. */
function releaseOf({ id, assignedTo = "", session, attempt }: Task): Remedy {
  return { type: "release_task", id, instance: assignedTo, ...(session !== undefined && { attempt }) };
}

function isElsewhere(task: Task, asker: Asker | undefined): boolean {
  return asker !== undefined && task.assignedTo === asker.instance && isOfOtherSession(task, asker.caller);
}

/**
 * The remedies that let an instance claim again: it registers, or ends a task that it holds, if it sees one. If it asks itself, what other
 * connected clients hold under its id is handed back only if it holds nothing else.
 */
export function remediesToFree(state: ReadonlyState, id: string, asker?: Asker): readonly Remedy[] {
  const instance = state.instances.get(id)?.instance;
  if (instance !== undefined && (isDraining(instance) || instance.status === "left")) {
    return [{ type: "register_instance", instance: id }];
  }
  const held = state.held.get(id) ?? [];
  const own = firstCreated(held, MAX_NAMED, ({ task }) => !isElsewhere(task, asker));
  const ended = (own.length > 0 ? own : firstCreated(held, MAX_NAMED)).map(({ task }) =>
    endOf(task, "finished", asker)
  );
  return ended.length > 0 ? ended : [{ type: "wait" }];
}

/** The requirement of a ready task, for a remedy. */
export function asksOf(state: ReadonlyState, { lane, task }: Pick<ReadonlyTaskNode, "lane" | "task">): Asks {
  const { instance, roles = [], capabilities = [], excluded = [] } = lane?.bucket.requirement ?? {};
  return {
    ...(instance !== undefined && { instance }),
    roles,
    capabilities,
    ...(excluded.length > 0 && { notBy: authorsNamedBy(state, task) }),
  };
}

/** Whether a retry of an ended task would change nothing, as its dependencies would end it in the same status at once. */
export function endsAgain(node: ReadonlyTaskNode): boolean {
  return unreachableEnd(node) === node.task.status;
}

function* startsOf(nodes: Iterable<ReadonlyTaskNode>): Iterator<Root> {
  for (const node of nodes) yield { node, wanted: "completed", waiter: node };
}

/** The tasks of the dependencies that decide why `waiter` is not ready. */
function* rootsBehind(waiter: ReadonlyTaskNode, isNew: (condition: GroupCondition) => boolean): Iterator<Root> {
  for (const blocker of blockersOf(waiter)) {
    if (blocker.type === "condition" && blocker.condition.type === "group" && !isNew(blocker.condition)) continue;
    for (const node of tasksOf(blocker)) yield { node, wanted: wantedOutcome(blocker), waiter };
  }
}

/** Whether the dependencies of a task decide its status, so that the walk continues with them. */
function hasDecidingDependencies({ node, wanted }: Root): boolean {
  const { standing } = node;
  if (standing === undefined) return endsAgain(node);
  const isWaiting = standing === "waiting" || standing === "blocked";
  return isWaiting && wanted !== "cancelled" && wanted !== "skipped";
}

/** Whether more tasks in a group could meet a condition on it. */
function needsMoreMembers({ source, atLeast, verdict }: GroupCondition): boolean {
  const total = totalOf(source);
  if (verdict === "unknown") return neededOf(atLeast, total) > total || total === 0;
  return verdict === "not_taken" && typeof atLeast === "number";
}

function isBlockedByArchived({ source, on, verdict }: GroupCondition): boolean {
  return verdict === "blocked" &&
    countArchived(source.group, END_STATUSES.filter((status) => TRUTH_TABLE[on][status] === "blocked")) > 0;
}
