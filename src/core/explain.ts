/**
 * Why a task is not ready, blocked or skipped, as a tree, and what would change it. Bounded, whatever the graph.
 */

import type { Gate } from "./nodes.ts";
import { describe, neededOf, type Outcome, TRUTH_TABLE, type Verdict } from "./dependency.ts";
import { culpritsOf, tasksOf, wantedOf } from "./culprits.ts";
import { nameSome } from "./graph.ts";
import { MAX_NAMED } from "./limits.ts";
import type { TaskStatus } from "./status.ts";
import { describeLimit, describeRelief, limitsOf, readinessOf } from "./readiness.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "./state.ts";
import { findTask, groupViewOf, take } from "./views.ts";

/** Most dependencies of one node of the tree that are shown, the deciding ones first. */
const MAX_PARTS = 20;

/** Most tasks that are looked at for the roots of the matter. */
const MAX_WALKED = 1_000;

/** Why a task is as it is. */
export interface Explanation {
  readonly id: string;
  readonly status: TaskStatus;
  readonly readiness?: string;
  /** The answer in a sentence. */
  readonly why: string;
  /** What can be done about it. */
  readonly whatWouldChange: readonly string[];
  /** What it waits for; absent if it waits for nothing. */
  readonly dependencies?: readonly ExplainedDependency[];
  readonly moreDependencies?: number;
  /** The tasks at the end of all the waiting: running, ready, delayed or failed (the first few). */
  readonly roots?: readonly { readonly id: string; readonly state: string; readonly assignedTo?: string }[];
}

/** A dependency and what is known of it: see the truth table. */
export interface ExplainedDependency {
  readonly dependency: string;
  readonly verdict: Verdict;
  /** The state of the task or group that it waits for. */
  readonly state?: string;
  readonly need?: number;
  readonly of?: readonly ExplainedDependency[];
  readonly more?: number;
}

/** Explains a task. O(its dependencies and the tasks behind them up to a bound + members of the groups among them). */
export function explain(state: ReadonlyState, id: string): Explanation {
  const node = findTask(state, id);
  const { task } = node;
  const readiness = readinessOf(node);
  const parts = [...node.dependencies.map(explainPlain), ...node.gates.map(explainGate)].sort(byWeight);
  const roots = readiness === "waiting" || readiness === "blocked" ? rootsOf(node) : [];
  const { why, whatWouldChange } = reasonOf(state, node, roots);
  return {
    id,
    status: task.status,
    ...(readiness !== undefined && { readiness }),
    why,
    whatWouldChange,
    ...(parts.length > 0 && { dependencies: parts.slice(0, MAX_PARTS) }),
    ...(parts.length > MAX_PARTS && { moreDependencies: parts.length - MAX_PARTS }),
    ...(roots.length > 0 && {
      roots: roots.map(({ node }) => ({
        id: node.task.id,
        state: readinessOf(node) ?? node.task.status,
        ...(node.task.assignedTo !== undefined && { assignedTo: node.task.assignedTo }),
      })),
    }),
  };
}

interface Reason {
  readonly why: string;
  readonly whatWouldChange: readonly string[];
}

function reasonOf(state: ReadonlyState, node: ReadonlyTaskNode, roots: readonly Root[]): Reason {
  const { task } = node;
  const { id } = task;
  switch (task.status) {
    case "in_progress": {
      const lease = task.leaseUntil === undefined
        ? "without a timeout"
        : `until ${new Date(task.leaseUntil).toISOString()}, unless it gives a sign of life`;
      return {
        why: `${task.assignedTo} works on attempt ${task.attempt}, ${lease}`,
        whatWouldChange: ["complete_task or fail_task by its holder", `release_task ${id}`, `cancel_task ${id}`],
      };
    }
    case "completed":
      return { why: `${task.assignedTo ?? "Somebody"} completed it`, whatWouldChange: [] };
    case "failed":
      return { why: `It failed: ${task.error ?? "no error was given"}`, whatWouldChange: [`retry_task ${id}`] };
    case "cancelled":
      return {
        why: `It was cancelled: ${task.reason ?? "no reason was given"}`,
        whatWouldChange: [`retry_task ${id}`],
      };
    case "skipped":
      return {
        why: `Its dependencies could not be met any more: ${task.reason ?? ""}`,
        whatWouldChange: [`retry_task ${id}, once what it depends on is different`],
      };
    case "pending":
      break;
  }
  switch (readinessOf(node)) {
    case "delayed":
      return {
        why: `Its dependencies are met; it waits until ${new Date(node.wake?.at ?? 0).toISOString()}` +
          (task.failures === undefined ? "" : ` after ${task.failures} failed attempts`),
        whatWouldChange: ["time", `update_task ${id} with another not_before`],
      };
    case "ready":
      return readyReason(state, node);
    case "limited": {
      const limits = limitsOf(node);
      return {
        why: `It could be claimed, but ${limits.map(describeLimit).join(", and ")}`,
        whatWouldChange: limits.map(describeRelief),
      };
    }
    case "blocked":
      return {
        why: `It cannot be done as things stand: blocked by ${nameRoots(roots)}`,
        whatWouldChange: [
          ...roots.filter(({ node }) => node.standing === undefined).map(({ node }) => `retry_task ${node.task.id}`),
          `update_task ${id} with other dependencies`,
        ],
      };
    default:
      return {
        why: roots.length === 0
          ? "It waits for a group that has not enough tasks yet"
          : `It waits for others, in the end for ${nameRoots(roots)}`,
        whatWouldChange: roots.length === 0
          ? ["create_task in that group", `update_task ${id} with other dependencies`]
          : roots.flatMap(waysOn),
      };
  }
}

