/**
 * The tools. Names, parameters, result shapes and the beginnings of messages are what existing users rely on;
 * only optional parameters and further fields are ever added.
 */

import { z } from "zod";
import { readHistory } from "../app/history.ts";
import { TASK_STATUSES, type TaskView } from "../core/model.ts";
import { Refusal } from "../core/refusal.ts";
import { findTask, listTasks, summarize, type TaskFilter, viewOf } from "../core/views.ts";
import { fit, presentCompact, presentRecord, presentTask, TASK_FIELDS, type TaskField } from "./present.ts";
import { defineTool, type Tool, type ToolAnswer } from "./tool.ts";

/** Tasks on a page of `get_task_status` unless the call says otherwise, and at most. */
const DEFAULT_PAGE = 200;
const MAX_PAGE = 1_000;

/** Records of `get_history` unless the call says otherwise, and at most. */
const DEFAULT_RECORDS = 50;
const MAX_RECORDS = 500;

/** Most tasks shown as ready after a creation. */
const MAX_SHOWN = 20;

const STATES = [...TASK_STATUSES, "ready", "waiting", "blocked"] as const;

const id = z.string();
const taskId = z.string();
const instanceId = z.string().describe("Your own id, always the same");
const attempt = z.int().min(1).optional().describe("From the claim: refuses a late answer");
const dependencies = z.array(z.string()).optional().describe("Ids of tasks to be completed first");
const description = z.string();

const adds = { readOnlyHint: false, destructiveHint: false };
const changes = { readOnlyHint: false, destructiveHint: false, idempotentHint: true };
const removes = { readOnlyHint: false, destructiveHint: true, idempotentHint: true };
const reads = { readOnlyHint: true };

