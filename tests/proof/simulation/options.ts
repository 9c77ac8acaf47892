/** The options of the simulate commands. */

import { type Bounds, readArguments, readNumber } from "../../support/options.ts";

export interface Options<P> {
  readonly seed: string;
  readonly schedules: number;
  /** One plan to run instead, as a failure tells it. */
  readonly plan?: P;
}

const SCHEDULES: Bounds = { min: 1, max: 100_000_000 };

/**
 * Reads `--schedules N --seed S`, or `--plan JSON`, a plan of the simulation that it is for.
 *
 * @throws Error if an option is unknown or out of bounds
 */
export function parseOptions<P>(args: readonly string[], defaultSeed: string): Options<P> {
  const { values } = readArguments(args, { names: ["schedules", "seed", "plan"] });
  const { schedules = "10000", seed = defaultSeed, plan } = values;
  return {
    seed,
    schedules: readNumber("schedules", schedules, SCHEDULES),
    // Pasted from what a failure tells.
    ...(plan !== undefined && { plan: JSON.parse(plan) as P }),
  };
}
