/**
 * Finds the real path of a data directory, and checks the permissions for it. Deno checks some operations against the
 * given path and others against the real path behind symbolic links: with a permission for the given path alone, a server
 * would fail at its first write. So both are checked before anything is opened.
 */

import { Unavailable } from "../../app/ports.ts";
import { kindAt, linkTarget, makePrivateDirectory, realDisk, realPath, writeFile } from "./disk.ts";
import { refuseConvertedLines } from "./line_ends.ts";
import { segmentName, segmentNumbers } from "./segments.ts";

/** How the program will use the directory. Only `create` makes a missing one. */
export type Access = "read" | "write" | "create";

/** Files and folders of a data directory, besides the segments of its journal. */
const ENTRIES = [
  "journal",
  "tasks.json",
  "state.json",
  "lock",
  "checkpoint.lock",
  "sessions",
  "index",
  "epoch",
  "deliveries",
];

/** All paths that need a permission. */
export interface Places {
  /** Its real path. */
  readonly directory: string;
  /** The directory, and the targets of links inside it. */
  readonly all: readonly string[];
  readonly access: Access;
}

/**
 * Returns the real path of a data directory, given an absolute one.
 *
 * @param nextStep returns how to start the program with permission for these paths
 * @throws Unavailable if a permission is missing, a link has no target, or the journal's line ends were converted
 */
export function openDataDirectory(path: string, access: Access, nextStep: (places: Places) => string): string {
  const isReadable = isPermitted(path, "read");
  // A directory that exists and may be read is checked by its real path.
  const isThere = isReadable && realPath(refuseDangling(path)) !== undefined;
  if (!isThere) {
    refuseUnpermitted({ directory: path, all: [path], access }, (places) => {
      return nextStep(places) + (isReadable ? "" : mayBeLink(path));
    });
  }
  if (access === "create" && !isThere) makePrivateDirectory(refuseDangling(path));
  const directory = realPath(refuseDangling(path));
  // Only with "read" or "write": the caller reports that there is no data.
  if (directory === undefined) return path;
  refuseUnpermitted({ directory, all: [directory, ...linkedPlaces(path)], access }, nextStep);
  refuseConvertedLines(realDisk, directory);
  if (access === "create") keepOutOfGit(directory);
  return directory;
}

/**
 * Does the same for a data directory that was there when it was found: it is not made with `create`, either. If it was moved
 * since, like a project that is renamed, a new one in its place would be another plan.
 */
export function reopenDataDirectory(path: string, access: Access, nextStep: (places: Places) => string): string {
  const directory = openDataDirectory(path, access === "create" ? "write" : access, nextStep);
  if (access === "create" && kindAt(directory) === "directory") keepOutOfGit(directory);
  return directory;
}

/** What git reads in a directory to learn what it must pass over: here, everything. */
const IGNORE = ".gitignore";
const EVERYTHING = new TextEncoder().encode("*\n");

/** Has git pass over a directory, unless it has a `.gitignore`, or is certainly in no work tree. */
function keepOutOfGit(directory: string): void {
  const path = `${directory}/${IGNORE}`;
  if (realDisk.identity(path) !== undefined || !mayBeInWorkTree(directory)) return;
  writeFile(realDisk, path, EVERYTHING);
}

/** Whether the directory, or one above it, has an entry of git, or may not be looked at. */
function mayBeInWorkTree(directory: string): boolean {
  const entry = `${directory}/.git`;
  if (!isPermitted(entry, "read") || kindAt(entry) !== undefined) return true;
  const end = directory.search(/[/\\][^/\\]*$/);
  return end >= 0 && mayBeInWorkTree(directory.slice(0, end));
}

/**
 * Returns the real path of the destination of a backup, given an absolute one. A missing destination gets the real path of
 * its parent. With real paths, no link can hide that the destination is inside the data directory.
 *
 * @param nextStep returns how to start the program with permission for a path
 * @throws Unavailable if a permission is missing, or the parent directory does not exist
 */
export function openDestination(
  path: string,
  { parent, nextStep }: { readonly parent: string; readonly nextStep: (place: string) => string },
): string {
  const refused = (why: string, remedy: string) => {
    return new Unavailable("storage_failed", `Cannot back up to ${path}: ${why}. Nothing was copied; ${remedy}`);
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

/**
 * Refuses a journal with segments that are symbolic links: a redacted segment takes the place of the link, and the target
 * would keep the text.
 */
export function refuseLinkedSegments(directory: string): void {
  const journal = `${directory}/journal`;
  const link = segmentNumbers(realDisk, journal).map((number) => `${journal}/${segmentName(number)}`)
    .find((path) => linkTarget(path) !== undefined);
  if (link === undefined) return;
  throw new Unavailable(
    "storage_failed",
    `Cannot redact as ${link} is a symbolic link, whose target would keep the text: put the file itself in its place`,
  );
}

/** Whether a directory has data; false without permission to read it. */
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

/** Whether Deno permits to use a path in that way. */
export function isPermitted(path: string, access: Access): boolean {
  const names = access === "read" ? ["read"] as const : ["read", "write"] as const;
  return names.every((name) => Deno.permissions.querySync({ name, path }).state === "granted");
}

/** The path with symbolic links followed, as far as it exists and may be read: where a missing directory would be made. */
export function realPlace(path: string): string {
  const real = isPermitted(path, "read") ? realPath(path) : path;
  if (real !== undefined) return real;
  const end = path.search(/[/\\][^/\\]*$/);
  return end <= 0 ? path : realPlace(path.slice(0, end)) + path.slice(end);
}

/** The targets of links inside a data directory. */
function linkedPlaces(directory: string): string[] {
  const journal = `${directory}/journal`;
  const entries = [
    ...ENTRIES.map((name) => `${directory}/${name}`),
    ...segmentNumbers(realDisk, journal).map((number) => `${journal}/${segmentName(number)}`),
  ];
  return entries.filter((entry) => linkTarget(entry) !== undefined)
    .map((link) => realPath(refuseDangling(link)) ?? link);
}

/** Returns the path; throws if it is a symbolic link without a target. */
function refuseDangling(path: string): string {
  const target = linkTarget(path);
  if (target === undefined || realPath(path) !== undefined) return path;
  throw new Unavailable(
    "storage_failed",
    `${path} is a symbolic link to ${target}, which does not exist: make its target, or remove the link`,
  );
}
