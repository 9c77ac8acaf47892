/**
 * What can be read from the state. Pure; every answer is bounded, whatever the size of the graph.
 */

import type { Gate } from "../state/nodes.ts";
import type { CommandOf, Completion, Input, Urgent } from "../messages/commands.ts";
import { culpritsOf, nameCulprit } from "../state/blockers.ts";
import { gatesOn } from "../state/conditions.ts";
import { inOrder } from "../state/heap.ts";
import {
  MAX_INPUT_CHARACTERS,
  MAX_INPUTS,
  MAX_INPUTS_CHARACTERS,
  MAX_NAMED,
  MAX_SCANNED,
  MAX_UNLOCKED,
  MAX_URGENT,
} from "../model/limits.ts";
import type { GroupView, Instance, InstanceView, Task, TaskFilter, TaskView } from "../model/task.ts";
import { firstCreated } from "../state/order.ts";
import type { Readiness, TaskStatus } from "../model/status.ts";
import { describeLimit, limitsOf, readinessOf } from "../state/readiness.ts";
import { isLimited, limitedIn, nextFor } from "../state/ready_queue.ts";
import { Refusal } from "../model/refusal.ts";
import { isEligible, type Profile, profileOf } from "../state/eligibility.ts";
import { noCounts, type ReadonlyGroupNode, type ReadonlyState, type ReadonlyTaskNode } from "../state/state.ts";
import { head } from "../model/text.ts";
import { printable } from "../model/values.ts";

/** The task with an id. Throws a `Refusal` if there is none. */
export function findTask(state: ReadonlyState, id: string): ReadonlyTaskNode {
  const node = state.tasks.get(id);
  if (node !== undefined) return node;
  throw new Refusal("not_found", `Task ${printable(id)} not found: get_task_status lists the tasks that exist`, {
    id: printable(id),
  });
}

/** The group with an id. Throws a `Refusal` if there is none. */
export function findGroup(state: ReadonlyState, id: string): ReadonlyGroupNode {
  const node = state.groups.get(id);
  if (node !== undefined) return node;
  throw new Refusal("not_found", `Group ${printable(id)} not found: get_groups lists the groups that exist`, {
    group: printable(id),
  });
}

/** A task with what is derived from its place in the graph. O(dependencies). */
export function viewOf(node: ReadonlyTaskNode): TaskView {
  const { task, wake } = node;
  const readiness = readinessOf(node);
  if (readiness === undefined) return task;
  if (readiness === "ready") return { ...task, readiness };
  if (readiness === "limited") {
    return { ...task, readiness, limitedBy: limitsOf(node).slice(0, MAX_NAMED).map(describeLimit) };
  }
  if (readiness === "delayed") return { ...task, readiness, ...(wake !== undefined && { delayedUntil: wake.at }) };
  return { ...task, readiness, waitingFor: culpritsOf(node, MAX_NAMED).map(nameCulprit) };
}

/** What an instance offers: what it says with the call, or else what it registered. */
export function profileIn(
  state: ReadonlyState,
  instance: string,
  said?: { readonly roles?: readonly string[]; readonly capabilities?: readonly string[] },
): Profile {
  const registered = state.instances.get(instance);
  const saysNothing = said?.roles === undefined && said?.capabilities === undefined;
  return saysNothing && registered !== undefined ? registered.profile : profileOf(instance, registered?.instance, said);
}

/** Whether an instance may take one more task at all. */
export function isFree(state: ReadonlyState, id: string): boolean {
  const instance = state.instances.get(id)?.instance;
  if (instance === undefined) return true;
  if (instance.status === "draining" || instance.status === "left") return false;
  return countHeldBy(state, id) < (instance.maxConcurrent ?? Infinity);
}

/** Why an instance may not take one more task, in words that follow its name. */
export function describeBusy(state: ReadonlyState, id: string): string {
  const { status, maxConcurrent } = state.instances.get(id)?.instance ?? {};
  if (status === "draining") return "is draining and gets no more tasks";
  return status === "left" ? "has left and gets no more tasks" : `holds as many tasks as it may (${maxConcurrent})`;
}

/** Whether a claim that names no task would find one now. O(buckets of ready tasks). */
export function mayClaim(state: ReadonlyState, command: CommandOf<"claim_task">): boolean {
  const { instance } = command;
  if (state.standings.ready === state.ready.limited) return false;
  return isFree(state, instance) && nextClaim(state, profileIn(state, instance, command)) !== undefined;
}

/** The task that an instance claims next. O(buckets of ready tasks). */
export function nextClaim(state: ReadonlyState, profile: Profile): ReadonlyTaskNode | undefined {
  const isOwn = ({ task }: ReadonlyTaskNode) => task.status === "completed" && task.assignedTo === profile.instance;
  return nextFor(state.ready, profile, (node) => node.dependencies.some(isOwn));
}

