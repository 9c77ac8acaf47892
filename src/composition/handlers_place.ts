/**
 * Checks the place of a handlers file. Its commands run with the rights of the operator, so only the operator may be able to
 * write it. Agents write in git work trees, so a file in one is refused.
 */

import { dirname, resolve } from "node:path";
import { permissionFlags, shellWords } from "../cli/launch.ts";
import { Refusal } from "../core/model/refusal.ts";
import { isPermitted } from "../store/file/data_directory.ts";
import { isWritableByOthers, realDisk, realPath } from "../store/file/disk.ts";

/** Most bytes of a handlers file. */
const MAX_FILE_BYTES = 1024 * 1024;

/** A handlers file that may be used. */
export interface HandlersText {
  /** Its real path. */
  readonly path: string;
  /** The real directory that it is in. */
  readonly directory: string;
  readonly text: string;
}

/**
 * Reads a handlers file.
 *
 * @param allowedFrom the directory whose files are used although it is in a git work tree
 * @throws Refusal if it is missing, may not be read, or may not be used where it is
 */
export function readHandlersFile(given: string, allowedFrom: string | undefined): HandlersText {
  const named = resolve(given);
  requireRead([dirname(named)], given);
  const path = realPath(named);
  if (path === undefined) throw refused(given, "there is no such file", "give the path of a file");
  const directory = dirname(path);
  requireRead([directory], given);
  checkModes(given, path, directory);
  const isAllowed = allowedFrom !== undefined && isPermitted(resolve(allowedFrom), "read") &&
    realPath(resolve(allowedFrom)) === directory;
  if (!isAllowed) checkGit(given, [named, path]);
  const bytes = realDisk.readFile(path) ?? new Uint8Array();
  if (bytes.length > MAX_FILE_BYTES) {
    throw refused(given, `it has more than ${MAX_FILE_BYTES} bytes`, "put long texts into files of their own");
  }
  return { path, directory, text: new TextDecoder().decode(bytes) };
}

function checkModes(given: string, path: string, directory: string): void {
  for (const place of [path, directory]) {
    if (!isWritableByOthers(place)) continue;
    throw refused(given, `others than the owner may write to ${place}`, `chmod go-w ${shellWords([place])}`);
  }
}

/** Refuses a file that is in a git work tree, or whose link is, or of which that cannot be told. */
function checkGit(given: string, paths: readonly string[]): void {
  const directories = [...new Set(paths.flatMap(directoriesAbove))];
  const [, real = ""] = paths;
  const allow = `--allow-handlers-from ${shellWords([dirname(real)])}`;
  const entries = directories.map((directory) => `${directory === "/" ? "" : directory}/.git`);
  const unreadable = entries.filter((entry) => !isPermitted(entry, "read"));
  if (unreadable.length > 0) {
    throw refused(
      given,
      "it cannot be told whether that is in a git work tree, where an agent could write it",
      `start with ${
        shellWords(permissionFlags([dirname(real), ...unreadable], "read"))
      }, or, if no agent can write it, ${allow}`,
    );
  }
  const tree = directories.find((_, index) => realDisk.identity(entries[index] ?? "") !== undefined);
  if (tree === undefined) return;
  throw refused(
    given,
    `${tree} is a git work tree: an agent that works there could write commands into the file, which would run with your ` +
      "rights",
    `move it out of there, or, if no agent can write it, start with ${allow}`,
  );
}

/** The directory of a file, and all above it. */
function directoriesAbove(path: string): readonly string[] {
  const directory = dirname(path);
  return directory === path ? [] : [directory, ...directoriesAbove(directory)];
}

function requireRead(places: readonly string[], given: string): void {
  const missing = places.filter((place) => !isPermitted(place, "read"));
  if (missing.length === 0) return;
  const flags = shellWords(permissionFlags(missing, "read"));
  throw refused(given, `permission to read ${missing.join(", ")} is missing`, `start with ${flags}`);
}

function refused(given: string, why: string, remedy: string): Refusal {
  return new Refusal("invalid_value", `Cannot take handlers from ${given}: ${why}; ${remedy}`);
}
