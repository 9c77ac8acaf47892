/** The command line of `copy`. */

import type { Command } from "commander";
import { nonEmpty } from "./option_values.ts";

/** A copy of a plan with its history, from one store to another. */
export interface CopyCommand {
  readonly type: "copy";
  /** Data directories, or addresses of databases. */
  readonly from: string;
  readonly to: string;
}

/** Adds the command `copy`; `choose` takes what it was asked to do. */
export function addCopyCommand(program: Command, choose: (command: CopyCommand) => void): void {
  program.command("copy")
    .description("copy a plan with its history between a data directory and PostgreSQL; a repeat goes on")
    .requiredOption("--from <place>", "a data directory, or postgres://user@host/database", nonEmpty)
    .requiredOption("--to <place>", "the same; --project names the plan in a database", nonEmpty)
    .action(({ from, to }: { from: string; to: string }) => choose({ type: "copy", from, to }));
}
