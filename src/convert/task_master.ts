/**
 * Converts the `tasks.json` of Task Master (github.com/eyaltoledano/claude-task-master): lists of tasks by tag, or one list
 * in the older form. A tag becomes a group, a subtask a task of its own. A task depends on its subtasks, and these on what
 * it depends on.
 */

import { z } from "zod";
import type { Priority } from "../core/model/task.ts";
import { type Converted, convertedPlan, type ConvertedTask, Losses, notOf, paragraphs, section } from "./converted.ts";

const id = z.union([z.string(), z.number()]).transform(String);

const subtaskSchema = z.looseObject({
  id,
  title: z.string().default(""),
  description: z.string().nullish(),
  details: z.string().nullish(),
  testStrategy: z.string().nullish(),
  acceptanceCriteria: z.string().nullish(),
  status: z.string().default("pending"),
  priority: z.string().nullish(),
  dependencies: z.array(id).nullish(),
});

const taskSchema = subtaskSchema.extend({ subtasks: z.array(subtaskSchema).nullish() });

const listSchema = z.looseObject({ tasks: z.array(taskSchema) });

type Subtask = z.infer<typeof subtaskSchema>;

const KNOWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(taskSchema.shape));

/** The tag whose tasks keep their ids, which are unique in their tag only. */
const MAIN_TAG = "master";

/** @throws SyntaxError if the text is no such file; the message says where */
export function fromTaskMaster(text: string): Converted {
  const losses = new Losses();
  const lists = readLists(text, losses);
  const groups = lists.flatMap(({ tag }) => tag === undefined ? [] : [{ id: tag }]);
  const tasks = lists.flatMap(({ tag, tasks }) => {
    return convertList(tasks, { tag, prefix: tag === undefined || tag === MAIN_TAG ? "" : `${tag}/`, losses });
  });
  return convertedPlan(groups, tasks, losses);
}

interface TaggedList {
  /** Undefined in the older form. */
  readonly tag: string | undefined;
  readonly tasks: readonly z.infer<typeof taskSchema>[];
}

function readLists(text: string, losses: Losses): readonly TaggedList[] {
  const value = z.record(z.string(), z.unknown()).safeParse(parseJson(text)).data;
  if (value === undefined) throw notOf("Task Master", "it is no object of tags");
  if (Array.isArray(value["tasks"])) return [{ tag: undefined, tasks: readList(value, "tasks", losses) }];
  return Object.entries(value).map(([tag, list]) => ({ tag, tasks: readList(list, tag, losses) }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notOf("Task Master", `it is not JSON, ${cause instanceof Error ? cause.message : cause}`);
  }
}

function readList(value: unknown, tag: string, losses: Losses): TaggedList["tasks"] {
  const parsed = listSchema.safeParse(value);
  if (parsed.success) {
    for (const field of Object.keys(parsed.data)) {
      if (field !== "tasks") losses.note(`The field ${field} of a tag`, tag);
    }
    return parsed.data.tasks;
  }
  const issue = parsed.error.issues[0];
  throw notOf("Task Master", `at ${[tag, ...issue?.path ?? []].join(".")}: ${issue?.message}`);
}

interface ListContext {
  readonly tag: string | undefined;
  /** Of all ids. */
  readonly prefix: string;
  readonly losses: Losses;
}

function convertList(tasks: TaggedList["tasks"], context: ListContext): readonly ConvertedTask[] {
  const { prefix } = context;
  const known = new Set(tasks.flatMap((task) => [task.id, ...subtasksOf(task).map((each) => `${task.id}.${each.id}`)]));
  const named = (from: string, ids: readonly string[]) =>
    ids.flatMap((id) => {
      if (known.has(id)) return [prefix + id];
      context.losses.note("Dependencies on tasks that the file does not have", prefix + from);
      return [];
    });
  return tasks.flatMap((task) => {
    const { id } = task;
    const own = named(id, task.dependencies ?? []);
    const subtasks = subtasksOf(task);
    const parts = subtasks.map((subtask) => {
      const ids = (subtask.dependencies ?? []).map((each) => siblingOf(id, each, known));
      if (ids.includes(id)) context.losses.note("Dependencies of subtasks on their own task", `${prefix}${id}`);
      const subtaskId = `${id}.${subtask.id}`;
      const dependencies = [...own, ...named(subtaskId, ids.filter((each) => each !== id))];
      return convertTask(subtask, { ...context, id: prefix + subtaskId, dependencies });
    });
    return [
      ...parts,
      convertTask(task, { ...context, id: prefix + id, dependencies: [...own, ...parts.map(({ id }) => id)] }),
    ];
  });
}

function subtasksOf({ subtasks }: z.infer<typeof taskSchema>): readonly Subtask[] {
  return subtasks ?? [];
}

/** The id that a dependency of a subtask means: a number is a subtask of the same task, if there is one. */
function siblingOf(parent: string, id: string, known: ReadonlySet<string>): string {
  const sibling = `${parent}.${id}`;
  return known.has(sibling) ? sibling : id;
}

interface TaskContext extends ListContext {
  readonly id: string;
  readonly dependencies: readonly string[];
}

function convertTask(task: Subtask, { id, dependencies, tag, losses }: TaskContext): ConvertedTask {
  const { title, description, details, testStrategy, acceptanceCriteria, priority: given } = task;
  for (const field of Object.keys(task)) if (!KNOWN_FIELDS.has(field)) losses.note(`The field ${field}`, id);
  const priority = priorityOf(given, id, losses);
  return {
    id,
    description: paragraphs(
      title,
      description,
      section("Details", details),
      section("Acceptance criteria", acceptanceCriteria),
      section("Test strategy", testStrategy),
    ),
    ...statusOf(task, id, losses),
    dependencies,
    attempt: 0,
    ...(tag !== undefined && { group: tag }),
    ...(priority !== undefined && { priority }),
  };
}

function priorityOf(priority: string | null | undefined, id: string, losses: Losses): Priority | undefined {
  switch (priority) {
    case undefined:
    case null:
    case "medium":
      return undefined;
    case "low":
    case "high":
      return priority;
    case "critical":
      return "urgent";
    default:
      losses.note(`The priority ${priority}, normal here`, id);
      return undefined;
  }
}

function statusOf({ status }: Subtask, id: string, losses: Losses): Pick<ConvertedTask, "status" | "reason"> {
  switch (status) {
    case "pending":
      return { status: "pending" };
    case "done":
    case "completed":
      return { status: "completed" };
    case "cancelled":
      return { status: "cancelled" };
    case "deferred":
      losses.note("The status deferred, cancelled here until retry_task brings the task back", id);
      return { status: "cancelled", reason: "It was deferred in Task Master" };
    case "in-progress":
      losses.note("The status in-progress, pending here, as no instance holds the task", id);
      return { status: "pending" };
    default:
      losses.note(`The status ${status}, pending here`, id);
      return { status: "pending" };
  }
}
