/**
 * Finds the git repository of a directory by reading git's files, as gitrepository-layout(5) describes them. All work trees
 * of a repository have the same one; a submodule is a repository of its own. Pure: the disk is passed in.
 */

import type { posix } from "node:path";
import { Refusal } from "../core/model/refusal.ts";

export interface RepositoryDisk {
  readonly kindAt: (path: string) => "file" | "directory" | undefined;
  readonly readText: (path: string) => string;
  /** The path with all symbolic links followed; undefined if nothing is there. */
  readonly realPath: (path: string) => string | undefined;
}

/** The functions of `node:path` for one system. */
export type Paths = Pick<typeof posix, "basename" | "dirname" | "join" | "resolve">;

export interface Repository {
  /** The real path of git's common directory, which all work trees share. */
  readonly directory: string;
  /** The name of the directory that people know it by. */
  readonly folder: string;
}

/**
 * The repository of a directory, given by its real path; undefined if it is in none.
 *
 * @throws Refusal if git's files name a directory that is not there
 */
export function findRepository(start: string, disk: RepositoryDisk, paths: Paths): Repository | undefined {
  for (let directory = start;; directory = paths.dirname(directory)) {
    const gitDirectory = gitDirectoryAt(directory, disk, paths);
    if (gitDirectory !== undefined) return repositoryOf(gitDirectory, disk, paths);
    if (paths.dirname(directory) === directory) return undefined;
  }
}

/** The directory with the files of git, of a work tree or a bare repository; undefined if the directory is neither. */
function gitDirectoryAt(directory: string, disk: RepositoryDisk, paths: Paths): string | undefined {
  const entry = paths.join(directory, ".git");
  const kind = disk.kindAt(entry);
  if (kind === "file") return linkedDirectory(directory, entry, disk, paths);
  if (kind === "directory" && isGitDirectory(entry, disk, paths)) return entry;
  return isGitDirectory(directory, disk, paths) ? directory : undefined;
}

/** What the file `.git` of a linked work tree or a submodule names. */
function linkedDirectory(directory: string, entry: string, disk: RepositoryDisk, paths: Paths): string {
  const [, target] = /^gitdir: *(.+?)\s*$/.exec(disk.readText(entry)) ?? [];
  const linked = target === undefined ? undefined : paths.resolve(directory, target);
  if (linked !== undefined && disk.kindAt(paths.join(linked, "HEAD")) === "file") return linked;
  throw new Refusal(
    "invalid_value",
    `Cannot tell the repository of ${directory}: its file .git names ${
      linked === undefined ? "no directory" : `${linked}, which is no repository of git`
    }; git worktree repair mends it after a move. Or name a project with --project NAME`,
  );
}

/** `HEAD`, `objects` and `refs` are what git itself looks for. */
function isGitDirectory(directory: string, disk: RepositoryDisk, paths: Paths): boolean {
  return disk.kindAt(paths.join(directory, "HEAD")) === "file" &&
    ["objects", "refs"].every((name) => disk.kindAt(paths.join(directory, name)) === "directory");
}

function repositoryOf(gitDirectory: string, disk: RepositoryDisk, paths: Paths): Repository {
  const pointer = paths.join(gitDirectory, "commondir");
  const common = disk.kindAt(pointer) === "file"
    ? paths.resolve(gitDirectory, disk.readText(pointer).trim())
    : gitDirectory;
  const directory = disk.realPath(common);
  if (directory !== undefined) return { directory, folder: folderOf(directory, paths) };
  throw new Refusal(
    "invalid_value",
    `Cannot tell the repository of the work tree ${gitDirectory}: ${common}, which it belongs to, is not there. Name a ` +
      "project with --project NAME",
  );
}

/** `web` for `web/.git`, `web/.bare` and `web.git`. */
function folderOf(directory: string, paths: Paths): string {
  const name = paths.basename(directory);
  return name.startsWith(".") ? paths.basename(paths.dirname(directory)) : name.replace(/\.git$/, "");
}

/** The directory that people know a repository by. */
export function shownDirectory(directory: string, paths: Paths): string {
  return paths.basename(directory) === ".git" ? paths.dirname(directory) : directory;
}
