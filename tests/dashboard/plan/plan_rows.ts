/** Plans as `GET /plan` answers them, for tests: columns are given by example, the others are filled. */

import type { PlanRows } from "../../../src/dashboard/api/types.ts";
import { PlanTable } from "../../../src/dashboard/plan/plan_table.ts";
import { type Status, STATUS_CODE } from "../../../src/dashboard/plan/statuses.ts";

export interface Row {
  readonly id: string;
  readonly status?: Status;
  readonly title?: string;
  readonly group?: string;
  readonly holder?: string;
  readonly priority?: number;
  readonly percent?: number;
  readonly deadline?: number;
  readonly flags?: number;
}

export function planRows(rows: readonly Row[], total = rows.length): PlanRows {
  const groups = namesOf(rows.map(({ group }) => group));
  const instances = namesOf(rows.map(({ holder }) => holder));
  const none = rows.map(() => 0);
  return {
    seq: 1,
    now: "2026-01-01T00:00:00.000Z",
    total,
    rows: rows.length,
    ids: rows.map(({ id }) => id),
    groups,
    instances,
    title: rows.map(({ title }) => title ?? ""),
    status: rows.map(({ status }) => STATUS_CODE[status ?? "ready"]),
    group: rows.map(({ group }) => groups.indexOf(group ?? "")),
    holder: rows.map(({ holder }) => instances.indexOf(holder ?? "")),
    priority: rows.map(({ priority }) => priority ?? 1),
    attempt: none,
    percent: rows.map(({ percent }) => percent ?? -1),
    version: rows.map(() => 1),
    created: rows.map((_, index) => index),
    started: none,
    finished: none,
    lease: none,
    deadline: rows.map(({ deadline }) => deadline ?? 0),
    flags: rows.map(({ flags }) => flags ?? 0),
    from: [],
    to: [],
    kind: [],
    asks: [],
    group_from: [],
    group_to: [],
    group_kind: [],
    group_asks: [],
    joins: [],
  };
}

export function tableOf(rows: readonly Row[]): PlanTable {
  const table = new PlanTable();
  table.merge(planRows(rows), 0);
  return table;
}

function namesOf(names: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(names.filter((name) => name !== undefined))];
}
