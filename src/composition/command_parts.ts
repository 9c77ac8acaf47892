/** What the compositions of commands that serve no client share: which these are, and what they get. */

import type { Invocation } from "../cli/arguments.ts";
import type { Terminal } from "../cli/commands.ts";
import type { Launch } from "../cli/launch.ts";
import type { DatabaseLocation, FileLocation, StoredLocation } from "../cli/location.ts";
import type { ProjectsInvocation } from "../cli/project_arguments.ts";
import type { Device } from "../cli/screen.ts";
import type { LeveledLog } from "../telemetry/log.ts";

export type CommandInvocation = Exclude<
  Invocation,
  {
    type:
      | "serve"
      | "http"
      | "call"
      | "copy"
      | "digest"
      | "import"
      | "init"
      | "person"
      | "completion"
      | "complete"
      | ProjectsInvocation["type"];
  }
>;

export interface CommandParts {
  readonly location: StoredLocation;
  readonly log: LeveledLog;
  readonly terminal: Terminal;
  /** For what is shown live; undefined unless both standard input and output are a terminal. */
  readonly device: Device | undefined;
  /** Writes text to standard output as it is. */
  readonly write: (text: string) => void;
  readonly version: string;
  /** How a client starts this program for the location. */
  readonly launch: Launch;
}

/** The same for a plan in files, and in a database. */
export type DirectoryParts = CommandParts & { readonly location: FileLocation };
export type DatabaseParts = CommandParts & { readonly location: DatabaseLocation };
