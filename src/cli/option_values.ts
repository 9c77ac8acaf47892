/** Parsers for the values of options. Each throws `InvalidArgumentError` with a message for the operator. */

import { InvalidArgumentError } from "commander";
import { type Moment, parseMoment } from "../app/history.ts";
import { findType } from "../core/messages/history.ts";
import { NOTIFICATION_TYPES, type NotificationType } from "../core/messages/notifications.ts";
import { MAX_BACKOFF_COEFFICIENT } from "../core/model/limits.ts";
import { Refusal } from "../core/model/refusal.ts";
import { checkId } from "../core/model/values.ts";

/** Parses names with commas between them. */
export function toolsetNames(value: string, known: readonly string[]): readonly string[] {
  const names = value.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no ${unknown}: there are ${known.join(", ")}.`);
  if (names.length === 0) throw new InvalidArgumentError(`Name at least one of ${known.join(", ")}.`);
  return names;
}

/** Parses types of events with commas between them. */
export function eventTypes(value: string): readonly NotificationType[] {
  return value.split(",").map((text) => {
    const type = findType(text.trim());
    if (type !== undefined) return type;
    throw new InvalidArgumentError(`There is no ${text.trim()}: there are ${NOTIFICATION_TYPES.join(", ")}.`);
  });
}

/** Parses a place in the history. */
export function moment(value: string): Moment {
  try {
    return parseMoment(value, "It", Date.now());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new InvalidArgumentError(
      "It must be a record number like 12, an event like 12.0, a time in ISO 8601, or a duration before now like PT1H.",
    );
  }
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

/** Checks the id of an instance. */
export function instanceId(value: string): string {
  try {
    checkId(value, "Instance id");
    return value;
  } catch (error) {
    if (error instanceof Refusal) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
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
