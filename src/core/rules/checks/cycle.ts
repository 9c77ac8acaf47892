/**
 * Refuses cycles of dependencies, including those through groups. All walks are iterative, as a chain may be as long as
 * the graph.
 */

import { referencesOf } from "../../model/dependency.ts";
import { throwAll } from "../../model/faults.ts";
import { MAX_FAULTS, MAX_NAMED } from "../../model/limits.ts";
import { type Refusal, refuse } from "../../model/refusal.ts";
import type { Part, Remedy } from "../../model/remedies.ts";
import type { NewTask } from "../../model/task.ts";
import { conditionsOn } from "../../state/conditions.ts";
import { sees } from "../../state/sight.ts";
import type { Condition, ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode } from "../../state/state.ts";

/** A vertex of the graph: a task or a group. Changed tasks have their new dependencies and group. */
type Vertex = ReadonlyTaskNode | ReadonlyGroupNode | ChangedTask | NewGroup;

/** A task that is new, or has new dependencies or another group. */
interface ChangedTask {
  readonly id: string;
  /** The task before the change; undefined if it is new. */
  readonly node: ReadonlyTaskNode | undefined;
  /** The tasks and groups that it depends on. */
  references: readonly Vertex[];
  group: Vertex | undefined;
}

/** The new dependencies and groups of tasks, by id. */
type ChangedTasks = ReadonlyMap<string, Pick<NewTask, "dependencies" | "group">>;

/** A group that is created together with its first tasks. */
interface NewGroup {
  readonly newGroup: string;
}

/**
 * Refuses cycles that new tasks, or tasks with new dependencies or groups, would close. Such a cycle goes through a
 * changed task, so a search from these finds it, along dependencies as well as against them. O(the shorter search), once
 * more for each cycle found.
 *
 * @throws Refusal `cycle`, with the path of each of the first `MAX_FAULTS` cycles that share no changed task
 */
export function refuseCycle(state: ReadonlyState, changed: ChangedTasks): void {
  const cycles: Refusal[] = [];
  for (let rest = changed; cycles.length < MAX_FAULTS;) {
    const cycle = cycleIn(state, rest);
    if (cycle === undefined) break;
    cycles.push(refusalOf(state, cycle, changed));
    // The next one is looked for in the graph without the changes that make this one.
    const ids = new Set(cycle.map((vertex) => isGroup(vertex) ? undefined : idOf(vertex)));
    rest = new Map(Array.from(rest).filter(([id]) => !ids.has(id)));
  }
  throwAll(cycles);
}

/** A cycle that the changes close, as a path whose last vertex is its first; undefined if there is none. */
function cycleIn(state: ReadonlyState, changed: ChangedTasks): readonly Vertex[] | undefined {
  const graph = graphWith(state, changed);
  const nextOf = shorterWay(graph.starts, [graph.waitersOf, graph.awaitedBy]);
  const found = nextOf && findCycle(graph.starts, nextOf);
  return nextOf === graph.waitersOf ? found?.toReversed() : found;
}

function refusalOf(state: ReadonlyState, vertices: readonly Vertex[], changed: ChangedTasks): Refusal {
  const cycle = vertices.map(nameOf);
  const path = cycle.length > 2 * MAX_NAMED ? [...cycle.slice(0, MAX_NAMED), "…", ...cycle.slice(-MAX_NAMED)] : cycle;
  return refuse("cycle", `Dependencies would create a cycle: ${path.join(" → ")}`, {
    remedies: remediesForCycle(state, vertices, changed),
    data: { cycle: cycle.slice(0, 2 * MAX_NAMED), length: cycle.length - 1 },
  });
}

/** Remedies that remove one edge of the cycle: the call without it, or a change of a pending task. The first few. */
function remediesForCycle(
  state: ReadonlyState,
  cycle: readonly Vertex[],
  changes: ChangedTasks,
): readonly Remedy[] {
  const remedies: Remedy[] = [];
  for (const [index, waiter] of cycle.slice(0, -1).entries()) {
    const awaited = cycle[index + 1];
    if (awaited === undefined || remedies.length === MAX_NAMED) break;
    const isMember = isGroup(waiter);
    const vertex = isMember ? awaited : waiter;
    // A group depends on its members only.
    if (isGroup(vertex)) continue;
    const { id, task } = "task" in vertex
      ? { id: vertex.task.id, task: vertex.task }
      : { ...vertex, task: vertex.node?.task };
    const change = changes.get(id);
    const part: Part = isMember
      ? { type: "membership", id: idOf(waiter) }
      : { type: isGroup(awaited) ? "group" : "task", id: idOf(awaited) };
    const isNew = isMember ? change?.group !== task?.group : change?.dependencies !== task?.dependencies;
    if (change !== undefined && isNew) remedies.push({ type: "leave_out", id, part });
    // Out of a group that not all see, a task could be shown to too many.
    else if (task?.status === "pending" && !(isMember && isRestricted(state, task.group))) {
      remedies.push({ type: "update_task", id, change: isMember ? "group" : "dependencies" });
    }
  }
  return remedies;
}

