/** The options of the torture command. */

import { type Bounds, readArguments, readNumber } from "../../support/options.ts";

export interface Options {
  readonly seed: string;
  readonly durationMs: number;
  readonly workers: number;
}

const PROCESSES: Bounds = { min: 1, max: 64 };

/** The shortest run is 60 ms. */
const MINUTES: Bounds = { min: 0.001, max: 24 * 60, fractions: true };

/**
 * Reads `--minutes N --seed S --processes P`.
 *
 * @throws Error if an option is unknown or out of bounds
 */
export function parseOptions(args: readonly string[], defaultSeed: string): Options {
  const { values } = readArguments(args, { names: ["minutes", "seed", "processes"] });
  const { minutes = "1", seed = defaultSeed, processes = "12" } = values;
  return {
    seed,
    durationMs: readNumber("minutes", minutes, MINUTES) * 60_000,
    workers: readNumber("processes", processes, PROCESSES),
  };
}
