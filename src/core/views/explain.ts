/**
 * Explains the status of a task: its dependencies as a tree, the tasks that it finally waits for, and remedies. Work and
 * size are bounded for any graph.
 */

import type { ExplainedDependency, Explanation } from "../messages/queries.ts";
import { describe, neededOf, TRUTH_TABLE, type Verdict } from "../model/dependency.ts";
import { describeCancellation } from "../model/news.ts";
import { describePause } from "../model/project.ts";
import { describeAsks, describeRemedy, eachOnce, type Remedy } from "../model/remedies.ts";
import { take } from "../model/text.ts";
import { unreachableEnd } from "../state/conditions.ts";
import { findTask } from "../state/lookup.ts";
import { mayClaimMore, whyNoMore } from "../state/next_claim.ts";
import { describeLimit, limitsOf, readinessOf } from "../state/readiness.ts";
import type { Condition, ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { groupViewOf } from "./groups.ts";
import { describeHold } from "./sessions.ts";
import {
  type Asker,
  asksOf,
  describeRoots,
  endsAgain,
  endsOf,
  remediesForRoots,
  remediesToClaim,
  type Roots,
  rootsOf,
} from "./roots.ts";

/** Most dependencies that one node of the tree shows, the deciding ones first. */
const MAX_PARTS = 20;

/** Explains a task. O(its dependencies and the tasks behind them, up to a bound + members of the groups among them). */
export function explain(state: ReadonlyState, id: string): Explanation {
  const node = findTask(state, id);
  const { task } = node;
  const readiness = readinessOf(node);
  const parts = [...node.dependencies.map(explainPlain), ...node.conditions.map(explainCondition)].sort(byWeight);
  const { why, remedies, roots } = reasonOf(state, node);
  return {
    id,
    status: task.status,
    ...(readiness !== undefined && { readiness }),
    why,
    whatWouldChange: remedies.map(describeRemedy),
    ...(parts.length > 0 && { dependencies: parts.slice(0, MAX_PARTS) }),
    ...(parts.length > MAX_PARTS && { moreDependencies: parts.length - MAX_PARTS }),
    ...(roots !== undefined && roots.tasks.length > 0 && {
      roots: roots.tasks.map(({ node }) => ({
        id: node.task.id,
        state: readinessOf(node) ?? node.task.status,
        ...(node.task.assignedTo !== undefined && { assignedTo: node.task.assignedTo }),
      })),
    }),
  };
}

/** The reason for a task's status, and its remedies. */
export interface Reason {
  readonly why: string;
  /** Each helps alone. */
  readonly remedies: readonly Remedy[];
  /** The tasks and groups that a waiting task finally waits for. */
  readonly roots?: Roots;
}

/** The reason for a task's status. O(its dependencies and the tasks behind them, up to a bound). */
export function reasonOf(state: ReadonlyState, node: ReadonlyTaskNode, asker?: Asker): Reason {
  const { task } = node;
  const { assignedTo = "" } = task;
  switch (task.status) {
    case "in_progress":
      return {
        why: `${assignedTo} works on attempt ${task.attempt}, ${describeHold(task)}`,
        remedies: endsOf(task),
      };
    case "completed":
      return { why: `${task.assignedTo ?? "Somebody"} completed it`, remedies: [] };
    case "failed":
      return endedReason(state, node, { asker, why: `It failed: ${task.error || "no error was given"}` });
    case "cancelled":
      return endedReason(state, node, {
        asker,
        why: `It ${describeCancellation(task.cancelledBy)}: ${task.reason || "no reason was given"}`,
      });
    case "skipped":
      return endedReason(state, node, {
        asker,
        why: `It was skipped: ${task.reason || "its dependencies could not be met"}`,
      });
    case "pending":
      return pendingReason(state, node, asker);
  }
}

/** The remedies that change a task's status. A completed task can be done again, or another one can take its place. */
export function remediesForStatus(state: ReadonlyState, node: ReadonlyTaskNode): readonly Remedy[] {
  const { id, status } = node.task;
  return status === "completed"
    ? [{ type: "retry_task", id }, { type: "create_task", insteadOf: id }]
    : reasonOf(state, node).remedies;
}

/** The reason of an ended task. A retry is its remedy, unless its dependencies would end it again at once. */
function endedReason(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  { why, asker }: { readonly why: string; readonly asker: Asker | undefined },
): Reason {
  const { id } = node.task;
  const end = unreachableEnd(node);
  if (!endsAgain(node)) {
    const then = end === undefined ? "" : `; its dependencies cannot be met, so a retry makes it ${end} at once`;
    return { why: why + then, remedies: [{ type: "retry_task", id }] };
  }
  const roots = rootsOf([node]);
  const remedies = remediesForRoots(state, roots, asker);
  const then = remedies.length === 0
    ? "no change of existing tasks helps"
    : `retry_task ${id} works once this changes: ${describeRoots(roots)}`;
  return {
    why: `${why}; its dependencies cannot be met, so a retry would end at once; ${then}`,
    remedies: eachOnce([...remedies, { type: "update_task", id, change: "dependencies" }]),
    roots,
  };
}

function pendingReason(state: ReadonlyState, node: ReadonlyTaskNode, asker: Asker | undefined): Reason {
  const { id, failures } = node.task;
  switch (readinessOf(node)) {
    case "delayed":
      return {
        why: `Its dependencies are met; it waits until ${new Date(node.delayTimer?.at ?? 0).toISOString()}` +
          (failures === undefined ? "" : ` after ${failures} failed attempts`),
        remedies: remediesToClaim(state, node, { asker }),
      };
    case "ready":
      return readyReason(state, node, asker);
    case "limited":
      return {
        why: `It could be claimed, but ${
          [...limitsOf(state, node).map(describeLimit), ...pausesOf(state)].join(", and ")
        }`,
        remedies: remediesToClaim(state, node, { asker }),
      };
    default: {
      const roots = rootsOf([node]);
      const remedies = remediesForRoots(state, roots, asker);
      const isWaiting = node.standing === "waiting" && unreachableEnd(node) === undefined;
      const change: Remedy = { type: "update_task", id, change: "dependencies" };
      return {
        why: `${describeWaiting(node, roots)} ${describeRoots(roots)}`,
        remedies: isWaiting && remedies.length > 0 ? remedies : eachOnce([...remedies, change]),
        roots,
      };
    }
  }
}

function describeWaiting(node: ReadonlyTaskNode, { tasks }: Roots): string {
  if (unreachableEnd(node) !== undefined) {
    return "Its dependencies cannot be met, so the next call ends it: it waits for";
  }
  if (node.standing === "blocked") return "It is blocked by";
  return tasks.length > 0 ? "It waits, directly or through other tasks, for" : "It waits for";
}

function readyReason(state: ReadonlyState, node: ReadonlyTaskNode, asker: Asker | undefined): Reason {
  const { id } = node.task;
  const remedies = remediesToClaim(state, node, { asker });
  const [pause] = pausesOf(state);
  if (pause !== undefined) return { why: `It is ready, but ${pause}`, remedies };
  const asks = asksOf(state, node);
  const needs = describeAsks(asks);
  if (needs === "") {
    const before = state.standings.ready - state.ready.limited - 1;
    const others = before === 1 ? "1 other task is" : `${before} other tasks are`;
    return { why: `It is ready: get_next_task hands it out in its turn, ${others} ready`, remedies };
  }
  const { instance } = asks;
  const nobody = instance !== undefined && !mayClaimMore(state, instance)
    ? `, which ${whyNoMore(state, instance)}`
    : node.lane?.bucket.demand.able === 0
    ? ", which no active registered instance offers"
    : "";
  return {
    why: `It is ready for an instance with ${needs}${nobody}`,
    remedies: eachOnce([...remedies, { type: "update_task", id, change: "requirements" }]),
  };
}

/** The pause of the project in words; empty unless it is paused. */
function pausesOf({ pause }: ReadonlyState): readonly string[] {
  return pause === undefined ? [] : [describePause(pause)];
}

function explainPlain(node: ReadonlyTaskNode): ExplainedDependency {
  return { dependency: node.task.id, verdict: TRUTH_TABLE.completed[node.task.status], state: stateOf(node) };
}

function explainCondition(condition: Condition): ExplainedDependency {
  const dependency = describe(condition.dependency);
  const { verdict } = condition;
  if (condition.type === "task") return { dependency, verdict, state: stateOf(condition.source) };
  if (condition.type === "group") {
    const { total, counts, percent } = groupViewOf(condition.source);
    const shown = Object.entries(counts).filter(([, count]) => count > 0).map(([status, count]) =>
      `${count} ${status}`
    );
    return {
      dependency,
      verdict,
      state: total === 0 ? "no tasks yet" : `${shown.join(", ")} of ${total} (${percent} %)`,
      need: neededOf(condition.atLeast, total),
    };
  }
  const parts = condition.parts.map(explainCondition).sort(byWeight);
  return {
    dependency,
    verdict,
    need: condition.need,
    of: take(parts, MAX_PARTS),
    ...(parts.length > MAX_PARTS && { more: parts.length - MAX_PARTS }),
  };
}

function stateOf(node: ReadonlyTaskNode): string {
  const { task } = node;
  const holder = task.status === "in_progress" ? ` by ${task.assignedTo}` : "";
  return (readinessOf(node) ?? task.status) + holder;
}

/** Orders dependencies: those that decide the verdict of the task first. */
function byWeight(a: ExplainedDependency, b: ExplainedDependency): number {
  return WEIGHTS[a.verdict] - WEIGHTS[b.verdict];
}

const WEIGHTS: Readonly<Record<Verdict, number>> = { not_taken: 0, blocked: 1, unknown: 2, true: 3 };
