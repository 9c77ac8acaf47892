/**
 * Removes the texts of a task from records and from the task itself. Events, state and files are all redacted by these
 * functions, so the state that is folded from a redacted journal has no text either.
 */

import type { AttemptOutcome, Task } from "../model/task.ts";
import { type KeptVerdicts, REDACTABLE_FIELDS, type RedactableField, REDACTED } from "../model/redaction.ts";
import { type ResultCondition, resultVerdict } from "../model/dependency.ts";
import { valueOf } from "../model/result.ts";
import type { CreatedTask, Event, EventOf } from "./events.ts";

/** Which texts are removed. */
export interface Redaction {
  readonly id: string;
  readonly fields: readonly RedactableField[];
  /** What tasks ask or asked of the result: each redacted one keeps the verdicts. Default: nothing. */
  readonly conditions?: readonly ResultCondition[];
}

/** From which texts of a task the message of a past attempt may come. */
const MESSAGE_FIELDS: Readonly<Record<AttemptOutcome, readonly RedactableField[]>> = {
  completed: ["result"],
  failed: ["error", "progress"],
  expired: ["error", "progress"],
  lost: ["error", "progress"],
  released: ["reason", "progress"],
  cancelled: ["reason", "error"],
};

/** The events without the texts; the same list if they have none of them. */
export function redactEvents(events: readonly Event[], redaction: Redaction): readonly Event[] {
  const redacted = events.map((event) => redactEvent(event, redaction));
  return redacted.every((event, index) => event === events[index]) ? events : redacted;
}

/** The ids of the tasks of which `redactEvents` may remove texts, each once. */
export function tasksWithTexts(events: readonly Event[]): ReadonlySet<string> {
  return new Set(events.flatMap((event) => {
    switch (event.type) {
      case "tasks.created":
      case "tasks.imported":
      case "tasks.abandoned":
        return event.tasks.map(({ id }) => id);
      case "handler.failed":
        return event.task ?? [];
      default:
        return "id" in event ? event.id : [];
    }
  }));
}

/** The task without the texts; the same object if it has none of them. */
export function redactTask<T extends CreatedTask & Partial<Task>>(task: T, redaction: Redaction): T {
  const { fields } = redaction;
  const { refs, progress, notes, pastAttempts } = task;
  const changes: Partial<Task> = {
    ...(fields.includes("description") && isOpen(task.description) && { description: REDACTED }),
    ...(fields.includes("error") && isOpen(task.error) && { error: REDACTED }),
    ...(fields.includes("reason") && isOpen(task.reason) && { reason: REDACTED }),
    ...(fields.includes("refs") && hasOpenRefs(refs) && { refs: REDACTED_REFS }),
    ...(fields.includes("progress") && progress !== undefined && isOpen(progress.message) &&
      { progress: { ...progress, message: REDACTED } }),
    ...(fields.includes("notes") && notes?.some(({ text }) => isOpen(text)) === true &&
      { notes: notes.map((note) => isOpen(note.text) ? { ...note, text: REDACTED } : note) }),
    ...(pastAttempts?.some((past) => isOpen(past.message) && comesFrom(past.outcome, fields)) === true && {
      pastAttempts: pastAttempts.map((past) => {
        return isOpen(past.message) && comesFrom(past.outcome, fields) ? { ...past, message: REDACTED } : past;
      }),
    }),
  };
  const isResultOpen = fields.includes("result") && isOpen(task.result);
  if (!isResultOpen) return Object.keys(changes).length === 0 ? task : { ...task, ...changes };
  const { value: _, ...rest } = { ...task, ...changes };
  // Only an optional field was removed.
  return { ...rest, result: REDACTED, keptVerdicts: verdictsOn(task, redaction) } as T;
}

/** The fields of which a task has a text that is not redacted. */
export function textFieldsOf(task: Task): readonly RedactableField[] {
  return REDACTABLE_FIELDS.filter((field) => redactTask(task, { id: task.id, fields: [field] }) !== task);
}

function redactEvent(event: Event, redaction: Redaction): Event {
  const { id, fields } = redaction;
  const redactText = <T extends Event, F extends string & keyof T>(of: T, name: F, field: RedactableField): T => {
    return fields.includes(field) && isOpen(of[name]) ? { ...of, [name]: REDACTED } : of;
  };
  if ("id" in event && event.id !== id) return event;
  switch (event.type) {
    case "tasks.created":
      return withTasks(event, redaction);
    case "tasks.imported":
      return withTasks(event, redaction);
    case "tasks.abandoned": {
      const isMeant = (task: { readonly id: string; readonly error: string }) => {
        return task.id === id && fields.includes("error") && isOpen(task.error);
      };
      if (!event.tasks.some(isMeant)) return event;
      return { ...event, tasks: event.tasks.map((task) => isMeant(task) ? { ...task, error: REDACTED } : task) };
    }
    case "task.updated": {
      const updated = redactText(event, "description", "description");
      const { settings } = updated;
      if (!fields.includes("refs") || !hasOpenRefs(settings?.refs ?? undefined)) return updated;
      return { ...updated, settings: { ...settings, refs: REDACTED_REFS } };
    }
    case "task.progressed":
      return redactText(event, "message", "progress");
    case "task.completed": {
      const completed = fields.includes("refs") && hasOpenRefs(event.refs) ? { ...event, refs: REDACTED_REFS } : event;
      if (!fields.includes("result") || !isOpen(completed.result)) return completed;
      const { value: _, ...rest } = completed;
      return { ...rest, result: REDACTED, keptVerdicts: verdictsOn(completed, redaction) };
    }
    case "task.failed":
    case "attempt.ended":
      return redactText(event, "error", "error");
    case "task.released":
    case "task.cancelled":
      return redactText(event, "reason", "reason");
    case "task.noted":
      return redactText(event, "text", "notes");
    case "handler.failed":
      return event.task === id && isOpen(event.error) ? { ...event, error: REDACTED } : event;
    default:
      return event;
  }
}

function verdictsOn(result: Parameters<typeof valueOf>[0], { conditions = [] }: Redaction): KeptVerdicts {
  const value = valueOf(result);
  return Object.fromEntries(conditions.map((when) => [JSON.stringify(when), resultVerdict(value, when)]));
}

function withTasks<T extends EventOf<"tasks.created"> | EventOf<"tasks.imported">>(event: T, redaction: Redaction): T {
  const tasks = event.tasks.map((task) => task.id === redaction.id ? redactTask(task, redaction) : task);
  return tasks.every((task, index) => task === event.tasks[index]) ? event : { ...event, tasks };
}

/** Names of references can be secret, too. */
const REDACTED_REFS: Readonly<Record<string, string>> = { [REDACTED]: REDACTED };

function hasOpenRefs(refs: Readonly<Record<string, string>> | undefined): boolean {
  return refs !== undefined && Object.entries(refs).flat().some(isOpen);
}

/** Whether there is a text that is not redacted. An empty one hides nothing. */
function isOpen(text: unknown): text is string {
  return typeof text === "string" && text !== "" && text !== REDACTED;
}

/** Whether the message of a past attempt may be one of these texts. */
export function comesFrom(outcome: AttemptOutcome, fields: readonly RedactableField[]): boolean {
  return MESSAGE_FIELDS[outcome].some((field) => fields.includes(field));
}
