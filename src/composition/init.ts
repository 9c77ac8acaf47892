/** The composition of `init`. main.ts loads it only for that: it brings the packages that read configuration files. */

import { resolve } from "node:path";
import { Unavailable } from "../app/ports.ts";
import type { Invocation } from "../cli/arguments.ts";
import { visible } from "../cli/commands.ts";
import { placeOf, placeVariables, projectsPlaceOf } from "../cli/data_place.ts";
import { launchOf, permissionFlags, shellWords } from "../cli/launch.ts";
import { type FileLocation, locationArgs, type NamedLocation } from "../cli/location.ts";
import { AUTO } from "../core/model/project_name.ts";
import { Refusal } from "../core/model/refusal.ts";
import { type InitParts, readRecord } from "../init/carry_out.ts";
import { clientVariables, type Start } from "../init/clients.ts";
import { isPermitted, NEW_FILE_SUFFIX, realConfigFiles } from "../init/config_files.ts";
import { runInit } from "../init/init.ts";
import { pathOfFile } from "../init/plan.ts";
import { changedPlaces, clientsNamed, instructionFiles, targetsOf } from "../init/targets.ts";
import { holdsData, realPlace } from "../store/file/data_directory.ts";
import { sha256 } from "../store/file/hash.ts";
import { repositoryOf } from "./locate_project.ts";
import type { Surroundings } from "./surroundings.ts";

export type InitInvocation = Invocation & { readonly type: "init" };

export interface InitTerminal {
  readonly print: (line: string) => void;
  /** Asks yes or no; undefined if there is no terminal. */
  readonly confirm: ((question: string) => boolean) | undefined;
}

/** Runs the command; returns its exit code. */
export function initClients(
  invocation: InitInvocation,
  surroundings: Surroundings,
  { print, confirm }: InitTerminal,
): number {
  checkVariables(surroundings);
  const { os, environment, workingDirectory } = surroundings;
  const place = projectsPlaceOf(surroundings);
  const known: KnownPlaces = {
    places: { os, home: homeOf(surroundings), variable: (name) => environment(name) || undefined },
    project: workingDirectory(),
    recordDirectory: place.replace(/\/[^/]*$/, ""),
  };
  checkFiles(invocation, known);
  const location = locationFor(invocation.location, place, surroundings);
  return runInit(invocation, {
    ...known,
    start: startOf(location, surroundings),
    findsProject: location.project?.isAuto === true,
    isOutsideGit: isOutsideGit(known.project, os),
    files: realConfigFiles,
    digest: sha256,
    print: (line) => print(visible(line)),
    confirm,
  });
}

/** Whether a server that works in a directory finds no repository. Where that may not be looked at, one is assumed. */
function isOutsideGit(directory: string, os: string): boolean {
  try {
    repositoryOf({ start: directory, source: "the working directory" }, { isAuto: true, access: "read", os });
    return false;
  } catch (error) {
    if (error instanceof Refusal) return true;
    if (error instanceof Unavailable) return false;
    throw error;
  }
}

/** Where files are, before any of them is looked at. */
type KnownPlaces = Pick<InitParts, "places" | "project" | "recordDirectory">;

/** Where the servers of the clients are to find their plan: by default in the project of the repository that is open. */
function locationFor(named: NamedLocation, place: string, surroundings: Surroundings): FileLocation {
  const { program, log } = surroundings;
  if (named.type === "data" && named.directory !== undefined) {
    const { directory } = placeOf({ ...program, ...surroundings, option: named.directory, holdsData, warn: log.warn });
    return { store: "file", directory: realPlace(resolve(directory)) };
  }
  const name = named.type === "project" ? named.project : AUTO;
  const project = { name, isAuto: name === AUTO, place: realPlace(place) };
  return { store: "file", directory: place, project };
}

function startOf(location: FileLocation, { program }: Surroundings): Start {
  const { command, args } = launchOf(program, location);
  return { command, args: [...args, ...locationArgs(location)] };
}

/** Without these, not even the names of the files are known. */
function checkVariables({ os, mayRead }: Surroundings): void {
  if (variablesOn(os).every(mayRead) && isPermitted(".", "read")) return;
  refuseUnpermitted([...variableFlags(os), "--allow-read=."], ", and it can say which files it would change");
}

/** Refuses unless all that the command may change is permitted: by its names, by links, and as it remembers it. */
function checkFiles(invocation: InitInvocation, known: KnownPlaces): void {
  const { files, traces } = lookedAt(invocation, known);
  checkPermitted(files, traces, known);
  checkPermitted(files.map((file) => pathOfFile(file, realConfigFiles)), traces, known);
  if (!invocation.remove) return;
  const { changes } = readRecord({ ...known, files: realConfigFiles });
  checkPermitted([...files, ...changes.map(({ path }) => path)], traces, known);
}

/** The files that the command may change, and what else it looks at. */
function lookedAt(
  { clients: names, scope, remove, instructions, yes }: InitInvocation,
  { places, project }: KnownPlaces,
) {
  const clients = clientsNamed(names);
  const scopes = remove ? ["user", "project"] as const : [scope];
  const targets = scopes.flatMap((each) => targetsOf(clients, { scope: each, places, project }));
  const hasParagraph = instructions ?? (remove || !yes);
  return {
    files: [...targets.flatMap((target) => target.files), ...(hasParagraph ? instructionFiles(clients, project) : [])],
    traces: targets.flatMap((target) => target.traces),
  };
}

function checkPermitted(files: readonly string[], traces: readonly string[], known: KnownPlaces): void {
  const { places: { os, home }, project, recordDirectory } = known;
  const changed = changedPlaces([...files, `${recordDirectory}/any`], home, NEW_FILE_SUFFIX);
  const isCovered = (path: string) => changed.some((place) => path === place || path.startsWith(`${place}/`));
  const seen = [...traces, project].filter((path) => !isCovered(path));
  const mayWrite = changed.every((place) => isPermitted(place, "write"));
  if (mayWrite && [...changed, ...seen].every((place) => isPermitted(place, "read"))) return;
  const [, write = ""] = permissionFlags(changed, "create");
  refuseUnpermitted([...variableFlags(os), ...permissionFlags([...changed, ...seen], "read"), write]);
}

function variablesOn(os: string): readonly string[] {
  return [...new Set([...clientVariables(os), ...placeVariables(os)])];
}

function variableFlags(os: string): readonly string[] {
  return [`--allow-env=${variablesOn(os).join(",")}`];
}

function refuseUnpermitted(flags: readonly string[], result = ""): never {
  throw new Unavailable(
    "storage_failed",
    "Permission to change the configuration of clients is missing: start with -A, or with only what this needs" +
      `${result}: ${shellWords(flags)}`,
  );
}

function homeOf({ os, environment }: Surroundings): string {
  const variable = os === "windows" ? "USERPROFILE" : "HOME";
  const home = environment(variable) || undefined;
  if (home !== undefined) return home.replace(/[/\\]$/, "");
  throw new Unavailable("storage_failed", `Cannot tell where clients keep their configuration: ${variable} is not set`);
}
