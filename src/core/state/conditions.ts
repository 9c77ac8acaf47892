/**
 * Dependency expressions in the graph, each a small tree: leaves watch a task or a group, branches count their parts.
 * A change of a task goes up from the leaves that watch it, as far as it changes anything, and touches nothing else.
 */

import {
  combine,
  type Dependency,
  type GroupDependency,
  isList,
  type JsonValue,
  meets,
  neededOf,
  partsOf,
  readResult,
  type TaskDependency,
  TRUTH_TABLE,
  type Verdict,
} from "../model/dependency.ts";
import type { TaskStatus } from "../model/status.ts";
import {
  type Branch,
  type Gate,
  type GateBase,
  type GroupGate,
  type GroupNode,
  NO_GATES,
  type ReadonlyGroupNode,
  type TaskGate,
  type TaskNode,
} from "./state.ts";

/** Where gates find what they watch. */
export interface Sources {
  readonly task: (id: string) => TaskNode;
  readonly group: (id: string) => GroupNode;
  /** The value of a task's result, read once however many gates ask. */
  readonly result: (node: TaskNode) => () => JsonValue;
}

/** Makes the gate of a dependency of a task, watching all it names, and counts it there. */
export function connectGate(sources: Sources, root: TaskNode, dependency: Dependency): Gate {
  return connectPart(sources, dependency, { root, owner: root });
}

/** Ends all watching. The counts of the task are not touched. */
export function disconnectGate(gate: Gate): void {
  if (gate.type === "branch") gate.parts.forEach(disconnectGate);
  // Every set but NO_GATES was made by `watchTask`, as a Set.
  else if (gate.type === "task") (gate.source.watchers as Set<TaskGate>).delete(gate);
  else {
    const key = watchKey(gate);
    const watch = gate.source.watches.get(key);
    watch?.gates.delete(gate);
    if (watch?.gates.size === 0) gate.source.watches.delete(key);
  }
}

/** The expressions that watch a group. */
export function* gatesOn(group: Pick<ReadonlyGroupNode, "watches">): Iterable<GroupGate> {
  for (const { gates } of group.watches.values()) yield* gates;
}

/**
 * Works out what is known of a group, as its members have changed, and calls `tell` with each gate for which that is
 * something else than before. O(different questions + those gates).
 */
export function updateWatches(group: GroupNode, tell: (gate: GroupGate, verdict: Verdict) => void): void {
  for (const watch of group.watches.values()) {
    const [first] = watch.gates;
    const verdict = first === undefined ? watch.verdict : groupVerdict(first);
    if (verdict === watch.verdict) continue;
    watch.verdict = verdict;
    for (const gate of watch.gates) tell(gate, verdict);
  }
}

/** What is known of a gate on a task now. `result` reads the task's result, once for all the gates that ask. */
export function taskVerdict({ source, on, when }: TaskGate, result: () => JsonValue): Verdict {
  const verdict = TRUTH_TABLE[on][source.task.status];
  if (when === undefined || verdict !== "true") return verdict;
  return meets(result(), when) ? "true" : "not_taken";
}

/** What is known of a gate on a group now. Members may join, so what asks for more than there are is open. */
export function groupVerdict({ source, on, atLeast }: GroupGate): Verdict {
  const total = source.members.size;
  const need = neededOf(atLeast, total);
  if (total === 0 || need > total) return "unknown";
  const tally = { total, unmet: 0, blocked: 0, notTaken: 0 };
  // The keys of the counts are the statuses.
  for (const status of Object.keys(source.counts) as TaskStatus[]) {
    countVerdict(tally, TRUTH_TABLE[on][status], source.counts[status]);
  }
  return combine(tally, need);
}

/** Says what is known of a gate now, and passes it up as far as it changes anything. */
export function setVerdict(gate: Gate, verdict: Verdict): void {
  if (gate.verdict === verdict) return;
  const { owner } = gate;
  countVerdict(owner, gate.verdict, -1);
  countVerdict(owner, verdict, 1);
  gate.verdict = verdict;
  if ("parts" in owner) setVerdict(owner, branchVerdict(owner));
}

/** What is known of all that a task waits for. */
export function verdictOf(node: Pick<TaskNode, "unmet" | "blocked" | "notTaken">): Verdict {
  if (node.unmet === 0) return "true";
  if (node.notTaken > 0) return "not_taken";
  return node.blocked > 0 ? "blocked" : "unknown";
}

/** What becomes of a task when it is pending, as its dependencies cannot be met; undefined if they can. */
export function unreachableEnd(
  node: Pick<TaskNode, "unmet" | "blocked" | "notTaken" | "task">,
): "skipped" | "failed" | undefined {
  const verdict = verdictOf(node);
  if (verdict === "not_taken") return "skipped";
  const { ifUnreachable } = node.task;
  if (verdict !== "blocked" || ifUnreachable === undefined) return undefined;
  return ifUnreachable === "fail" ? "failed" : "skipped";
}

/** Adds to the counts of what a gate or dependency is part of. */
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

/** The value of a task's result, read when it is first asked for. */
export function resultOf(node: TaskNode): () => JsonValue {
  let value: JsonValue | undefined;
  return () => value ??= readResult(node.task.result ?? "");
}

function connectPart(
  sources: Sources,
  dependency: Dependency,
  place: { readonly root: TaskNode; readonly owner: TaskNode | Branch },
): Gate {
  const gate = makeGate(sources, dependency, place);
  countVerdict(place.owner, gate.verdict, 1);
  return gate;
}

function makeGate(
  sources: Sources,
  dependency: Dependency,
  place: { readonly root: TaskNode; readonly owner: TaskNode | Branch },
): Gate {
  const base = { dependency, ...place };
  if (typeof dependency === "string") return taskGate(sources, { task: dependency }, base);
  if ("task" in dependency) return taskGate(sources, dependency, base);
  if ("group" in dependency) return groupGate(sources, dependency, "100%", base);
  if ("at_least" in dependency && !isList(dependency.of)) {
    return groupGate(sources, dependency.of, dependency.at_least, base);
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

function taskGate(sources: Sources, { task, on, when }: TaskDependency, base: Omit<GateBase, "verdict">): TaskGate {
  const source = sources.task(task);
  const gate: TaskGate = { ...base, type: "task", source, on: on ?? "completed", when, verdict: "unknown" };
  gate.verdict = taskVerdict(gate, sources.result(source));
  if (source.watchers === NO_GATES) source.watchers = new Set();
  // Made a line above, or by another gate.
  (source.watchers as Set<TaskGate>).add(gate);
  return gate;
}

function groupGate(
  sources: Sources,
  { group, on }: GroupDependency,
  atLeast: number | string,
  base: Omit<GateBase, "verdict">,
): GroupGate {
  const source = sources.group(group);
  const gate: GroupGate = { ...base, type: "group", source, on: on ?? "completed", atLeast, verdict: "unknown" };
  gate.verdict = groupVerdict(gate);
  const key = watchKey(gate);
  const watch = source.watches.get(key);
  if (watch === undefined) source.watches.set(key, { gates: new Set([gate]), verdict: gate.verdict });
  else watch.gates.add(gate);
  return gate;
}

function watchKey({ on, atLeast }: Pick<GroupGate, "on" | "atLeast">): string {
  return `${on} ${atLeast}`;
}

function branchVerdict({ parts, unmet, blocked, notTaken, need }: Branch): Verdict {
  return combine({ total: parts.length, unmet, blocked, notTaken }, need);
}
