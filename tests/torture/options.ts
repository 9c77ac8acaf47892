/** The options of the torture command. */

import { parseArgs } from "node:util";

export interface Options {
  readonly seed: string;
  readonly durationMs: number;
  readonly workers: number;
}

/** Fewest and most processes. */
const WORKERS = [1, 64] as const;

/** Longest run, in minutes. */
const MAX_MINUTES = 24 * 60;

/**
 * Reads `--minutes N --seed S --processes P`.
 *
 * @throws Error if an option is unknown or out of bounds
 */
export function parseOptions(args: readonly string[], defaultSeed: string): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "1" },
      seed: { type: "string", default: defaultSeed },
      processes: { type: "string", default: "12" },
    },
  });
  const minutes = Number(values.minutes);
  const workers = Number(values.processes);
  if (!(minutes > 0 && minutes <= MAX_MINUTES)) throw new Error(`--minutes must be over 0 and at most ${MAX_MINUTES}`);
  if (!(Number.isInteger(workers) && workers >= WORKERS[0] && workers <= WORKERS[1])) {
    throw new Error(`--processes must be a whole number from ${WORKERS[0]} to ${WORKERS[1]}`);
  }
  return { seed: values.seed, durationMs: minutes * 60_000, workers };
}
