/** Finds the data directory of a project: by its name, or by the repository in which the program works. */

import { posix, win32 } from "node:path";
import { isAbsolute, projectsPlaceOf, refuseUnexpanded } from "../cli/data_place.ts";
import { howToPermitProject, programName, type ProjectPermissions, projectVariables } from "../cli/launch.ts";
import { CLIENT_VARIABLE, type FileLocation, PROJECT_VARIABLE } from "../cli/location.ts";
import { Unavailable } from "../app/ports.ts";
import { AUTO, checkProjectName } from "../core/model/project_name.ts";
import { Refusal } from "../core/model/refusal.ts";
import { type Access, isPermitted, realPlace, reopenDataDirectory } from "../store/file/data_directory.ts";
import { kindAt, realDisk, realPath } from "../store/file/disk.ts";
import { findProject, listProjects, makeProject, type Project } from "../store/file/projects.ts";
import { isSystemError } from "../store/file/system_errors.ts";
import { nameOfRepository } from "./project_of_repository.ts";
import { findRepository, type Paths, type Repository } from "./repository.ts";
import type { Surroundings } from "./surroundings.ts";

/** What decides which project is meant. */
type Wanted = { readonly name: string } | {
  /** A directory in a repository, and where its name comes from, in words. */
  readonly start: string;
  readonly source: string;
};

/**
 * Where the project is: of that name, or for `auto`, the one of the repository. With access `create`, it is made if it is
 * missing.
 */
export async function locateProject(
  project: string,
  access: Access,
  surroundings: Surroundings,
): Promise<FileLocation> {
  const isAuto = project === AUTO;
  const permissions = { isAuto, access, os: surroundings.os };
  const place = projectsPlace(permissions, surroundings);
  const wanted = isAuto ? wantedOf(surroundings) : { name: checkProjectName(project) };
  const name = "name" in wanted
    ? nameOf(wanted.name, place, access)
    : await nameOfRepository(repositoryOf(wanted, { ...permissions, place }), {
      place,
      access,
      log: surroundings.log,
      paths: pathsOf(surroundings.os),
      programName: programName(surroundings.program),
    });
  const directory = openProject(`${place}/${name}`, { ...permissions, place });
  return { store: "file", directory, project: { name, isAuto, place } };
}

/** Where a project is; undefined if there is no project of that name. */
export function locateIfThere(name: string, surroundings: Surroundings): FileLocation | undefined {
  const permissions = { isAuto: false, access: "write", os: surroundings.os } as const;
  const place = projectsPlace(permissions, surroundings);
  if (findProject(place, name) === undefined) return undefined;
  const directory = openProject(`${place}/${name}`, { ...permissions, place });
  return { store: "file", directory, project: { name, isAuto: false, place } };
}

/** The real path of a project's data directory; it, and what is in it, may be links to elsewhere. */
export function openProject(directory: string, permissions: ProjectPermissions & { readonly place: string }): string {
  return reopenDataDirectory(directory, permissions.access, ({ all }) => {
    const others = all.filter((path) => path !== directory);
    return howToPermitProject({ ...permissions, others });
  });
}

/** The real path of the directory with all projects, if it is there; checks what this needs. */
export function projectsPlace(permissions: ProjectPermissions, { os, environment, mayRead }: Surroundings): string {
  const variables = projectVariables(permissions.isAuto, os).filter((variable) => !mayRead(variable));
  if (variables.length > 0) {
    throw unpermitted(
      `to read ${variables.join(", ")}, which say${variables.length === 1 ? "s" : ""} where`,
      permissions,
    );
  }
  const place = projectsPlaceOf({ os, environment });
  const real = realPlace(place);
  if (isPermitted(real, permissions.access)) return real;
  const what = permissions.access === "read" ? "read" : "read and write";
  throw unpermitted(`to ${what} ${real}, where`, { ...permissions, place: real });
}

function unpermitted(what: string, permissions: ProjectPermissions): Unavailable {
  return new Unavailable(
    "storage_failed",
    `Permission ${what} the projects are, is missing: ${howToPermitProject(permissions)}`,
  );
}