function readyReason(state: ReadonlyState, node: ReadonlyTaskNode): Reason {
  const { requirement, able = 0 } = node.lane?.bucket ?? {};
  const asks = requirement === undefined ? [] : [
    ...(requirement.instance === undefined ? [] : [`instance ${requirement.instance}`]),
    ...requirement.roles.map((role) => `role ${role}`),
    ...requirement.capabilities.map((each) => `capability ${each}`),
  ];
  if (requirement === undefined || asks.length === 0) {
    const before = state.standings.ready - state.ready.limited - 1;
    return {
      why: `It is ready: get_next_task hands it out in its turn, ${before} other tasks are ready`,
      whatWouldChange: [`get_next_task with task_id ${node.task.id}`],
    };
  }
  const nobody = able === 0 ? ", which no active registered instance offers" : "";
  return {
    why: `It is ready for ${asks.join(" and ")}${nobody}`,
    whatWouldChange: [`get_next_task by an instance with ${asks.join(" and ")}`, `update_task ${node.task.id}`],
  };
}

function waysOn({ node, wanted }: Root): readonly string[] {
  const { task } = node;
  const readiness = readinessOf(node);
  const end = ENDS[wanted];
  if (task.status === "in_progress") return [`${end} ${task.id}`];
  if (readiness === "delayed") return [`time, for ${task.id}`];
  if (readiness !== "ready" && readiness !== "limited") return [`retry_task ${task.id}`];
  if (wanted === "cancelled" || wanted === "skipped") return [`${end} ${task.id}`];
  return readiness === "ready" ? [`claim and ${end} ${task.id}`] : limitsOf(node).map(describeRelief);
}

/** What brings about an end of a task. */
const ENDS: Readonly<Record<Outcome, string>> = {
  completed: "complete_task",
  failed: "fail_task",
  cancelled: "cancel_task",
  skipped: "change what comes before",
  finished: "finish",
};

function nameRoots(roots: readonly Root[]): string {
  return nameSome(roots.map(({ node }) => `${node.task.id} (${readinessOf(node) ?? node.task.status})`));
}

/** A task at the end of the waiting, and how what waits for it wants it to end. */
interface Root {
  readonly node: ReadonlyTaskNode;
  readonly wanted: Outcome;
}

/** The tasks at the end of the waiting, found by walking along what decides. */
function rootsOf(start: ReadonlyTaskNode): readonly Root[] {
  const seen = new Map<ReadonlyTaskNode, Outcome>([[start, "completed"]]);
  const groups = new Set<string>();
  const roots: Root[] = [];
  for (const [node, wanted] of seen) {
    const goesOn = node.standing === "waiting" || node.standing === "blocked";
    if (!goesOn) roots.push({ node, wanted });
    if (roots.length === MAX_NAMED) break;
    if (!goesOn) continue;
    for (const culprit of culpritsOf(node, MAX_WALKED)) {
      // All that wait for the same of a group wait for the same members.
      if (culprit.type === "gate" && culprit.gate.type === "group") {
        const { source, on, verdict } = culprit.gate;
        const key = JSON.stringify([source.group.id, on, verdict]);
        if (groups.has(key)) continue;
        groups.add(key);
      }
      for (const next of tasksOf(culprit)) {
        if (seen.size === MAX_WALKED) break;
        if (!seen.has(next)) seen.set(next, wantedOf(culprit));
      }
    }
  }
  return roots;
}

function explainPlain(node: ReadonlyTaskNode): ExplainedDependency {
  return { dependency: node.task.id, verdict: TRUTH_TABLE.completed[node.task.status], state: stateOf(node) };
}

function explainGate(gate: Gate): ExplainedDependency {
  const dependency = describe(gate.dependency);
  const { verdict } = gate;
  if (gate.type === "task") return { dependency, verdict, state: stateOf(gate.source) };
  if (gate.type === "group") {
    const { total, counts, percent } = groupViewOf(gate.source);
    const shown = Object.entries(counts).filter(([, count]) => count > 0).map(([status, count]) =>
      `${count} ${status}`
    );
    return {
      dependency,
      verdict,
      state: total === 0 ? "no tasks yet" : `${shown.join(", ")} of ${total} (${percent} %)`,
      need: neededOf(gate.atLeast, total),
    };
  }
  const parts = gate.parts.map(explainGate).sort(byWeight);
  return {
    dependency,
    verdict,
    need: gate.need,
    of: take(parts, MAX_PARTS),
    ...(parts.length > MAX_PARTS && { more: parts.length - MAX_PARTS }),
  };
}

function stateOf(node: ReadonlyTaskNode): string {
  const { task } = node;
  const holder = task.status === "in_progress" ? ` by ${task.assignedTo}` : "";
  return (readinessOf(node) ?? task.status) + holder;
}

/** What decides first. */
function byWeight(a: ExplainedDependency, b: ExplainedDependency): number {
  return WEIGHTS[a.verdict] - WEIGHTS[b.verdict];
}

const WEIGHTS: Readonly<Record<Verdict, number>> = { not_taken: 0, blocked: 1, unknown: 2, true: 3 };
