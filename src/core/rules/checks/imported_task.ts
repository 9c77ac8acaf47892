/** Refuses an imported task whose status, times and other fields contradict each other. */

import { checkAll, checkEach } from "../../model/faults.ts";
import {
  MAX_ERROR_BYTES,
  MAX_IMPORTED_ATTEMPT,
  MAX_MESSAGE_BYTES,
  MAX_NOTE_BYTES,
  MAX_NOTES,
  MAX_PAST_ATTEMPTS,
  MAX_PAST_AUTHORS,
  MAX_REASON_BYTES,
  MAX_RESULT_BYTES,
  MAX_TIME_MS,
} from "../../model/limits.ts";
import type { Actor } from "../../model/news.ts";
import { Refusal } from "../../model/refusal.ts";
import type { Task } from "../../model/task.ts";
import { checkId, checkText, hasJsonNumbers } from "../../model/values.ts";
import { countNotes } from "../../state/news.ts";

/** Refuses a task with each of its faults. */
export function checkImportedTask(task: Task): void {
  checkAll(() => checkTexts(task), () => checkConsistency(task));
}

function checkTexts(task: Task): void {
  const { id, assignedTo, session, cancelledBy, pastAttempts = [], pastAuthors = [], notes = [] } = task;
  checkAll(
    () => checkText(task.result ?? "", `Result of task ${id}`, MAX_RESULT_BYTES),
    () => checkText(task.error ?? "", `Error of task ${id}`, MAX_ERROR_BYTES),
    () => checkText(task.reason ?? "", `Reason of task ${id}`, MAX_REASON_BYTES),
    () => assignedTo !== undefined && checkId(assignedTo, "Instance id"),
    () => session !== undefined && checkId(session, "Session id"),
    () => checkText(task.progress?.message ?? "", `Progress message of task ${id}`, MAX_MESSAGE_BYTES),
    () =>
      checkEach(notes, ({ author, isInstance, text }) => {
        checkAuthor(isInstance === true ? { instance: author } : { caller: author }, id);
        checkText(text, `Note on task ${id}`, MAX_NOTE_BYTES);
      }),
    () => cancelledBy !== undefined && checkAuthor(cancelledBy, id),
    () =>
      checkEach(pastAttempts, ({ instance, message = "" }) => {
        checkId(instance, "Instance id");
        checkText(message, `Message of an attempt of task ${id}`, MAX_ERROR_BYTES);
      }),
    () => checkEach(pastAuthors, (author) => checkId(author, "Instance id")),
  );
}

/** Refuses fields that contradict each other, or that no task can have. */
function checkConsistency(task: Task): void {
  const { id, status, assignedTo, startedAt, finishedAt, pastAttempts = [], pastAuthors = [], notes = [] } = task;
  const times = [
    ...[task.createdAt, task.pendingAt, startedAt, finishedAt, task.readyAt, task.retryAt, task.leaseUntil],
    ...notes.map((note) => note.at),
    ...[task.progress?.at, task.workedMs, ...pastAttempts.flatMap((past) => [past.startedAt, past.endedAt])],
  ];
  const isTime = (at = 0) => at >= 0 && at <= MAX_TIME_MS;
  const hasEnded = status !== "pending" && status !== "in_progress";
  const faults = {
    "its times must be milliseconds since 1970": !times.every(isTime),
    [`attempt must be a whole number from 0 to ${MAX_IMPORTED_ATTEMPT}`]: !isCount(task.attempt),
    [`failures must be a whole number from 0 to ${MAX_IMPORTED_ATTEMPT}`]: !isCount(task.failures ?? 0),
    [`it cannot have more than ${MAX_PAST_ATTEMPTS} past attempts`]: pastAttempts.length > MAX_PAST_ATTEMPTS,
    [`it cannot have more than ${MAX_PAST_AUTHORS} past authors`]: pastAuthors.length > MAX_PAST_AUTHORS,
    "its past authors must differ": new Set(pastAuthors).size < pastAuthors.length,
    [`it cannot have more than ${MAX_NOTES} notes`]: notes.length > MAX_NOTES,
    [`notesDropped, notesTold and version must be whole numbers from 0 to ${MAX_IMPORTED_ATTEMPT}`]: ![
      task.notesDropped ?? 0,
      task.notesTold ?? 0,
      task.version ?? 0,
    ].every(isCount),
    "notesTold cannot be more than all its notes": (task.notesTold ?? 0) > countNotes(task),
    "only a cancelled task can have cancelledBy": status !== "cancelled" && task.cancelledBy !== undefined,
    "a pending task cannot have assignedTo": status === "pending" && assignedTo !== undefined,
    "a task in progress must have assignedTo": status === "in_progress" && assignedTo === undefined,
    "only a task in progress can have leaseUntil": status !== "in_progress" && task.leaseUntil !== undefined,
    "only a task in progress that has leaseUntil can have leaseMs": task.leaseMs !== undefined &&
      (status !== "in_progress" || task.leaseUntil === undefined),
    "leaseMs must be a duration": !isTime(task.leaseMs),
    "only a task in progress can have session": status !== "in_progress" && task.session !== undefined,
    "only a completed task can have a result": status !== "completed" && task.result !== undefined,
    "only a failed task can have an error": status !== "failed" && task.error !== undefined,
    "a task must have finishedAt if it has ended, and only then": hasEnded !== (finishedAt !== undefined),
  };
  const refused = (fault: string) =>
    new Refusal("invalid_value", `Cannot import task ${id} as it is: ${fault}`, { id });
  checkEach(Object.entries(faults), ([fault, isFault]) => {
    if (isFault) throw refused(fault);
  });
  // Last, as a fault above tells more of such a number.
  if (!hasJsonNumbers(task)) throw refused("its numbers must be finite, and none of them -0");
}

function checkAuthor({ caller, instance }: Partial<Actor>, id: string): void {
  if (instance !== undefined) checkId(instance, "Instance id");
  if (caller !== undefined) checkText(caller, `Name of a caller in task ${id}`, MAX_MESSAGE_BYTES);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= MAX_IMPORTED_ATTEMPT;
}
