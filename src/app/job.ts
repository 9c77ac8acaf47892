/** A call under way: what the engine runs on the state, and whom it answers. */

import type { CommandOf, CommandType, Context } from "../core/messages/commands.ts";
import type { Draft, Event } from "../core/messages/events.ts";
import { Refusal } from "../core/model/refusal.ts";
import { decide, refusedEvents } from "../core/rules/decide.ts";
import type { ReadonlyState } from "../core/state/state.ts";

/** The actor of events that no client asked for: sweeps, and the heartbeats of waiting instances. */
export const ORCHESTRATOR = "orchestrator";

/** Reads the state as the jobs before it leave it. Returns what to append, if anything, and how to answer afterwards. */
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

/** The outcome of a job, handed to its caller with `deliver` once its transaction is durable. */
export interface Outcome {
  readonly job: Job;
  /** Whether a record of it was handed to the journal. */
  readonly appends: boolean;
  readonly deliver: () => void;
}

/** How a command of `actor` is carried out. A refused command may append events, too: the heartbeat of its instance. */
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

/** Ends expired leases, lost instances and overdue tasks. Nobody waits for its answer. */
export const SWEEP: Job = {
  isRead: false,
  run: decideAs({ type: "sweep" }, ORCHESTRATOR),
  resolve: () => {},
  reject: () => {},
};