function isRestricted({ groups }: ReadonlyState, group: string | undefined): boolean {
  return group !== undefined && groups.get(group)?.group.visibleTo !== undefined;
}

/**
 * The first cycle reachable from `starts`, as a path whose last vertex is its first, or undefined.
 * Depth-first search with three colours (Cormen et al., Introduction to Algorithms, "Depth-first search").
 * O(reachable vertices + edges).
 */
export function findCycle<V>(starts: Iterable<V>, nextOf: (vertex: V) => Iterable<V>): readonly V[] | undefined {
  const done = new Set<V>();
  for (const start of starts) {
    if (done.has(start)) continue;
    const path = [{ vertex: start, next: nextOf(start)[Symbol.iterator]() }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const step = top.next.next();
      if (step.done === true) {
        path.pop();
        onPath.delete(top.vertex);
        done.add(top.vertex);
      } else if (onPath.has(step.value)) {
        const vertices = path.map((each) => each.vertex);
        return [...vertices.slice(vertices.indexOf(step.value)), step.value];
      } else if (!done.has(step.value)) {
        path.push({ vertex: step.value, next: nextOf(step.value)[Symbol.iterator]() });
        onPath.add(step.value);
      }
    }
  }
  return undefined;
}

/**
 * Walks one edge of each direction in turn, and returns the direction whose walk ends first; undefined if that walk does
 * not come back to a start, as then there is no cycle.
 */
function shorterWay<V, W extends (vertex: V) => Iterable<V>>(
  starts: ReadonlySet<V>,
  directions: readonly W[],
): W | undefined {
  const walkers = directions.map((nextOf) => ({ nextOf, edges: walk(starts, nextOf), meetsStart: false }));
  while (true) {
    for (const walker of walkers) {
      const { value, done } = walker.edges.next();
      if (done === true) return walker.meetsStart ? walker.nextOf : undefined;
      if (starts.has(value)) walker.meetsStart = true;
    }
  }
}

/** The target of each edge that is reachable from the starts. */
function* walk<V>(starts: Iterable<V>, nextOf: (vertex: V) => Iterable<V>): Generator<V, void> {
  const seen = new Set(starts);
  // The loop also visits vertices that are added during it.
  for (const vertex of seen) {
    for (const next of nextOf(vertex)) {
      seen.add(next);
      yield next;
    }
  }
}

/** The graph after the changes, and the changed tasks that can be part of a cycle. */
interface ChangedGraph {
  readonly starts: ReadonlySet<Vertex>;
  /** The tasks that depend on a vertex, and the group of a task, which depends on its members. */
  readonly waitersOf: (vertex: Vertex) => Iterable<Vertex>;
  /** The vertices that a task or group depends on. */
  readonly awaitedBy: (vertex: Vertex) => Iterable<Vertex>;
}

/** The edges that changed tasks have after the changes. */
interface ChangedEdges {
  readonly changed: ReadonlyMap<string, ChangedTask>;
  /** The changed tasks that depend on a task or group. */
  readonly waiting: ReadonlyMap<Vertex, readonly ChangedTask[]>;
  /** The changed tasks that belong to a group. */
  readonly joining: ReadonlyMap<Vertex, readonly ChangedTask[]>;
}

