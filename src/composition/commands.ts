/**
 * Carries out the commands that serve no client, on a plan in files or in PostgreSQL. The composition of each kind of command
 * is loaded when one runs, so that the others start faster.
 */

import type { Terminal } from "../cli/commands.ts";
import { describeMissing } from "../cli/location.ts";
import { holdsData } from "../store/file/data_directory.ts";
import type { ChangingCommand } from "./changing_commands.ts";
import type { CommandInvocation, CommandParts, DatabaseParts, DirectoryParts } from "./command_parts.ts";
import { requirePlan } from "./locate.ts";
import type { ReadingCommand } from "./reading_commands.ts";

/** Runs a command; returns its exit code. */
export async function runCommand(invocation: CommandInvocation, parts: CommandParts): Promise<number> {
  const { location, log } = parts;
  if (location.store === "database") return await runOnDatabase(invocation, { ...parts, location });
  if (invocation.type !== "token issue" && !holdsData(location.directory)) {
    log.error(describeMissing(location));
    return 1;
  }
  return await runOnDirectory(invocation, { ...parts, location });
}

/** Runs a command on a plan in PostgreSQL. Those that work on files are refused, with what does the same there. */
async function runOnDatabase(invocation: CommandInvocation, parts: DatabaseParts): Promise<number> {
  switch (invocation.type) {
    case "verify":
    case "audit head": {
      const { checkDatabase } = await import("./check_database.ts");
      return await checkDatabase(invocation, parts);
    }
    case "migrate":
      return printMigration(await parts.location.migrate({ isDryRun: invocation.dryRun }), invocation, parts.terminal);
    case "doctor": {
      const { runDatabaseDoctor } = await import("./doctor_database.ts");
      return await runDatabaseDoctor({ ...invocation, ...parts }, parts.terminal);
    }
    case "redact": {
      const { redactDatabase } = await import("./redact_commands.ts");
      return await redactDatabase(invocation, parts);
    }
    case "repair":
    case "backup":
      parts.log.error(`Cannot run ${invocation.type} on a plan in PostgreSQL: ${INSTEAD[invocation.type]}`);
      return 1;
    default:
      return await runAnywhere(invocation, parts);
  }
}

/** What to do in place of a command on files. */
const INSTEAD = {
  repair: "restore the database from a backup, as its administrators do (docs/operations.md)",
  backup: "use pg_dump, or the backups of the database (docs/operations.md)",
} as const;

/** Prints the statements, or how many there were. */
function printMigration(
  statements: readonly string[],
  { dryRun }: { readonly dryRun: boolean },
  { print }: Terminal,
): number {
  if (dryRun) { for (const statement of statements) print(`${statement};`); }
  else print(statements.length === 0 ? "The tables are up to date" : `Carried out ${statements.length} statements`);
  return 0;
}

async function runOnDirectory(invocation: CommandInvocation, parts: DirectoryParts): Promise<number> {
  const { directory } = parts.location;
  switch (invocation.type) {
    case "verify":
    case "audit head":
    case "repair":
    case "backup": {
      const { runOnFiles } = await import("./file_commands.ts");
      return await runOnFiles(invocation, parts);
    }
    case "doctor": {
      const { runDoctor } = await import("./doctor.ts");
      return await runDoctor({ ...parts, ...invocation, directory }, parts.terminal);
    }
    case "redact": {
      const { redactFiles } = await import("./redact_commands.ts");
      return await redactFiles(invocation, parts);
    }
    case "migrate":
      parts.log.error("Cannot migrate a plan in files, which need no tables: --store names a database");
      return 1;
    default:
      return await runAnywhere(invocation, parts);
  }
}

/** Runs a command that is the same for every store. */
async function runAnywhere(invocation: ChangingCommand | ReadingCommand, parts: CommandParts): Promise<number> {
  switch (invocation.type) {
    case "clock":
    case "archive":
    case "token issue":
    case "token revoke":
    case "open":
    case "pause":
    case "resume":
    case "webhook add":
    case "webhook replay":
    case "webhook rotate":
    case "webhook remove": {
      if (invocation.type !== "token issue") await requirePlan(parts.location, parts.log);
      const { runChanging } = await import("./changing_commands.ts");
      return await runChanging(invocation, parts);
    }
    default: {
      const { runReading } = await import("./reading_commands.ts");
      return await runReading(invocation, parts);
    }
  }
}
