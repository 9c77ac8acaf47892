/**
 * The composition of every command that serves no client. main.ts loads it only for these. Commands that need packages
 * of their own (tables of a terminal, HTTP) are loaded when they run, so that the others start faster.
 */

import { dirname, resolve } from "node:path";
import { Engine } from "../app/engine.ts";
import type { Log } from "../app/ports.ts";
import { redact } from "../app/redact.ts";
import { issueNamedToken } from "../app/sign_in.ts";
import { takeOver } from "../app/take_over.ts";
import type { Invocation } from "../cli/arguments.ts";
import { printArchive } from "../cli/archive.ts";
import { printAudit, printHead } from "../cli/audit.ts";
import {
  OPERATOR,
  printBackup,
  printClockCorrection,
  printHistory,
  printRepair,
  printVerification,
  type Terminal,
  type Verification,
} from "../cli/commands.ts";
import { howToPermitBackup, type Launch } from "../cli/launch.ts";
import { type DatabaseLocation, describeMissing, type FileLocation, type StoredLocation } from "../cli/location.ts";
import type { WantedHead } from "../cli/option_values.ts";
import { printSignIn } from "../cli/open.ts";
import { printPause, printResume } from "../cli/pause.ts";
import { printExport } from "../cli/plan.ts";
import type { ProjectsInvocation } from "../cli/project_arguments.ts";
import { printRedaction } from "../cli/redact.ts";
import type { Device } from "../cli/screen.ts";
import { type IssueOptions, printIssuedToken, printRevokedToken, printTokens } from "../cli/tokens.ts";
import { changeWebhook, type ChangingWebhooks, lookAtWebhooks } from "../cli/webhooks.ts";
import { CheckpointFiles } from "../store/file/checkpoint_files.ts";
import { RedactionFiles } from "../store/file/redaction_files.ts";
import { backUp } from "../store/file/backup.ts";
import { holdsData, openDestination, refuseLinkedSegments } from "../store/file/data_directory.ts";
import { realDisk } from "../store/file/disk.ts";
import { describePlace, findHead, repairJournal, verifyJournal } from "../store/file/maintenance.ts";
import { formatPlan } from "../store/file/plan_file.ts";
import { formatTasks } from "../store/file/tasks_file.ts";
import type { LeveledLog } from "../telemetry/log.ts";
import type { DeskParts } from "./deliver.ts";
import { dashboardOf } from "./local_service.ts";
import { startApp } from "./start_app.ts";
import { startReading } from "./start_reading.ts";

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
type DirectoryParts = CommandParts & { readonly location: FileLocation };
type DatabaseParts = CommandParts & { readonly location: DatabaseLocation };

/** Commands that work on the files of a journal that may be damaged. */
type FileCommand = CommandInvocation & { readonly type: "verify" | "audit head" | "repair" | "backup" };

/** Commands that change the plan, or who may do what. */
type ChangingCommand = CommandInvocation & {
  readonly type:
    | "clock"
    | "archive"
    | "token issue"
    | "token revoke"
    | "open"
    | "pause"
    | "resume"
    | ChangingWebhooks["type"];
};

/** The command that rewrites records. */
type RedactCommand = CommandInvocation & { readonly type: "redact" };

/** Commands that are the same for every store. */
type CommonCommand = ChangingCommand | ReadingCommand;

/** Commands that only read. */
type ReadingCommand = Exclude<
  CommandInvocation,
  FileCommand | ChangingCommand | RedactCommand | { readonly type: "doctor" | "migrate" }
>;

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

/**
 * Refuses a token that no plan would take, before one is made for it.
 *
 * @throws Refusal if its settings are wrong
 */
export async function checkNewToken(settings: IssueOptions["settings"], log: Log): Promise<void> {
  await using app = await startApp({ store: "memory" }, { log });
  await issueNamedToken((command) => app.engine.execute(command, OPERATOR), settings);
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
    case "redact":
      return await runRedactInDatabase(invocation, parts);
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
    case "backup":
      return await runOnFiles(invocation, parts);
    case "doctor": {
      const { runDoctor } = await import("./doctor.ts");
      return await runDoctor({ ...parts, ...invocation, directory }, parts.terminal);
    }
    case "redact":
      return await runRedact(invocation, parts);
    case "migrate":
      parts.log.error("Cannot migrate a plan in files, which need no tables: --store names a database");
      return 1;
    default:
      return await runAnywhere(invocation, parts);
  }
}

/** Runs a command that is the same for every store. */
async function runAnywhere(invocation: CommonCommand, parts: CommandParts): Promise<number> {
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
    case "webhook remove":
      return await runChanging(invocation, parts);
    case "status": {
      if (!invocation.watch) return await runReading(invocation, parts);
      const { runWatch } = await import("./watch.ts");
      return await runWatch(parts);
    }
    default:
      return await runReading(invocation, parts);
  }
}

async function runOnFiles(
  invocation: FileCommand,
  { location: { directory }, terminal }: DirectoryParts,
): Promise<number> {
  switch (invocation.type) {
    case "verify":
      return printVerification(verify(directory, invocation.head), terminal);
    case "audit head": {
      const { end, fault } = verifyJournal(realDisk, directory);
      return fault === undefined || fault.kind === "torn"
        ? printHead(end, terminal)
        : printVerification(verify(directory), terminal);
    }
    case "repair":
      return printRepair(await repairJournal(realDisk, directory, Date.now()), terminal);
    case "backup": {
      const destination = locateCopy(resolve(invocation.destination), directory);
      return printBackup(await backUp(realDisk, { directory, destination }), terminal);
    }
    default:
      return invocation satisfies never;
  }
}

