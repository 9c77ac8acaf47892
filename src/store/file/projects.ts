/**
 * The projects of a user: each is a directory in one place, by its name, with a data directory's files and `project.json`,
 * which says to which repository it belongs. A new one appears with one rename, so that of several processes that make it
 * at once, one does.
 */

import * as z from "zod";
import { Unavailable } from "../../app/ports.ts";
import { isProjectName } from "../../core/model/project_name.ts";
import { holdsData } from "./data_directory.ts";
import { type DirectoryIdentity, kindAt, makePrivateDirectory, realDisk, writeFile } from "./disk.ts";

/** Most projects in one place: each start with `--project auto` reads what all of them belong to. */
export const MAX_PROJECTS = 1_000;

/** The file in which a project says what it belongs to. */
const ABOUT = "project.json";

/** The repository that a project belongs to. */
export interface OwnRepository {
  /** The real path of the directory that all its work trees share. */
  readonly directory: string;
  /** Of that directory, when this was written. */
  readonly identity: DirectoryIdentity;
}

export interface Project {
  readonly name: string;
  readonly directory: string;
  /** Absent: it belongs to no repository. */
  readonly repository?: OwnRepository;
}

const aboutSchema = z.object({
  repository: z.object({
    directory: z.string().min(1),
    identity: z.object({ inode: z.number(), madeAt: z.number().exactOptional() }),
  }).exactOptional(),
});

/** All projects, by name. */
export function listProjects(place: string): readonly Project[] {
  const names = realDisk.list(place).filter((name) => isProjectName(name) && isProject(`${place}/${name}`));
  if (names.length > MAX_PROJECTS) {
    throw new Unavailable(
      "storage_failed",
      `There are more than ${MAX_PROJECTS} projects in ${place}: remove the directories of those that are not needed`,
    );
  }
  return names.sort().map((name) => readProject(place, name));
}

/** The project of that name; undefined if there is none. */
export function findProject(place: string, name: string): Project | undefined {
  return isProjectName(name) && isProject(`${place}/${name}`) ? readProject(place, name) : undefined;
}

/** Makes a project; returns false if its name is taken. */
export function makeProject(place: string, name: string, repository?: OwnRepository): boolean {
  const directory = `${place}/${name}`;
  if (isTaken(directory)) return false;
  const made = `${place}/.new-${crypto.randomUUID()}`;
  makePrivateDirectory(made);
  try {
    writeAbout(made, repository);
    realDisk.rename(made, directory);
  } catch (error) {
    realDisk.remove(`${made}/${ABOUT}`);
    realDisk.remove(made);
    // Another process was faster.
    if (isTaken(directory)) return false;
    throw error;
  }
  realDisk.syncDirectory(place);
  return true;
}

/** Has a project belong to a repository from now on, or to none. */
export function setRepository({ directory }: Project, repository: OwnRepository | undefined): void {
  writeAbout(directory, repository);
}

/** Gives a project another name; returns false if that is taken. */
export function renameProject(place: string, { directory }: Project, name: string): boolean {
  if (isTaken(`${place}/${name}`)) return false;
  realDisk.rename(directory, `${place}/${name}`);
  realDisk.syncDirectory(place);
  return true;
}

/** A directory without a file of ours is no project, and nor is a file: somebody may have made it for another purpose. */
function isProject(directory: string): boolean {
  if (kindAt(directory) !== "directory") return false;
  return kindAt(`${directory}/${ABOUT}`) === "file" || holdsData(directory);
}

/** An empty directory is not in the way, as a rename replaces it. */
function isTaken(directory: string): boolean {
  return kindAt(directory) === "file" || realDisk.list(directory).length > 0;
}

function readProject(place: string, name: string): Project {
  const directory = `${place}/${name}`;
  const bytes = realDisk.readFile(`${directory}/${ABOUT}`);
  if (bytes === undefined) return { name, directory };
  return { name, directory, ...parseAbout(`${directory}/${ABOUT}`, new TextDecoder().decode(bytes)) };
}

function parseAbout(path: string, text: string): z.infer<typeof aboutSchema> {
  try {
    return aboutSchema.parse(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new Unavailable(
      "storage_failed",
      `${path} does not say what the project belongs to: remove the file, then run projects move with its repository`,
      { cause },
    );
  }
}

function writeAbout(directory: string, repository: OwnRepository | undefined): void {
  const text = JSON.stringify(repository === undefined ? {} : { repository }, undefined, 2) + "\n";
  const path = `${directory}/${ABOUT}`;
  writeFile(realDisk, `${path}.tmp`, new TextEncoder().encode(text));
  realDisk.rename(`${path}.tmp`, path);
  realDisk.syncDirectory(directory);
}
