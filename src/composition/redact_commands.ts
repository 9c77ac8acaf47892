/** The composition of the command `redact`, which rewrites records. */

import { Engine } from "../app/engine.ts";
import { redact } from "../app/redact.ts";
import { takeOver } from "../app/take_over.ts";
import { OPERATOR } from "../cli/commands.ts";
import { printRedaction } from "../cli/redact.ts";
import { CheckpointFiles } from "../store/file/checkpoint_files.ts";
import { refuseLinkedSegments } from "../store/file/data_directory.ts";
import { realDisk } from "../store/file/disk.ts";
import { RedactionFiles } from "../store/file/redaction_files.ts";
import type { CommandInvocation, DatabaseParts, DirectoryParts } from "./command_parts.ts";

type RedactCommand = CommandInvocation & { readonly type: "redact" };

/** Redacts a plan in files; returns the exit code. */
export async function redactFiles(
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

/** Redacts a plan in PostgreSQL; returns the exit code. Repeats it while other processes have added the texts in between. */
export async function redactDatabase(
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