function changedEdges(
  state: ReadonlyState,
  changes: ChangedTasks,
): ChangedEdges {
  const changed = new Map<string, ChangedTask>();
  const newGroups = new Map<string, NewGroup>();
  const waiting = new Map<Vertex, ChangedTask[]>();
  const joining = new Map<Vertex, ChangedTask[]>();
  for (const id of changes.keys()) {
    changed.set(id, { id, node: state.tasks.get(id), references: [], group: undefined });
  }
  const groupOf = (id: string): Vertex => {
    const group = state.groups.get(id) ?? newGroups.get(id) ?? { newGroup: id };
    if ("newGroup" in group) newGroups.set(id, group);
    return group;
  };
  const taskOf = (id: string): Vertex | undefined => changed.get(id) ?? state.tasks.get(id);
  for (const task of changed.values()) {
    const { dependencies, group } = changes.get(task.id) ?? { dependencies: [] };
    task.references = dependencies.flatMap((dependency) =>
      Array.from(referencesOf(dependency), ({ type, id }) => type === "group" ? groupOf(id) : taskOf(id))
        .filter((vertex) => vertex !== undefined)
    );
    for (const reference of task.references) addTo(waiting, reference, task);
    if (group === undefined) continue;
    task.group = groupOf(group);
    addTo(joining, task.group, task);
  }
  return { changed, waiting, joining };
}

function graphWith(
  state: ReadonlyState,
  changes: ChangedTasks,
): ChangedGraph {
  const { changed, waiting, joining } = changedEdges(state, changes);
  const asChanged = (node: ReadonlyTaskNode): Vertex => changed.get(node.task.id) ?? node;
  const isUnchanged = (node: ReadonlyTaskNode) => !changed.has(node.task.id);
  // A hidden task is on no cycle that a change of shown ones closes, as these do not depend on it.
  const isWaiter = (node: ReadonlyTaskNode) => isUnchanged(node) && sees(state, node);
  const isAwaited = (vertex: Vertex): boolean => {
    if (waiting.has(vertex) || "newGroup" in vertex) return waiting.has(vertex);
    if ("members" in vertex) return conditionsOn(vertex).some(({ root }) => sees(state, root));
    const node = "task" in vertex ? vertex : vertex.node;
    return node !== undefined &&
      (node.dependents.values().some((each) => sees(state, each)) ||
        node.subscribers.values().some(({ root }) => sees(state, root)));
  };
  return {
    starts: new Set(
      Array.from(changed.values()).filter((task) =>
        // A task is part of no cycle if it has no dependencies, or if nothing depends on it or its group.
        task.references.length > 0 && (isAwaited(task) || (task.group !== undefined && isAwaited(task.group)))
      ),
    ),

    *waitersOf(vertex) {
      yield* waiting.get(vertex) ?? [];
      if ("newGroup" in vertex) return;
      if ("members" in vertex) {
        for (const { root } of conditionsOn(vertex)) if (isWaiter(root)) yield root;
        return;
      }
      const node = "task" in vertex ? vertex : vertex.node;
      for (const dependent of node?.dependents ?? []) if (isWaiter(dependent)) yield dependent;
      for (const { root } of node?.subscribers ?? []) if (isWaiter(root)) yield root;
      if (vertex.group !== undefined) yield vertex.group;
    },

    *awaitedBy(vertex) {
      yield* joining.get(vertex) ?? [];
      if ("newGroup" in vertex) return;
      if ("references" in vertex) yield* vertex.references;
      else if ("members" in vertex) { for (const member of vertex.members) if (isUnchanged(member)) yield member; }
      else {
        for (const dependency of vertex.dependencies) yield asChanged(dependency);
        for (const condition of vertex.conditions) yield* sourcesOf(condition, asChanged);
      }
    },
  };
}

/** The tasks and groups that an expression names. */
function* sourcesOf(condition: Condition, asChanged: (node: ReadonlyTaskNode) => Vertex): Iterable<Vertex> {
  if (condition.type === "branch") { for (const part of condition.parts) yield* sourcesOf(part, asChanged); }
  else yield condition.type === "task" ? asChanged(condition.source) : condition.source;
}

function addTo(lists: Map<Vertex, ChangedTask[]>, vertex: Vertex, task: ChangedTask): void {
  const list = lists.get(vertex);
  if (list === undefined) lists.set(vertex, [task]);
  else list.push(task);
}

function nameOf(vertex: Vertex): string {
  return isGroup(vertex) ? `group ${idOf(vertex)}` : idOf(vertex);
}

function isGroup(vertex: Vertex): vertex is ReadonlyGroupNode | NewGroup {
  return "newGroup" in vertex || "members" in vertex;
}

function idOf(vertex: Vertex): string {
  if ("newGroup" in vertex) return vertex.newGroup;
  if ("members" in vertex) return vertex.group.id;
  return "task" in vertex ? vertex.task.id : vertex.id;
}
