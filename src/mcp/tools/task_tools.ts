/**
 * The tools that create, change, list and explain tasks.
 */

import { askOfTask } from "../../app/archived.ts";
import type { SearchPage, TaskPage } from "../../core/messages/queries.ts";
import { READINESSES, TASK_STATUSES } from "../../core/model/status.ts";
import { PRIORITIES, type TaskFilter, type TaskView } from "../../core/model/task.ts";
import { MAX_PIECE_CHARACTERS, PARTS, presentPiece } from "../pieces.ts";
import { fit } from "../page.ts";
import { presentExplanation } from "../present.ts";
import {
  presentCompact,
  presentDetails,
  presentListed,
  presentPlanned,
  TASK_FIELDS,
  type TaskField,
} from "../present_task.ts";
import { adds, changes, defineTool, noteIgnored, reads, removes, type Tool, type ToolAnswer } from "../tool.ts";
import {
  briefDependencies,
  clearing,
  defined,
  instanceId,
  momentsOf,
  newTaskShape,
  SETTING_NAMES,
  settingsShape,
  taskId,
  toChanges,
  toDependencies,
  toNewTask,
  withCleared,
} from "./task_arguments.ts";
import { notePause } from "./project_operations.ts";
import * as z from "zod";

/** Tasks per page of `get_task_status`: the default of `limit`, and its maximum. */
const DEFAULT_PAGE = 200;
const MAX_PAGE = 1_000;

/** Most bytes of a page whose `limit` the caller does not give: about 5,000 tokens, whatever the language. */
const DEFAULT_PAGE_BYTES = 16 * 1024;

/** Longest text that is searched for, in characters. */
const MAX_TEXT_CHARACTERS = 200;

/** Most ids of ready tasks, and most entries of `times`, in the answer to a creation. */
const MAX_SHOWN = 20;

const STATES = [...TASK_STATUSES, ...READINESSES] as const;

/** Parameters that filter tasks. */
export const filterShape = {
  status: z.array(z.enum(STATES)).optional(),
  assigned_to: z.string().optional(),
  group: z.string().optional(),
  priority: z.enum(PRIORITIES).optional(),
  overdue: z.boolean().optional(),
};

/** Converts filter parameters to the core's `TaskFilter`. */
export function toFilter({ assigned_to, ...rest }: z.infer<z.ZodObject<typeof filterShape>>): TaskFilter {
  return defined({ ...rest, assignedTo: assigned_to });
}

