/**
 * What is at the end of all the waiting: found by walking from tasks that cannot go on along the dependencies that
 * decide. And what would get each of it going. Bounded, whatever the graph.
 */

import { neededOf, type Outcome } from "../model/dependency.ts";
import { MAX_NAMED, MAX_SCANNED } from "../model/limits.ts";
import { type Asks, eachOnce, type End, type Remedy } from "../model/remedies.ts";
import type { Task } from "../model/task.ts";
import { nameSome, take } from "../model/text.ts";
import { blockersOf, tasksOf, wantedOutcome } from "../state/blockers.ts";
import { unreachableEnd } from "../state/conditions.ts";
import { inOrder } from "../state/heap.ts";
import { firstHeldBy } from "../state/lookup.ts";
import { isFree } from "../state/next_claim.ts";
import { type Limit, limitsOf, readinessOf } from "../state/readiness.ts";
import type { GroupCondition, ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";

/** Most dependencies that a walk looks at. */
const MAX_STEPS = 20_000;

/** A task at the end of the waiting, how it should end for what waits for it, and the first task found that waits so. */
export interface Root {
  readonly node: ReadonlyTaskNode;
  readonly wanted: Outcome;
  readonly waiter: ReadonlyTaskNode;
}

/** What a walk finds. */
export interface Roots {
  /** The first few. */
  readonly tasks: readonly Root[];
  /** Groups without enough tasks (the first few): more of them would help. */
  readonly groups: readonly GroupCondition[];
  /** Whether there may be more of them. */
  readonly isCut: boolean;
  /** The task that a walk came to last which ended without finding anything. */
  readonly further: ReadonlyTaskNode | undefined;
}

/** The roots of tasks that cannot go on. Depth first: every path ends in a root, however long it is. Bounded. */
export function rootsOf(starts: Iterable<ReadonlyTaskNode>): Roots {
  const tasks: Root[] = [];
  const groups: GroupCondition[] = [];
  const seen = new Set<ReadonlyTaskNode>();
  const asked = new Set<string>();
  /** All that wait for the same of a group wait for the same members. */
  const isNew = (condition: GroupCondition) => {
    const key = JSON.stringify([condition.source.group.id, condition.on, condition.atLeast, condition.verdict]);
    if (asked.has(key)) return false;
    asked.add(key);
    if (isShort(condition) && groups.length < MAX_NAMED) groups.push(condition);
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
      if (goesOn(step.value)) path.push(behind(last = node, isNew));
      // What is completed stays so: nobody can do anything about it.
      else if (node.task.status !== "completed") tasks.push(step.value);
    }
  }
  const isCut = path.length > 0;
  return { tasks, groups, isCut, further: isCut && tasks.length + groups.length === 0 ? last : undefined };
}

/** What roots are, in words; never empty. */
export function describeRoots({ tasks, groups, isCut, further }: Roots): string {
  const names = [
    ...tasks.map(({ node }) => `${node.task.id} (${readinessOf(node) ?? node.task.status})`),
    ...groups.map(({ source }) => `more tasks in group ${source.group.id}`),
  ];
  if (further !== undefined) return `tasks behind ${further.task.id}, which are too many to look at`;
  if (names.length === 0) return "dependencies that nothing can meet any more";
  return nameSome(names) + (isCut && names.length <= MAX_NAMED ? ", and perhaps others" : "");
}

/** What gets any of the roots going: each remedy helps by itself. */
export function waysFrom(state: ReadonlyState, { tasks, groups, further }: Roots): readonly Remedy[] {
  return eachOnce([
    ...tasks.flatMap((root) => waysOn(state, root)),
    ...groups.map(({ source }): Remedy => ({ type: "create_task", group: source.group.id })),
    ...(further === undefined ? [] : [{ type: "explain_task", id: further.task.id } as const]),
  ]);
}

/** What gets a root going, or ends it as what waits for it wants. */
function waysOn(state: ReadonlyState, { node, wanted, waiter }: Root): readonly Remedy[] {
  const { id, status, assignedTo = "" } = node.task;
  if (status === "failed" || status === "cancelled" || status === "skipped") return [{ type: "retry_task", id }];
  // Nothing but what comes before a task can make it skipped.
  if (wanted === "skipped") return [{ type: "update_task", id: waiter.task.id, change: "dependencies" }];
  if (wanted === "cancelled") return [{ type: "cancel_task", id }];
  if (status === "in_progress") return [{ type: "end_task", id, how: wanted, instance: assignedTo }];
  return waysToClaim(state, node, wanted);
}

