/** The composition of `projects`: what concerns all of a user's projects. main.ts loads it only for that command. */

import { resolve } from "node:path";
import { type Log, Unavailable } from "../app/ports.ts";
import { OPERATOR, type Terminal } from "../cli/commands.ts";
import type { ProjectsInvocation } from "../cli/project_arguments.ts";
import { describeSessions, printProjects, type ProjectRow } from "../cli/projects.ts";
import { checkProjectName } from "../core/model/project_name.ts";
import { Refusal } from "../core/model/refusal.ts";
import { holdsData } from "../store/file/data_directory.ts";
import { directoryIdentity, realDisk } from "../store/file/disk.ts";
import { listProjects, type Project, renameProject, setRepository } from "../store/file/projects.ts";
import { findSessions } from "../store/file/session_files.ts";
import { openProject, pathsOf, projectsPlace, repositoryOf, requireProject } from "./locate_project.ts";
import { belongsTo, isGone } from "./project_of_repository.ts";
import { shownDirectory } from "./repository.ts";
import { startReading } from "./start_reading.ts";
import type { Surroundings } from "./surroundings.ts";

/** Most sessions that are looked at before a project is renamed. */
const MAX_SESSIONS = 1_000;

export interface ProjectsParts {
  readonly surroundings: Surroundings;
  readonly log: Log;
  readonly terminal: Terminal;
}

/** Runs a command; returns its exit code. */
export async function runProjects(invocation: ProjectsInvocation, parts: ProjectsParts): Promise<number> {
  const access = invocation.type === "projects list" ? "read" : "write";
  const isAuto = invocation.type === "projects move";
  const place = projectsPlace({ isAuto, access, os: parts.surroundings.os }, parts.surroundings);
  switch (invocation.type) {
    case "projects list":
      return await list(place, parts);
    case "projects rename":
      return rename(place, invocation, parts);
    case "projects move":
      return move(place, invocation, parts);
    default:
      return invocation satisfies never;
  }
}

async function list(place: string, parts: ProjectsParts): Promise<number> {
  const rows: ProjectRow[] = [];
  for (const project of listProjects(place)) rows.push(await rowOf(project, place, parts));
  return printProjects(rows, place, parts.terminal);
}

async function rowOf(
  project: Project,
  place: string,
  { surroundings: { os }, log }: ProjectsParts,
): Promise<ProjectRow> {
  const { name, repository } = project;
  const row = {
    name,
    ...(repository !== undefined && { directory: shownDirectory(repository.directory, pathsOf(os)) }),
    isGone: isGone(project),
  };
  try {
    const directory = openProject(project.directory, { isAuto: false, access: "read", os, place });
    if (!holdsData(directory)) return row;
    await using app = await startReading({ store: "file", directory }, { log, showsLegacy: true });
    const { total, byStatus } = await app.engine.query({ type: "count_tasks", filter: {} }, OPERATOR);
    return { ...row, open: byStatus.pending + byStatus.in_progress, total, changedAt: app.engine.recordedAt };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { ...row, failure: error.message };
  }
}

function rename(
  place: string,
  { from, to }: { readonly from: string; readonly to: string },
  { terminal }: ProjectsParts,
): number {
  const name = checkProjectName(to);
  const project = requireProject(place, from);
  if (name === from) {
    terminal.print(`Project ${from} has that name already.`);
    return 0;
  }
  refuseUsed(project, from);
  if (!renameProject(place, project, name)) {
    throw new Refusal(
      "already_exists",
      `Cannot rename project ${from}, as ${place}/${name} is there: give another name`,
    );
  }
  const renamed = requireProject(place, name);
  try {
    // A process that has begun to use it meanwhile goes on under the old name, where it would make the directory again.
    refuseUsed(renamed, from);
  } catch (error) {
    if (renameProject(place, renamed, from)) throw error;
    throw new Unavailable(
      "storage_failed",
      `Project ${from} is now ${name}, but a process that began to use it meanwhile has made ${place}/${from} again: end ` +
        "the process, and remove that directory if it has nothing that you need",
      { cause: error },
    );
  }
  terminal.print(`Project ${from} is now ${name}. What names it with --project ${from} must be changed.`);
  return 0;
}

/** Refuses to rename a project that a process uses. */
function refuseUsed({ directory }: Project, name: string): void {
  const using = findSessions(realDisk, directory, MAX_SESSIONS).filter(({ isLive }) => isLive);
  if (using.length === 0) return;
  throw new Refusal(
    "wrong_state",
    `Cannot rename project ${name} while it is used by ${describeSessions(using)}: end them first`,
  );
}

function move(
  place: string,
  { name, directory: given }: { readonly name: string; readonly directory: string },
  { surroundings: { os }, terminal }: ProjectsParts,
): number {
  const project = requireProject(place, name);
  const permissions = { isAuto: true, access: "write", os, place } as const;
  const repository = repositoryOf({ start: resolve(given), source: "as given" }, permissions);
  const { directory } = repository;
  setRepository(project, { directory, identity: directoryIdentity(directory) ?? { inode: 0 } });
  terminal.print(`Project ${name} now belongs to ${shownDirectory(directory, pathsOf(os))}.`);
  // After that: a crash in between leaves two that say so, which --project auto refuses, and a repeat ends.
  for (const former of listProjects(place)) {
    if (former.name === name || !belongsTo(former, repository)) continue;
    setRepository(former, undefined);
    terminal.print(`Project ${former.name}, to which it belonged, is kept: --project ${former.name} names it.`);
  }
  return 0;
}
