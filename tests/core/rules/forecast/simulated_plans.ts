/** Plans that are worked through in virtual time by commands, as instances would, with durations of some distribution. */

import type { Dependency } from "../../../../src/core/model/dependency.ts";
import type { NewTask } from "../../../../src/core/model/task.ts";
import type { Random } from "../../../../src/core/rules/forecast/chance.ts";
import { advanceClock } from "../../../../src/core/state/evolve.ts";
import { emptyState, type State } from "../../../../src/core/state/state.ts";
import { complete, create, newTask, run, times } from "../../given.ts";

export const MINUTE_MS = 60_000;

/** So many that no task fails for good. */
const MAX_ATTEMPTS = 50;

/** Distributions of durations, in milliseconds. */
export const DISTRIBUTIONS: Readonly<Record<string, (random: Random) => number>> = {
  exponential: (random) => -Math.log(1 - random()) * 10 * MINUTE_MS,
  lognormal: (random) => Math.exp(0.8 * normal(random)) * 8 * MINUTE_MS,
  uniform: (random) => (2 + 16 * random()) * MINUTE_MS,
  /** Most are short, one in six is long. */
  mixed: (random) => (random() < 1 / 6 ? 30 + 10 * random() : 2 + 6 * random()) * MINUTE_MS,
};

export interface World {
  readonly random: Random;
  readonly durationOf: (random: Random) => number;
  readonly instances: number;
  /** The share of attempts that fail. */
  readonly failureRate: number;
}

/** A random plan: each task waits for some of the ten before it; some need a lock, a group runs two at a time. */
export function randomPlan(random: Random, count: number): readonly NewTask[] {
  return times(count, (index) => {
    const after = times(3, () => index - 1 - Math.floor(random() * 10)).filter((each) => each >= 0 && random() < 0.35);
    const dependencies: readonly Dependency[] = [...new Set(after.map((each) => `t${each}`))];
    const settings = {
      ...(random() < 0.15 && { locks: ["l"] }),
      ...(random() < 0.2 && { group: "g" }),
    };
    return { ...newTask(`t${index}`, ...dependencies), ...settings };
  });
}

/** A plan under way: instances take tasks as soon as they can. */
export class Simulation {
  readonly state: State = emptyState();
  readonly #world: World;
  #endings: { readonly at: number; readonly id: string; readonly instance: string }[] = [];
  now = 1;

  constructor(tasks: readonly NewTask[], world: World) {
    this.#world = world;
    run(this.state, { type: "create_group", id: "g", settings: { maxParallel: 2 } }, this.now);
    run(this.state, create(...tasks.map((task) => ({ ...task, maxAttempts: MAX_ATTEMPTS }))), this.now);
  }

  /** Goes on until so many tasks are completed, or nothing happens any more. */
  workUntil(completed: number): void {
    while (this.state.counts.completed < completed) {
      this.#claim();
      const next = Math.min(...this.#endings.map(({ at }) => at), this.state.delayTimers.entries[0]?.at ?? Infinity);
      if (next === Infinity) return;
      this.now = Math.max(this.now, Math.ceil(next));
      advanceClock(this.state, this.now);
      for (const { at, id, instance } of this.#endings) {
        if (at > this.now) continue;
        const error = { type: "fail_task", id, instance, error: "unlucky", isRetryable: true } as const;
        run(this.state, this.#world.random() < this.#world.failureRate ? error : complete(instance, id), this.now);
      }
      this.#endings = this.#endings.filter(({ at }) => at > this.now);
    }
    this.#claim();
  }

  #claim(): void {
    const { instances, random, durationOf } = this.#world;
    for (const instance of times(instances, (index) => `i${index}`)) {
      if (this.state.held.has(instance)) continue;
      const { answer } = run(this.state, { type: "claim_task", instance }, this.now);
      if (answer.task === undefined) continue;
      this.#endings.push({ at: this.now + durationOf(random), id: answer.task.id, instance });
    }
  }
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
