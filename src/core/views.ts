/**
 * What can be read from the state. Pure; every answer is bounded, whatever the size of the graph.
 */

import type { Completion, Input, NoTasks } from "./commands.ts";
import { nameSome } from "./graph.ts";
import {
  MAX_INPUT_CHARACTERS,
  MAX_INPUTS,
  MAX_INPUTS_CHARACTERS,
  MAX_NAMED,
  MAX_SCANNED,
  MAX_UNLOCKED,
} from "./limits.ts";
import type { Readiness, Task, TaskStatus, TaskView } from "./model.ts";
import { readinessOf, type ReadonlyState, type ReadonlyTaskNode } from "./state.ts";
import { printable } from "./validate.ts";
import { Refusal } from "./refusal.ts";

/** The task with an id. Throws a `Refusal` if there is none. */
export function findTask(state: ReadonlyState, id: string): ReadonlyTaskNode {
  const node = state.tasks.get(id);
  if (node !== undefined) return node;
  throw new Refusal("not_found", `Task ${printable(id)} not found: get_task_status lists the tasks that exist`, {
    id: printable(id),
  });
}

/** A task with what is derived from its place in the graph. O(dependencies). */
export function viewOf(node: ReadonlyTaskNode): TaskView {
  const { task } = node;
  if (task.status !== "pending") return task;
  const readiness = readinessOf(node);
  if (readiness === "ready") return { ...task, readiness };
  return { ...task, readiness, waitingFor: culpritsOf(node).slice(0, MAX_NAMED).map((culprit) => culprit.task.id) };
}

/** The task that a claim takes next. O(1). */
export function nextClaim(state: ReadonlyState): ReadonlyTaskNode | undefined {
  return state.ready[0];
}

/** Tasks that depend on a completed one and can be claimed now, in the order of creation. O(dependents). */
export function unlockedBy(node: ReadonlyTaskNode): Omit<Completion, "completed"> {
  const ready = Array.from(node.dependents)
    .filter((dependent) => dependent.task.status === "pending" && readinessOf(dependent) === "ready")
    .sort((a, b) => a.task.order - b.task.order);
  return { unlocked: ready.slice(0, MAX_UNLOCKED).map(viewOf), unlockedCount: ready.length };
}

/** The dependencies that keep a task from being ready: the failed or cancelled ones, or else the unfinished ones. */
export function culpritsOf(node: ReadonlyTaskNode): readonly ReadonlyTaskNode[] {
  const blocked = node.broken > 0;
  return node.dependencies.filter(({ task }) =>
    blocked ? task.status === "failed" || task.status === "cancelled" : task.status !== "completed"
  );
}

/** The results of a task's dependencies, in the order in which it names them, bounded in number and size. */
export function inputsOf(node: ReadonlyTaskNode): { readonly inputs: readonly Input[]; readonly moreInputs: number } {
  const inputs: Input[] = [];
  let moreInputs = 0;
  let characters = 0;
  for (const { task } of node.dependencies) {
    const room = Math.min(MAX_INPUT_CHARACTERS, MAX_INPUTS_CHARACTERS - characters);
    if (inputs.length === MAX_INPUTS || room <= 0) {
      moreInputs++;
      continue;
    }
    const result = head(task.result ?? "", room);
    inputs.push({ task: task.id, result, ...(result.length < (task.result?.length ?? 0) && { truncated: true }) });
    characters += result.length;
  }
  return { inputs, moreInputs };
}

