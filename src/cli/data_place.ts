/**
 * Chooses the data directory: from `--data`, the environment, or the conventions of the operating system. Pure: the
 * environment and access to the disk are passed in.
 */

import { Unavailable } from "../app/ports.ts";

export interface PlaceOptions {
  /** The value of `--data`. */
  readonly option: string | undefined;
  /** `darwin`, `windows`, or another system, which follows the XDG Base Directory Specification. */
  readonly os: string;
  /** A variable of the environment; undefined if it is not set or may not be read. */
  readonly environment: (variable: string) => string | undefined;
  /** The directory of the program's file; undefined for a standalone program. */
  readonly programDirectory: string | undefined;
  /** Whether the program runs from its sources, not as a bundle or a standalone program. */
  readonly isSource: boolean;
  readonly holdsData: (directory: string) => boolean;
  readonly warn: (message: string) => void;
}

/** This program's folder in the directory for the user's data. */
const FOLDER = "mcp-orchestrator";

/** Variables that a shell or an editor should have expanded: `~` at the start, others anywhere. */
const UNEXPANDED = /^~[\w.-]*(?=[/\\]|$)|\$\{([^}]*)\}|\$([A-Za-z_]\w*)|%([A-Za-z_]\w*)%/g;

/** The data directory that was chosen. */
export interface Place {
  /** It may be relative to the working directory. */
  readonly directory: string;
  /** Whether `--data` or the environment named it. */
  readonly isNamed: boolean;
}

/**
 * Chooses the data directory.
 *
 * @throws Unavailable if the given path has unexpanded variables, or the environment names no usable directory
 */
export function placeOf(options: PlaceOptions): Place {
  const named = namedPlace(options);
  return { directory: named ?? defaultPlace(options), isNamed: named !== undefined };
}

function namedPlace(options: PlaceOptions): string | undefined {
  const { option, environment } = options;
  if (option !== undefined) return refuseUnexpanded("--data", option, options);
  const variable = environment("ORCHESTRATOR_DATA_DIR");
  if (variable === undefined || variable === "") return undefined;
  return refuseUnexpanded("ORCHESTRATOR_DATA_DIR", variable, options);
}

function defaultPlace(options: PlaceOptions): string {
  const { programDirectory, isSource } = options;
  if (isSource) return besideProgram(programDirectory);
  const former = formerPlaces(options).find(options.holdsData);
  if (former === undefined) return `${userDataDirectory(options)}/${FOLDER}`;
  options.warn(
    `The data is in ${former}, where earlier versions kept it by default. To keep it elsewhere, stop all servers, move ` +
      "that directory, and name the new one with --data",
  );
  return former;
}

/** The default, in words for `--help`. */
export function describeDefault({ isSource, programDirectory }: Pick<PlaceOptions, "isSource" | "programDirectory">) {
  return isSource ? besideProgram(programDirectory) : `${FOLDER} in the directory for the user's data`;
}

function besideProgram(programDirectory = "."): string {
  return `${programDirectory}/data`;
}

/** Default places of earlier versions: beside the bundle, or the XDG directory on every system. */
function formerPlaces({ os, environment, programDirectory }: PlaceOptions): string[] {
  if (programDirectory !== undefined) return [besideProgram(programDirectory)];
  const home = environment("HOME") ?? environment("USERPROFILE");
  const isElsewhereNow = os === "darwin" || os === "windows";
  return isElsewhereNow && home !== undefined && isAbsolute(home, os) ? [`${home}/.local/share/${FOLDER}`] : [];
}

/** Options that say where the projects are. */
export type ProjectsPlaceOptions = Pick<PlaceOptions, "os" | "environment">;

/** The directory with all projects, each in a data directory of its own. */
export function projectsPlaceOf(options: ProjectsPlaceOptions): string {
  return `${userDataDirectory(options)}/${FOLDER}/projects`;
}

/** The variables that say where the projects are. */
export function placeVariables(os: string): readonly string[] {
  return os === "windows" ? ["XDG_DATA_HOME", "LOCALAPPDATA", "USERPROFILE"] : ["XDG_DATA_HOME", "HOME"];
}

/** The directory for the user's data on this system. */
function userDataDirectory({ os, environment }: ProjectsPlaceOptions): string {
  // An empty variable counts as unset (XDG Base Directory Specification).
  const xdg = environment("XDG_DATA_HOME") || undefined;
  if (xdg !== undefined) return absolute("XDG_DATA_HOME", xdg, os);
  if (os === "windows") {
    const local = environment("LOCALAPPDATA");
    if (local !== undefined) return absolute("LOCALAPPDATA", local, os);
    return `${absolute("USERPROFILE", environment("USERPROFILE"), os)}/AppData/Local`;
  }
  const home = absolute("HOME", environment("HOME"), os);
  return os === "darwin" ? `${home}/Library/Application Support` : `${home}/.local/share`;
}

function absolute(variable: string, value: string | undefined, os: string): string {
  if (value !== undefined && isAbsolute(value, os)) return value;
  const why = value === undefined
    ? "is not set, or may not be read"
    : value === ""
    ? "is empty"
    : `is ${value}, which is no absolute path`;
  throw new Unavailable(
    "storage_failed",
    `Cannot tell where to keep the data: ${variable} ${why}. Name a directory with --data, or set ${variable} and ` +
      `permit it with --allow-env=${variable}`,
  );
}

export function isAbsolute(path: string, os: string): boolean {
  return os === "windows" ? /^([A-Za-z]:[/\\]|\\\\)/.test(path) : path.startsWith("/");
}

/** Returns the path; throws if it has a variable that a shell or an editor should have expanded. */
export function refuseUnexpanded(source: string, path: string, { os, environment }: ProjectsPlaceOptions): string {
  const names = path.match(UNEXPANDED);
  if (names === null || /^\.[/\\]/.test(path)) return path;
  let isKnown = true;
  const meant = path.replaceAll(UNEXPANDED, (name, braced?: string, dollar?: string, percent?: string) => {
    const value = name === "~" ? homeOf(environment) : valueOf(braced ?? dollar ?? percent, environment);
    if (!value) isKnown = false;
    return value ?? name;
  });
  const advice = isKnown && isAbsolute(meant, os) ? `, which is probably ${meant}` : "";
  throw new Unavailable(
    "storage_failed",
    `${source} is ${path}, and nothing has replaced ${names.join(", ")}: MCP clients start servers without a shell. ` +
      `Give the absolute path${advice}. (If the directory really has this name, write ./${path})`,
  );
}

function valueOf(name: string | undefined, environment: PlaceOptions["environment"]): string | undefined {
  if (name === "userHome") return homeOf(environment);
  return name === undefined || !/^(env:)?[A-Za-z_]\w*$/.test(name) ? undefined : environment(name.replace(/^env:/, ""));
}

function homeOf(environment: PlaceOptions["environment"]): string | undefined {
  return environment("HOME") ?? environment("USERPROFILE");
}
