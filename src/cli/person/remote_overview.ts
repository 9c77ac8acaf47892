/** What matters of a plan, asked by tools: for `status` at a service, whose state only its own process has. */

import { z } from "zod";
import type { ToolCaller } from "../../app/operation.ts";
import { READINESSES, TASK_STATUSES } from "../../core/model/status.ts";
import { PRIORITIES } from "../../core/model/task.ts";
import { inOrder, KINDS, type Overview } from "../overview.ts";
import type { RowTask } from "../status.ts";

/** Most tasks of each kind: as many as `status` has rows. */
const MAX_ASKED = 50;

const FIELDS = [
  "id",
  "description",
  "status",
  "readiness",
  "waitingFor",
  "limitedBy",
  "delayedUntil",
  "priority",
  "assignedTo",
  "progress",
  "overdue",
  "createdAt",
  "startedAt",
  "finishedAt",
];

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
  createdAt: time,
  startedAt: time.exactOptional(),
  finishedAt: time.exactOptional(),
});

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

/** The overview that `status` shows. Tools do not tell since when a task is pending, but when it was created. */
export async function lookAtService(call: ToolCaller): Promise<Omit<Overview, "instances">> {
  const [summary, ...pages] = await Promise.all([
    call("get_task_status", { summary: true }),
    ...KINDS.map((status) => call("get_task_status", { status, fields: FIELDS, limit: MAX_ASKED })),
  ]);
  const { project_paused: pause, ...counts } = summarySchema.parse(summary);
  return {
    counts,
    ...(pause !== undefined && { paused: { reason: pause.reason, at: pause.since, by: { caller: pause.by } } }),
    kinds: pages.map(({ tasks }) => inOrder({ tasks: z.array(rowSchema).parse(tasks).map(rowOf) })),
  };
}

function rowOf({ createdAt, ...row }: z.infer<typeof rowSchema>): RowTask {
  return { ...row, pendingAt: createdAt };
}