/** Every tool, in the order in which they are listed. */
export const TOOLS: readonly Tool[] = [
  defineTool({
    name: "create_task",
    description: "Create one task. It can be claimed once its dependencies are completed.",
    input: { id, description, dependencies },
    annotations: adds,
    async run({ id, description, dependencies = [] }, { engine, actor }) {
      const tasks = await engine.execute(
        { type: "create_tasks", tasks: [{ id, description, dependencies }] },
        actor(),
      );
      return { json: tasks.map((task) => presentCompact(task))[0] };
    },
  }),
  defineTool({
    name: "create_tasks",
    description:
      "Create up to 1000 tasks, all or none. They may depend on each other in any order. Best way to enter a plan.",
    input: { tasks: z.array(z.strictObject({ id, description, dependencies: z.array(z.string()).optional() })) },
    output: { created: z.int(), ready: z.array(z.string()), ready_count: z.int() },
    annotations: adds,
    async run({ tasks }, { engine, actor }) {
      const created = await engine.execute({
        type: "create_tasks",
        tasks: tasks.map((task) => ({ ...task, dependencies: task.dependencies ?? [] })),
      }, actor());
      const ready = created.filter((task) => task.readiness === "ready").map((task) => task.id);
      return { json: { created: created.length, ready: ready.slice(0, MAX_SHOWN), ready_count: ready.length } };
    },
  }),
  defineTool({
    name: "update_task",
    description: "Change a pending task's description, or replace its dependencies.",
    input: { task_id: taskId, description: description.optional(), dependencies },
    annotations: changes,
    async run({ task_id, description, dependencies }, { engine, actor }) {
      return taskAnswer(
        await engine.execute({
          type: "update_task",
          id: task_id,
          ...(description !== undefined && { description }),
          ...(dependencies !== undefined && { dependencies }),
        }, actor()),
      );
    },
  }),
  defineTool({
    name: "delete_task",
    description: "Delete a task that no task depends on and nobody works on.",
    input: { task_id: taskId },
    output: { deleted: z.string() },
    annotations: removes,
    async run({ task_id }, { engine, actor }) {
      return { json: await engine.execute({ type: "delete_task", id: task_id }, actor()) };
    },
  }),
  defineTool({
    name: "get_next_task",
    description: "Claim the next ready task, or the one named by task_id. Nobody else gets it. The answer has the " +
      "results of its dependencies as inputs. If nothing is ready, status is no_tasks and message says why.",
    input: { instance_id: instanceId, task_id: taskId.optional() },
    annotations: adds,
    async run({ instance_id, task_id }, { engine, actor }) {
      const claim = await engine.execute({
        type: "claim_task",
        instance: instance_id,
        ...(task_id !== undefined && { id: task_id }),
      }, actor());
      if (claim.task === undefined) {
        const { reason, message, running, runningCount, blockedBy, blockedCount, holding } = claim.none;
        return {
          json: {
            status: "no_tasks",
            reason,
            message,
            running,
            running_count: runningCount,
            blocked_by: blockedBy,
            blocked_count: blockedCount,
            holding,
          },
        };
      }
      const { task, inputs, moreInputs } = claim;
      return {
        json: {
          ...presentTask(task),
          ...(inputs.length > 0 && { inputs }),
          ...(moreInputs > 0 && { more_inputs: moreInputs }),
        },
        ...((moreInputs > 0 || inputs.some((input) => input.truncated)) && {
          note: "Some results of dependencies are cut or left out: get_task_details has them whole.",
        }),
      };
    },
  }),
  defineTool({
    name: "complete_task",
    description: "Finish a task you hold, with a result that the tasks depending on it get as input.",
    input: { task_id: taskId, instance_id: instanceId, result: z.string(), attempt },
    annotations: changes,
    async run({ task_id, instance_id, result, attempt }, { engine, actor }) {
      const { completed, unlocked, unlockedCount } = await engine.execute({
        type: "complete_task",
        ...holding({ task_id, instance_id, attempt }),
        result,
      }, actor());
      return {
        json: {
          completed_task: presentCompact(completed),
          unlocked_tasks: unlocked.map((task) => presentCompact(task)),
          ...(unlockedCount > unlocked.length && { unlocked_count: unlockedCount }),
        },
      };
    },
  }),
  defineTool({
    name: "fail_task",
    description: "End a task you hold as failed. What depends on it is blocked until retry_task.",
    input: { task_id: taskId, instance_id: instanceId, error: z.string().describe("What went wrong"), attempt },
    annotations: changes,
    async run({ task_id, instance_id, error, attempt }, { engine, actor }) {
      return taskAnswer(
        await engine.execute({
          type: "fail_task",
          ...holding({ task_id, instance_id, attempt }),
          error,
        }, actor()),
      );
    },
  }),
  defineTool({
    name: "release_task",
    description:
      "Hand back a task you hold, so that another can claim it. Also frees a dead worker's task: give its id.",
    input: { task_id: taskId, instance_id: instanceId, reason: z.string().optional(), attempt },
    annotations: adds,
    async run({ task_id, instance_id, reason, attempt }, { engine, actor }) {
      return taskAnswer(
        await engine.execute({
          type: "release_task",
          ...holding({ task_id, instance_id, attempt }),
          ...(reason !== undefined && { reason }),
        }, actor()),
      );
    },
  }),
  defineTool({
    name: "cancel_task",
    description: "End a pending or running task without result. What depends on it is blocked until retry_task.",
    input: { task_id: taskId, reason: z.string().optional() },
    annotations: removes,
    async run({ task_id, reason }, { engine, actor }) {
      return taskAnswer(
        await engine.execute({
          type: "cancel_task",
          id: task_id,
          ...(reason !== undefined && { reason }),
        }, actor()),
      );
    },
  }),
  defineTool({
    name: "retry_task",
    description: "Make a failed or cancelled task pending again.",
    input: { task_id: taskId },
    annotations: adds,
    async run({ task_id }, { engine, actor }) {
      return taskAnswer(await engine.execute({ type: "retry_task", id: task_id }, actor()));
    },
  }),
  defineTool({
    name: "get_task_status",
    description: "List tasks in the order of creation, compact: the first 200, or a page. summary: only counts.",
    input: {
      status: z.union([z.enum(STATES), z.array(z.enum(STATES))]).optional(),
      assigned_to: z.string().optional(),
      summary: z.boolean().optional(),
      fields: z.array(z.enum(TASK_FIELDS)).optional().describe("Show these, in full"),
      limit: z.int().min(1).max(MAX_PAGE).optional(),
      cursor: z.string().optional(),
    },
    annotations: reads,
    async run({ status, assigned_to, summary, fields, limit = DEFAULT_PAGE, cursor }, { engine }) {
      if (summary === true) return { json: await engine.read(summarize) };
      const filter: TaskFilter = {
        ...(status !== undefined && { status: [status].flat() }),
        ...(assigned_to !== undefined && { assignedTo: assigned_to }),
      };
      const after = cursor === undefined ? 0 : readCursor(cursor);
      return taskPage(await engine.read((state) => listTasks(state, filter, { limit, after })), fields);
    },
  }),
  defineTool({
    name: "get_task_details",
    description: "Get one task whole, with its full description and result.",
    input: { task_id: taskId },
    annotations: reads,
    async run({ task_id }, { engine }) {
      return { json: presentTask(await engine.read((state) => viewOf(findTask(state, task_id)))) };
    },
  }),
  defineTool({
    name: "get_history",
    description: "What happened, who did it and when: the newest records, or those after seq `since`.",
    input: {
      task_id: taskId.optional(),
      since: z.int().min(0).optional(),
      limit: z.int().min(1).max(MAX_RECORDS).optional(),
    },
    annotations: reads,
    async run({ task_id, since, limit = DEFAULT_RECORDS }, { engine }) {
      const { records, hasMore } = await readHistory(engine, {
        ...(task_id !== undefined && { task: task_id }),
        ...(since !== undefined && { since }),
        limit,
      });
      const { shown, isCut } = fit(records.map(presentRecord), since === undefined ? "newest" : "oldest");
      return { json: { records: shown, has_more: hasMore || isCut } };
    },
  }),
];

function taskAnswer(task: TaskView): ToolAnswer {
  return { json: presentCompact(task) };
}

function holding(args: { task_id: string; instance_id: string; attempt: number | undefined }) {
  const { task_id, instance_id, attempt } = args;
  return { id: task_id, instance: instance_id, ...(attempt !== undefined && { attempt }) };
}

function taskPage(
  page: { readonly tasks: readonly TaskView[]; readonly total: number; readonly next?: number },
  fields: readonly TaskField[] | undefined,
): ToolAnswer {
  const { shown, isCut } = fit(page.tasks.map((task) => presentCompact(task, fields)), "oldest");
  const next = isCut ? page.tasks[shown.length - 1]?.order : page.next;
  return {
    json: shown,
    structured: { tasks: shown, total: page.total, ...(next !== undefined && { next_cursor: String(next) }) },
    ...(next !== undefined && {
      note:
        `${shown.length} of ${page.total} tasks. More: call again with the same filters and cursor "${next}"; or narrow it down with ` +
        "status or assigned_to, or ask for summary.",
    }),
  };
}

function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new Refusal("invalid_value", "Cursor is not valid: use the next_cursor of the page before, or none");
}
