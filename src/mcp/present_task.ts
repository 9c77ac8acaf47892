/**
 * Converts tasks to the JSON that agents read: times as ISO 8601, long texts cut with the name of the tool that returns
 * them.
 */

import type { HeldTask } from "../core/messages/commands.ts";
import type { ResultOf } from "../core/messages/queries.ts";
import { nameActor, type ToldNotes } from "../core/model/news.ts";
import type { Attempt, TaskView } from "../core/model/task.ts";
import { head, isoTime, shortened } from "../core/model/text.ts";
import { clip, fit, type Json } from "./page.ts";

/** Longest text of a task, in characters: in a list, in the answer to a change, and where one task is shown whole. */
const MAX_LISTED_CHARACTERS = 80;
const MAX_COMPACT_CHARACTERS = 100;
export const MAX_WHOLE_CHARACTERS = 16_000;

/** Most bytes of the JSON of a task's notes where one task is shown whole; the newest one is always shown. */
const MAX_NOTES_BYTES = 16 * 1024;

/** Most dependencies of a task in a list or in the answer to a change. */
const MAX_DEPENDENCIES = 10;

/** The fields that a list can be asked for, in their order. */
export const TASK_FIELDS = [
  "id",
  "description",
  "status",
  "readiness",
  "waitingFor",
  "limitedBy",
  "delayedUntil",
  "dependencies",
  "priority",
  "group",
  "assignedTo",
  "progress",
  "result",
  "error",
  "reason",
  "overdue",
  "role",
  "capabilities",
  "assignTo",
  "locks",
  "timeoutMs",
  "maxAttempts",
  "backoff",
  "estimateMs",
  "notBefore",
  "deadline",
  "failOnDeadline",
  "ifUnreachable",
  "refs",
  "cancelledBy",
  "notes",
  "notesDropped",
  "version",
  "attempt",
  "failures",
  "leaseUntil",
  "createdAt",
  "pendingAt",
  "startedAt",
  "finishedAt",
  "pastAttempts",
] as const satisfies readonly (keyof TaskView)[];

export type TaskField = typeof TASK_FIELDS[number];

/** The fields that tell what a change did to a task, and all that the earlier server answered. */
const COMPACT_FIELDS: readonly TaskField[] = [
  "id",
  "description",
  "status",
  "readiness",
  "waitingFor",
  "limitedBy",
  "delayedUntil",
  "dependencies",
  "assignedTo",
  "result",
  "error",
  "reason",
];

const LISTED_FIELDS: readonly TaskField[] = [...COMPACT_FIELDS, "priority", "group", "overdue"];

/** The fields of a task that is shown whole. Attempts and `createdAt` tell more than when it last became pending. */
const WHOLE_FIELDS: readonly TaskField[] = TASK_FIELDS.filter((field) => field !== "pendingAt");

/** Fields by which a task is handed out again or was handed out, which its holder does not need. */
const UNCLAIMED_FIELDS: readonly TaskField[] = [
  ...(["maxAttempts", "backoff", "estimateMs", "notBefore", "createdAt", "startedAt"] as const),
  // A claim shows some of the notes, and the last of the attempts as `previous`.
  ...(["notes", "notesDropped", "pastAttempts"] as const),
];

const CLAIMED_FIELDS: readonly TaskField[] = WHOLE_FIELDS.filter((field) => !UNCLAIMED_FIELDS.includes(field));

/** Fields that are milliseconds since the Unix epoch. */
const TIME_FIELDS: ReadonlySet<TaskField> = new Set([
  "delayedUntil",
  "notBefore",
  "deadline",
  "leaseUntil",
  "createdAt",
  "pendingAt",
  "startedAt",
  "finishedAt",
]);

const LONG_FIELDS: ReadonlySet<TaskField> = new Set(["description", "result", "error", "reason"]);

/** The whole task, with its durations. A longer text than `MAX_WHOLE_CHARACTERS` is cut, and says how to read on. */
export function presentTask(task: TaskView): Json {
  return { ...pick(task, WHOLE_FIELDS, cutWhole), ...durationsOf(task) };
}

/** The whole task for the instance that claimed it, without what it does not need. */
export function presentClaimed(task: TaskView): Json {
  return pick(task, CLAIMED_FIELDS, cutWhole);
}

/** The whole task, with how long it is kept for its holder if that depends on a client. */
export function presentDetails({ kept, ...task }: ResultOf<"get_task">): Json {
  return { ...presentTask(withVersion(task)), ...(kept !== undefined && { kept }) };
}

/** An attempt that has ended. */
export function presentAttempt({ startedAt, endedAt, message, ...attempt }: Attempt): Json {
  return {
    ...attempt,
    startedAt: isoTime(startedAt),
    durationMs: Math.max(0, endedAt - startedAt),
    ...(message !== undefined && { message: clip(message, 'get_task_details with part: "attempts" has all') }),
  };
}

