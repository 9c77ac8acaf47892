/** The options of the simulate command. */

import { parseArgs } from "node:util";
import type { Plan } from "./plan.ts";

export interface Options {
  readonly seed: string;
  readonly schedules: number;
  /** One plan to run instead, as a failure tells it. */
  readonly plan?: Plan;
}

/** Most schedules of a run. */
const MAX_SCHEDULES = 100_000_000;

/**
 * Reads `--schedules N --seed S`, or `--plan JSON`.
 *
 * @throws Error if an option is unknown or out of bounds
 */
export function parseOptions(args: readonly string[], defaultSeed: string): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      schedules: { type: "string", default: "10000" },
      seed: { type: "string", default: defaultSeed },
      plan: { type: "string" },
    },
  });
  const schedules = Number(values.schedules);
  if (!(Number.isInteger(schedules) && schedules >= 1 && schedules <= MAX_SCHEDULES)) {
    throw new Error(`--schedules must be a whole number from 1 to ${MAX_SCHEDULES}`);
  }
  const { seed, plan } = values;
  // Pasted from what a failure tells.
  return { seed, schedules, ...(plan !== undefined && { plan: JSON.parse(plan) as Plan }) };
}
