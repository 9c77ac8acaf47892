/** The command line of `migrate`. */

import type { Command } from "commander";

/** Brings the tables of a database up to date. */
export interface MigrateCommand {
  readonly type: "migrate";
  /** Whether the statements are only printed. */
  readonly dryRun: boolean;
}

/** Adds the command `migrate`; `choose` takes what it was asked to do. */
export function addMigrateCommand(program: Command, choose: (command: MigrateCommand) => void): void {
  program.command("migrate")
    .description("make the tables in PostgreSQL, or bring them up to date, as every start does")
    .option("--dry-run", "print the statements; change nothing", false)
    .action(({ dryRun }: { dryRun: boolean }) => choose({ type: "migrate", dryRun }));
}
