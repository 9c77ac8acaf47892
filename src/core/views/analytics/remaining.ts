/**
 * What remains of a plan: the tasks that have not ended, and those whose end keeps others from starting, as a retry can
 * bring them back. A dependency that is met has no edge any more. One on some of several tasks counts as one on all of
 * those that remain, as nobody knows how it will be met. A group is a node that takes no time, so that its members and the
 * tasks that wait for it need no edge for each pair.
 */

import type { Plan, PlannedTask } from "../../messages/analysis.ts";
import type { Outcome } from "../../model/dependency.ts";
import type { Group } from "../../model/group.ts";
import type { TaskStatus } from "../../model/status.ts";
import type { Task } from "../../model/task.ts";
import { countsOf } from "../../state/group_counts.ts";
import { noCounts } from "../../state/state.ts";
import { type Estimate, Estimates } from "./estimates.ts";
import { type Graph, sorted } from "./graph.ts";
import { canStillMeet, Verdicts } from "./verdicts.ts";

/** The remaining tasks and the groups that they wait for, by the numbers of the graph's nodes. */
export interface Remaining {
  readonly graph: Graph;
  /** Undefined for a group. */
  readonly planned: readonly (PlannedTask | undefined)[];
  /** The expected duration from now on, in milliseconds; 0 for a group. */
  readonly durationMs: Float64Array;
  /** From which it comes; undefined for a group. */
  readonly estimates: readonly (Estimate | undefined)[];
  /** The number of a task's node. */
  readonly nodeOf: (id: string) => number | undefined;
}

/** How many tasks are read between two places where a caller can pause. */
const STEP = 500;

/** Makes the graph. Yields where the caller can pause. O(tasks + dependencies + group members). */
export function* remainingOf({ tasks, groups, now }: Plan): Generator<void, Remaining> {
  const found = new Map<string, Found>();
  const members = new Map<string, Task[]>();
  const known = new Estimates();
  for (const [index, each] of tasks.entries()) {
    const { task } = each;
    found.set(task.id, { planned: each, node: NONE });
    known.add(task);
    if (task.group !== undefined) {
      const others = members.get(task.group);
      if (others === undefined) members.set(task.group, [task]);
      else others.push(task);
    }
    if (index % STEP === STEP - 1) yield;
  }
  const builder = new Builder({ found, members, groups: new Map(groups.map((group) => [group.id, group])) });
  let index = 0;
  for (const each of found.values()) {
    if (isOpen(each.planned.task)) builder.addOpen(each);
    if (index++ % STEP === STEP - 1) yield;
  }
  const { graph, order } = yield* sorted(builder.nodes.length, builder.edges);
  const inOrder: (PlannedTask | undefined)[] = [];
  const estimates: (Estimate | undefined)[] = [];
  const durationMs = new Float64Array(graph.size);
  const places = new Int32Array(graph.size);
  for (const [index, node] of order.entries()) {
    const each = builder.nodes[node];
    inOrder.push(each);
    places[node] = index;
    const estimate = each && known.of(each.task);
    estimates.push(estimate);
    if (each !== undefined && estimate !== undefined) {
      durationMs[index] = remainingMs(each.task, estimate, now);
    }
    if (index % STEP === STEP - 1) yield;
  }
  const nodeOf = (id: string) => places[found.get(id)?.node ?? NONE];
  return { graph, planned: inOrder, durationMs, estimates, nodeOf };
}

export function isOpen({ status }: Pick<Task, "status">): boolean {
  return status === "pending" || status === "in_progress";
}

/** The expected duration of a task from now on, in milliseconds. */
function remainingMs(task: Task, { samples, scale, medianMs }: Estimate, now: number): number {
  if (task.status !== "in_progress") return medianMs;
  const elapsed = Math.max(0, now - (task.startedAt ?? now));
  // The median of those that took longer. If none did, how long it has run tells nothing of its end.
  const scaled = samples.map((duration) => duration * scale);
  const longer = scaled.filter((duration) => duration > elapsed).sort((a, b) => a - b);
  const expected = longer[(longer.length - 1) >> 1] ?? elapsed + medianMs;
  return expected - elapsed;
}

/** A task, and its node while the graph is built; `NONE` until it has one. */
interface Found {
  readonly planned: PlannedTask;
  node: number;
}

const NONE = -1;

interface Known {
  readonly found: ReadonlyMap<string, Found>;
  readonly members: ReadonlyMap<string, readonly Task[]>;
  readonly groups: ReadonlyMap<string, Group>;
}

/** The tasks of a group by status, archived ones included. */
function countTasks({ members, groups }: Known, id: string): Readonly<Record<TaskStatus, number>> {
  const counts = noCounts();
  for (const { status } of members.get(id) ?? []) counts[status]++;
  const group = groups.get(id);
  return group === undefined ? counts : countsOf({ group, counts });
}

class Builder {
  /** Undefined for a group. */
  readonly nodes: (PlannedTask | undefined)[] = [];
  readonly edges: { readonly from: number[]; readonly to: number[] } = { from: [], to: [] };
  readonly #groups = new Map<string, number>();
  readonly #known: Known;
  readonly #verdicts: Verdicts;

  constructor(known: Known) {
    this.#known = known;
    this.#verdicts = new Verdicts((id) => known.found.get(id)?.planned.task, (group) => countTasks(known, group));
  }

  /** Adds a task, with edges from what it waits for. */
  addOpen(found: Found): void {
    const node = this.#nodeOf(found);
    const { task: { status, dependencies } } = found.planned;
    if (status !== "pending") return;
    for (const dependency of dependencies) {
      if (typeof dependency === "string") this.#linkTask(dependency, "completed", node);
      else if (this.#verdicts.of(dependency) !== "true") {
        for (const leaf of this.#verdicts.openLeaves(dependency)) {
          if ("group" in leaf) this.#link(this.#groupNode(leaf.group, leaf.on ?? "completed"), node);
          else this.#linkTask(leaf.task, leaf.on ?? "completed", node);
        }
      }
    }
  }

  /** An edge from a task, if it can still end in the way that is waited for. */
  #linkTask(id: string, on: Outcome, to: number): void {
    const found = this.#known.found.get(id);
    if (found !== undefined && canStillMeet(found.planned.task, on)) this.#link(this.#nodeOf(found), to);
  }

  #link(from: number, to: number): void {
    this.edges.from.push(from);
    this.edges.to.push(to);
  }

  #nodeOf(found: Found): number {
    if (found.node === NONE) found.node = this.nodes.push(found.planned) - 1;
    return found.node;
  }

  #groupNode(group: string, on: Outcome): number {
    const key = JSON.stringify([group, on]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const node = this.nodes.push(undefined) - 1;
    this.#groups.set(key, node);
    for (const { id } of this.#known.members.get(group) ?? []) this.#linkTask(id, on, node);
    return node;
  }
}
