/**
 * `tasks.json`: an object of tasks keyed by id, one task a line, as people and the earlier server know it.
 * This is a published format: only fields are ever added.
 */

import * as z from "zod";
import { lazy } from "../../core/model/lazy.ts";
import { PRIORITIES, type Task } from "../../core/model/task.ts";
import { parseDependencies } from "../../core/model/parse_dependency.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { TASK_STATUSES } from "../../core/model/status.ts";
import { parseJsonFile } from "./json_text.ts";
import { UnknownFields } from "./unknown_fields.ts";

/** Characters of text that are gathered before they are yielded. */
const SLICE_CHARACTERS = 256 * 1024;

const time = lazy(() => z.number().nonnegative());
const names = lazy(() => z.array(z.string()));

/** A past attempt. */
const attemptSchema = lazy(() =>
  z.object({
    attempt: z.int().nonnegative(),
    instance: z.string(),
    startedAt: time(),
    endedAt: time(),
    outcome: z.enum(["failed", "expired", "lost", "released", "cancelled", "completed"]),
    message: z.string().optional(),
  })
);

/** Who cancelled a task. */
const actorSchema = lazy(() => z.object({ caller: z.string(), instance: z.string().optional() }));

const noteSchema = lazy(() =>
  z.object({
    author: z.string(),
    isInstance: z.literal(true).optional(),
    at: time(),
    text: z.string(),
  })
);

/** The settings of a task. */
export const settingsSchema = lazy(() =>
  z.object({
    priority: z.enum(PRIORITIES).optional(),
    group: z.string().optional(),
    role: z.string().optional(),
    capabilities: names().optional(),
    assignTo: z.object({
      instance: z.string().optional(),
      role: z.string().optional(),
      fallbackMs: time().optional(),
      notBy: names().optional(),
    }).optional(),
    locks: names().optional(),
    timeoutMs: time().optional(),
    maxAttempts: z.int().optional(),
    backoff: z.object({
      initialIntervalMs: time().optional(),
      coefficient: time().optional(),
      maxIntervalMs: time().optional(),
    }).optional(),
    estimateMs: time().optional(),
    notBefore: time().optional(),
    deadline: time().optional(),
    failOnDeadline: z.boolean().optional(),
    ifUnreachable: z.enum(["skip", "fail"]).optional(),
    refs: z.record(z.string(), z.string()).optional(),
  })
);

/** A task as the earlier server wrote it, with further fields of this program. In this order, plans are written. */
export const fieldsSchema = lazy(() =>
  z.object({
    id: z.string().optional(),
    description: z.string().default(""),
    status: z.enum(TASK_STATUSES).default("pending"),
    dependencies: z.array(z.unknown()).nullish(),
    assignedTo: z.string().nullish(),
    result: z.unknown().optional(),
    /** Follows from the result. */
    value: z.unknown().optional(),
    keptVerdicts: z.record(z.string(), z.enum(["true", "unknown", "blocked", "not_taken"])).optional(),
    error: z.string().nullish(),
    reason: z.string().nullish(),
    attempt: z.int().nonnegative().optional(),
    order: z.int().positive().optional(),
    createdAt: time().optional(),
    pendingAt: time().optional(),
    startedAt: time().nullish(),
    finishedAt: time().nullish(),
    failures: z.int().nonnegative().optional(),
    version: z.int().positive().optional(),
    cancelledBy: actorSchema().optional(),
    notes: z.array(noteSchema()).optional(),
    notesDropped: z.int().nonnegative().optional(),
    notesTold: z.int().nonnegative().optional(),
    readyAt: time().optional(),
    retryAt: time().optional(),
    leaseUntil: time().optional(),
    leaseMs: time().optional(),
    session: z.string().optional(),
    progress: z.object({ percent: time().optional(), message: z.string().optional(), at: time() }).optional(),
    pastAttempts: z.array(attemptSchema()).optional(),
    pastAuthors: names().optional(),
    workedMs: time().optional(),
    overdue: z.literal(true).optional(),
    ...settingsSchema().shape,
  })
);

/** Tasks of a file that a person or another program wrote. */
export interface TasksFile {
  /** In the order of creation. */
  readonly tasks: readonly Task[];
  /** Names the fields that were left out, if any. */
  readonly warning?: string;
}

/**
 * Reads tasks written by this program, the earlier server, or a person: JSON in UTF-8.
 *
 * @param now used for missing times, in milliseconds since the Unix epoch
 * @throws SyntaxError if it is no such file, or has a misspelt field; the message says where
 */
export function parseTasks(bytes: Uint8Array, now: number): TasksFile {
  const value = parseJsonFile(bytes);
  if (isPlan(value)) {
    throw new SyntaxError("It is the export of a whole plan, which the command import adds to a data directory");
  }
  return readTasks(value, now);
}

/** Whether a value is a whole plan, as `plan_file.ts` reads it: an object of tasks has only objects in it. */
export function isPlan(value: unknown): value is object {
  return typeof value === "object" && value !== null && "format" in value && typeof value.format === "string";
}

/** Reads an object or an array of tasks, as `parseTasks` does. */
export function readTasks(value: unknown, now: number): TasksFile {
  const unknown = new UnknownFields();
  const tasks = entriesOf(value)
    .map(([key, value], index) => {
      const { id = key, ...task } = parseTask(key, value);
      unknown.note(fieldsSchema(), value, { task: key });
      return toTask(id, task, { now, order: index + 1 });
    })
    .sort((a, b) => a.order - b.order);
  const { warning } = unknown;
  return { tasks, ...(warning !== undefined && { warning }) };
}

