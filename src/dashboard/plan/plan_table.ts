/**
 * The tasks that the user sees, as columns: one entry a row in each. `GET /plan` fills it, and later answers of the same
 * call merge into it. Rows keep their places until a whole answer makes a new table.
 */

import type { PlanRows } from "../api/types.ts";
import { plainTitle } from "./plain_title.ts";

/** What a merge changed. */
export interface Merged {
  /** The rows whose content changed, new ones included. */
  readonly rows: readonly number[];
  /** Whether there are other tasks, dependencies or groups than before: the graph must be laid out again. */
  readonly isStructural: boolean;
  /** Whether tasks have vanished: only a whole answer tells which. */
  readonly isStale: boolean;
}

/** Columns of numbers that an answer carries as they are. */
const NUMBERS = [
  "status",
  "priority",
  "attempt",
  "percent",
  "version",
  "created",
  "started",
  "finished",
  "lease",
  "deadline",
  "flags",
] as const;

type NumberColumn = typeof NUMBERS[number];

/** A dependency on a task or group: its row or number, the `EDGE_*` bits, and what it asks for in a few words. */
export interface Edge {
  readonly from: number;
  readonly kind: number;
  /** "" for completion. */
  readonly ask: string;
}

export class PlanTable implements Readonly<Record<NumberColumn, readonly number[]>> {
  readonly ids: string[] = [];
  readonly title: string[] = [];
  // The first answer replaces these arrays.
  status: number[] = [];
  priority: number[] = [];
  attempt: number[] = [];
  percent: number[] = [];
  version: number[] = [];
  created: number[] = [];
  started: number[] = [];
  finished: number[] = [];
  lease: number[] = [];
  deadline: number[] = [];
  flags: number[] = [];
  /** Index into `groups`, or -1. */
  readonly group: number[] = [];
  /** Index into `instances`, or -1. */
  readonly holder: number[] = [];
  /** The dependencies of each row on tasks, and on groups. */
  readonly dependencies: (readonly Edge[])[] = [];
  readonly groupDependencies = new Map<number, readonly Edge[]>();
  /** How many alternatives a row needs, in a few characters, where its dependencies have any. */
  readonly joins = new Map<number, string>();
  readonly groups: string[] = [];
  readonly instances: string[] = [];
  /** The record up to which it shows the plan. */
  seq = 0;
  /** The journal's clock at the last answer, and ours then, in milliseconds since the Unix epoch. */
  now = 0;
  readAt = 0;
  readonly #rows = new Map<string, number>();
  readonly #groupNumbers = new Map<string, number>();
  readonly #instanceNumbers = new Map<string, number>();
  #dependents: Dependents | undefined;

  /** How many rows there are. */
  get size(): number {
    return this.ids.length;
  }

  rowOf(id: string): number | undefined {
    return this.#rows.get(id);
  }

  groupOf(row: number): string | undefined {
    return this.groups[this.group[row] ?? -1];
  }

  holderOf(row: number): string | undefined {
    return this.instances[this.holder[row] ?? -1];
  }

