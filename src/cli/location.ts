/** Which plan a start of the program works on: as its arguments name it, and where that turned out to be. */

import type { Checkpoints, Deliveries, Journal, Log, RawJournal, RedactableJournal, Sessions } from "../app/ports.ts";
import { AUTO } from "../core/model/project_name.ts";
import type { Verification } from "./commands.ts";
import type { DatabaseState, LockFact, ProcessFact } from "./doctor_facts.ts";

/** Names the project in place of `--project`: a name, `auto`, or a directory in a repository. */
export const PROJECT_VARIABLE = "ORCHESTRATOR_PROJECT";

/** Names the database with the plans, in place of `--store`. */
export const STORE_VARIABLE = "ORCHESTRATOR_STORE";

/** The project in a database where none is named. */
export const DEFAULT_PROJECT = "default";

/** The directory that Claude Code works in. */
export const CLIENT_VARIABLE = "CLAUDE_PROJECT_DIR";

/** The plan that the arguments name; `isInFiles`: whatever database the environment names. */
export type NamedLocation =
  | { readonly type: "memory" }
  /** `--data`. Without a directory, the environment or the default says where. */
  | { readonly type: "data"; readonly directory: string | undefined; readonly isInFiles?: true }
  /** `--project`: a name, or `AUTO`. */
  | { readonly type: "project"; readonly project: string; readonly isInFiles?: true }
  | NamedDatabase;

/** `--store` with the address of a database. Without a project, the environment or the default says which. */
export interface NamedDatabase {
  readonly type: "database";
  readonly url: string;
  readonly project: string | undefined;
}

/** The projects that `serve` serves side by side. */
export interface NamedProjects {
  readonly type: "projects";
  /** Those that are open from start to end: names, or `AUTO`. */
  readonly names: readonly string[];
  /** Whether all others that there are, are served, too. */
  readonly isAll: boolean;
}

/** Where one plan is. */
export type Location = { readonly store: "memory" } | StoredLocation;

/** Where a plan is that is kept. */
export type StoredLocation = FileLocation | DatabaseLocation;

/** A plan in files. */
export interface FileLocation {
  readonly store: "file";
  /** The real path of the data directory. */
  readonly directory: string;
  /** Absent: the directory belongs to no project. */
  readonly project?: LocatedProject;
}

/** A plan in PostgreSQL. */
export interface DatabaseLocation {
  readonly store: "database";
  /** Its address, as it was given; it never has a password. */
  readonly url: string;
  readonly project: string;
  /** Deno's flags for the connection. */
  readonly permissions: readonly string[];
  /** What was found of the connection's files. A function, so that no location that is shown or logged has the password. */
  readonly found: () => FoundFiles;
  /** Opens the store; if it is only read, a project that is not there is refused. */
  readonly open: (options: { readonly log: Log; readonly isReadOnly: boolean }) => OpenedStore;
  /** Brings the tables up to date, or only says how; resolves to the statements. */
  readonly migrate: (options: { readonly isDryRun: boolean }) => Promise<readonly string[]>;
  /** Looks at the server and the project for `doctor`. */
  readonly inspect: (options: { readonly log: Log }) => Promise<InspectedDatabase>;
  /** Opens the store with what redacts its records. */
  readonly openRedactable: (options: { readonly log: Log }) => RedactableStore;
  /** Checks its redactions for `verify`. */
  readonly checkRedactions: (options: { readonly log: Log }) => Promise<Pick<Verification, "redactions" | "changed">>;
  /** Opens its journal for a copy. */
  readonly openRaw: (options: { readonly log: Log; readonly isReadOnly: boolean }) => RawJournal;
}

/** The password and the trusted certificates of a connection, if it has any. */
export interface FoundFiles {
  readonly password: string | undefined;
  readonly ca: string | undefined;
}

/** A store whose records can be redacted. */
export interface RedactableStore extends Pick<OpenedStore, "journal" | "checkpoints" | "close"> {
  readonly records: RedactableJournal;
}

/** What a look at a database shows. */
export interface InspectedDatabase extends DatabaseState {
  readonly sessions: readonly ProcessFact[];
  /** Who leads each delivery, by its name. */
  readonly leads: ReadonlyMap<string, LockFact>;
}

/** All parts of a store. */
export interface OpenedStore {
  readonly journal: Journal;
  readonly checkpoints: Checkpoints;
  readonly sessions: Sessions;
  readonly deliveries: Deliveries;
  readonly close: () => Promise<void>;
}

/** The project that a data directory belongs to. */
export interface LocatedProject {
  readonly name: string;
  /** Whether it was found by the repository, so that the same arguments serve other repositories, too. */
  readonly isAuto: boolean;
  /** The real path of the directory with all projects. */
  readonly place: string;
}

/** The arguments that name a location to another start of the program. */
export function locationArgs(location: Location): readonly string[] {
  if (location.store === "memory") return ["--store", "memory"];
  if (location.store === "database") return ["--store", location.url, "--project", location.project];
  const { directory, project } = location;
  return project === undefined ? ["--data", directory] : ["--project", project.isAuto ? AUTO : project.name];
}

/** What to say where a location has no data. */
export function describeMissing({ directory, project }: FileLocation): string {
  if (project === undefined) {
    return `There is no data in ${directory}: --data or ORCHESTRATOR_DATA_DIR names another directory, ` +
      "and --project a project, like --project auto for that of a git repository";
  }
  return `Project ${project.name} has no data yet: the first change makes it; the command projects lists all`;
}

/** What to say where a plan is begun that nothing has named. */
export function describeNew(directory: string): string {
  return `A new plan is in ${directory}, and belongs to no repository: in a git repository, --project auto stands for the ` +
    "plan of that repository";
}

/** The path at which `serve` has a plan, from slash to slash. */
export function pathOf(location: Location): string {
  const project = location.store === "file" ? location.project : undefined;
  return project === undefined ? "/" : `/p/${project.name}/`;
}
