/**
 * What a worker writes down of each of its calls: a line before it and a line after its answer. The lines go to the
 * driver as they are written, so a worker that is killed has said all that it knew.
 */

import type { Command } from "../../../src/core/messages/commands.ts";
import type { Task } from "../../../src/core/model/task.ts";
import { hashOf } from "./random.ts";

/** What a call asks for: a command, or how all tasks stand. */
export type Request = Command | { readonly type: "read" };

/** Said before a call. */
export interface CallStarted {
  readonly type: "started";
  /** Tells the call from all others; the actor of its record. */
  readonly call: string;
  /** The worker and its life, as `w3.2`. */
  readonly process: string;
  readonly request: Request;
  /** Milliseconds by a clock that all processes of the machine share. */
  readonly at: number;
  /** Seq of the last record that the worker knew. */
  readonly seq: number;
}

/** Said after a call. */
export interface CallEnded {
  readonly type: "ended";
  readonly call: string;
  readonly outcome: Outcome;
  readonly at: number;
  readonly seq: number;
  /** The time, by the worker's own clock, that its journal last saw; milliseconds since the Unix epoch. */
  readonly journalAt: number;
}

export type Outcome =
  | { readonly type: "answered"; readonly answer: unknown }
  | { readonly type: "refused"; readonly code: string; readonly message: string; readonly data: unknown }
  /** It could not be carried out; `mayHaveHappened` unless the message promises that nothing was changed. */
  | {
    readonly type: "unavailable";
    readonly code: string;
    readonly message: string;
    readonly mayHaveHappened: boolean;
  };

/** A call with its end, unless its worker died before it. */
export interface Call extends Omit<CallStarted, "type"> {
  readonly end?: Omit<CallEnded, "type" | "call">;
}

/** The calls in what a worker wrote. A last line that is not whole was never said. */
export function parseCalls(text: string): readonly Call[] {
  const calls = new Map<string, Call>();
  for (const line of text.split("\n").slice(0, -1)) {
    // Written by the worker in this form.
    const entry = JSON.parse(line) as CallStarted | CallEnded;
    if (entry.type === "started") {
      const { type: _, ...started } = entry;
      calls.set(entry.call, started);
      continue;
    }
    const { type: _, call, ...end } = entry;
    const started = calls.get(call);
    if (started === undefined) throw new Error(`The end of ${call} was said, but not its start`);
    calls.set(call, { ...started, end });
  }
  return [...calls.values()];
}

/** What a read answers: how many tasks there are, and a digest of all of them that does not depend on the time. */
export function readTasks(
  { tasks }: { readonly tasks: readonly Task[] },
): { readonly tasks: number; readonly digest: number } {
  const told = tasks.map((task) => {
    return `${task.id} ${task.status} ${task.attempt} ${task.assignedTo} ${task.result ?? task.error ?? task.reason}`;
  });
  return { tasks: tasks.length, digest: hashOf(told.join("\n")) };
}
