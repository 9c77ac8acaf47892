/**
 * Which directory is the data directory, by what was said and by the conventions of the system. Pure: the environment
 * and what is on the disk are passed in.
 */

import { Unavailable } from "../app/ports.ts";

export interface PlaceOptions {
  /** What `--data` says. */
  readonly option: string | undefined;
  /** `darwin`, `windows`, or another system, which keeps to the XDG Base Directory Specification. */
  readonly os: string;
  /** A variable of the environment; undefined if it is not set or may not be read. */
  readonly environment: (variable: string) => string | undefined;
  /** The directory of the program's file; undefined for a standalone program. */
  readonly programDirectory: string | undefined;
  /** Whether the program is `main.ts` among its sources, and not made of it. */
  readonly isSource: boolean;
  readonly holdsData: (directory: string) => boolean;
  readonly warn: (message: string) => void;
}

/** The folder of this program among a user's data. */
const FOLDER = "mcp-orchestrator";

/** Names that a shell or an editor would have replaced, at the start or anywhere. */
const UNEXPANDED = /^~[\w.-]*(?=[/\\]|$)|\$\{([^}]*)\}|\$([A-Za-z_]\w*)|%([A-Za-z_]\w*)%/g;

/**
 * Returns the data directory, which may be relative to the working directory.
 *
 * @throws Unavailable if what was said, or the environment, cannot be meant
 */
export function placeOf(options: PlaceOptions): string {
  const { option, environment, programDirectory, isSource } = options;
  if (option !== undefined) return expanded("--data", option, options);
  const variable = environment("ORCHESTRATOR_DATA_DIR");
  if (variable !== undefined && variable !== "") return expanded("ORCHESTRATOR_DATA_DIR", variable, options);
  if (isSource) return besideProgram(programDirectory);
  const former = formerPlaces(options).find(options.holdsData);
  if (former === undefined) return `${userDataDirectory(options)}/${FOLDER}`;
  options.warn(
    `The data is in ${former}, where earlier versions kept it by default. To keep it elsewhere, stop all servers, move ` +
      "that directory, and name the new one with --data",
  );
  return former;
}

/** What `--help` says of the default. */
export function describeDefault({ isSource, programDirectory }: Pick<PlaceOptions, "isSource" | "programDirectory">) {
  return isSource ? besideProgram(programDirectory) : `${FOLDER} in the directory for the user's data`;
}

function besideProgram(programDirectory = "."): string {
  return `${programDirectory}/data`;
}

/** Where earlier versions kept the data by default: beside the bundle, or in XDG's place on any system. */
function formerPlaces({ os, environment, programDirectory }: PlaceOptions): string[] {
  if (programDirectory !== undefined) return [besideProgram(programDirectory)];
  const home = environment("HOME") ?? environment("USERPROFILE");
  const isElsewhereNow = os === "darwin" || os === "windows";
  return isElsewhereNow && home !== undefined && isAbsolute(home, os) ? [`${home}/.local/share/${FOLDER}`] : [];
}

/** Where the system keeps the data of a user's programs. */
function userDataDirectory({ os, environment }: PlaceOptions): string {
  // An empty one counts as unset, says the XDG Base Directory Specification.
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

function isAbsolute(path: string, os: string): boolean {
  return os === "windows" ? /^([A-Za-z]:[/\\]|\\\\)/.test(path) : path.startsWith("/");
}

/** Returns what was said, unless it holds a name that was to be replaced by a shell or an editor and was not. */
function expanded(source: string, said: string, { os, environment }: PlaceOptions): string {
  const names = said.match(UNEXPANDED);
  if (names === null || /^\.[/\\]/.test(said)) return said;
  let isKnown = true;
  const meant = said.replaceAll(UNEXPANDED, (name, braced?: string, dollar?: string, percent?: string) => {
    const value = name === "~" ? homeOf(environment) : valueOf(braced ?? dollar ?? percent, environment);
    if (!value) isKnown = false;
    return value ?? name;
  });
  const advice = isKnown && isAbsolute(meant, os) ? `, which is probably ${meant}` : "";
  throw new Unavailable(
    "storage_failed",
    `${source} is ${said}, and nothing has replaced ${names.join(", ")}: MCP clients start servers without a shell. ` +
      `Give the absolute path${advice}. (A directory of that very name would be ./${said})`,
  );
}

function valueOf(name: string | undefined, environment: PlaceOptions["environment"]): string | undefined {
  if (name === "userHome") return homeOf(environment);
  return name === undefined || !/^(env:)?[A-Za-z_]\w*$/.test(name) ? undefined : environment(name.replace(/^env:/, ""));
}

function homeOf(environment: PlaceOptions["environment"]): string | undefined {
  return environment("HOME") ?? environment("USERPROFILE");
}