export const TASK_TOOLS: readonly Tool[] = [
  defineTool({
    name: "create_task",
    description: "Create a task. It can be claimed once its dependencies are met.",
    input: newTaskShape,
    annotations: adds,
    async run(args, { execute, now }) {
      const [task] = await execute({ type: "create_tasks", tasks: [toNewTask(args, now())] });
      if (task === undefined) throw new Error("create_tasks has answered without the task");
      return { json: { ...presentPlanned(task), ...momentsOf(args, task) }, version: versionOf(task) };
    },
  }),
  defineTool({
    name: "create_tasks",
    description: "Create a plan: up to 1000 tasks as in create_task, in any order, all or none.",
    input: { tasks: z.array(z.object({ ...newTaskShape, dependencies: briefDependencies })) },
    isBrief: true,
    annotations: adds,
    async run({ tasks }, { execute, now }) {
      const at = now();
      const created = await execute({ type: "create_tasks", tasks: tasks.map((task) => toNewTask(task, at)) });
      const times = tasks.flatMap((given, index) => {
        const moments = momentsOf(given, created[index] ?? {});
        return Object.keys(moments).length === 0 ? [] : [{ id: given.id, ...moments }];
      });
      return {
        json: { ...createdAnswer(created), ...(times.length > 0 && { times: times.slice(0, MAX_SHOWN) }) },
        ...(times.length > MAX_SHOWN && {
          note: `times lists ${MAX_SHOWN} of ${times.length} tasks: get_task_status with fields returns the others.`,
        }),
      };
    },
  }),
  defineTool({
    name: "update_task",
    description:
      "Change a task that is not completed; parameters as in create_task. dependencies replaces all, add_ and " +
      "remove_dependencies change some, clear removes settings, assign_to without not_by keeps it. if_version must be its version. An ended task stays so " +
      "until retry_task.",
    input: {
      task_id: taskId,
      description: z.string().optional(),
      dependencies: briefDependencies,
      add_dependencies: briefDependencies,
      remove_dependencies: briefDependencies,
      clear: clearing(SETTING_NAMES),
      if_version: z.int().min(1).optional(),
      ...settingsShape,
    },
    elsewhere: {
      status: "complete_task, fail_task, release_task, cancel_task or retry_task",
      result: "complete_task",
    },
    isBrief: true,
    annotations: changes,
    async run(args, { execute, now }) {
      const { task_id, description, dependencies, add_dependencies, remove_dependencies, ...others } = args;
      const { clear, if_version: ifVersion, ...settings } = others;
      const task = await execute({
        type: "update_task",
        id: task_id,
        ...defined({
          description,
          dependencies: dependencies && toDependencies(dependencies),
          addDependencies: add_dependencies && toDependencies(add_dependencies),
          removeDependencies: remove_dependencies && toDependencies(remove_dependencies),
          ifVersion,
        }),
        settings: toChanges(withCleared(settings, clear), now()),
      });
      return { json: { ...presentPlanned(task), ...momentsOf(settings, task) }, version: versionOf(task) };
    },
  }),
  defineTool({
    name: "delete_task",
    description: "Delete a task that has no dependents and is not running.",
    input: { task_id: taskId },
    annotations: removes,
    async run({ task_id }, { execute }) {
      return { json: await execute({ type: "delete_task", id: task_id }) };
    },
  }),
  defineTool({
    name: "cancel_task",
    description: "End a pending or running task without a result. Its dependents are blocked until retry_task.",
    input: { task_id: taskId, reason: z.string().optional(), instance_id: instanceId },
    isBrief: true,
    annotations: removes,
    async run({ task_id, reason }, { execute, instance }) {
      const command = { type: "cancel_task" as const, id: task_id, ...defined({ reason, instance }) };
      const task = await execute(command);
      const isKept = reason === undefined || task.reason === reason;
      return {
        ...taskAnswer(task),
        ...(!isKept && { note: "The task was already cancelled; its first reason is kept." }),
      };
    },
  }),
  defineTool({
    name: "retry_task",
    description: "Make an ended task pending again, a completed one too, or end its back-off.",
    input: { task_id: taskId },
    annotations: adds,
    async run({ task_id }, { execute }) {
      const { task, started, startedCount } = await execute({ type: "retry_task", id: task_id });
      return {
        json: {
          ...presentCompact(task),
          ...(startedCount > 0 && { started_dependents: started, started_count: startedCount }),
        },
        ...(startedCount > 0 && { note: "Dependents that have started go on: retry_task does them again." }),
      };
    },
  }),
  defineTool({
    name: "get_task_status",
    description:
      "List tasks in creation order, in pages, texts cut. summary: true returns counts. text searches ids, " +
      "texts and refs.",
    input: {
      ...filterShape,
      text: z.string().refine(isSearchable, `expected 1 to ${MAX_TEXT_CHARACTERS} characters`).optional(),
      summary: z.boolean().optional(),
      fields: z.array(z.enum(TASK_FIELDS)).optional().describe("Return only these"),
      limit: z.int().min(1).max(MAX_PAGE).optional(),
      cursor: z.string().optional(),
    },
    elsewhere: { task_id: "get_task_details", task_ids: "get_task_details", ids: "get_task_details" },
    annotations: reads,
    noteUnused: ({ summary, text, fields, limit, cursor }) =>
      summary === true
        ? noteIgnored({ text, fields, limit, cursor }, "summary: true counts all tasks that match the filter")
        : undefined,
    async run({ summary, fields, limit, cursor, text, ...filter }, { query }) {
      if (summary === true) {
        const counts = await query({ type: "count_tasks", filter: toFilter(filter) });
        return { json: { ...counts, ...notePause(await query({ type: "get_project" })) } };
      }
      const options = { filter: toFilter(filter), limit: limit ?? DEFAULT_PAGE, ...defined({ cursor }) };
      const page = text === undefined
        ? await query({ type: "list_tasks", ...options })
        : await query({ type: "search_tasks", ...options, text });
      return taskPage(page, { ...defined({ fields }), ...(limit === undefined && { maxBytes: DEFAULT_PAGE_BYTES }) });
    },
  }),
  defineTool({
    name: "get_task_details",
    description: "Return one task with attempts and durations; part returns a long text in pieces.",
    input: {
      task_id: taskId,
      part: z.enum(PARTS).optional(),
      offset: z.int().min(0).optional(),
      limit: z.int().min(1).max(MAX_PIECE_CHARACTERS).optional(),
    },
    annotations: reads,
    noteUnused: ({ part, offset, limit }) =>
      part === undefined ? noteIgnored({ offset, limit }, "they are for a part") : undefined,
    async run({ task_id, part, offset, limit }, { engine, query }) {
      const task = await askOfTask({ engine, query }, task_id, () => query({ type: "get_task", id: task_id }));
      const json = part === undefined ? presentDetails(task) : presentPiece(task, part, defined({ offset, limit }));
      return { json, version: versionOf(task) };
    },
  }),
  defineTool({
    name: "explain_task",
    description: "Explain why a task cannot be claimed or was skipped, and what would help.",
    input: { task_id: taskId },
    annotations: reads,
    async run({ task_id }, { engine, query }) {
      const explanation = await askOfTask({ engine, query }, task_id, () => {
        return query({ type: "explain_task", id: task_id });
      });
      return { json: presentExplanation(explanation) };
    },
  }),
];