/** Urgent tasks that an instance could claim (the first few), in the order of creation. */
export function urgentFor(state: ReadonlyState, profile: Profile): readonly Urgent[] {
  const status = state.instances.get(profile.instance)?.instance.status;
  if (status === "draining" || status === "left") return [];
  return take(inOrder(state.ready.urgent), MAX_SCANNED)
    .map(({ target }) => target)
    .filter(({ lane }) => lane !== undefined && !isLimited(lane) && isEligible(profile, lane.bucket))
    .slice(0, MAX_URGENT).map(({ task: { id, description } }) => ({ id, description }));
}

/** Tasks that became ready when a task ended, in the order of creation. O(those that wait for it). */
export function unlockedBy(node: ReadonlyTaskNode): Pick<Completion, "unlocked" | "unlockedCount"> {
  const endedAt = node.task.finishedAt ?? Infinity;
  const waiting = new Set<ReadonlyTaskNode>(node.dependents);
  const gates: Iterable<Gate>[] = [node.watchers, node.group === undefined ? [] : gatesOn(node.group)];
  for (const watchers of gates) for (const gate of watchers) waiting.add(gate.root);
  const ready = inOrderOfCreation(
    Array.from(waiting)
      .filter(({ task, standing }) => standing === "ready" && Math.max(task.pendingAt, task.readyAt ?? 0) >= endedAt),
  );
  return { unlocked: ready.slice(0, MAX_UNLOCKED).map(viewOf), unlockedCount: ready.length };
}

/** The results of what a task waited for, in the order in which it names them, bounded in number and size. */
export function inputsOf(node: ReadonlyTaskNode): { readonly inputs: readonly Input[]; readonly moreInputs: number } {
  const inputs: Input[] = [];
  let moreInputs = 0;
  let characters = 0;
  for (const { task } of sourcesOf(node)) {
    const room = Math.min(MAX_INPUT_CHARACTERS, MAX_INPUTS_CHARACTERS - characters);
    if (inputs.length === MAX_INPUTS || room <= 0) {
      moreInputs++;
      continue;
    }
    const all = task.result ?? task.error ?? task.reason ?? "";
    const result = head(all, room);
    inputs.push({
      task: task.id,
      ...(task.status !== "completed" && { status: task.status }),
      result,
      ...(result.length < all.length && { truncated: true }),
    });
    characters += result.length;
  }
  return { inputs, moreInputs };
}

/** Most members of a group whose results are handed out, or counted as left out. */
const MAX_SOURCES = 1_000;

/** The ended tasks that a task names, each once, members of groups included (the first ones). */
export function sourcesOf(node: ReadonlyTaskNode): ReadonlySet<ReadonlyTaskNode> {
  const sources = new Set<ReadonlyTaskNode>(node.dependencies);
  const collect = (gate: Gate): void => {
    if (gate.type === "branch") gate.parts.forEach(collect);
    else if (gate.type === "task") sources.add(gate.source);
    else for (const member of firstCreated(gate.source.members, MAX_SOURCES)) sources.add(member);
  };
  node.gates.forEach(collect);
  if (node.gates.length === 0) return sources;
  return new Set(Array.from(sources).filter(({ task }) => task.finishedAt !== undefined));
}

/** Counts of tasks: by status, and of the pending ones by readiness. */
export interface Summary extends Readonly<Record<Readiness, number>> {
  readonly total: number;
  readonly byStatus: Readonly<Record<TaskStatus, number>>;
  /** Open tasks whose deadline has passed. */
  readonly overdue: number;
}

/** Counts of the tasks that match. O(1) without a filter, else as `tasksMatching`. */
export function summarize(state: ReadonlyState, filter: TaskFilter = {}): Summary {
  if (Object.values(filter).some((value) => value !== undefined)) return countAll(tasksMatching(state, filter));
  const { tasks, counts, standings, ready: { limited }, overdue } = state;
  return {
    total: tasks.size,
    byStatus: { ...counts },
    ...standings,
    ready: standings.ready - limited,
    limited,
    overdue,
  };
}

function countAll(nodes: Iterable<ReadonlyTaskNode>): Summary {
  const byStatus = noCounts();
  const readinesses = { ready: 0, limited: 0, waiting: 0, blocked: 0, delayed: 0 };
  let total = 0;
  let overdue = 0;
  for (const node of nodes) {
    total++;
    byStatus[node.task.status]++;
    const readiness = readinessOf(node);
    if (readiness !== undefined) readinesses[readiness]++;
    if (node.task.overdue === true) overdue++;
  }
  return { total, byStatus, ...readinesses, overdue };
}

