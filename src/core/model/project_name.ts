/** The names of projects. Each is also the name of a directory on every system, so it cannot lead out of its place. Pure. */

import { Refusal } from "./refusal.ts";

/** Stands for the project of the repository in which the program works, so no project has this name. */
export const AUTO = "auto";

/** Most characters of a name. */
export const MAX_PROJECT_NAME = 63;

/** Most characters that a name takes from a directory: there is room for a suffix. */
const MAX_TAKEN = 40;

/** The lengths of the suffixes, in hexadecimal digits, by which projects of equal directories differ. */
const SUFFIX_DIGITS = [4, 8, 16];

/** The name of a project whose directory has no usable one. */
const FALLBACK = "project";

const NAME = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?$/;

/** Names that stand for devices on Windows, with any ending. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;

export function isProjectName(name: string): boolean {
  return name.length <= MAX_PROJECT_NAME && NAME.test(name) && !DEVICE.test(name) && name !== AUTO;
}

/**
 * Returns the name.
 *
 * @throws Refusal if no project can have it
 */
export function checkProjectName(name: string): string {
  if (isProjectName(name)) return name;
  throw new Refusal(
    "invalid_value",
    `No project can be named ${
      JSON.stringify(name)
    }: a name has 1 to ${MAX_PROJECT_NAME} of a-z, 0-9, ".", "_" and "-", ` +
      `begins with a letter or digit, and is not "${AUTO}" or the name of a device, like "web-2"`,
  );
}

/**
 * The names for the project of a directory, in the order in which they are tried: its own name, then with a suffix.
 *
 * @param digest of what tells the project from others, in hexadecimal
 */
export function namesFor(folder: string, digest: string): readonly string[] {
  const own = folder.normalize("NFKD").replaceAll(/\p{M}+/gu, "").toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-").slice(
    0,
    MAX_TAKEN,
  )
    .replaceAll(/^[._-]+|[._-]+$/g, "") || FALLBACK;
  // A suffix behind an ending would leave the name that of a device.
  const base = DEVICE.test(own) ? own.replaceAll(".", "-") : own;
  return [base, ...SUFFIX_DIGITS.map((digits) => `${base}-${digest.slice(0, digits)}`)].filter(isProjectName);
}