  setHolder(row: number, instance: string): void {
    this.holder[row] = numberIn(instance, this.instances, this.#instanceNumbers);
  }

  /** The rows that depend on a row itself. The first call after a change of structure costs O(tasks + dependencies). */
  dependentsOf(row: number): readonly number[] {
    this.#dependents ??= this.#reversed();
    return this.#dependents.rows[row] ?? NOBODY;
  }

  /** The rows that depend on a group. */
  dependentsOfGroup(group: number): readonly number[] {
    this.#dependents ??= this.#reversed();
    return this.#dependents.groups[group] ?? NOBODY;
  }

  /** The rows of a group. */
  membersOf(group: number): readonly number[] {
    this.#dependents ??= this.#reversed();
    return this.#dependents.members[group] ?? NOBODY;
  }

  /** Takes an answer of `GET /plan` over. O(rows of the answer). */
  merge(answer: PlanRows, readAt: number): Merged {
    const before = { size: this.size, groups: this.groups.length };
    const rows = answer.ids.slice(0, answer.rows).map((id) => this.#place(id));
    const groups = answer.groups.map((id) => numberIn(id, this.groups, this.#groupNumbers));
    const instances = answer.instances.map((id) => numberIn(id, this.instances, this.#instanceNumbers));
    let isStructural = this.size !== before.size;
    const isFirst = before.size === 0 && this.size === rows.length;
    for (const name of NUMBERS) {
      if (isFirst) this[name] = answer[name].slice(0, rows.length);
      else copyInto(this[name], rows, answer[name]);
    }
    for (const [index, row] of rows.entries()) {
      this.title[row] = plainTitle(answer.title[index] ?? "");
      const group = groups[answer.group[index] ?? -1] ?? -1;
      if (this.group[row] !== group) isStructural = true;
      this.group[row] = group;
      this.holder[row] = instances[answer.holder[index] ?? -1] ?? -1;
    }
    if (this.#mergeEdges(answer, rows, groups)) isStructural = true;
    if (isStructural) this.#dependents = undefined;
    this.seq = answer.seq;
    this.now = Date.parse(answer.now);
    this.readAt = readAt;
    return { rows, isStructural, isStale: this.size !== answer.total };
  }

  /** Replaces the dependencies of the rows of an answer; returns whether any differs. */
  #mergeEdges(answer: PlanRows, rows: readonly number[], groups: readonly number[]): boolean {
    // Tasks that edges name and that are no rows here yet come with a later row, or with the whole plan.
    const sources = answer.ids.map((id) => this.#rows.get(id));
    const edges = edgesByRow(rows.length, {
      from: answer.from.map((from) => sources[from]),
      to: answer.to,
      kind: answer.kind,
      asks: answer.asks,
    });
    const groupEdges = edgesByRow(rows.length, {
      from: answer.group_from.map((from) => groups[from]),
      to: answer.group_to,
      kind: answer.group_kind,
      asks: answer.group_asks,
    });
    const joins = new Map(answer.joins);
    let isChanged = false;
    for (const [index, row] of rows.entries()) {
      const own = edges[index] ?? NONE;
      const ownGroups = groupEdges[index] ?? NONE;
      const join = joins.get(index);
      if (isSame(this.dependencies[row], own) && isSame(this.groupDependencies.get(row) ?? NONE, ownGroups)) {
        if (this.joins.get(row) === join) continue;
      }
      isChanged = true;
      this.dependencies[row] = own;
      if (ownGroups.length > 0) this.groupDependencies.set(row, ownGroups);
      else this.groupDependencies.delete(row);
      if (join !== undefined) this.joins.set(row, join);
      else this.joins.delete(row);
    }
    return isChanged;
  }

  #place(id: string): number {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const row = this.ids.push(id) - 1;
    this.#rows.set(id, row);
    return row;
  }

  #reversed(): Dependents {
    const rows: number[][] = this.ids.map(() => []);
    const groups: number[][] = this.groups.map(() => []);
    const members: number[][] = this.groups.map(() => []);
    for (const [row, edges] of this.dependencies.entries()) {
      for (const { from } of edges) rows[from]?.push(row);
    }
    for (const [row, edges] of this.groupDependencies) {
      for (const { from } of edges) groups[from]?.push(row);
    }
    for (const [row, group] of this.group.entries()) members[group]?.push(row);
    return { rows, groups, members };
  }
}

/** The rows that depend on each row and on each group, and those of each group. */
interface Dependents {
  readonly rows: readonly (readonly number[])[];
  readonly groups: readonly (readonly number[])[];
  readonly members: readonly (readonly number[])[];
}

const NOBODY: readonly number[] = [];

const NONE: readonly Edge[] = [];

function numberIn(id: string, all: string[], numbers: Map<string, number>): number {
  const number = numbers.get(id) ?? all.push(id) - 1;
  numbers.set(id, number);
  return number;
}

function copyInto(column: number[], rows: readonly number[], values: readonly number[]): void {
  for (let index = 0; index < rows.length; index++) column[rows[index]!] = values[index] ?? 0;
}

function edgesByRow(rows: number, { from, to, kind, asks }: Pick<PlanRows, "to" | "kind" | "asks"> & {
  readonly from: readonly (number | undefined)[];
}): readonly (readonly Edge[] | undefined)[] {
  const texts = new Map(asks);
  const edges = new Array<Edge[] | undefined>(rows).fill(undefined);
  for (let index = 0; index < to.length; index++) {
    const source = from[index];
    if (source === undefined) continue;
    const edge = { from: source, kind: kind[index] ?? 0, ask: texts.get(index) ?? "" };
    const own = edges[to[index]!];
    own ? own.push(edge) : edges[to[index]!] = [edge];
  }
  return edges;
}

function isSame(one: readonly Edge[] | undefined, other: readonly Edge[]): boolean {
  return one?.length === other.length && one.every(({ from, kind, ask }, index) => {
    const same = other[index];
    return from === same?.from && kind === same.kind && ask === same.ask;
  });
}