/** One page of tasks, in the order of creation. */
export interface TaskPage {
  readonly tasks: readonly TaskView[];
  /** How many match, on this page or not. */
  readonly total: number;
  /** `order` of the last task, if more follow. */
  readonly next?: number;
}

/** A page of at most `limit` tasks created after the one whose `order` is `after`. O(tasks). */
export function listTasks(
  state: ReadonlyState,
  filter: TaskFilter,
  page: { readonly limit: number; readonly after?: number },
): TaskPage {
  const tasks: TaskView[] = [];
  let total = 0;
  let more = false;
  for (const node of tasksMatching(state, filter)) {
    total++;
    if (node.task.order <= (page.after ?? 0)) continue;
    if (tasks.length < page.limit) tasks.push(viewOf(node));
    else more = true;
  }
  const last = tasks.at(-1);
  return { tasks, total, ...(more && last !== undefined && { next: last.order }) };
}

/** Those of the ids that start with `prefix`, at most `limit`. O(ids). */
export function completeIds(known: Iterable<string>, prefix: string, limit: number): readonly string[] {
  const ids: string[] = [];
  for (const id of known) {
    if (ids.length === limit) break;
    if (id.startsWith(prefix)) ids.push(id);
  }
  return ids;
}

/** The tasks that match, in the order of creation. O(tasks), or little more than O(those) of a group or of given ids. */
export function* tasksMatching(state: ReadonlyState, filter: TaskFilter): Iterable<ReadonlyTaskNode> {
  const nodes = filter.ids !== undefined
    ? inOrderOfCreation([...new Set(filter.ids)].map((id) => findTask(state, id)))
    : filter.group !== undefined
    ? inOrderOfCreation(findGroup(state, filter.group).members)
    : state.tasks.values();
  for (const node of nodes) if (matches(node, filter)) yield node;
}

function matches(node: ReadonlyTaskNode, filter: TaskFilter): boolean {
  const { task } = node;
  const { status, assignedTo, group, priority, overdue } = filter;
  if (assignedTo !== undefined && task.assignedTo !== assignedTo) return false;
  if (group !== undefined && task.group !== group) return false;
  if (priority !== undefined && (task.priority ?? "normal") !== priority) return false;
  if (overdue !== undefined && (task.overdue === true) !== overdue) return false;
  if (status === undefined || status.includes(task.status)) return true;
  const readiness = readinessOf(node);
  return readiness !== undefined && status.includes(readiness);
}

/** A group with what is derived from its tasks. O(1). */
export function groupViewOf(node: ReadonlyGroupNode): GroupView {
  const { group, counts, members } = node;
  const total = members.size;
  const done = counts.completed + counts.skipped;
  const limited = limitedIn(node);
  return {
    ...group,
    status: groupStatus(node, total - done),
    total,
    counts: { ...counts },
    ...(limited > 0 && { limited }),
    percent: total === 0 ? 0 : Math.floor(100 * done / total),
  };
}

function groupStatus({ group, counts, standings, members }: ReadonlyGroupNode, left: number): GroupView["status"] {
  if (members.size === 0) return "empty";
  if (left === 0) return "done";
  if (counts.pending + counts.in_progress === 0) return "failed";
  if (group.paused === true) return "paused";
  return counts.in_progress === 0 && standings.blocked === counts.pending ? "blocked" : "open";
}

/** The tasks that an instance holds, in the order of creation. O(those), sorted. */
export function heldBy(state: ReadonlyState, instance: string): readonly ReadonlyTaskNode[] {
  return inOrderOfCreation(state.held.get(instance) ?? []);
}

/** Those of them that were created first, at most `limit`. */
export function firstHeldBy(state: ReadonlyState, instance: string, limit: number): readonly ReadonlyTaskNode[] {
  return firstCreated(state.held.get(instance) ?? [], limit);
}

/** How many tasks an instance holds. */
export function countHeldBy(state: ReadonlyState, instance: string): number {
  return state.held.get(instance)?.size ?? 0;
}

/** Tasks of a set, whose own order depends on how the state was made. */
export function inOrderOfCreation<N extends { readonly task: Task }>(nodes: Iterable<N>): readonly N[] {
  return Array.from(nodes).sort((a, b) => a.task.order - b.task.order);
}

/** An instance with the tasks that it holds (the first few). */
export function instanceViewOf(state: ReadonlyState, instance: Instance): InstanceView {
  const held = heldBy(state, instance.id);
  return {
    ...instance,
    holding: held.slice(0, MAX_NAMED).map(({ task }) => task.id),
    holdingCount: held.length,
  };
}

/** The first few of what may be many. */
export function take<T>(items: Iterable<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === limit) break;
    taken.push(item);
  }
  return taken;
}