/** Why `instance` can claim nothing now. O(1) but for the few tasks it names. */
export function noTasks(state: ReadonlyState, instance: string): NoTasks {
  const running = take(heldTasks(state), MAX_NAMED).map((task) => ({ id: task.id, assignedTo: task.assignedTo ?? "" }));
  const blockedBy = take(culprits(state), MAX_NAMED);
  const holding = take(state.held.get(instance) ?? [], MAX_NAMED).map((node) => node.task.id);
  const facts = {
    running,
    runningCount: state.counts.in_progress,
    blockedBy,
    blockedCount: state.blocked.size,
    holding,
  };
  const culpritNames = blockedBy.map(({ id, status }) => `${id} (${status})`);
  if (state.tasks.size === 0) {
    return { reason: "no_tasks_exist", message: "There are no tasks yet: create some with create_tasks", ...facts };
  }
  if (state.counts.in_progress > 0) {
    const names = nameSome(running.map(({ id, assignedTo }) => `${id} (${assignedTo})`), state.counts.in_progress);
    const own = holding.length > 0
      ? `; you hold ${nameSome(holding, state.held.get(instance)?.size)} yourself: complete, fail or release it`
      : "";
    return {
      reason: "waiting",
      message: state.counts.pending === 0
        ? `No task is left to claim; still being worked on: ${names}${own}`
        : `No task is ready; waiting for running tasks: ${names}${own}`,
      ...facts,
    };
  }
  if (state.counts.pending > 0) {
    return {
      reason: "blocked",
      message: `No task is ready: ${state.counts.pending} pending tasks are blocked by ${
        nameSome(culpritNames)
      }; retry_task them, or change what depends on them`,
      ...facts,
    };
  }
  return { reason: "all_finished", message: `All tasks are finished: ${describeCounts(state.counts)}`, ...facts };
}

/** Counts of tasks: by status, and of the pending ones by readiness. */
export interface Summary {
  readonly total: number;
  readonly byStatus: Readonly<Record<TaskStatus, number>>;
  readonly ready: number;
  readonly waiting: number;
  readonly blocked: number;
}

/** Counts of tasks. O(1). */
export function summarize(state: ReadonlyState): Summary {
  const ready = state.ready.length;
  const blocked = state.blocked.size;
  return {
    total: state.tasks.size,
    byStatus: { ...state.counts },
    ready,
    waiting: state.counts.pending - ready - blocked,
    blocked,
  };
}

/** What a list of tasks can be filtered by; a task must match all that is given. */
export interface TaskFilter {
  /** Statuses, or readiness of pending tasks. */
  readonly status?: readonly (TaskStatus | Readiness)[];
  readonly assignedTo?: string;
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
  for (const node of state.tasks.values()) {
    if (!matches(node, filter)) continue;
    total++;
    if (node.task.order <= (page.after ?? 0)) continue;
    if (tasks.length < page.limit) tasks.push(viewOf(node));
    else more = true;
  }
  const last = tasks.at(-1);
  return { tasks, total, ...(more && last !== undefined && { next: last.order }) };
}

/** Ids that start with `prefix`, in the order of creation, at most `limit`. O(tasks). */
export function completeIds(state: ReadonlyState, prefix: string, limit: number): readonly string[] {
  const ids: string[] = [];
  for (const id of state.tasks.keys()) {
    if (ids.length === limit) break;
    if (id.startsWith(prefix)) ids.push(id);
  }
  return ids;
}

/** The beginning of a text, never ending within a character. */
export function head(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const last = text.charCodeAt(characters - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? characters - 1 : characters);
}

function matches(node: ReadonlyTaskNode, { status, assignedTo }: TaskFilter): boolean {
  const { task } = node;
  if (assignedTo !== undefined && task.assignedTo !== assignedTo) return false;
  if (status === undefined || status.includes(task.status)) return true;
  return task.status === "pending" && status.includes(readinessOf(node));
}

function* heldTasks(state: ReadonlyState): Iterable<Task> {
  for (const nodes of state.held.values()) {
    for (const node of nodes) yield node.task;
  }
}

/** Failed and cancelled tasks that pending ones wait for, each once; as seen from the first blocked tasks. */
function* culprits(state: ReadonlyState): Iterable<NoTasks["blockedBy"][number]> {
  const seen = new Set<string>();
  for (const node of take(state.blocked, MAX_SCANNED)) {
    for (const { task } of culpritsOf(node)) {
      if (seen.has(task.id) || (task.status !== "failed" && task.status !== "cancelled")) continue;
      seen.add(task.id);
      yield { id: task.id, status: task.status };
    }
  }
}

function describeCounts(counts: Readonly<Record<TaskStatus, number>>): string {
  return Object.entries(counts).filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`).join(
    ", ",
  );
}

function take<T>(items: Iterable<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === limit) break;
    taken.push(item);
  }
  return taken;
}
