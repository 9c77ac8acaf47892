/**
 * Finds where a data directory really is, and whether the program may use it. Deno checks some operations on the name
 * that was given and others on the real path behind symbolic links, so a server that was permitted the name alone would
 * fail at its first write. Here both are known before anything is opened.
 */

import { Unavailable } from "../../app/ports.ts";
import { linkTarget, makePrivateDirectory, realDisk, realPath } from "./disk.ts";
import { refuseConvertedLines } from "./line_ends.ts";
import { segmentName, segmentNumbers } from "./segments.ts";

/** What the program is going to do: only `create` makes a directory that is missing. */
export type Access = "read" | "write" | "create";

/** Files and folders of a data directory, besides the segments of its journal. */
const ENTRIES = ["journal", "tasks.json", "state.json", "lock", "checkpoint.lock"];

/** All that has to be permitted for a data directory. */
export interface Places {
  /** Its real path. */
  readonly directory: string;
  /** The directory, and where links inside it lead. */
  readonly all: readonly string[];
  readonly access: Access;
}

/**
 * Returns the real path of a data directory, given an absolute one.
 *
 * @param nextStep says how to start the program so that it may use these places
 * @throws Unavailable if a permission is missing, a link leads nowhere, or the journal's line ends were converted
 */
export function openDataDirectory(path: string, access: Access, nextStep: (places: Places) => string): string {
  const isReadable = isPermitted(path, "read");
  // What is there and may be read is judged by where it really is.
  const isThere = isReadable && realPath(refuseDangling(path)) !== undefined;
  if (!isThere) {
    refuseUnpermitted({ directory: path, all: [path], access }, (places) => {
      return nextStep(places) + (isReadable ? "" : mayBeLink(path));
    });
  }
  if (access === "create" && !isThere) makePrivateDirectory(refuseDangling(path));
  const directory = realPath(refuseDangling(path));
  // Whoever does not make it says that there is no data.
  if (directory === undefined) return path;
  refuseUnpermitted({ directory, all: [directory, ...linkedPlaces(path)], access }, nextStep);
  refuseConvertedLines(realDisk, directory);
  return directory;
}

/**
 * Returns the real path of a directory that a copy goes to, given an absolute one: of an empty one, or of one that will
 * be made in its parent. So no link hides a copy into what is copied.
 *
 * @param nextStep says how to start the program so that it may use a place
 * @throws Unavailable if a permission is missing, or there is no directory to make it in
 */
export function openDestination(
  path: string,
  { parent, nextStep }: { readonly parent: string; readonly nextStep: (place: string) => string },
): string {
  const refused = (why: string, wayOut: string) => {
    return new Unavailable("storage_failed", `Cannot back up to ${path}: ${why}. Nothing was copied; ${wayOut}`);
  };
  const realParent = isPermitted(parent, "read") ? realPath(parent) : parent;
  const real = isPermitted(path, "read") ? realPath(path) : undefined;
  if (real === undefined && realParent === undefined) {
    throw refused(`there is no directory ${parent}`, "make it first, or name a directory elsewhere");
  }
  const place = real ?? realParent ?? parent;
  if (isPermitted(place, "write")) return real ?? place + path.slice(parent.length);
  const link = isPermitted(place, "read") ? "" : mayBeLink(place);
  throw refused(`permission to read and write ${place} is missing`, nextStep(place) + link);
}

function mayBeLink(path: string): string {
  return `; if ${path} leads through a symbolic link, put what "realpath ${path}" prints in its place`;
}

/** Whether there is data in a directory, as far as the program may look. */
export function holdsData(directory: string): boolean {
  if (!isPermitted(directory, "read")) return false;
  return ["journal", "tasks.json"].some((name) => realDisk.identity(`${directory}/${name}`) !== undefined);
}

function refuseUnpermitted(places: Places, nextStep: (places: Places) => string): void {
  const missing = places.all.filter((place) => !isPermitted(place, places.access));
  if (missing.length === 0) return;
  throw new Unavailable(
    "storage_failed",
    `Permission to ${places.access === "read" ? "read" : "read and write"} ${
      missing.join(", ")
    }, where the data is, is missing: ${nextStep(places)}`,
  );
}

function isPermitted(path: string, access: Access): boolean {
  const names = access === "read" ? ["read"] as const : ["read", "write"] as const;
  return names.every((name) => Deno.permissions.querySync({ name, path }).state === "granted");
}

/** Where links inside a data directory lead. */
function linkedPlaces(directory: string): string[] {
  const journal = `${directory}/journal`;
  const entries = [
    ...ENTRIES.map((name) => `${directory}/${name}`),
    ...segmentNumbers(realDisk, journal).map((number) => `${journal}/${segmentName(number)}`),
  ];
  return entries.filter((entry) => linkTarget(entry) !== undefined)
    .map((link) => realPath(refuseDangling(link)) ?? link);
}

/** Returns the path, unless it is a symbolic link that leads nowhere. */
function refuseDangling(path: string): string {
  const target = linkTarget(path);
  if (target === undefined || realPath(path) !== undefined) return path;
  throw new Unavailable(
    "storage_failed",
    `${path} is a symbolic link to ${target}, which does not exist: make what it leads to, or remove the link`,
  );
}
