/** Reads the arguments of the commands in tests/, and checks their bounds. */

import { parseArgs } from "node:util";

/** The least and the greatest value that a number may have. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Whether fractions are allowed. Default: false. */
  readonly fractions?: boolean;
}

/** The given options, as texts, and the other arguments. */
export interface Arguments<Name extends string> {
  readonly values: Readonly<Partial<Record<Name, string>>>;
  readonly positionals: readonly string[];
}

/**
 * Splits arguments into options (`--name value` or `--name=value`) and the rest.
 *
 * @throws Error if an option is unknown or has no value, or if there are other arguments and `positionals` is false
 */
export function readArguments<Name extends string>(
  args: readonly string[],
  { names, positionals: allowPositionals = false }: {
    names: readonly Name[];
    positionals?: boolean;
  },
): Arguments<Name> {
  const options = Object.fromEntries(
    names.map((name) => [name, { type: "string" as const }]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals,
    });
    // The keys are the names: parseArgs refuses all others.
    return { values: values as Arguments<Name>["values"], positionals };
  } catch (cause) {
    const known = names.map((name) => `--${name}`).join(", ");
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot read ${args.join(" ")}: ${reason}; options: ${known}`, { cause });
  }
}

/**
 * Parses the number of an option.
 *
 * @throws Error if it is not a number within the bounds
 */
export function readNumber(name: string, text: string, { min, max, fractions = false }: Bounds): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if ((fractions || Number.isInteger(value)) && value >= min && value <= max) return value;
  throw new Error(`Cannot read --${name} ${text}: must be a ${fractions ? "" : "whole "}number from ${min} to ${max}`);
}

/** Parses numbers with commas between them, each as `readNumber` does. */
export function readNumbers(name: string, text: string, bounds: Bounds): readonly number[] {
  return text.split(",").map((part) => readNumber(name, part, bounds));
}