/** A task that the asking instance holds. */
export function presentHeld({ id, attempt, leaseUntil, progress }: HeldTask): Json {
  return {
    id,
    attempt,
    ...(leaseUntil !== undefined && { leaseUntil: isoTime(leaseUntil) }),
    ...(progress !== undefined && { progress: presentProgress(progress) }),
  };
}

/** The task in the answer to a change: what the caller sent is cut, and what follows is shown. */
export function presentCompact(task: TaskView): Json {
  return presentShort(task, COMPACT_FIELDS, MAX_COMPACT_CHARACTERS);
}

/** A new or changed task in the answer to that, with its version, which the next change can name. */
export function presentPlanned(task: TaskView): Json {
  return presentShort(withVersion(task), [...COMPACT_FIELDS, "version"], MAX_COMPACT_CHARACTERS);
}

/** The task in a list, with texts and lists cut, or only the given `fields`, whole. */
export function presentListed(task: TaskView, fields?: readonly TaskField[]): Json {
  if (fields === undefined) return presentShort(task, LISTED_FIELDS, MAX_LISTED_CHARACTERS);
  return pick(withVersion(task), TASK_FIELDS.filter((field) => fields.includes(field)), cutWhole);
}

function presentShort(task: TaskView, fields: readonly TaskField[], characters: number): Json {
  const { dependencies } = task;
  const isLong = dependencies.length > MAX_DEPENDENCIES;
  const short = isLong ? { ...task, dependencies: dependencies.slice(0, MAX_DEPENDENCIES) } : task;
  return {
    ...pick(short, TASK_FIELDS.filter((field) => fields.includes(field)), (text) => shortened(text, characters)),
    ...(isLong && { dependencyCount: dependencies.length }),
  };
}

function cutWhole(text: string, field: TaskField): string {
  const start = head(text, MAX_WHOLE_CHARACTERS);
  if (start.length === text.length) return text;
  return `${start}… (${text.length} characters: get_task_details with part: "${field}", offset: ${start.length} reads on)`;
}

type Shorten = (text: string, field: TaskField) => string;

function pick(task: TaskView, fields: readonly TaskField[], shorten: Shorten): Json {
  const shown: Record<string, unknown> = {};
  for (const field of fields) {
    const value = task[field];
    if (value === undefined) continue;
    if (typeof value === "number") shown[field] = TIME_FIELDS.has(field) ? isoTime(value) : value;
    else if (field === "progress" && task.progress !== undefined) shown[field] = presentProgress(task.progress);
    else if (field === "notes") Object.assign(shown, presentWholeNotes(task.notes));
    else if (field === "cancelledBy") shown[field] = task.cancelledBy && nameActor(task.cancelledBy);
    else if (field === "pastAttempts") shown[field] = task.pastAttempts?.map(presentAttempt);
    else shown[field] = LONG_FIELDS.has(field) && typeof value === "string" ? shorten(value, field) : value;
  }
  return shown;
}

/** A note, with its time as ISO 8601. */
export function presentNote({ isInstance: _, at, ...note }: NonNullable<ToldNotes["notes"]>[number]): Json {
  return { ...note, at: isoTime(at) };
}

/** The newest notes that fit, and where the others are. */
function presentWholeNotes(notes: TaskView["notes"] = []): Json {
  const { shown } = fit(notes.map(presentNote), "newest", MAX_NOTES_BYTES);
  const more = notes.length - shown.length;
  return {
    notes: shown,
    ...(more > 0 && { olderNotes: `${more} more: get_task_details with part: "notes" returns all` }),
  };
}

/** The task with its version, also if that is the first. */
function withVersion(task: TaskView): TaskView {
  return { version: 1, ...task };
}

function presentProgress({ at, percent, message }: NonNullable<TaskView["progress"]>): Json {
  return {
    ...(percent !== undefined && { percent }),
    ...(message !== undefined && { message: clip(message, 'get_task_details with part: "progress" has all') }),
    at: isoTime(at),
  };
}

/** In milliseconds: the last attempt, all attempts, and, of an ended task, its waiting time and its total time. */
function durationsOf(
  { status, attempt, createdAt, startedAt, finishedAt, pastAttempts, workedMs = 0 }: TaskView,
): Json {
  const isOver = pastAttempts?.at(-1)?.attempt === attempt;
  const hasRun = startedAt !== undefined && finishedAt !== undefined && !isOver && status !== "skipped";
  const durationMs = hasRun ? Math.max(0, finishedAt - startedAt) : undefined;
  const allMs = workedMs + (durationMs ?? 0);
  const totalMs = finishedAt === undefined ? undefined : Math.max(0, finishedAt - createdAt);
  return {
    ...(durationMs !== undefined && { durationMs }),
    ...(allMs > 0 && { workedMs: allMs }),
    ...(totalMs !== undefined && { waitedMs: Math.max(0, totalMs - allMs), totalMs }),
  };
}