/**
 * Reads a file that this program wrote, in the order of creation. The caller checks its digest. Relies on one task per
 * line: parsing slices takes half the memory of parsing one object of all tasks.
 */
export function parseOwnTasks(chunks: Iterable<Uint8Array>): readonly Task[] {
  const tasks: Task[] = [];
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let unfinished = "";
  for (const chunk of chunks) {
    const lines = (unfinished + decoder.decode(chunk, { stream: true })).split("\n");
    unfinished = lines.pop() ?? "";
    const values = lines.filter((line) => line.startsWith('"')).map(valueOfLine);
    // Not checked: the digest covers the form.
    for (const task of JSON.parse(`[${values.join(",")}]`) as Task[]) tasks.push(task);
  }
  return tasks.sort((a, b) => a.order - b.order);
}

/** The text of `tasks.json`, in slices. */
export function* formatTasks(tasks: readonly Task[]): Iterable<string> {
  yield* objectOfTasks(tasks);
  yield "\n";
}

/**
 * The same without the line feed at the end.
 *
 * @param formOf what is written of a task
 */
export function* objectOfTasks(
  tasks: readonly Task[],
  formOf: (task: Task) => unknown = (task) => task,
): Iterable<string> {
  let slice = "{";
  let separator = "\n";
  for (const task of tasks) {
    slice += `${separator}${JSON.stringify(task.id)}:${JSON.stringify(formOf(task))}`;
    separator = ",\n";
    if (slice.length < SLICE_CHARACTERS) continue;
    yield slice;
    slice = "";
  }
  yield slice + "\n}";
}

/** The `value` of a line `"key":value` or `"key":value,`. */
function valueOfLine(line: string): string {
  const key = KEY.exec(line)?.[0] ?? "";
  return line.slice(key.length, line.endsWith(",") ? -1 : undefined);
}

/** A JSON string and a colon. */
const KEY = /^"(?:[^"\\]|\\.)*":/;

/** Tasks with their ids or, in an array, with their 1-based places. Not `z.record`, which drops the key `__proto__`. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((task, index) => [String(index + 1), task]);
  if (typeof value === "object" && value !== null) return Object.entries(value);
  throw new SyntaxError("It is not an object of tasks: at the top");
}

function parseTask(key: string, value: unknown): z.infer<ReturnType<typeof fieldsSchema>> {
  const parsed = fieldsSchema().safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SyntaxError(
    `It is not an object of tasks: at ${[key, ...issue?.path ?? []].join(".")}: ${issue?.message}`,
  );
}

function toTask(
  id: string,
  task: Omit<z.infer<ReturnType<typeof fieldsSchema>>, "id">,
  defaults: { now: number; order: number },
): Task {
  const { status, description, failures, version, readyAt, pastAttempts, pastAuthors, workedMs, overdue } = task;
  const { cancelledBy, notes, notesDropped, notesTold } = task;
  const createdAt = task.createdAt ?? defaults.now;
  const isPending = status === "pending";
  const hasEnded = !isPending && status !== "in_progress";
  // The earlier server kept neither attempt nor start. An ended task with an attempt may never have been claimed: its id has
  // the attempts of a removed task.
  const isStarted = status === "in_progress" ? task.attempt !== 0 : hasEnded && task.attempt === undefined;
  const startedAt = task.startedAt ?? (isStarted ? createdAt : undefined);
  const finishedAt = hasEnded ? task.finishedAt ?? defaults.now : undefined;
  const result = resultText(task.result);
  return {
    id,
    description,
    status,
    dependencies: toDependencies(id, task.dependencies ?? []),
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
    ...present({
      failures,
      version,
      readyAt,
      pastAttempts,
      pastAuthors,
      workedMs,
      overdue,
      notes,
      notesDropped,
      notesTold,
      ...(status === "cancelled" && { cancelledBy }),
      ...(status === "completed" && { keptVerdicts: task.keptVerdicts }),
      ...(isPending && { retryAt: task.retryAt }),
      ...(status === "in_progress" && {
        leaseUntil: task.leaseUntil,
        leaseMs: task.leaseMs,
        session: task.session,
        progress: task.progress,
      }),
    }),
    ...present(settingsSchema().parse(task)),
  };
}

/** The dependencies of task `id`. Throws a `SyntaxError` if they are malformed. */
export function toDependencies(id: string, dependencies: readonly unknown[]): Task["dependencies"] {
  try {
    return parseDependencies(dependencies);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new SyntaxError(`It is not an object of tasks: at ${id}.dependencies: ${cause.message}`, { cause });
  }
}

/** A copy without undefined fields, at any depth. */
export function present<T extends object>(value: T): Present<T> {
  // JSON leaves out undefined fields.
  return JSON.parse(JSON.stringify(value)) as Present<T>;
}

type Present<T> = T extends readonly (infer E)[] ? Present<E>[]
  : T extends object ? { [K in keyof T]: Present<Exclude<T[K], undefined>> }
  : T;

/** A result as text. The earlier server kept any JSON value. */
function resultText(result: unknown): string | undefined {
  if (result === undefined || result === null) return undefined;
  return typeof result === "string" ? result : JSON.stringify(result);
}
