/** All tasks that a caller sees as columns, or those that may have changed since a record. */

import {
  EDGE_KINDS,
  MAX_ASK_CHARACTERS,
  MAX_TITLE_CHARACTERS,
  type PlanRows,
  ROW_FLAGS,
  ROW_STATUSES,
} from "../messages/plan_rows.ts";
import { COMPARISONS, type Outcome, type ResultCondition } from "../model/dependency.ts";
import { PRIORITIES, type Task } from "../model/task.ts";
import { shortened } from "../model/text.ts";
import { readinessOf } from "../state/readiness.ts";
import { sees, wholeOf } from "../state/sight.ts";
import type { Condition, ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { Table } from "./table.ts";

/**
 * The rows of all tasks, or with `since`, of those of which something shown may have changed in the record `since` or
 * later, by the passing of time, too. Where `since` is no record yet, it is of another journal: all rows are answered.
 * O(tasks); with `since`, a few comparisons for each, and the rest O(rows).
 */
export function listRows(state: ReadonlyState, { since }: { readonly since?: number }, now: number): PlanRows {
  const { seq, tasks } = state;
  const nodes = since === undefined || since > seq ? [...tasks.values()] : changedSince(state, since);
  const groups = new Table<string>();
  const instances = new Table<string>();
  const shown = nodes.map(({ task }) => task);
  const groupColumn = shown.map(({ group }) => groups.indexOf(group));
  const edges = edgesOf(state, nodes, groups);
  return {
    seq,
    now,
    total: tasks.size,
    rows: nodes.length,
    ids: edges.nodes.map(({ task }) => task.id),
    groups: groups.entries,
    title: shown.map(({ description }) => titleOf(description)),
    status: nodes.map((node) => STATUS_INDEXES[readinessOf(node) ?? node.task.status] ?? -1),
    group: groupColumn,
    holder: shown.map(({ assignedTo }) => instances.indexOf(assignedTo)),
    instances: instances.entries,
    priority: shown.map(({ priority }) => PRIORITIES.indexOf(priority ?? "normal")),
    attempt: shown.map(({ attempt }) => attempt),
    percent: shown.map(({ progress }) => progress?.percent ?? -1),
    version: shown.map(({ version }) => version ?? 1),
    created: shown.map(({ createdAt }) => createdAt),
    started: shown.map(({ startedAt }) => startedAt ?? 0),
    finished: shown.map(({ finishedAt }) => finishedAt ?? 0),
    lease: shown.map(({ leaseUntil }) => leaseUntil ?? 0),
    deadline: shown.map(({ deadline }) => deadline ?? 0),
    flags: shown.map(flagsOf),
    ...edges.columns,
  };
}

/** The tasks that may have changed in a record or later, which are those that changed after the one before it. */
function changedSince(state: ReadonlyState, since: number): readonly ReadonlyTaskNode[] {
  const changed: ReadonlyTaskNode[] = [];
  // Of the whole state, as the tasks that a caller sees take longer to go through.
  for (const node of wholeOf(state).tasks.values()) {
    if (isChangedAfter(node, since - 1) && sees(state, node)) changed.push(node);
  }
  return changed;
}

/** Whether what is shown of a task, or whether the caller sees it, may have changed after the record `seq`. */
function isChangedAfter({ changedAfter, group, lane }: ReadonlyTaskNode, seq: number): boolean {
  if (changedAfter >= seq || (group !== undefined && group.audienceChangedAfter >= seq)) return true;
  // Only a ready task is limited.
  return lane !== undefined &&
    (lane.takenChangedAfter >= seq || (group !== undefined && group.openChangedAfter >= seq));
}

const STATUS_INDEXES: Readonly<Record<string, number>> = Object.fromEntries(
  ROW_STATUSES.map((status, index) => [status, index]),
);

/** The first line of a text that is not empty. */
function titleOf(description: string): string {
  const [line = ""] = /\S.*/.exec(description) ?? [];
  return shortened(line.trimEnd(), MAX_TITLE_CHARACTERS);
}

function flagsOf({ overdue, finishedAt, notes, result, assignTo }: Task): number {
  // An ended task keeps its mark, which does not count.
  return (overdue === true && finishedAt === undefined ? ROW_FLAGS.overdue : 0) |
    ((notes?.length ?? 0) > 0 ? ROW_FLAGS.hasNotes : 0) |
    (result !== undefined ? ROW_FLAGS.hasResult : 0) |
    (assignTo !== undefined ? ROW_FLAGS.isAssigned : 0);
}

/** The edges to some rows, and the tasks that `ids` names: the rows, then the other ends. O(rows + edges). */
function edgesOf(state: ReadonlyState, rows: readonly ReadonlyTaskNode[], groups: Table<string>) {
  const nodes = new Table<ReadonlyTaskNode>(rows);
  const columns = {
    from: new Array<number>(),
    to: new Array<number>(),
    kind: new Array<number>(),
    asks: new Array<readonly [number, string]>(),
    group_from: new Array<number>(),
    group_to: new Array<number>(),
    group_kind: new Array<number>(),
    group_asks: new Array<readonly [number, string]>(),
    joins: new Array<readonly [number, string]>(),
  };
  const addEdge = (source: ReadonlyTaskNode, row: number, { kind, ask }: EdgeTerms) => {
    if (!sees(state, source)) return;
    if (ask !== undefined) columns.asks.push([columns.from.length, ask]);
    columns.from.push(nodes.indexOf(source));
    columns.to.push(row);
    columns.kind.push(kind);
  };
  const addCondition = (condition: Condition, row: number, isAlternative: boolean): void => {
    if (condition.type === "branch") {
      const { need, parts } = condition;
      const isJoin = need < parts.length;
      if (isJoin) columns.joins.push([row, need === 1 ? "any" : `${need} of ${parts.length}`]);
      for (const part of parts) addCondition(part, row, isAlternative || isJoin);
    } else if (condition.type === "task") {
      const { source, on, when } = condition;
      addEdge(source, row, termsOf({ on: when === undefined ? on : "completed", when, isAlternative }));
    } else if (sees(state, { group: condition.source })) {
      const { source: { group: { id } }, on, atLeast } = condition;
      const isPart = atLeast !== "100%";
      if (isPart) columns.joins.push([row, `${atLeast} of ${id}`]);
      const { kind, ask } = termsOf({ on, when: undefined, isAlternative: isAlternative || isPart });
      if (ask !== undefined) columns.group_asks.push([columns.group_from.length, ask]);
      columns.group_from.push(groups.indexOf(id));
      columns.group_to.push(row);
      columns.group_kind.push(kind);
    }
  };
  rows.forEach((node, row) => {
    for (const source of node.dependencies) addEdge(source, row, { kind: 0, ask: undefined });
    for (const condition of node.conditions) addCondition(condition, row, false);
  });
  return { nodes: nodes.entries, columns };
}

interface EdgeTerms {
  readonly kind: number;
  /** In a few words; undefined for completion. */
  readonly ask: string | undefined;
}

function termsOf({ on, when, isAlternative }: {
  readonly on: Outcome;
  readonly when: ResultCondition | undefined;
  readonly isAlternative: boolean;
}): EdgeTerms {
  return {
    kind: (on === "completed" ? 0 : EDGE_KINDS.otherOutcome) | (when === undefined ? 0 : EDGE_KINDS.onResult) |
      (isAlternative ? EDGE_KINDS.alternative : 0),
    ask: when !== undefined
      ? shortened(conditionText(when), MAX_ASK_CHARACTERS)
      : on === "completed"
      ? undefined
      : `on ${on}`,
  };
}

/** As on an edge of a drawing: `verdict = changes`, `no error`. */
function conditionText(condition: ResultCondition): string {
  const name = condition.pointer?.slice(1) || "result";
  if (condition.exists !== undefined) return `${condition.exists ? "has" : "no"} ${name}`;
  const comparison = COMPARISONS.find((each) => condition[each] !== undefined) ?? "exists";
  const value = condition[comparison];
  return `${name} ${SIGNS[comparison]} ${typeof value === "string" ? value : JSON.stringify(value)}`;
}

const SIGNS: Readonly<Record<typeof COMPARISONS[number], string>> = {
  equals: "=",
  not_equals: "≠",
  contains: "contains",
  greater_than: ">",
  less_than: "<",
  exists: "exists",
};
