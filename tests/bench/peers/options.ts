/** The arguments of `deno task bench:peers`. */

import { type Bounds, readArguments, readNumbers } from "../../support/options.ts";

export interface Options {
  /** Peers whose names contain one of these; all if there is none. */
  readonly names: readonly string[];
  /** Numbers of tasks at which calls are measured, the smallest first. */
  readonly sizes: readonly number[];
}

const SIZE: Bounds = { min: 1, max: 100_000 };

/**
 * Reads `[names…] [--sizes 100,1000]`.
 *
 * @throws Error if an option is unknown or out of bounds
 */
export function optionsOf(args: readonly string[]): Options {
  const { values, positionals } = readArguments(args, { names: ["sizes"], positionals: true });
  const sizes = readNumbers("sizes", values.sizes ?? "100,1000,10000", SIZE);
  return { names: positionals, sizes: sizes.toSorted((a, b) => a - b) };
}