/** What `auto` stands for here. */
function wantedOf({ environment, os, workingDirectory }: Surroundings): Wanted {
  const named = environment(PROJECT_VARIABLE) || AUTO;
  if (named !== AUTO) {
    const path = refuseUnexpanded(PROJECT_VARIABLE, named, { os, environment });
    return isAbsolute(path, os) ? { start: path, source: PROJECT_VARIABLE } : { name: checkVariable(path) };
  }
  const given = environment(CLIENT_VARIABLE) || undefined;
  if (given === undefined) return { start: workingDirectory(), source: "the working directory" };
  if (isAbsolute(given, os)) return { start: given, source: CLIENT_VARIABLE };
  throw new Refusal("invalid_value", `${CLIENT_VARIABLE} is ${given}, which is no absolute path: ${OTHER_WAYS}`);
}

const OTHER_WAYS = `name a project with --project NAME or ${PROJECT_VARIABLE}, or a directory with --data`;

function checkVariable(name: string): string {
  try {
    return checkProjectName(name);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal(
      cause.code,
      `${PROJECT_VARIABLE} is neither the name of a project nor an absolute path: ${cause.message}`,
    );
  }
}

/** The name, if there is such a project or it may be made. */
function nameOf(name: string, place: string, access: Access): string {
  if (access !== "create") return requireProject(place, name).name;
  const isThere = () => findProject(place, name) !== undefined;
  if (isThere() || makeProject(place, name) || isThere()) return name;
  throw new Refusal(
    "already_exists",
    `Cannot make project ${name}, as ${place}/${name} is there and is no project: give another name, or move it away`,
  );
}

/** The project of that name. */
export function requireProject(place: string, name: string): Project {
  const project = findProject(place, name);
  if (project !== undefined) return project;
  const names = listProjects(place).map((project) => project.name);
  throw new Refusal(
    "not_found",
    `There is no project ${name}: ` +
      (names.length > 0
        ? `there are ${names.slice(0, MAX_NAMED).join(", ")}${names.length > MAX_NAMED ? ", …" : ""}`
        : `a client's server with --project ${name} makes it, and so does add "TEXT"`),
  );
}

/** Most projects that a message names. */
const MAX_NAMED = 20;

/** The repository of a directory, and where that was named, in words. */
export function repositoryOf(
  { start, source }: { readonly start: string; readonly source: string },
  permissions: ProjectPermissions,
): Repository {
  const require = (path: string) => {
    if (isPermitted(path, "read")) return path;
    throw new Unavailable(
      "storage_failed",
      `Cannot tell the repository of ${start}, as permission to read ${path} is missing: ` +
        howToPermitProject(permissions),
    );
  };
  const directory = isPermitted(start, "read") ? realPath(start) : start;
  if (directory === undefined) {
    throw new Refusal("invalid_value", `${start}, which ${source} names, is not there: ${OTHER_WAYS}`);
  }
  const disk = {
    kindAt: (path: string) => kindAt(require(path)),
    readText: (path: string) => new TextDecoder().decode(realDisk.readFile(require(path))),
    realPath: (path: string) => realPath(require(path)),
  };
  const repository = readingGit(start, () => findRepository(directory, disk, pathsOf(permissions.os)));
  if (repository !== undefined) return repository;
  throw new Refusal(
    "invalid_value",
    `Cannot tell the project, as ${directory} (${source}) is in no git repository: ${OTHER_WAYS}`,
  );
}

/** Runs `find`; the message of what the system refuses says that it was about the repository, which is no data directory. */
function readingGit<Found>(start: string, find: () => Found): Found {
  try {
    return find();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new Unavailable(
      "storage_failed",
      `Cannot tell the repository of ${start}: ${cause.message}. Correct that, or ${OTHER_WAYS}`,
      { cause },
    );
  }
}

export function pathsOf(os: string): Paths {
  return os === "windows" ? win32 : posix;
}
