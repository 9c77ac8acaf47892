/** Made-up histories, to show to checks: the nth event happens at time n, in the nth record. */

import type { Event, JournalRecord } from "../../src/core/messages/events.ts";
import type { NewTask } from "../../src/core/model/task.ts";

/** One record for each event. */
export function history(events: readonly Event[]): JournalRecord[] {
  return events.map((event, index) => ({
    seq: index + 1,
    at: index + 1,
    actor: "test",
    command: "test",
    events: [event],
  }));
}

export function created(...tasks: readonly (Pick<NewTask, "id"> & Partial<NewTask>)[]) {
  return {
    type: "tasks.created",
    tasks: tasks.map((task) => ({ description: "", dependencies: [], ...task })),
  } as const;
}

export function claimed(id: string, instance: string, attempt = 1) {
  return { type: "task.claimed", id, instance, attempt } as const;
}

export function completed(id: string, instance: string, { attempt = 1, result = "" } = {}) {
  return { type: "task.completed", id, instance, attempt, result } as const;
}