/** The answer to a creation: counts and the ids of ready tasks; the tasks are not repeated. */
export function createdAnswer(created: readonly TaskView[]) {
  const ready = created.filter((task) => task.readiness === "ready").map((task) => task.id);
  return { created: created.length, ready: ready.slice(0, MAX_SHOWN), ready_count: ready.length };
}

/** How often a task was changed, plus 1. */
function versionOf({ version = 1 }: TaskView): number {
  return version;
}

/** The answer that shows one task, with long texts cut. */
function taskAnswer(task: TaskView): ToolAnswer {
  return { json: presentCompact(task) };
}

/** How a page is shown. */
interface PageOptions {
  /** Only these fields. */
  readonly fields?: readonly TaskField[];
  readonly maxBytes?: number;
}

function taskPage(page: TaskPage | SearchPage, { fields, maxBytes }: PageOptions): ToolAnswer {
  const { tasks, cursors } = page;
  const total = "total" in page ? page.total : undefined;
  const { shown, isCut } = fit(tasks.map((task) => presentListed(task, fields)), "oldest", maxBytes);
  const next = isCut ? cursors[shown.length - 1] : page.next;
  const count = total === undefined ? `${shown.length} tasks so far` : `${shown.length} of ${total} tasks`;
  return {
    json: shown,
    structured: {
      tasks: shown,
      ...defined({ total }),
      ...(next !== undefined && { next_cursor: next }),
    },
    ...(next !== undefined && {
      note: `${count}. For the next page, repeat the call with cursor "${next}". For fewer ` +
        "tasks, filter by status, group or assigned_to, or use summary: true.",
    }),
  };
}

function isSearchable(text: string): boolean {
  return text.length > 0 && text.length <= MAX_TEXT_CHARACTERS;
}
