/** Decides what is drawn: tasks, joins, stacks of siblings, collapsed groups, boxes; and the edges between them. */
import { type Adjacency, adjacencyOf, degree } from "./adjacency.ts";
import { KIND, type PlanGraph, type Stack, STACK_AT_LEAST, STACK_STAYS_AT_LEAST } from "./graph.ts";

export interface Items {
  readonly keys: readonly string[];
  readonly kind: Uint8Array;
  readonly source: Uint32Array;
  readonly box: Int32Array;
  readonly stacks: readonly Stack[];
  readonly itemOf: Uint32Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly mark: Uint32Array;
  readonly count: Uint32Array;
}

/** `foldedBefore` holds the keys of the last layout's stacks. */
export function fold(graph: PlanGraph, foldedBefore: ReadonlySet<string>): Items {
  const tasks = graph.ids.length, joins = graph.joins.length;
  const stacks = findStacks(graph, foldedBefore);
  const keys: string[] = [], kind: number[] = [], source: number[] = [], box: number[] = [];
  const itemOf = new Uint32Array(tasks + joins + graph.groups.length);
  const add = (key: string, its: { kind: number; source: number; box: number }) => {
    kind.push(its.kind), source.push(its.source), box.push(its.box);
    return keys.push(key) - 1;
  };
  graph.groups.forEach((name, group) => {
    const isCollapsed = graph.collapsed.has(name);
    itemOf[tasks + joins + group] = add(`group ${name}`, {
      kind: isCollapsed ? KIND.group : KIND.box,
      source: group,
      box: -1,
    });
  });
  /** The collapsed group that shows a member, or else the box that it stands in. */
  const placeOf = (group: number) => {
    const item = group < 0 ? -1 : itemOf[tasks + joins + group]!;
    return item >= 0 && kind[item] === KIND.group ? { shownBy: item } : { box: item };
  };
  const stackOf = new Map<number, number>();
  stacks.forEach(({ key, tasks: members }, stack) => {
    const { box = -1 } = placeOf(graph.group[members[0]!]!);
    const item = add(key, { kind: KIND.stack, source: stack, box });
    for (const task of members) stackOf.set(task, item);
  });
  for (let task = 0; task < tasks; task++) {
    const { shownBy, box = -1 } = placeOf(graph.group[task]!);
    itemOf[task] = shownBy ?? stackOf.get(task) ??
      add(`task ${graph.ids[task]}`, { kind: KIND.task, source: task, box });
  }
  graph.joins.forEach(({ id, group }, join) => {
    const { shownBy, box = -1 } = placeOf(group);
    itemOf[tasks + join] = shownBy ?? add(`join ${id}`, { kind: KIND.join, source: join, box });
  });
  return {
    keys,
    kind: Uint8Array.from(kind),
    source: Uint32Array.from(source),
    box: Int32Array.from(box),
    stacks,
    itemOf,
    ...foldEdges(graph, itemOf, keys.length),
  };
}

/** The edges between different items, equal ones counted. */
function foldEdges(graph: PlanGraph, itemOf: Uint32Array, items: number) {
  const index = new Map<number, number>();
  const from: number[] = [], to: number[] = [], mark: number[] = [], count: number[] = [];
  for (let edge = 0; edge < graph.from.length; edge++) {
    const a = itemOf[graph.from[edge]!]!, b = itemOf[graph.to[edge]!]!;
    if (a === b) continue;
    const key = (graph.mark[edge]! * items + a) * items + b;
    const known = index.get(key);
    if (known !== undefined) count[known] = count[known]! + 1;
    else {
      index.set(key, from.length);
      from.push(a), to.push(b), mark.push(graph.mark[edge]!), count.push(1);
    }
  }
  return {
    from: Uint32Array.from(from),
    to: Uint32Array.from(to),
    mark: Uint32Array.from(mark),
    count: Uint32Array.from(count),
  };
}

/** Tasks with the same group, dependencies and dependents, if there are enough of them. */
function findStacks(graph: PlanGraph, foldedBefore: ReadonlySet<string>): Stack[] {
  const ends = graph.ids.length + graph.joins.length + graph.groups.length;
  const into = adjacencyOf(ends, graph.to);
  const out = adjacencyOf(ends, graph.from);
  const alike = new Map<string, number[]>();
  for (const candidates of candidatesOf(graph, into, out)) {
    for (const task of candidates) {
      const neighbours = [
        ...neighboursOf(graph, task, into, graph.from).map((each) => `<${each}`),
        ...neighboursOf(graph, task, out, graph.to).map((each) => `>${each}`),
      ];
      const description = `${graph.group[task]!} ${neighbours.sort().join(" ")}`;
      const siblings = alike.get(description);
      siblings ? siblings.push(task) : alike.set(description, [task]);
    }
  }
  const stacks: Stack[] = [];
  for (const tasks of alike.values()) {
    if (tasks.length < STACK_STAYS_AT_LEAST) continue;
    const first = tasks[0]!;
    const key = `stack ${graph.groups[graph.group[first]!] ?? ""} ${namesOf(graph, first, into, out)}`;
    const isEnough = tasks.length >= STACK_AT_LEAST || foldedBefore.has(key);
    if (isEnough && !graph.unfolded.has(key)) stacks.push({ key, tasks: Uint32Array.from(tasks) });
  }
  return stacks;
}

/** Tasks that may be siblings, in sets that are large enough: a sum of their neighbours is the same. */
function candidatesOf(graph: PlanGraph, into: Adjacency, out: Adjacency): readonly number[][] {
  const bySum = new Map<number, number[]>();
  for (let task = 0; task < graph.ids.length; task++) {
    const group = graph.group[task]!;
    const hasNeighbours = degree(into, task) + degree(out, task) > 0;
    if (!hasNeighbours || (group >= 0 && graph.collapsed.has(graph.groups[group]!))) continue;
    let sum = group;
    for (let i = into.start[task]!; i < into.start[task + 1]!; i++) sum += mixed(graph.from[into.edges[i]!]!, 1);
    for (let i = out.start[task]!; i < out.start[task + 1]!; i++) sum += mixed(graph.to[out.edges[i]!]!, 2);
    const others = bySum.get(sum);
    others ? others.push(task) : bySum.set(sum, [task]);
  }
  return Array.from(bySum.values()).filter(({ length }) => length >= STACK_STAYS_AT_LEAST);
}

/** Spreads numbers that are near each other, so that few sums are equal by chance. */
function mixed(end: number, side: number): number {
  return Math.imul(3 * end + side, 0x9e3779b1) >>> 0;
}

function neighboursOf(graph: PlanGraph, task: number, side: Adjacency, ends: Uint32Array): string[] {
  return Array.from(
    side.edges.subarray(side.start[task]!, side.start[task + 1]!),
    (edge) => `${ends[edge]!}:${graph.mark[edge]!}`,
  );
}

/** Names a stack by what it stands between, so that a new sibling does not rename it. */
function namesOf(graph: PlanGraph, task: number, into: Adjacency, out: Adjacency): string {
  const tasks = graph.ids.length, joins = graph.joins.length;
  const nameOf = (end: number) =>
    graph.ids[end] ?? graph.joins[end - tasks]?.id ?? `group ${graph.groups[end - tasks - joins]}`;
  const names = (side: Adjacency, ends: Uint32Array) =>
    Array.from(
      side.edges.subarray(side.start[task]!, side.start[task + 1]!),
      (edge) => JSON.stringify([nameOf(ends[edge]!), graph.marks[graph.mark[edge]!]]),
    ).sort().join();
  return `${names(into, graph.from)} > ${names(out, graph.to)}`;
}
