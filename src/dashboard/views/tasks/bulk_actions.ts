/** The actions on many tasks at once: to which statuses each applies, and how it is asked of the server. */

import type { PlanTable } from "../../plan/plan_table.ts";
import type { Priority, Status } from "../../plan/statuses.ts";
import { STATUSES } from "../../plan/statuses.ts";

const PENDING: readonly Status[] = ["ready", "limited", "waiting", "blocked", "delayed"];
const ENDED: readonly Status[] = ["completed", "failed", "cancelled", "skipped"];

export interface BulkKind {
  readonly label: string;
  /** After "Cannot" or "can be": `cancelled`. */
  readonly done: string;
  /** Other tasks stay as they are, and are not asked for. */
  readonly applies: readonly Status[];
  /** What the action takes away, asked before it; undefined if it can be undone. */
  readonly warning?: string;
  /** Whether the tasks leave the plan. */
  readonly isRemoval?: true;
}

export const BULK_KINDS = {
  retry: {
    label: "Retry",
    done: "retried",
    applies: ["failed", "cancelled", "skipped", "delayed"],
  },
  release: {
    label: "Release",
    done: "released",
    applies: ["in_progress"],
    warning: "Their attempts end, and what their holders report afterwards is refused.",
  },
  prioritize: {
    label: "Priority",
    done: "given another priority",
    applies: [...PENDING, "in_progress", "failed", "cancelled", "skipped"],
  },
  assign: {
    label: "Assign",
    done: "reserved",
    applies: [...PENDING, "failed", "cancelled", "skipped"],
  },
  move: {
    label: "Move",
    done: "moved",
    applies: [...PENDING, "failed", "cancelled", "skipped"],
  },
  cancel: {
    label: "Cancel",
    done: "cancelled",
    applies: [...PENDING, "in_progress"],
    warning: "What depends on them is blocked until they are retried, and who works on one is told to stop.",
  },
  archive: {
    label: "Archive",
    done: "archived",
    applies: ENDED,
    warning: "Archived tasks leave the plan, and nothing brings them back into it.",
    isRemoval: true,
  },
  delete: {
    label: "Delete",
    done: "deleted",
    applies: [...PENDING, ...ENDED],
    warning: "Deleted tasks are gone. A task with dependents is deleted only together with all of them.",
    isRemoval: true,
  },
} as const satisfies Readonly<Record<string, BulkKind>>;

export type BulkName = keyof typeof BULK_KINDS;

/** The ids of the selected tasks that an action applies to, in the order of the plan. */
export function applicable(table: PlanTable, selected: ReadonlySet<string>, name: BulkName): readonly string[] {
  const { applies }: BulkKind = BULK_KINDS[name];
  const codes = new Set(applies.map((status) => STATUSES.indexOf(status)));
  const rows: number[] = [];
  for (const id of selected) {
    const row = table.rowOf(id);
    if (row !== undefined && codes.has(table.status[row] ?? -1)) rows.push(row);
  }
  return rows.sort((a, b) => a - b).flatMap((row) => table.ids[row] ?? []);
}

/** What the user has chosen for an action. */
export interface BulkChoice {
  readonly reason: string;
  readonly priority: Priority;
  readonly assignTo: "instance" | "role" | "none";
  readonly assignee: string;
  /** "" for none. */
  readonly group: string;
}

/** The parameters of an action, beside the ids. */
export function bulkBody(name: BulkName, { reason, priority, assignTo, assignee, group }: BulkChoice): object {
  switch (name) {
    case "retry":
    case "archive":
    case "delete":
      return { action: name };
    case "cancel":
    case "release":
      return { action: name, ...(reason.trim() !== "" && { reason }) };
    case "prioritize":
      return { action: name, to_priority: priority };
    case "assign":
      return assignTo === "none"
        ? { action: name, clear: ["to_assign"] }
        : { action: name, to_assign: { [assignTo]: assignee } };
    case "move":
      return group.trim() === "" ? { action: name, clear: ["to_group"] } : { action: name, to_group: group.trim() };
    default:
      return name satisfies never;
  }
}
