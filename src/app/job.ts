/** A call in the queue of the engine: the function to run on the state, and how to settle its promise. */

import type { AnswerOf, CommandOf, CommandType, Context } from "../core/messages/commands.ts";
import type { Draft, Event } from "../core/messages/events.ts";
import { type Caller, localOperator } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import { decide, refusedEvents } from "../core/rules/decide.ts";
import type { ReadonlyState } from "../core/state/state.ts";

/** The caller of what no client asked for: sweeps, and heartbeats for waiting instances. */
export const ORCHESTRATOR: Caller = localOperator("orchestrator");

/** Runs on the state after the jobs before it. Returns the draft to append, if any, and a function that reads the answer. */
export type Run<T> = (
  state: ReadonlyState,
  context: Context,
) => { readonly draft?: Draft; readonly answer: (state: ReadonlyState) => T };

export interface Job {
  readonly caller: Caller;
  readonly isRead: boolean;
  /** Whether it is a sweep of the orchestrator: of another caller, it might be refused. */
  readonly isSweep: boolean;
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

/** Returns the function that decides a command. A refused command may append events, too: a heartbeat. */
export function runOfCommand<K extends CommandType>(command: CommandOf<K>): Run<AnswerOf<K>> {
  return (state, context) => {
    const { caller: { name: actor, via }, now: at } = context;
    const drafted = (events: readonly Event[]) =>
      events.length === 0
        ? {}
        : { draft: { at, actor, ...(via !== undefined && { via }), command: command.type, events } };
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
  caller: ORCHESTRATOR,
  isRead: false,
  isSweep: true,
  run: runOfCommand({ type: "sweep" }),
  resolve: () => {},
  reject: () => {},
};
