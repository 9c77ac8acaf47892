/** Applies that the texts of a task were redacted: to the task, and to what is kept of them elsewhere in the state. */

import type { EventOf } from "../messages/events.ts";
import { redactTask } from "../messages/redact.ts";
import { REDACTED } from "../model/redaction.ts";
import type { State } from "./state.ts";
import { replaceTask } from "./task_index.ts";

/** O(instances that are still to be told of a cancelled task). */
export function applyRedaction(state: State, event: EventOf<"task.redacted">, at: number): void {
  const { id, fields } = event;
  if (state.tasks.has(id)) replaceTask(state, id, at, (task) => redactTask(task, event));
  if (!fields.includes("reason")) return;
  for (const [instance, cancelled] of state.cancelled) {
    if (!cancelled.tasks.some((task) => task.id === id && task.reason !== undefined)) continue;
    const tasks = cancelled.tasks.map((task) => {
      return task.id === id && task.reason !== undefined ? { ...task, reason: REDACTED } : task;
    });
    state.cancelled.set(instance, { ...cancelled, tasks });
  }
}
