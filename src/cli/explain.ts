/** Makes the message for an error that ends the program: one line, or a stack trace if it is a bug. Pure. */

import { Unavailable } from "../app/ports.ts";
import { Refusal } from "../core/model/refusal.ts";

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
  ENOENT: "it does not exist",
  EEXIST: NO_DIRECTORY,
  ENOTDIR: NO_DIRECTORY,
  ELOOP: "symbolic links lead in a circle. Correct them, or name another directory with --data",
  ENAMETOOLONG: "the path is too long for this file system. Name another directory with --data",
};

/** Returns the message for an error that ends the program. */
export function explain(error: unknown): string {
  if (error instanceof Refusal || error instanceof Unavailable) return error.message;
  if (error instanceof SyntaxError || error instanceof Deno.errors.NotCapable) return error.message;
  if (!(error instanceof Error)) return `Unexpected: ${error}`;
  const code = "code" in error ? String(error.code) : "";
  const nextStep = NEXT_STEPS[code];
  if (nextStep !== undefined) return `${error.message}: ${nextStep}`;
  return /^E[A-Z0-9]+$/.test(code) ? error.message : `Unexpected: ${error.stack}`;
}
