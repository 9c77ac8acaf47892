/**
 * `tasks.json`: an object of tasks keyed by id, one task a line, as people and the earlier server know it.
 * This is a published format: only fields are ever added.
 */

import { z } from "zod";
import { type Task, TASK_STATUSES } from "../core/model.ts";

/** Bytes of text gathered before they are handed on. */
const SLICE_CHARACTERS = 256 * 1024;

const time = z.number().nonnegative();

/** A task as the earlier server wrote it, and further fields of ours. Unknown fields are left out. */
const taskSchema = z.object({
  id: z.string().optional(),
  description: z.string().default(""),
  status: z.enum(TASK_STATUSES).default("pending"),
  dependencies: z.array(z.string()).nullish(),
  assignedTo: z.string().nullish(),
  result: z.unknown().optional(),
  error: z.string().nullish(),
  reason: z.string().nullish(),
  attempt: z.int().nonnegative().optional(),
  order: z.int().positive().optional(),
  createdAt: time.optional(),
  pendingAt: time.optional(),
  startedAt: time.nullish(),
  finishedAt: time.nullish(),
});

/**
 * Reads tasks written by this program or the earlier server, in the order of creation.
 *
 * @param now stands in for times that are not given, in milliseconds since the Unix epoch
 * @throws SyntaxError if the text is not such a file, saying where
 */
export function parseTasks(text: string, now: number): readonly Task[] {
  return entriesOf(parseJson(text))
    .map(([key, value], index) => {
      const { id = key, ...task } = parseTask(key, value);
      return toTask(id, task, { now, order: index + 1 });
    })
    .sort((a, b) => a.order - b.order);
}

/**
 * Reads tasks that this program wrote and whose digest has been checked, in the order of creation. It relies on
 * their being one a line: parsing slices of values takes half the memory of parsing one object of all tasks.
 */
export function parseOwnTasks(chunks: Iterable<Uint8Array>): readonly Task[] {
  const tasks: Task[] = [];
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let unfinished = "";
  for (const chunk of chunks) {
    const lines = (unfinished + decoder.decode(chunk, { stream: true })).split("\n");
    unfinished = lines.pop() ?? "";
    const values = lines.filter((line) => line.startsWith('"')).map(valueOfLine);
    // The digest vouches for the form.
    for (const task of JSON.parse(`[${values.join(",")}]`) as Task[]) tasks.push(task);
  }
  return tasks.sort((a, b) => a.order - b.order);
}

/** The text of `tasks.json`, in slices. */
export function* formatTasks(tasks: readonly Task[]): Iterable<string> {
  let slice = "{";
  let separator = "\n";
  for (const task of tasks) {
    slice += `${separator}${JSON.stringify(task.id)}:${JSON.stringify(task)}`;
    separator = ",\n";
    if (slice.length < SLICE_CHARACTERS) continue;
    yield slice;
    slice = "";
  }
  yield slice + "\n}\n";
}

/** The `value` of a line `"key":value` or `"key":value,`. */
function valueOfLine(line: string): string {
  const key = KEY.exec(line)?.[0] ?? "";
  return line.slice(key.length, line.endsWith(",") ? -1 : undefined);
}

/** A JSON string and a colon. */
const KEY = /^"(?:[^"\\]|\\.)*":/;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`It is not JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Tasks by their ids or, in an array, by their places. Not `z.record`, which leaves out the key `__proto__`. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((task, index) => [String(index + 1), task]);
  if (typeof value === "object" && value !== null) return Object.entries(value);
  throw new SyntaxError("It is not an object of tasks: at the top");
}

function parseTask(key: string, value: unknown): z.infer<typeof taskSchema> {
  const parsed = taskSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SyntaxError(
    `It is not an object of tasks: at ${[key, ...issue?.path ?? []].join(".")}: ${issue?.message}`,
  );
}

function toTask(
  id: string,
  task: Omit<z.infer<typeof taskSchema>, "id">,
  defaults: { now: number; order: number },
): Task {
  const { status, description } = task;
  const createdAt = task.createdAt ?? defaults.now;
  const isPending = status === "pending";
  const hasEnded = !isPending && status !== "in_progress";
  const startedAt = task.startedAt ?? (isPending || task.attempt === 0 ? undefined : createdAt);
  const finishedAt = hasEnded ? task.finishedAt ?? defaults.now : undefined;
  const result = resultText(task.result);
  return {
    id,
    description,
    status,
    dependencies: task.dependencies ?? [],
    ...(typeof task.assignedTo === "string" && !isPending && { assignedTo: task.assignedTo }),
    ...(result !== undefined && status === "completed" && { result }),
    ...(typeof task.error === "string" && status === "failed" && { error: task.error }),
    ...(typeof task.reason === "string" && { reason: task.reason }),
    attempt: task.attempt ?? (isPending ? 0 : 1),
    order: task.order ?? defaults.order,
    createdAt,
    pendingAt: task.pendingAt ?? createdAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
  };
}

/** The earlier server kept results as they came; here they are text. */
function resultText(result: unknown): string | undefined {
  if (result === undefined || result === null) return undefined;
  return typeof result === "string" ? result : JSON.stringify(result);
}
