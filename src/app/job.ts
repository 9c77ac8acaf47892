/** A call in the queue of the engine: the function to run on the state, and how to settle its promise. */

import type { CommandOf, CommandType, Context } from "../core/messages/commands.ts";
import type { Draft, Event } from "../core/messages/events.ts";
import { Refusal } from "../core/model/refusal.ts";
import { decide, refusedEvents } from "../core/rules/decide.ts";
import type { ReadonlyState } from "../core/state/state.ts";

/** The actor of records that no client caused: sweeps, and heartbeats for waiting instances. */
export const ORCHESTRATOR = "orchestrator";

/** Runs on the state after the jobs before it. Returns the draft to append, if any, and a function that reads the answer. */
export type Run<T> = (
  state: ReadonlyState,
  context: Context,
) => { readonly draft?: Draft; readonly answer: (state: ReadonlyState) => T };

export interface Job {
  readonly isRead: boolean;
  readonly run: Run<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The outcome of a job. `deliver` settles its caller's promise, once the transaction is durable. */
export interface Outcome {
  readonly job: Job;
  /** Whether the job handed a record to the journal. */
  readonly appends: boolean;
  readonly deliver: () => void;
}

/** Returns the function that decides a command of `actor`. A refused command may append events, too: a heartbeat. */
export function decideAs<K extends CommandType>(command: CommandOf<K>, actor: string) {
  return (state: ReadonlyState, context: Context) => {
    const drafted = (events: readonly Event[]) =>
      events.length === 0 ? {} : { draft: { actor, command: command.type, events } };
    try {
      const { events, answer } = decide(state, command, context);
      return { ...drafted(events), answer };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const answer = (): never => {
        throw error;
      };
      return { ...drafted(refusedEvents(state, command, context)), answer };
    }
  };
}

/** Ends expired leases, lost instances and overdue tasks. It has no caller to answer. */
export const SWEEP: Job = {
  isRead: false,
  run: decideAs({ type: "sweep" }, ORCHESTRATOR),
  resolve: () => {},
  reject: () => {},
};
