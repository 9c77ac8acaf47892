/** Errors of the operating system in the words of the file store. Nothing outside it knows their codes. */

import { Unavailable } from "../../app/ports.ts";

const NO_DIRECTORY =
  "a part of that path is a file, or a symbolic link to something that does not exist. Correct it, " +
  "or name another directory with --data";

/** What to do, by the error code of the operating system. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  EROFS: "the file system is read-only. Make it writable, or name another directory with --data; status, history, " +
    "export and verify need no right to write",
  EACCES: "this user may not do that. Change the owner or the mode, or name another directory with --data",
  EPERM:
    "the system does not allow this user to do that. Change the owner or the attributes, or name another directory " +
    "with --data",
  EMFILE: "this process may not open more files. Raise the limit (ulimit -n)",
  ENFILE: "the system may not open more files. End other programs, or raise its limit",
  ENOSPC: "the disk is full. Make room",
  EDQUOT: "this user's share of the disk is used up. Make room",
  EIO: "the disk fails. Check it",
  ENOENT: "it, or the directory in which it was, is gone. If it was moved or renamed, start this program again",
  EEXIST: NO_DIRECTORY,
  ENOTDIR: NO_DIRECTORY,
  ELOOP: "symbolic links lead in a circle. Correct them, or name another directory with --data",
  ENAMETOOLONG: "the path is too long for this file system. Name another directory with --data",
};

/** The message of an error of the system with its remedy; undefined for every other error. */
export function describeSystemError(error: unknown): string | undefined {
  if (!isSystemError(error)) return undefined;
  const nextStep = NEXT_STEPS[codeOf(error)];
  return nextStep === undefined ? error.message : `${error.message}: ${nextStep}`;
}

/** The same as a failure of a data directory: a sentence without a full stop. */
export function describeFailure(error: unknown, directory: string): string | undefined {
  const why = describeSystemError(error);
  return why && `Cannot read or write the data directory ${directory}: ${why}`;
}

/** What users of the store get for an error: `Unavailable` if the system caused it, else the error itself. */
export function failureOf(error: unknown, directory: string): unknown {
  const why = describeFailure(error, directory);
  return why === undefined ? error : new Unavailable("storage_failed", why, { cause: error });
}

/** Runs an operation on a data directory; its errors are those of `failureOf`. */
export async function withFailures<T>(directory: string, operation: () => T | Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw failureOf(error, directory);
  }
}

/**
 * Whether the operating system caused it.
 *
 * Deno gives most of them a code such as `EMFILE`, also to `TypeError`s (EINVAL), others a class of its own, and the rest,
 * like the one of a file that may not grow, only the system's number in the message.
 */
export function isSystemError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (/^E[A-Z0-9]+$/.test(codeOf(error))) return true;
  if (error.constructor === Error && / \(os error \d+\)/.test(error.message)) return true;
  return Object.values(Deno.errors).some((type) => error instanceof type);
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
