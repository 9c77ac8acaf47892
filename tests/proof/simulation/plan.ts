/** A schedule before it is run: everything that happens in it follows from its plan, and the plan from a seed. */

import { type Random, randomOf } from "../history/random.ts";
import { type Sizes, sizesOf } from "../history/sizes.ts";
import { type Fault, lossDuringSync, randomFault } from "./faults.ts";

export interface Plan {
  /** Fixes what is called and who goes on when. */
  readonly seed: string;
  readonly workers: number;
  /** How many calls each worker makes, in all its lives. */
  readonly calls: number;
  readonly sizes: Sizes;
  /** Longest usual pause between calls of a worker, in milliseconds. */
  readonly maxPauseMs: number;
  /** How likely another process goes on after an operation. */
  readonly switching: number;
  /** How long an operation takes on average, in milliseconds. */
  readonly operationMs: number;
  /** To how many webhooks the processes deliver. */
  readonly webhooks: number;
  /** How likely a message to them fails, until all processes but the last have ended. */
  readonly refusing: number;
  readonly faults: readonly Fault[];
  /** Fixes what a loss of power leaves, where that is not for the seed to say. */
  readonly survival?: string;
}

/** Most processes in a schedule. */
export const MAX_WORKERS = 4;

/** How many schedules have webhooks, which take twice as long, and most in one: one of everything, one of a few types. */
const DELIVERING = 0.06;
const MAX_WEBHOOKS = 2;

/** Most faults in a schedule that have nothing to do with each other. */
const MAX_FAULTS = 5;

/** About how many counted operations come with a call, its share of checkpoints and starts included. */
const OPERATIONS_PER_CALL = 12;

/** The plan that a seed stands for. */
export function planOf(seed: string): Plan {
  const random = randomOf(`${seed} plan`);
  const workers = random.pick([1, 2, 2, 2, 2, 3, 3, 3, MAX_WORKERS]);
  const calls = random.between(3, Math.ceil(24 / workers));
  return {
    seed,
    workers,
    calls,
    sizes: randomSizes(random),
    maxPauseMs: random.pick([5, 60, 400]),
    switching: random.pick([0.02, 0.1, 0.3, 0.6]),
    operationMs: random.pick([0.02, 0.1, 0.1, 2]),
    faults: randomFaults(random, workers * calls * OPERATIONS_PER_CALL),
    webhooks: random.chance(DELIVERING) ? random.between(1, MAX_WEBHOOKS) : 0,
    refusing: random.pick([0, 0.05, 0.05, 0.2]),
  };
}

/** Mostly the true relation; now and then one less or more, or something else. */
function randomSizes(random: Random): Sizes {
  // Also so small that each record has its own segment.
  const sizes = sizesOf(random.chance(0.4) ? random.between(150, 600) : random.between(600, 4_000));
  const off = () => random.chance(0.7) ? 0 : random.between(-1, 1);
  return {
    segmentBytes: sizes.segmentBytes + off(),
    chunkBytes: random.chance(0.1) ? random.between(1, sizes.segmentBytes) : sizes.chunkBytes + off(),
    maxBatchBytes: random.chance(0.3) ? random.between(1, 5 * sizes.segmentBytes) : sizes.maxBatchBytes + off(),
  };
}

function randomFaults(random: Random, last: number): readonly Fault[] {
  const faults = Array.from({ length: random.between(0, MAX_FAULTS) }, () => randomFault(random, last));
  if (random.chance(0.5)) faults.push(...lossDuringSync(random, last));
  return faults.sort((a, b) => a.at - b.at);
}
