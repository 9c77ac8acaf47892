/** The plan as a graph that can be laid out, and what is folded in it. */

import type { Join, PlanGraph } from "./layout/graph.ts";
import type { Edge, PlanTable } from "./plan_table.ts";
import { EDGE_ALTERNATIVE } from "./statuses.ts";

export interface Folding {
  /** The groups drawn as one node. */
  readonly collapsed: ReadonlySet<string>;
  /** The stacks whose tasks are drawn one by one. */
  readonly unfolded: ReadonlySet<string>;
}

/** What the parameters of an address fold. */
export function foldingOf({ folded, unfolded }: Readonly<Record<string, string>>): Folding {
  return { collapsed: new Set(listOf(folded)), unfolded: new Set(listOf(unfolded)) };
}

/** Equal for what folds the same. */
export function foldingText({ collapsed, unfolded }: Folding): string {
  return JSON.stringify([[...collapsed], [...unfolded]]);
}

/** A list in an address. What is none counts as an empty one. */
export function listOf(text: string | undefined): readonly string[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

/** The graph of all rows: ends of edges are rows, then joins, then groups. O(tasks + dependencies). */
export function graphOf(table: PlanTable, folding: Folding): PlanGraph {
  const joins: Join[] = [];
  const joinOf = new Map<number, number>();
  for (const [row, label] of table.joins) {
    joinOf.set(row, joins.length);
    joins.push({ id: `${table.ids[row]} needs`, label, group: table.group[row] ?? -1 });
  }
  const firstJoin = table.size;
  const firstGroup = firstJoin + joins.length;
  const from: number[] = [];
  const to: number[] = [];
  const mark: number[] = [];
  const marks = new Map([["", 0]]);
  const add = (source: number, target: number, ask: string) => {
    from.push(source);
    to.push(target);
    mark.push(marks.get(ask) ?? marks.size);
    marks.set(ask, mark.at(-1) ?? 0);
  };
  const connect = (row: number, edges: readonly Edge[], offset: number) => {
    const join = joinOf.get(row);
    for (const { from: source, kind, ask } of edges) {
      const target = join !== undefined && kind & EDGE_ALTERNATIVE ? firstJoin + join : row;
      add(source + offset, target, ask);
    }
  };
  for (let row = 0; row < table.size; row++) {
    connect(row, table.dependencies[row] ?? [], 0);
    connect(row, table.groupDependencies.get(row) ?? [], firstGroup);
    const join = joinOf.get(row);
    if (join !== undefined) add(firstJoin + join, row, "");
  }
  return {
    ids: table.ids.slice(),
    group: Int32Array.from(table.group),
    groups: table.groups.slice(),
    joins,
    from: Uint32Array.from(from),
    to: Uint32Array.from(to),
    mark: Uint32Array.from(mark),
    marks: Array.from(marks.keys()),
    ...folding,
  };
}

/** Whether two graphs are laid out the same. O(tasks + dependencies). */
export function isSameGraph(one: PlanGraph, other: PlanGraph): boolean {
  const isEqual = <A>(some: ArrayLike<A>, others: ArrayLike<A>) =>
    some.length === others.length && Array.prototype.every.call(some, (each, index) => each === others[index]);
  return isEqual(one.ids, other.ids) && isEqual(one.group, other.group) && isEqual(one.groups, other.groups) &&
    isEqual(one.from, other.from) && isEqual(one.to, other.to) && isEqual(one.mark, other.mark) &&
    isEqual(one.marks, other.marks) &&
    JSON.stringify(one.joins) === JSON.stringify(other.joins) && foldingText(one) === foldingText(other);
}