async function runChanging(invocation: ChangingCommand, parts: CommandParts): Promise<number> {
  const { location, log, terminal, launch, version } = parts;
  await using app = await startApp(location, { log });
  const { engine } = app;
  switch (invocation.type) {
    case "clock":
      return await printClockCorrection(engine, terminal);
    case "archive":
      return await printArchive(engine, invocation, terminal);
    case "token issue":
      return await printIssuedToken(engine, { settings: invocation.settings, launch, location }, terminal);
    case "token revoke":
      return await printRevokedToken(engine, invocation.name, terminal);
    case "open":
      return await printSignIn(
        engine,
        { ...invocation, address: await dashboardOf(location, invocation, log) },
        terminal,
      );
    case "pause":
      return await printPause(engine, invocation.reason, terminal);
    case "resume":
      return await printResume(engine, terminal);
    case "webhook add":
    case "webhook replay":
    case "webhook rotate":
    case "webhook remove": {
      const desk = await loadDesk({ engine, deliveries: app.deliveries, version, allowPrivate: false });
      return await changeWebhook(invocation, { engine, desk }, terminal);
    }
    default:
      return invocation satisfies never;
  }
}

async function runRedact(
  { wanted }: RedactCommand,
  { location: { directory }, log, terminal }: DirectoryParts,
): Promise<number> {
  refuseLinkedSegments(directory);
  const options = { directory, disk: realDisk, now: Date.now, log };
  await using files = new RedactionFiles(options);
  const checkpoints = new CheckpointFiles(options);
  try {
    const engine = await Engine.start({ journal: files.journal, checkpoints, log });
    await takeOver(engine, checkpoints, log);
    return printRedaction(
      await redact({ engine, journal: files, checkpoints, caller: OPERATOR }, wanted),
      wanted,
      terminal,
    );
  } finally {
    checkpoints.close();
  }
}

/** Repeats it while other processes have added the texts in between. */
async function runRedactInDatabase(
  { wanted }: RedactCommand,
  { location, log, terminal }: DatabaseParts,
): Promise<number> {
  const { journal, checkpoints, records, close } = location.openRedactable({ log });
  try {
    const engine = await Engine.start({ journal, checkpoints, log });
    const options = { engine, journal: records, checkpoints, caller: OPERATOR };
    let redacted = await redact(options, wanted);
    for (let tries = 1, last = redacted; last.records > 0 && tries < MAX_REDACTIONS; tries++) {
      last = await redact(options, wanted);
      redacted = { ...redacted, records: redacted.records + last.records, seqs: [...redacted.seqs, ...last.seqs] };
    }
    return printRedaction(redacted, wanted, terminal);
  } finally {
    await close();
  }
}

/** Most redactions of the same texts by one command: one more finds nothing unless others write them again and again. */
const MAX_REDACTIONS = 4;

async function runReading(
  invocation: ReadingCommand,
  { location, log, terminal, write, version }: CommandParts,
): Promise<number> {
  const showsLegacy = ["status", "analyze", "export"].includes(invocation.type);
  await using app = await startReading(location, { log, showsLegacy });
  const { engine, deliveries } = app;
  switch (invocation.type) {
    case "status": {
      return await printStatus(engine, invocation.all, terminal);
    }
    case "analyze": {
      const { printAnalysis } = await import("../cli/analyze.ts");
      return await printAnalysis(engine, invocation, terminal);
    }
    case "history":
      return await printHistory(engine, invocation, terminal);
    case "audit":
      return await printAudit(engine, invocation.query, terminal);
    case "token list":
      return await printTokens(engine, terminal);
    case "webhook list":
    case "webhook log":
    case "webhook test": {
      const allowPrivate = invocation.type === "webhook test" && invocation.allowPrivate;
      const desk = await loadDesk({ engine, deliveries, version, allowPrivate });
      return await lookAtWebhooks(invocation, { engine, desk }, terminal);
    }
    case "export": {
      const formats = { plan: formatPlan, tasks: formatTasks };
      return await printExport(engine, { tasks: invocation.tasks, formats }, write);
    }
    default:
      return invocation satisfies never;
  }
}

async function printStatus(engine: Engine, all: boolean, terminal: Terminal): Promise<number> {
  if (all) return await (await import("../cli/status.ts")).printWholeStatus(engine, terminal);
  const [{ lookAt }, { HINT, printBriefStatus }] = await Promise.all([
    import("../cli/overview.ts"),
    import("../cli/brief_status.ts"),
  ]);
  return printBriefStatus(await lookAt(engine), terminal, {
    now: engine.now(),
    hint: HINT,
  });
}

/** What commands for webhooks need, loaded only for these: it brings Node's HTTP client. */
async function loadDesk(parts: DeskParts) {
  const { deskOf } = await import("./deliver.ts");
  return deskOf(parts);
}

function verify(directory: string, wanted?: WantedHead): Verification {
  const { fault, changed, end, ...whole } = verifyJournal(realDisk, directory);
  const head = wanted && { seq: findHead(realDisk, directory, { wanted, end }) };
  return {
    ...whole,
    ...(head !== undefined && { head }),
    ...(fault !== undefined && { fault: { ...fault, place: describePlace(fault) } }),
    ...(changed !== undefined && { changed: { ...changed, place: describePlace(changed) } }),
  };
}

/** The real path of the destination of a backup. */
function locateCopy(destination: string, directory: string): string {
  const nextStep = (place: string) => howToPermitBackup({ directory, place, destination });
  return openDestination(destination, { parent: dirname(destination), nextStep });
}
