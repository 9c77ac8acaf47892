/**
 * One run of a forecast: the rest of a plan is worked through in virtual time by the rules by which tasks are really claimed
 * and completed, on a state of its own.
 */

import type { Event } from "../../messages/events.ts";
import { MAX_NAMED, MAX_RECORD_TASKS } from "../../model/limits.ts";
import { consequencesOf } from "../../state/cascade.ts";
import type { Profile } from "../../state/eligibility.ts";
import { advanceClock, evolve } from "../../state/evolve.ts";
import { add, emptyHeap, remove } from "../../state/heap.ts";
import { nextClaim } from "../../state/next_claim.ts";
import { restore, type Snapshot } from "../../state/snapshot.ts";
import type { ReadonlyTaskNode, State } from "../../state/state.ts";
import type { Estimates } from "../../views/analytics/estimates.ts";
import { endOfAttempt } from "../retry_policy.ts";
import type { Draws, Random } from "./chance.ts";

export interface RunOptions {
  readonly snapshot: Snapshot;
  readonly crew: readonly Profile[];
  readonly estimates: Estimates;
  readonly draws: Draws;
  readonly random: Random;
  /** The share of attempts that fail. */
  readonly failureRate: number;
}

/** When the last task ended, in milliseconds since the Unix epoch, or which tasks nobody can do (the first few). */
export type RunEnd = { readonly at: number } | { readonly stuck: readonly string[] };

/** The end of an attempt. */
interface Ending {
  heapIndex: number;
  readonly at: number;
  readonly id: string;
  readonly instance: string;
  readonly fails: boolean;
}

/** Most attempts in a run, as a multiple of its tasks. What has not ended by then counts as stuck. */
const MAX_ATTEMPTS = 100;

/** How many ends of attempts are worked through between two places where a caller can pause. */
const STEP = 50;

export function* run(options: RunOptions): Generator<void, RunEnd> {
  const { snapshot } = options;
  const state = restore(snapshot);
  state.isMeasured = false;
  yield;
  const work = new Work(state, options);
  work.resume(snapshot.recordedAt);
  const most = MAX_ATTEMPTS * snapshot.tasks.length;
  let pausedAt = 0;
  let ended = 0;
  for (let at: number | undefined = snapshot.recordedAt; at !== undefined && ended <= most; at = work.nextAt()) {
    ended += work.advance(at);
    if (ended - pausedAt < STEP) continue;
    pausedAt = ended;
    yield;
  }
  const { pending, in_progress } = state.counts;
  return pending + in_progress === 0 ? { at: state.recordedAt } : { stuck: firstPending(state) };
}

class Work {
  readonly #state: State;
  readonly #options: RunOptions;
  readonly #crew: ReadonlyMap<string, Profile>;
  readonly #endings = emptyHeap<Ending>((a, b) => a.at < b.at || (a.at === b.at && a.id < b.id));
  /** Those that hold nothing, in the order in which they look for a task. */
  #free: readonly Profile[] = [];

  constructor(state: State, options: RunOptions) {
    this.#state = state;
    this.#options = options;
    this.#crew = new Map(options.crew.map((profile) => [profile.instance, profile]));
  }

  /** Goes on with the tasks in progress at `now`. */
  resume(now: number): void {
    const { draws, estimates, crew } = this.#options;
    for (const { task } of this.#state.running.entries) {
      const restMs = draws.rest(estimates.of(task), Math.max(0, now - (task.startedAt ?? now)));
      this.#plan(task.id, task.assignedTo ?? "", now + restMs);
    }
    this.#free = crew.filter(({ instance }) => !this.#state.held.has(instance));
  }

  /** When something happens next; undefined if nothing will. */
  nextAt(): number | undefined {
    const [ending] = this.#endings.entries;
    const [delay] = this.#state.delayTimers.entries;
    const next = Math.min(ending?.at ?? Infinity, delay?.at ?? Infinity);
    return next === Infinity ? undefined : next;
  }

  /** Ends the attempts that end at `at`, and has tasks claimed; returns how many ended. */
  advance(at: number): number {
    advanceClock(this.#state, at);
    const freed: Profile[] = [];
    let count = 0;
    for (let [next] = this.#endings.entries; next !== undefined && next.at <= at; [next] = this.#endings.entries) {
      remove(this.#endings, next);
      this.#end(next);
      count++;
      const { instance } = next;
      const profile = this.#crew.get(instance);
      if (profile !== undefined && !this.#state.held.has(instance)) freed.push(profile);
    }
    this.#free = [...this.#free, ...freed].filter((profile) => !this.#claim(profile, at));
    return count;
  }

  #end({ id, instance, at, fails }: Ending): void {
    const task = this.#state.tasks.get(id)?.task;
    if (task === undefined) return;
    const { attempt } = task;
    const event: Event = fails
      ? endOfAttempt(task, "failed", at, "")
      : { type: "task.completed", id, instance, attempt, result: "" };
    // As `applyWithConsequences` does, but nobody is to be told of any of it, and no record has to have room for it.
    for (let events: readonly Event[] = [event]; events.length > 0;) {
      for (const each of events) evolve(this.#state, each, at);
      events = consequencesOf(this.#state, MAX_RECORD_TASKS);
    }
  }

  #claim(profile: Profile, at: number): boolean {
    const { ready, standings } = this.#state;
    if (standings.ready === ready.limited) return false;
    const node: ReadonlyTaskNode | undefined = nextClaim(this.#state, profile);
    if (node === undefined) return false;
    const { draws, estimates } = this.#options;
    const { id, attempt } = node.task;
    const durationMs = draws.duration(estimates.of(node.task));
    evolve(this.#state, { type: "task.claimed", id, instance: profile.instance, attempt: attempt + 1 }, at);
    this.#plan(id, profile.instance, at + durationMs);
    return true;
  }

  #plan(id: string, instance: string, at: number): void {
    const { random, failureRate } = this.#options;
    add(this.#endings, { heapIndex: -1, at, id, instance, fails: random() < failureRate });
  }
}

function firstPending(state: State): readonly string[] {
  const ids: string[] = [];
  for (const { task } of state.tasks.values()) {
    if (task.status === "pending" && ids.length < MAX_NAMED) ids.push(task.id);
  }
  return ids;
}
