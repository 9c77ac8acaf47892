/** Applies that the texts of a task were redacted: to the task, and to what is kept of them elsewhere in the state. */

import type { EventOf } from "../messages/events.ts";
import { redactTask } from "../messages/redact.ts";
import type { CancelledTasks } from "../model/news.ts";
import { REDACTED } from "../model/redaction.ts";
import type { Snapshot } from "./snapshot.ts";
import type { State } from "./state.ts";
import { replaceTask } from "./task_index.ts";

/** O(instances that are still to be told of a cancelled task). */
export function applyRedaction(state: State, event: EventOf<"task.redacted">, at: number): void {
  const { id, fields } = event;
  if (state.tasks.has(id)) replaceTask(state, id, at, (task) => redactTask(task, event));
  if (!fields.includes("reason")) return;
  for (const [instance, cancelled] of state.cancelled) {
    const redacted = redactCancelled(cancelled, id);
    if (redacted !== cancelled) state.cancelled.set(instance, redacted);
  }
}

/** A snapshot of an earlier state without the texts. O(tasks). */
export function redactSnapshot(snapshot: Snapshot, event: EventOf<"task.redacted">): Snapshot {
  const index = snapshot.tasks.findIndex(({ id }) => id === event.id);
  const task = snapshot.tasks[index];
  const tasks = task === undefined ? snapshot.tasks : snapshot.tasks.with(index, redactTask(task, event));
  if (!event.fields.includes("reason")) return { ...snapshot, tasks };
  return { ...snapshot, tasks, cancelled: snapshot.cancelled.map((each) => redactCancelled(each, event.id)) };
}

/** The news without the reason of a cancelled task; the same object if it has none. */
function redactCancelled(cancelled: CancelledTasks, id: string): CancelledTasks {
  if (!cancelled.tasks.some((task) => task.id === id && task.reason !== undefined)) return cancelled;
  const tasks = cancelled.tasks.map((task) => {
    return task.id === id && task.reason !== undefined ? { ...task, reason: REDACTED } : task;
  });
  return { ...cancelled, tasks };
}
