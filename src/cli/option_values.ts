/** Parsers for the values of options. Each throws `InvalidArgumentError` with a message for the operator. */

import { InvalidArgumentError } from "commander";
import { type Moment, parseMoment } from "../app/history.ts";
import { parseDuration, parseTime } from "../app/time.ts";
import { MAX_FORECAST_INSTANCES, MAX_OUTLOOKS } from "../core/messages/analysis.ts";
import { findType } from "../core/messages/history.ts";
import { NOTIFICATION_TYPES, type NotificationType } from "../core/messages/notifications.ts";
import { MAX_BACKOFF_COEFFICIENT } from "../core/model/limits.ts";
import { AUTO, checkProjectName } from "../core/model/project_name.ts";
import { Refusal } from "../core/model/refusal.ts";
import { checkId } from "../core/model/values.ts";
import { serviceAddress } from "./service_place.ts";

/** Parses names with commas between them. */
export function toolsetNames(value: string, known: readonly string[]): readonly string[] {
  const names = commaList(value);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no ${unknown}: there are ${known.join(", ")}.`);
  if (names.length === 0) throw new InvalidArgumentError(`Name at least one of ${known.join(", ")}.`);
  return names;
}

/** Parses numbers of instances with commas between them. */
export function instanceCounts(value: string): readonly number[] {
  const counts = commaList(value).map(Number);
  const isValid = (count: number) => Number.isInteger(count) && count >= 1 && count <= MAX_FORECAST_INSTANCES;
  if (counts.length >= 1 && counts.length <= MAX_OUTLOOKS && counts.every(isValid)) return counts;
  throw new InvalidArgumentError(
    `It must be 1 to ${MAX_OUTLOOKS} whole numbers from 1 to ${MAX_FORECAST_INSTANCES}, like 2,4.`,
  );
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

/** Parses the time at which something ends, in milliseconds since the Unix epoch. */
export function expiry(value: string): number {
  try {
    return parseTime(value, "It", { now: Date.now(), day: "end" });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new InvalidArgumentError(
      "It must be a time in ISO 8601 with a time zone, a date, or a duration from now like P30D.",
    );
  }
}

/** Parses a duration, in milliseconds. */
export function duration(value: string): number {
  const durationMs = parseDuration(value);
  if (durationMs !== undefined) return durationMs;
  throw new InvalidArgumentError("It must be a duration in ISO 8601, like P30D or PT12H.");
}

/** A record that the journal should hold. */
export interface WantedHead {
  /** Absent if only its hash is given. */
  readonly seq?: number;
  readonly hash: string;
}

/** Parses what `audit head` printed, or the hash alone. */
export function head(value: string): WantedHead {
  const [, seq, hash] = /^(?:(\d{1,15}):)?([0-9a-f]{64})$/.exec(value) ?? [];
  if (hash === undefined) {
    throw new InvalidArgumentError("It must be what audit head printed: SEQ:HASH, or the 64 digits of the hash alone.");
  }
  return { hash, ...(seq !== undefined && { seq: Number(seq) }) };
}

/** Parses names with commas between them. */
export function commaList(value: string): readonly string[] {
  return value.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/** Parses a back-off coefficient. */
export function factor(value: string): number {
  const number = Number(value);
  if (number >= 1 && number <= MAX_BACKOFF_COEFFICIENT) return number;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MAX_BACKOFF_COEFFICIENT}.`);
}

/** Parses the address of a service. */
export function serviceUrl(value: string): URL {
  try {
    return serviceAddress(value, "It");
  } catch (error) {
    if (error instanceof Refusal) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}

/** Refuses an empty path of a file. */
export function filePath(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("It is empty: give a file.");
  return value;
}

/** Adds a name to those of the options before: a project, or `auto`. */
export function projectNames(value: string, former: readonly string[] = []): readonly string[] {
  try {
    return [...former, value === AUTO ? value : checkProjectName(value)];
  } catch (error) {
    if (error instanceof Refusal) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
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

/** Parses host names with commas between them. */
export function hostNames(value: string): readonly string[] {
  return value.split(",").map((text) => {
    const name = text.trim().toLowerCase();
    if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) return name;
    throw new InvalidArgumentError(
      "It must be host names like tasks.example.com, without a port, with commas between.",
    );
  });
}

/** Parses an IP address; `localhost` is the address of this machine. */
export function ipAddress(value: string): string {
  if (value === "localhost") return "127.0.0.1";
  const url = URL.parse(value.includes(":") ? `http://[${value}]` : `http://${value}`);
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(value) || value.includes(":");
  if (url === null || !isAddress) {
    throw new InvalidArgumentError("It must be an IP address, like 127.0.0.1, or localhost.");
  }
  return url.hostname.replace(/^\[|\]$/g, "");
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

/** A store that an option names. */
export type StoreKind = "file" | "memory" | { readonly url: string };

/** Parses the name of a store, or the address of a database. */
export function storeKind(value: string): StoreKind {
  if (value === "file" || value === "memory") return value;
  if (["postgres://", "postgresql://"].some((start) => value.startsWith(start))) return { url: value };
  throw new InvalidArgumentError("It must be file, memory, or like postgres://user@host/database.");
}
