/** Finds the project of a repository, or makes it. */

import type { Log } from "../app/ports.ts";
import { shellWords } from "../cli/launch.ts";
import { namesFor } from "../core/model/project_name.ts";
import { Refusal } from "../core/model/refusal.ts";
import { type Access, isPermitted } from "../store/file/data_directory.ts";
import { directoryIdentity, kindAt } from "../store/file/disk.ts";
import { findProject, listProjects, makeProject, MAX_PROJECTS, type Project } from "../store/file/projects.ts";
import { type Paths, type Repository, shownDirectory } from "./repository.ts";

export interface ProjectOptions {
  /** The directory with all projects. */
  readonly place: string;
  readonly access: Access;
  readonly log: Log;
  readonly paths: Paths;
  /** What people start. */
  readonly programName: string;
}

/** How to name a directory and this program to a person. */
type Naming = Pick<ProjectOptions, "paths" | "programName">;

/** Most projects without a repository that a warning names. */
const MAX_NAMED = 5;

/**
 * The name of the project of a repository. With access `create`, it is made if it is missing.
 *
 * @throws Refusal if there is none, or the repository may be the moved one of another project
 */
export async function nameOfRepository(repository: Repository, options: ProjectOptions): Promise<string> {
  const { place, access, paths } = options;
  const projects = listProjects(place);
  const [own, second] = projects.filter((project) => belongsTo(project, repository));
  const shown = shownDirectory(repository.directory, paths);
  if (own !== undefined && second !== undefined) {
    throw new Refusal(
      "wrong_state",
      `Projects ${own.name} and ${second.name} both belong to ${shown}: say which with ${options.programName} projects move`,
    );
  }
  if (own !== undefined) return own.name;
  const gone = projects.filter(isGone);
  const identity = directoryIdentity(repository.directory);
  const moved = gone.find(({ repository: former }) => {
    return former?.identity.inode === identity?.inode && former?.identity.madeAt === identity?.madeAt;
  });
  if (moved !== undefined) throw hasMoved(moved, shown, options);
  if (access !== "create") {
    throw new Refusal(
      "not_found",
      `There is no project for ${shown} yet: a client's server with --project auto makes it, and so does add "TEXT"`,
    );
  }
  if (projects.length >= MAX_PROJECTS) {
    throw new Refusal("limit_exceeded", `There are ${MAX_PROJECTS} projects in ${place}: remove those not needed`);
  }
  const name = await make({ ...repository, identity }, gone, options);
  const nameless = gone.map((project) => project.name).slice(0, MAX_NAMED).join(", ");
  const [usual] = namesFor(repository.folder, "");
  options.log.info(`Project ${name} is now that of ${shown}${name === usual ? "" : `, as ${usual} is another`}`);
  if (nameless !== "") {
    options.log.warn(`Projects whose repositories are gone: ${nameless}; projects move has one belong to another`);
  }
  return name;
}

/** Whether the repository of a project is not where it was. A place that may not be looked at counts as there. */
export function isGone({ repository }: Project): boolean {
  if (repository === undefined || !isPermitted(repository.directory, "read")) return false;
  return kindAt(repository.directory) === undefined;
}

export function belongsTo(project: Project, { directory }: Pick<Repository, "directory">): boolean {
  return project.repository?.directory === directory;
}

async function make(
  { directory, folder, identity }: Repository & { readonly identity: ReturnType<typeof directoryIdentity> },
  gone: readonly Project[],
  options: ProjectOptions,
): Promise<string> {
  const repository = { directory, identity: identity ?? { inode: 0 } };
  for (const name of namesFor(folder, await digestOf(directory))) {
    const former = gone.find((project) => project.name === name);
    if (former !== undefined) throw mayHaveMoved(former, shownDirectory(directory, options.paths), options);
    if (makeProject(options.place, name, repository)) return name;
    const other = findProject(options.place, name);
    // Another process made it meanwhile.
    if (other !== undefined && belongsTo(other, repository)) return name;
  }
  throw new Refusal("already_exists", `Every name for the project of ${directory} is taken: use --project NAME`);
}

async function digestOf(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
}

function hasMoved(project: Project, shown: string, naming: Naming): Refusal {
  return new Refusal(
    "wrong_state",
    `The repository of project ${project.name} was moved from ${
      formerPlace(project, naming)
    } to ${shown}. Say so with ` +
      moveCommand(project, shown, naming),
  );
}

function mayHaveMoved(project: Project, shown: string, naming: Naming): Refusal {
  return new Refusal(
    "wrong_state",
    `Project ${project.name} belongs to ${
      formerPlace(project, naming)
    }, which is gone. If ${shown} is the same repository, ` +
      `say so with ${
        moveCommand(project, shown, naming)
      }. If it is another, give the old project another name first, with ` +
      `${naming.programName} projects rename ${project.name} ${project.name}-old`,
  );
}

function formerPlace({ repository }: Project, { paths }: Naming): string {
  return repository === undefined ? "" : shownDirectory(repository.directory, paths);
}

function moveCommand({ name }: Project, shown: string, { programName }: Naming): string {
  return `${programName} projects move ${shellWords([name, shown])}`;
}
