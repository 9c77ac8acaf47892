/** Redacts as the command does, on any disk. */

import { Engine } from "../../src/app/engine.ts";
import { redact, type Redacted, type WantedRedaction } from "../../src/app/redact.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { REDACTABLE_FIELDS, type RedactableField } from "../../src/core/model/redaction.ts";
import { CheckpointFiles } from "../../src/store/file/checkpoint_files.ts";
import type { Disk } from "../../src/store/file/disk.ts";
import { RedactionFiles } from "../../src/store/file/redaction_files.ts";
import { RecordingLog } from "./log.ts";

export interface RedactingOptions {
  readonly directory: string;
  readonly disk: Disk;
  readonly segmentBytes?: number;
  readonly now: () => number;
}

/** Redacts texts of a task: all, unless fields are named. */
export function redactOn(
  options: RedactingOptions,
  id: string,
  fields: readonly RedactableField[] = REDACTABLE_FIELDS,
): Promise<Redacted> {
  return redactAs("operator", { id, fields, reason: "leak" }, options);
}

/** Redacts in the name of `actor`. */
export async function redactAs(
  actor: string,
  wanted: WantedRedaction,
  options: RedactingOptions,
): Promise<Redacted> {
  const log = new RecordingLog();
  const shared = { ...options, log };
  await using files = new RedactionFiles(shared);
  const checkpoints = new CheckpointFiles(shared);
  try {
    const engine = await Engine.start({ journal: files.journal, checkpoints, log });
    return await redact({ engine, journal: files, checkpoints, caller: localOperator(actor) }, wanted);
  } finally {
    checkpoints.close();
  }
}
