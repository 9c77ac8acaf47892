/** Finds where a plan is: the only place that turns what the arguments and the environment name into a location. */

import type { Log } from "../app/ports.ts";
import { placeOf } from "../cli/data_place.ts";
import { howToPermit } from "../cli/launch.ts";
import {
  type DatabaseLocation,
  DEFAULT_PROJECT,
  describeMissing,
  describeNew,
  type FileLocation,
  type Location,
  type NamedDatabase,
  type NamedLocation,
  PROJECT_VARIABLE,
  STORE_VARIABLE,
  type StoredLocation,
} from "../cli/location.ts";
import { AUTO } from "../core/model/project_name.ts";
import { Refusal } from "../core/model/refusal.ts";
import { type Access, holdsData, openDataDirectory } from "../store/file/data_directory.ts";
import type { Surroundings } from "./surroundings.ts";

/** A plan that is in files unless the environment names a database. */
type NamedFiles = Exclude<NamedLocation, { readonly type: "memory" | "database" }>;

/**
 * Where the plan is that the arguments name. With access `create`, its directory is made if it is missing.
 *
 * @throws Refusal or Unavailable if there is none, or a permission is missing
 */
export async function locate(
  named: NamedLocation,
  access: Access,
  surroundings: Surroundings,
): Promise<Location> {
  return named.type === "memory" ? { store: "memory" } : await locateStored(named, access, surroundings);
}

/** The same for what is kept. */
export async function locateStored(
  named: Exclude<NamedLocation, { readonly type: "memory" }>,
  access: Access,
  surroundings: Surroundings,
): Promise<StoredLocation> {
  if (named.type === "database") return await locateDatabase(named, surroundings);
  const database = databaseOfEnvironment(named, surroundings);
  if (database !== undefined) return await locateDatabase(database, surroundings);
  return await locateFiles(named, access, surroundings);
}

async function locateFiles(
  named: NamedFiles,
  access: Access,
  surroundings: Surroundings,
): Promise<FileLocation> {
  const project = named.type === "project" ? named.project : projectOfEnvironment(named.directory, surroundings);
  if (project !== undefined) {
    // Imported only here: a start on a data directory does without.
    const { locateProject } = await import("./locate_project.ts");
    return await locateProject(project, access, surroundings);
  }
  const { program, environment, os, log } = surroundings;
  const option = named.type === "data" ? named.directory : undefined;
  const place = placeOf({ ...program, os, environment, option, holdsData, warn: log.warn });
  const directory = openDataDirectory(await absolute(place.directory, os), access, howToPermit);
  // Without --data or ORCHESTRATOR_DATA_DIR, the user may have meant the plan of the repository.
  if (access === "create" && !place.isNamed && !holdsData(directory)) log.info(describeNew(directory));
  return { store: "file", directory };
}

/** An absolute path of POSIX systems with nothing to resolve. */
const RESOLVED = /^(\/(?!\.{1,2}(\/|$))[^/]+)+$/;

/** The absolute path. */
async function absolute(path: string, os: string): Promise<string> {
  if (os !== "windows" && RESOLVED.test(path)) return path;
  // Imported only here: it loads much of Node, which most starts do without.
  const { resolve } = await import("node:path");
  return resolve(path);
}

/** Refuses a directory without data: its name may be misspelt. */
export function requireData<L extends Location>(location: L): L {
  if (location.store !== "file" || holdsData(location.directory)) return location;
  throw new Refusal("not_found", describeMissing(location));
}

/** The same for a project of a database, too. It asks with a connection of its own: what only reads is refused anyway. */
export async function requirePlan<L extends Location>(location: L, log: Log): Promise<L> {
  if (location.store !== "database") return requireData(location);
  await using journal = location.openRaw({ log, isReadOnly: true });
  await journal.end();
  return location;
}

/** Whether a plan is there. Nothing is made. */
export async function isThere(location: StoredLocation, log: Log): Promise<boolean> {
  try {
    await requirePlan(location, log);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === "not_found") return false;
    throw error;
  }
}

/** Where a kept plan is, with access `write`; undefined if there is no such project yet. */
export async function locateUnlessMissing(
  named: Exclude<NamedLocation, { readonly type: "memory" }>,
  surroundings: Surroundings,
): Promise<StoredLocation | undefined> {
  try {
    return await locateStored(named, "write", surroundings);
  } catch (error) {
    if (error instanceof Refusal && error.code === "not_found") return undefined;
    throw error;
  }
}

/** The same for a project that must be there; undefined if it is not. Nothing is made but a data directory's files. */
export async function locateExisting(project: string, surroundings: Surroundings): Promise<FileLocation | undefined> {
  const { locateIfThere } = await import("./locate_project.ts");
  return locateIfThere(project, surroundings);
}

/** The database that the environment names; undefined if the plan is in files. `--data` comes first. */
function databaseOfEnvironment(
  named: NamedFiles,
  { environment }: Surroundings,
): NamedDatabase | undefined {
  const url = named.isInFiles === true ? undefined : environment(STORE_VARIABLE) || undefined;
  if (url === undefined || (named.type === "data" && named.directory !== undefined)) return undefined;
  return { type: "database", url, project: named.type === "project" ? named.project : undefined };
}

async function locateDatabase({ url, project }: NamedDatabase, surroundings: Surroundings): Promise<DatabaseLocation> {
  // Imported only here: a start on files does without.
  const { databaseLocation } = await import("./database_location.ts");
  const named = project ?? surroundings.environment(PROJECT_VARIABLE) ?? DEFAULT_PROJECT;
  return databaseLocation({ url, project: named, environment: surroundings.environment });
}

/** What ORCHESTRATOR_PROJECT names, which stands for `--project` where no option says where the plan is. */
function projectOfEnvironment(option: string | undefined, { environment }: Surroundings): string | undefined {
  const project = environment(PROJECT_VARIABLE) || undefined;
  if (option !== undefined || project === undefined) return undefined;
  if (environment("ORCHESTRATOR_DATA_DIR")) {
    throw new Refusal(
      "invalid_value",
      `Cannot tell where the plan is, as both ORCHESTRATOR_DATA_DIR and ${PROJECT_VARIABLE} are set: unset one of them, ` +
        "or give --data or --project, which come first",
    );
  }
  return AUTO;
}
