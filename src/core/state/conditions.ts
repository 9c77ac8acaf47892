/**
 * Dependency expressions in the graph. Each is a small tree of conditions: a leaf subscribes to a task or a group, a
 * branch counts the verdicts of its parts. A new status goes from the leaves upwards, as far as a verdict changes.
 */

import {
  combine,
  type Dependency,
  type GroupDependency,
  isList,
  neededOf,
  partsOf,
  resultVerdict,
  type TaskDependency,
  TRUTH_TABLE,
  type Verdict,
} from "../model/dependency.ts";
import { type JsonValue, valueOf } from "../model/result.ts";
import type { TaskStatus } from "../model/status.ts";
import { countsOf, totalOf } from "./group_counts.ts";
import {
  type Branch,
  type Condition,
  type ConditionBase,
  type GroupCondition,
  type GroupNode,
  NO_CONDITIONS,
  type ReadonlyGroupNode,
  type TaskCondition,
  type TaskNode,
} from "./state.ts";

/** Where conditions find the tasks and groups that they subscribe to. */
export interface Sources {
  readonly task: (id: string) => TaskNode;
  readonly group: (id: string) => GroupNode;
  /** A task's result as JSON; parsed once, however many conditions ask. */
  readonly result: (node: TaskNode) => () => JsonValue;
}

/** Makes the condition of one dependency of a task, subscribes it to all that it names, and counts its verdict. */
export function connectCondition(sources: Sources, root: TaskNode, dependency: Dependency): Condition {
  return connectPart(sources, dependency, { root, owner: root });
}

/** Ends the subscriptions of a condition and its parts. Does not change the counts of the task. */
export function disconnectCondition(condition: Condition): void {
  if (condition.type === "branch") condition.parts.forEach(disconnectCondition);
  // Every set but NO_CONDITIONS was made by `taskCondition`, as a Set.
  else if (condition.type === "task") (condition.source.subscribers as Set<TaskCondition>).delete(condition);
  else {
    const key = subscriptionKey(condition);
    const subscription = condition.source.subscriptions.get(key);
    subscription?.conditions.delete(condition);
    if (subscription?.conditions.size === 0) condition.source.subscriptions.delete(key);
  }
}

/** The conditions that subscribe to a group. */
export function* conditionsOn(
  group: Pick<ReadonlyGroupNode, "subscriptions">,
): IteratorObject<GroupCondition, void> {
  for (const { conditions } of group.subscriptions.values()) yield* conditions;
}

/**
 * Computes the verdicts on a group after its members have changed, and calls `notify` with each condition whose verdict
 * is a new one. O(subscriptions + those conditions).
 */
export function updateSubscriptions(
  group: GroupNode,
  notify: (condition: GroupCondition, verdict: Verdict) => void,
): void {
  for (const subscription of group.subscriptions.values()) {
    const [first] = subscription.conditions;
    const verdict = first === undefined ? subscription.verdict : groupVerdict(first);
    if (verdict === subscription.verdict) continue;
    subscription.verdict = verdict;
    for (const condition of subscription.conditions) notify(condition, verdict);
  }
}

/** The verdict of a condition on a task. `result` parses the task's result, once for all conditions. */
export function taskVerdict({ source, on, when }: TaskCondition, result: () => JsonValue): Verdict {
  const verdict = TRUTH_TABLE[on][source.task.status];
  if (when === undefined || verdict !== "true") return verdict;
  const { keptVerdicts } = source.task;
  if (keptVerdicts !== undefined) return keptVerdicts[JSON.stringify(when)] ?? "blocked";
  return resultVerdict(result(), when);
}

/**
 * The verdict of a condition on a group, with the present counts of its members or with `counts`. It is `unknown` if the
 * condition needs more tasks than the group has, archived ones included, as tasks may still join.
 */
export function groupVerdict({ source, on, atLeast }: GroupCondition, counts = source.counts): Verdict {
  const total = totalOf(source);
  const all = countsOf({ group: source.group, counts });
  const need = neededOf(atLeast, total);
  if (total === 0 || need > total) return "unknown";
  const tally = { total, unmet: 0, blocked: 0, notTaken: 0 };
  // The keys of the counts are the statuses.
  for (const status of Object.keys(all) as TaskStatus[]) {
    countVerdict(tally, TRUTH_TABLE[on][status], all[status]);
  }
  return combine(tally, need);
}

/** Sets the verdict of a condition, and of the branches above it as far as theirs change. */
export function setVerdict(condition: Condition, verdict: Verdict): void {
  if (condition.verdict === verdict) return;
  const { owner } = condition;
  countVerdict(owner, condition.verdict, -1);
  countVerdict(owner, verdict, 1);
  condition.verdict = verdict;
  if ("parts" in owner) setVerdict(owner, branchVerdict(owner));
}

