/** Plays random histories, as the engine would carry them out. */

import { localOperator } from "../../src/core/model/access.ts";
import type { Command, CommandType, Context } from "../../src/core/messages/commands.ts";
import { applyWithConsequences } from "../../src/core/state/cascade.ts";
import { decide } from "../../src/core/rules/decide.ts";
import type { Decision } from "../../src/core/rules/decision.ts";
import type { Event } from "../../src/core/messages/events.ts";
import { advanceClock, rewindClock } from "../../src/core/state/evolve.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { frozen } from "../support/frozen.ts";
import { emptyState, type ReadonlyState, type State } from "../../src/core/state/state.ts";
import { steer, type Turn } from "./arbitraries.ts";
import { contextAt } from "./given.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";

/** A command, and what became of it. */
export interface Step {
  readonly command: Command;
  /** The time of the clock, which may be before that of the last record. */
  readonly at: number;
  /** The time of the decision and of its record. */
  readonly now: number;
  /** The state as it was. */
  readonly before: Snapshot;
  readonly events: readonly Event[];
  readonly refusal: Refusal | undefined;
}

/** Gives the commands one after the other, and looks at the state after each. Refusals have no effect. */
export function play(turns: readonly Turn[], look: (state: State, step: Step) => void = () => {}): State {
  const state = emptyState();
  for (const turn of turns) {
    const { at, aheadMs, defaults, session } = turn;
    const caller = localOperator("test", session === undefined ? undefined : { transport: "stdio", session });
    const before = snapshotOf(state);
    // The process has looked ahead for a moment; then its clock was set back.
    advanceClock(state, at + aheadMs);
    const now = Math.max(at, state.recordedAt);
    rewindClock(state, now);
    const command = frozen(steer(state, turn));
    const outcome = tryDeciding(state, command, { caller, now, clock: at, defaults });
    const isRefused = outcome instanceof Refusal;
    const events = isRefused ? [] : applyWithConsequences(state, frozen(outcome.events), now);
    if (!isRefused) outcome.answer(state);
    look(state, { command, at, now, before, events, refusal: isRefused ? outcome : undefined });
  }
  return state;
}

function tryDeciding(state: ReadonlyState, command: Command, context: Context): Decision<unknown> | Refusal {
  try {
    return decide<CommandType>(state, command, context);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** What is decided, or undefined where the command is refused. */
export function attempt(state: ReadonlyState, command: Command): Decision<unknown> | undefined {
  const outcome = tryDeciding(state, command, contextAt(state.now));
  return outcome instanceof Refusal ? undefined : outcome;
}
