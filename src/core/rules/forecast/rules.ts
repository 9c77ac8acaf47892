/** The rules by which a simulated plan is worked through: `realRules` for any plan, `CompactRules` sooner for most. */

import { MAX_RECORD_TASKS } from "../../model/limits.ts";
import { consequencesOf } from "../../state/cascade.ts";
import type { Profile } from "../../state/eligibility.ts";
import { advanceClock, evolve } from "../../state/evolve.ts";
import { nextClaim } from "../../state/next_claim.ts";
import { restore, type Snapshot } from "../../state/snapshot.ts";
import type { Event } from "../../messages/events.ts";
import { endOfAttempt } from "../retry_policy.ts";

/** A plan in virtual time. All times are milliseconds since the Unix epoch, and never go back. */
export interface Rules {
  /** When the first delay ends; undefined without one. */
  nextDelayAt(): number | undefined;
  /** Ends the delays up to `now`. */
  advanceClock(now: number): void;
  holds(instance: string): boolean;
  /** Has an instance claim its next task, and returns the id; undefined if there is none for it. */
  claim(profile: Profile, at: number): string | undefined;
  /** Ends the attempt of a task in progress, and the tasks that cannot be reached any more. */
  end(attempt: EndedAttempt): void;
  /** How many tasks are pending or in progress. */
  countOpen(): number;
  /** In the order of creation. */
  pendingIds(): Iterable<string>;
}

export interface EndedAttempt {
  readonly id: string;
  readonly instance: string;
  readonly at: number;
  readonly fails: boolean;
}

/** The rules by which tasks are really claimed and completed, on a state of their own. */
export function realRules(snapshot: Snapshot): Rules {
  const state = restore(snapshot);
  state.isMeasured = false;
  return {
    nextDelayAt: () => state.delayTimers.entries[0]?.at,
    advanceClock: (now) => advanceClock(state, now),
    holds: (instance) => state.held.has(instance),
    claim(profile, at) {
      if (state.standings.ready === state.ready.limited) return undefined;
      const task = nextClaim(state, profile)?.task;
      if (task === undefined) return undefined;
      evolve(state, { type: "task.claimed", id: task.id, instance: profile.instance, attempt: task.attempt + 1 }, at);
      return task.id;
    },
    end({ id, instance, at, fails }) {
      const task = state.tasks.get(id)?.task;
      if (task === undefined) return;
      const { attempt } = task;
      const event: Event = fails
        ? endOfAttempt(task, "failed", at, "")
        : { type: "task.completed", id, instance, attempt, result: "" };
      // As `applyWithConsequences` does, but nobody is to be told of any of it, and no record has to have room for it.
      for (let events: readonly Event[] = [event]; events.length > 0;) {
        for (const each of events) evolve(state, each, at);
        events = consequencesOf(state, MAX_RECORD_TASKS);
      }
    },
    countOpen: () => state.counts.pending + state.counts.in_progress,
    *pendingIds() {
      for (const { task } of state.tasks.values()) if (task.status === "pending") yield task.id;
    },
  };
}
