/** One run of a forecast: the rest of a plan is worked through in virtual time. */

import { MAX_NAMED } from "../../model/limits.ts";
import { take } from "../../model/text.ts";
import type { Task } from "../../model/task.ts";
import type { Profile } from "../../state/eligibility.ts";
import { add, emptyHeap, remove } from "../../state/heap.ts";
import type { Snapshot } from "../../state/snapshot.ts";
import type { Estimate } from "../../views/analytics/estimates.ts";
import type { Draws, Random } from "./chance.ts";
import type { EndedAttempt, Rules } from "./rules.ts";

export interface RunOptions {
  readonly snapshot: Pick<Snapshot, "tasks" | "recordedAt">;
  /** Of the snapshot. */
  readonly rules: Rules;
  readonly crew: readonly Profile[];
  /** By the ids of tasks. */
  readonly estimates: ReadonlyMap<string, Estimate>;
  readonly draws: Pick<Draws, "duration" | "rest">;
  readonly random: Random;
  /** The share of attempts that fail. */
  readonly failureRate: number;
}

/** When the last task ended, in milliseconds since the Unix epoch, or which tasks nobody can do (the first few). */
export type RunEnd = { readonly at: number } | { readonly stuck: readonly string[] };

/** The end of an attempt. */
interface Ending extends EndedAttempt {
  heapIndex: number;
}

/** Most attempts in a run, as a multiple of its tasks. What has not ended by then counts as stuck. */
const MAX_ATTEMPTS = 100;

/** How many ends of attempts are worked through between two places where a caller can pause. */
const STEP = 50;

export function* run(options: RunOptions): Generator<void, RunEnd> {
  const { snapshot: { tasks, recordedAt }, rules } = options;
  const work = new Work(options);
  work.resume(tasks, recordedAt);
  const most = MAX_ATTEMPTS * tasks.length;
  let pausedAt = 0;
  let ended = 0;
  for (let at: number | undefined = recordedAt; at !== undefined && ended <= most; at = work.nextAt()) {
    ended += work.advance(at);
    if (ended - pausedAt < STEP) continue;
    pausedAt = ended;
    yield;
  }
  return rules.countOpen() === 0 ? { at: work.changedAt } : { stuck: take(rules.pendingIds(), MAX_NAMED) };
}

class Work {
  readonly #options: RunOptions;
  readonly #crew: ReadonlyMap<string, Profile>;
  readonly #endings = emptyHeap<Ending>((a, b) => a.at < b.at || (a.at === b.at && a.id < b.id));
  /** Those that hold nothing, in the order in which they look for a task. */
  #free: readonly Profile[] = [];
  /** When a task was last claimed, or an attempt ended. */
  changedAt: number;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#crew = new Map(options.crew.map((profile) => [profile.instance, profile]));
    this.changedAt = options.snapshot.recordedAt;
  }

  /** Goes on with the tasks in progress at `now`. */
  resume(tasks: readonly Task[], now: number): void {
    const { draws, crew, rules } = this.#options;
    for (const { id, status, assignedTo = "", startedAt = now } of tasks) {
      if (status !== "in_progress") continue;
      this.#plan(id, assignedTo, now + draws.rest(this.#estimateOf(id), Math.max(0, now - startedAt)));
    }
    this.#free = crew.filter(({ instance }) => !rules.holds(instance));
  }

  /** When something happens next; undefined if nothing will. */
  nextAt(): number | undefined {
    const next = Math.min(this.#endings.entries[0]?.at ?? Infinity, this.#options.rules.nextDelayAt() ?? Infinity);
    return next === Infinity ? undefined : next;
  }

  /** Ends the attempts that end at `at`, and has tasks claimed; returns how many ended. */
  advance(at: number): number {
    const { rules } = this.#options;
    rules.advanceClock(at);
    const freed: Profile[] = [];
    let count = 0;
    for (let [next] = this.#endings.entries; next !== undefined && next.at <= at; [next] = this.#endings.entries) {
      remove(this.#endings, next);
      rules.end(next);
      this.changedAt = at;
      count++;
      const { instance } = next;
      const profile = this.#crew.get(instance);
      if (profile !== undefined && !rules.holds(instance)) freed.push(profile);
    }
    this.#free = [...this.#free, ...freed].filter((profile) => !this.#claim(profile, at));
    return count;
  }

  #claim(profile: Profile, at: number): boolean {
    const id = this.#options.rules.claim(profile, at);
    if (id === undefined) return false;
    this.changedAt = at;
    this.#plan(id, profile.instance, at + this.#options.draws.duration(this.#estimateOf(id)));
    return true;
  }

  #plan(id: string, instance: string, at: number): void {
    const { random, failureRate } = this.#options;
    add(this.#endings, { heapIndex: -1, at, id, instance, fails: random() < failureRate });
  }

  #estimateOf(id: string): Estimate {
    const estimate = this.#options.estimates.get(id);
    if (estimate === undefined) throw new Error(`Cannot simulate a task without an estimate: ${JSON.stringify(id)}`);
    return estimate;
  }
}