/** The verdict on all dependencies of a task. */
export function verdictOf(node: Pick<TaskNode, "unmet" | "blocked" | "notTaken">): Verdict {
  if (node.unmet === 0) return "true";
  if (node.notTaken > 0) return "not_taken";
  return node.blocked > 0 ? "blocked" : "unknown";
}

/** How a pending task ends because its dependencies cannot be met; undefined while they can. */
export function unreachableEnd(
  node: Pick<TaskNode, "unmet" | "blocked" | "notTaken" | "task">,
): "skipped" | "failed" | undefined {
  const verdict = verdictOf(node);
  if (verdict === "not_taken") return "skipped";
  const { ifUnreachable } = node.task;
  if (verdict !== "blocked" || ifUnreachable === undefined) return undefined;
  return ifUnreachable === "fail" ? "failed" : "skipped";
}

/** Adds `change` to the counts of a task or branch for a verdict: 1 or -1, or a number of tasks. */
export function countVerdict(
  counts: { unmet: number; blocked: number; notTaken: number },
  verdict: Verdict,
  change: number,
): void {
  if (verdict === "true") return;
  counts.unmet += change;
  if (verdict === "blocked") counts.blocked += change;
  else if (verdict === "not_taken") counts.notTaken += change;
}

/** The value of a task's result, parsed at the first call. */
export function resultOf(node: TaskNode): () => JsonValue {
  let value: JsonValue | undefined;
  return () => value ??= valueOf(node.task);
}

function connectPart(
  sources: Sources,
  dependency: Dependency,
  place: { readonly root: TaskNode; readonly owner: TaskNode | Branch },
): Condition {
  const condition = makeCondition(sources, dependency, place);
  countVerdict(place.owner, condition.verdict, 1);
  return condition;
}

function makeCondition(
  sources: Sources,
  dependency: Dependency,
  place: { readonly root: TaskNode; readonly owner: TaskNode | Branch },
): Condition {
  const base = { dependency, ...place };
  if (typeof dependency === "string") return taskCondition(sources, { task: dependency }, base);
  if ("task" in dependency) return taskCondition(sources, dependency, base);
  if ("group" in dependency) return groupCondition(sources, dependency, "100%", base);
  if ("at_least" in dependency && !isList(dependency.of)) {
    return groupCondition(sources, dependency.of, dependency.at_least, base);
  }
  const parts = partsOf(dependency);
  const branch: Branch = {
    ...base,
    type: "branch",
    need: "any" in dependency ? 1 : "all" in dependency ? parts.length : neededOf(dependency.at_least, parts.length),
    parts: [],
    unmet: 0,
    blocked: 0,
    notTaken: 0,
    verdict: "unknown",
  };
  branch.parts = parts.map((part) => connectPart(sources, part, { root: place.root, owner: branch }));
  branch.verdict = branchVerdict(branch);
  return branch;
}

function taskCondition(
  sources: Sources,
  { task, on, when }: TaskDependency,
  base: Omit<ConditionBase, "verdict">,
): TaskCondition {
  const source = sources.task(task);
  const condition: TaskCondition = { ...base, type: "task", source, on: on ?? "completed", when, verdict: "unknown" };
  condition.verdict = taskVerdict(condition, sources.result(source));
  if (source.subscribers === NO_CONDITIONS) source.subscribers = new Set();
  // Made one line above, or for another condition.
  (source.subscribers as Set<TaskCondition>).add(condition);
  return condition;
}

function groupCondition(
  sources: Sources,
  { group, on }: GroupDependency,
  atLeast: number | string,
  base: Omit<ConditionBase, "verdict">,
): GroupCondition {
  const source = sources.group(group);
  const condition: GroupCondition = {
    ...base,
    type: "group",
    source,
    on: on ?? "completed",
    atLeast,
    verdict: "unknown",
  };
  condition.verdict = groupVerdict(condition);
  const key = subscriptionKey(condition);
  const subscription = source.subscriptions.get(key);
  if (subscription === undefined) {
    source.subscriptions.set(key, { conditions: new Set([condition]), verdict: condition.verdict });
  } else subscription.conditions.add(condition);
  return condition;
}

function subscriptionKey({ on, atLeast }: Pick<GroupCondition, "on" | "atLeast">): string {
  return `${on} ${atLeast}`;
}

function branchVerdict({ parts, unmet, blocked, notTaken, need }: Branch): Verdict {
  return combine({ total: parts.length, unmet, blocked, notTaken }, need);
}
