/** Random numbers that follow from a seed, and durations that are drawn from measured ones. */

import type { Estimate, Samples } from "../../views/analytics/estimates.ts";

/** Returns numbers from 0 up to, but not, 1. */
export type Random = () => number;

/** The generator mulberry32 (Ettinger, 2017): 32 bits of state, enough for some million draws. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The spread of durations that is assumed of a kind with a single one: the standard deviation of their logarithms. */
const ASSUMED_SPREAD = 0.7;

/** The shortest duration that is told apart from none, in milliseconds. */
const LEAST_MS = 1;

/** Most draws for a duration that is longer than the elapsed time. */
const MAX_DRAWS = 20;

/** For how long each running task has run, in milliseconds by its scale, by the durations of tasks like it. */
export type Running = ReadonlyMap<Samples, readonly number[]>;

/**
 * Draws durations for one run. Which durations are typical is known from a few only, so each run first draws its own ones of
 * them with replacement (Efron, "Bootstrap methods", 1979), and smooths these by a normal kernel over their logarithms, as
 * no duration is ever repeated exactly (Silverman and Young, "The bootstrap: to smooth or not to smooth?", 1987). Those that
 * have ended are the shorter ones, as long ones are still running: these count with an end that is drawn beyond the time
 * that they have run (multiple imputation: Rubin, 1987).
 */
export class Draws {
  readonly #random: Random;
  readonly #running: Running;
  readonly #pools = new Map<Samples, Pool>();

  constructor(random: Random, running: Running) {
    this.#random = random;
    this.#running = running;
  }

  /** A duration of a task, in milliseconds. */
  duration({ samples, scale }: Estimate): number {
    return Math.round(scale * this.#drawFrom(this.#poolOf(samples)));
  }

  #drawFrom({ logs, width }: Pool): number {
    const log = logs[Math.floor(this.#random() * logs.length)] ?? 0;
    return Math.exp(log + width * this.#normal());
  }

  /** How much longer a task takes that has run for `elapsedMs`. */
  rest({ samples, scale }: Estimate, elapsedMs: number): number {
    return Math.round(scale * this.#restFrom(this.#poolOf(samples), elapsedMs / scale));
  }

  #restFrom(pool: Pool, elapsedMs: number): number {
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const durationMs = this.#drawFrom(pool);
      if (durationMs > elapsedMs) return durationMs - elapsedMs;
    }
    // It takes longer than any other did: how long it has run tells nothing of its end.
    return this.#drawFrom(pool);
  }

  #poolOf(samples: Samples): Pool {
    let pool = this.#pools.get(samples);
    if (pool === undefined) {
      const known = this.#newPool(samples);
      const ends = (this.#running.get(samples) ?? []).map((elapsed) => elapsed + this.#restFrom(known, elapsed));
      pool = ends.length === 0 ? known : this.#newPool([...samples, ...ends]);
      this.#pools.set(samples, pool);
    }
    return pool;
  }

  #newPool(durationsMs: readonly number[]): Pool {
    const logs = durationsMs.map((duration) => Math.log(Math.max(LEAST_MS, duration)));
    const { length } = logs;
    const mean = logs.reduce((sum, log) => sum + log, 0) / length;
    const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
    // The assumed spread counts as one more duration.
    const spread = Math.sqrt((squares + ASSUMED_SPREAD ** 2) / length);
    const drawn = logs.map(() => logs[Math.floor(this.#random() * length)] ?? mean);
    // The width by Silverman, "Density estimation", 1986, (3.28). All durations of a run are shifted together, too, by how
    // far the mean of so few may be from that of all.
    const shift = spread / Math.sqrt(length) * this.#normal();
    return { logs: drawn.map((log) => log + shift), width: 1.06 * spread * length ** -0.2 };
  }

  /** A number of the standard normal distribution (Box and Muller, 1958). */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}

/** Logarithms of durations, and the width of the kernel that smooths them. */
interface Pool {
  readonly logs: readonly number[];
  readonly width: number;
}

/** A share for one run, near `count` of `total`: what the same number of trials might have shown. */
export function drawShare(
  random: Random,
  { count, total }: { readonly count: number; readonly total: number },
): number {
  const trials = Math.min(total, MAX_TRIALS);
  let hits = 0;
  for (let trial = 0; trial < trials; trial++) if (random() < count / total) hits++;
  return trials === 0 ? 0 : hits / trials;
}

/** Most trials for one share. */
const MAX_TRIALS = 200;
