/** The composition of the commands that work on the files of a journal, which may be damaged. */

import { dirname, resolve } from "node:path";
import { printHead } from "../cli/audit.ts";
import { printBackup, printRepair, printVerification, type Verification } from "../cli/commands.ts";
import { howToPermitBackup } from "../cli/launch.ts";
import type { WantedHead } from "../cli/option_values.ts";
import { backUp } from "../store/file/backup.ts";
import { openDestination } from "../store/file/data_directory.ts";
import { realDisk } from "../store/file/disk.ts";
import { describePlace, findHead, repairJournal, verifyJournal } from "../store/file/maintenance.ts";
import type { CommandInvocation, DirectoryParts } from "./command_parts.ts";

export type FileCommand = CommandInvocation & { readonly type: "verify" | "audit head" | "repair" | "backup" };

/** Runs a command on the files; returns its exit code. */
export async function runOnFiles(
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
