/** What an observer is told of a call: the ids that its arguments name, and how it ended. */

import type { JournalRecord } from "../core/messages/events.ts";
import { nameOf } from "../core/messages/history.ts";
import { notificationsOf } from "../core/messages/notifications.ts";
import { MAX_ID_CHARACTERS } from "../core/model/limits.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { CallEnd, ObservedCall, Observer } from "./observer.ts";
import { Unavailable } from "./ports.ts";

/** Most UTF-16 code units of an id. */
const MAX_ID_UNITS = 2 * MAX_ID_CHARACTERS;

/** The task and the instance that the arguments of a call name. They are not checked yet. */
export function namedIn(args: unknown, instance: string | undefined): Pick<ObservedCall, "task" | "instance"> {
  const { task_id, id, instance_id = instance } = Object(args);
  const [task, named] = [idOf(task_id ?? id), idOf(instance_id)];
  return { ...(task !== undefined && { task }), ...(named !== undefined && { instance: named }) };
}

function idOf(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= MAX_ID_UNITS ? value : undefined;
}

/** The tasks and instances that a record is about, each once. */
export function subjectsOf(record: JournalRecord): { readonly tasks: Set<string>; readonly instances: Set<string> } {
  const tasks = new Set<string>();
  const instances = new Set<string>();
  for (const { type, subject, data } of notificationsOf(record, { source: "" })) {
    if (nameOf(type).startsWith("task.") && subject !== undefined) tasks.add(subject);
    if (data.instance !== undefined) instances.add(data.instance);
  }
  return { tasks, instances };
}

/** Carries out a call, and tells the observer of it. */
export async function observed<T>(onCall: Observer["onCall"], call: ObservedCall, run: () => Promise<T>): Promise<T> {
  if (onCall === undefined) return await run();
  const onEnd = onCall(call);
  try {
    const result = await run();
    onEnd({ outcome: "ok" });
    return result;
  } catch (error) {
    onEnd(endBy(error));
    throw error;
  }
}

/** How a call ends that throws an error. */
export function endBy(error: unknown): CallEnd {
  if (error instanceof Refusal) return { outcome: "refused", code: error.code };
  if (error instanceof Unavailable) return { outcome: "unavailable", code: error.code };
  return { outcome: "failed" };
}
