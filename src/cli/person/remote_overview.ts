/** What matters of a plan, asked by tools: for `status` at a service, whose state only its own process has. */

import * as z from "zod";
import type { ToolCaller } from "../../app/operation.ts";
import { READINESSES, TASK_STATUSES } from "../../core/model/status.ts";
import { PRIORITIES } from "../../core/model/task.ts";
import { inOrder, KINDS, MAX_CHOICE, type Overview } from "../overview.ts";
import type { RowTask } from "../status.ts";

const time = z.iso.datetime().transform(Date.parse);

const rowSchema = z.object({
  id: z.string(),
  description: z.string(),
  status: z.enum(TASK_STATUSES),
  readiness: z.enum(READINESSES).exactOptional(),
  waitingFor: z.array(z.string()).exactOptional(),
  limitedBy: z.array(z.string()).exactOptional(),
  delayedUntil: time.exactOptional(),
  priority: z.enum(PRIORITIES).exactOptional(),
  assignedTo: z.string().exactOptional(),
  progress: z.object({ at: time, percent: z.number().exactOptional() }).exactOptional(),
  overdue: z.literal(true).exactOptional(),
  pendingAt: time,
  startedAt: time.exactOptional(),
  finishedAt: time.exactOptional(),
});

const FIELDS = Object.keys(rowSchema.shape);

const pageSchema = z.object({ tasks: z.array(rowSchema), next_cursor: z.string().exactOptional() });

const count = z.number();

const summarySchema = z.object({
  total: count,
  byStatus: z.object({
    pending: count,
    in_progress: count,
    completed: count,
    failed: count,
    cancelled: count,
    skipped: count,
  }),
  ready: count,
  limited: count,
  waiting: count,
  blocked: count,
  delayed: count,
  overdue: count,
  project_paused: z.object({ reason: z.string(), since: time, by: z.string() }).exactOptional(),
});

/** The overview that `status` shows. */
export async function lookAtService(call: ToolCaller): Promise<Omit<Overview, "instances">> {
  const [summary, ...kinds] = await Promise.all([
    call("get_task_status", { summary: true }),
    ...KINDS.map((status) => firstTasks(call, { status, fields: FIELDS })),
  ]);
  const { project_paused: pause, ...counts } = summarySchema.parse(summary);
  return {
    counts,
    ...(pause !== undefined && { paused: { reason: pause.reason, at: pause.since, by: { caller: pause.by } } }),
    kinds: kinds.map((tasks) => inOrder({ tasks })),
  };
}

/** The first `MAX_CHOICE` tasks in the order of creation, in as many pages as their texts need. */
async function firstTasks(call: ToolCaller, asked: Readonly<Record<string, unknown>>): Promise<readonly RowTask[]> {
  let found: readonly RowTask[] = [];
  let cursor = {};
  while (found.length < MAX_CHOICE) {
    const page = pageSchema.parse(
      await call("get_task_status", { ...asked, ...cursor, limit: MAX_CHOICE - found.length }),
    );
    found = [...found, ...page.tasks];
    if (page.next_cursor === undefined) break;
    cursor = { cursor: page.next_cursor };
  }
  return found;
}