/** What lets a pending task whose dependencies are met be claimed, and ended if `how` is given. */
export function waysToClaim(state: ReadonlyState, node: ReadonlyTaskNode, how?: End): readonly Remedy[] {
  const { id, retryAt } = node.task;
  if (node.standing === "delayed") {
    const until = node.delayTimer?.at ?? 0;
    const shortcut: Remedy = retryAt === until
      ? { type: "retry_task", id }
      : { type: "update_task", id, change: "not_before" };
    return [{ type: "wait", until, id }, shortcut];
  }
  const limits = limitsOf(node);
  if (limits.length > 0) return limits.flatMap((limit) => reliefOf(state, limit));
  const asks = asksOf(node);
  const { instance } = asks;
  if (instance === undefined || isFree(state, instance)) {
    return [{ type: "claim_task", id, asks, ...(how !== undefined && { how }) }];
  }
  return waysToFree(state, instance);
}

/** What ends what limits a ready task. */
export function reliefOf(state: ReadonlyState, limit: Limit): readonly Remedy[] {
  if (limit.type === "lock") return endsOf(limit.holder.task);
  const { group: { id } } = limit.group;
  if (limit.type === "paused") return [{ type: "update_group", group: id, change: "paused" }];
  const running = take(inOrder(state.running), MAX_SCANNED).find(({ task }) => task.group === id);
  return [
    ...(running === undefined ? [] : endsOf(running.task)),
    { type: "update_group", group: id, change: "max_parallel" },
  ];
}

function endsOf({ id, assignedTo = "" }: Task): readonly Remedy[] {
  return [
    { type: "end_task", id, how: "finished", instance: assignedTo },
    { type: "release_task", id, instance: assignedTo },
  ];
}

/** What lets an instance claim again that may not now. */
export function waysToFree(state: ReadonlyState, id: string): readonly Remedy[] {
  const status = state.instances.get(id)?.instance.status;
  if (status === "draining" || status === "left") return [{ type: "register_instance", instance: id }];
  return firstHeldBy(state, id, MAX_NAMED).map(({ task }) => {
    return { type: "end_task", id: task.id, how: "finished", instance: id };
  });
}

/** What a ready task asks of the instance that claims it. */
export function asksOf({ lane }: Pick<ReadonlyTaskNode, "lane">): Asks {
  const { instance, roles = [], capabilities = [] } = lane?.bucket.requirement ?? {};
  return { ...(instance !== undefined && { instance }), roles, capabilities };
}

/** Whether a task that has ended would end in the same way at once if it were retried: nothing would change. */
export function endsAgain(node: ReadonlyTaskNode): boolean {
  return unreachableEnd(node) === node.task.status;
}

function* startsOf(nodes: Iterable<ReadonlyTaskNode>): Iterator<Root> {
  for (const node of nodes) yield { node, wanted: "completed", waiter: node };
}

/** The tasks behind the dependencies that decide about one. */
function* behind(waiter: ReadonlyTaskNode, isNew: (condition: GroupCondition) => boolean): Iterator<Root> {
  for (const blocker of blockersOf(waiter)) {
    if (blocker.type === "condition" && blocker.condition.type === "group" && !isNew(blocker.condition)) continue;
    for (const node of tasksOf(blocker)) yield { node, wanted: wantedOutcome(blocker), waiter };
  }
}

/** Whether something behind a task decides what becomes of it. */
function goesOn({ node, wanted }: Root): boolean {
  const { standing } = node;
  if (standing === undefined) return endsAgain(node);
  const isKept = standing === "waiting" || standing === "blocked";
  return isKept && wanted !== "cancelled" && wanted !== "skipped";
}

/** Whether a group would give what is asked of it if it had more tasks. */
function isShort({ source: { members }, atLeast, verdict }: GroupCondition): boolean {
  if (verdict === "unknown") return neededOf(atLeast, members.size) > members.size || members.size === 0;
  return verdict === "not_taken" && typeof atLeast === "number";
}
