/** Parsers for the values of options. Each throws `InvalidArgumentError` with a message for the operator. */

import { InvalidArgumentError } from "commander";
import { MAX_BACKOFF_COEFFICIENT } from "../core/model/limits.ts";

/** Parses names with commas between them. */
export function toolsetNames(value: string, known: readonly string[]): readonly string[] {
  const names = value.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no ${unknown}: there are ${known.join(", ")}.`);
  if (names.length === 0) throw new InvalidArgumentError(`Name at least one of ${known.join(", ")}.`);
  return names;
}

/** Parses a back-off coefficient. */
export function factor(value: string): number {
  const number = Number(value);
  if (number >= 1 && number <= MAX_BACKOFF_COEFFICIENT) return number;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MAX_BACKOFF_COEFFICIENT}.`);
}

/** Refuses an empty directory. */
export function nonEmpty(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("It is empty: give a directory.");
  return value;
}

/** Parses a whole number of at least 1. */
export function atLeastOne(value: string): number {
  if (wholeNumber(value) === 0) throw new InvalidArgumentError("It must be at least 1.");
  return wholeNumber(value);
}

/** Parses a whole number from `least` to `most`. */
export function from(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = wholeNumber(value);
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be from ${least} to ${most}.`);
  };
}

/** Parses a whole number of at most 15 digits. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(value);
}
