/** What can go wrong in a simulation, and at which operation it does. */

import type { Random } from "../history/random.ts";
import type { Operation } from "./messages.ts";

/** `at` numbers the operations of all processes that `isCounted`, from 1; a fault waits for the next one it fits. */
export type Fault =
  /** The process dies before or after its operation, and is started again. */
  | { readonly type: "kill"; readonly at: number; readonly moment: Moment }
  /** All processes die, and what was not synced may be lost. */
  | { readonly type: "power loss"; readonly at: number; readonly moment: Moment }
  /** The operation fails, once. */
  | { readonly type: "error"; readonly at: number; readonly code: ErrorCode }
  /**
   * A sync of a file fails, and what it was to make durable never will be, though the system takes it for written.
   * Whoever opens the file from then on is lied to, so nobody does: power is lost soon, in so many operations, or as soon
   * as a file of the journal is to be opened.
   */
  | { readonly type: "lost sync"; readonly at: number; readonly operations: number }
  /** A write takes only a part of the bytes. With an error it then fails. */
  | { readonly type: "short write"; readonly at: number; readonly fraction: number; readonly code?: ErrorCode }
  /** The process stands still, with whatever it holds: before any operation, or one of a name. */
  | { readonly type: "pause"; readonly at: number; readonly pauseMs: number; readonly on?: Operation["name"] };

export type Moment = "before" | "after";

export type ErrorCode = "EIO" | "ENOSPC" | "EMFILE";

/** Messages as the runtime words them. */
export const MESSAGES: Readonly<Record<ErrorCode, string>> = {
  EIO: "Input/output error (os error 5)",
  ENOSPC: "No space left on device (os error 28)",
  EMFILE: "Too many open files (os error 24)",
};

const COUNTED: ReadonlySet<Operation["name"]> = new Set([
  "open",
  "makeDirectory",
  "rename",
  "write",
  "truncate",
  "syncData",
  "sync",
  "syncDirectory",
  "post",
]);

/** Whether an operation changes something or makes it durable, or can otherwise fail. */
export function isCounted(name: Operation["name"]): boolean {
  return COUNTED.has(name);
}

export function fits(fault: Fault, name: Operation["name"]): boolean {
  if (fault.type === "short write") return name === "write";
  if (fault.type === "error" && fault.code === "EMFILE") return name === "open" || name === "syncDirectory";
  if (fault.type === "lost sync") return name === "syncData" || name === "sync";
  return fault.type === "pause" && fault.on !== undefined ? name === fault.on : isCounted(name);
}

/** Longest stop of a process that is soon over, in milliseconds: past the wait for the lock and most leases. */
const SHORT_PAUSE_MS = 3_000;

/** Longest stop of all: past everything that is timed. */
const LONG_PAUSE_MS = 600_000;

/** How many operations come between a sync that is held up or fails and a loss of power, at most. */
const SOON = 20;

/**
 * Power is lost while a process stands still with what it wrote, and has not synced yet: long enough for others to see
 * that and to tell of it.
 */
export function lossDuringSync(random: Random, last: number): readonly Fault[] {
  const at = random.between(1, last);
  return [
    { type: "pause", at, pauseMs: LONG_PAUSE_MS, on: "syncData" },
    { type: "power loss", at: at + random.between(1, SOON), moment: "before" },
  ];
}

/** A fault at one of the first `last` operations. */
export function randomFault(random: Random, last: number): Fault {
  const at = random.between(1, last);
  const moment = random.pick(["before", "after"] as const);
  const code = random.pick(["EIO", "ENOSPC"] as const);
  const failure = random.chance(0.3) ? "EMFILE" : code;
  const fraction = random.next();
  const kind = random.next();
  if (kind < 0.25) return { type: "kill", at, moment };
  if (kind < 0.5) return { type: "power loss", at, moment };
  if (kind < 0.65) return { type: "error", at, code: failure };
  if (kind < 0.7) return { type: "lost sync", at, operations: random.between(1, SOON) };
  if (kind < 0.85) return { type: "short write", at, fraction, ...(random.chance(0.5) && { code }) };
  return { type: "pause", at, pauseMs: random.between(1, random.chance(0.7) ? SHORT_PAUSE_MS : LONG_PAUSE_MS) };
}
