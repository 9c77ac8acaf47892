/** The arguments of `deno task bench:peers`. */

export interface Options {
  /** Peers whose names contain one of these; all if there is none. */
  readonly names: readonly string[];
  /** Numbers of tasks at which calls are measured. */
  readonly sizes: readonly number[];
}

/** Default: `--sizes 100,1000,10000`. */
const DEFAULT_SIZES = [100, 1_000, 10_000];
const MAX_SIZE = 100_000;

/** Reads `[names…] [--sizes 100,1000]`. */
export function optionsOf(args: readonly string[]): Options {
  const names: string[] = [];
  let sizes: readonly number[] = DEFAULT_SIZES;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    if (arg === "--sizes") sizes = sizesOf(args[++index] ?? "");
    else if (arg.startsWith("--sizes=")) sizes = sizesOf(arg.slice("--sizes=".length));
    else if (arg.startsWith("-")) throw new Error(`Cannot read ${arg}: there is only --sizes, as in --sizes 100,1000`);
    else names.push(arg);
  }
  return { names, sizes };
}

function sizesOf(text: string): readonly number[] {
  const sizes = text.split(",").map(Number);
  if (sizes.some((size) => !Number.isInteger(size) || size < 1 || size > MAX_SIZE)) {
    throw new Error(`Cannot read --sizes ${text}: numbers from 1 to ${MAX_SIZE}, as in --sizes 100,1000`);
  }
  return sizes.toSorted((a, b) => a - b);
}
