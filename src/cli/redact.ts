/** Prints what a redaction did. */

import type { Redacted, WantedRedaction } from "../app/redact.ts";
import { counted } from "../core/model/text.ts";
import type { Terminal } from "./commands.ts";

/** Prints the result of `redact`. */
export function printRedaction(
  { records, seqs, copies }: Redacted,
  { id, fields }: WantedRedaction,
  terminal: Terminal,
): number {
  terminal.print(
    seqs.length === 0
      ? `Nothing was left to redact in the journal: an earlier redaction of task ${id} is complete.`
      : `Redacted ${fields.join(", ")} of task ${id} in ${counted(records, "record")}: see record ${seqs.join(", ")}.`,
  );
  for (const path of copies) terminal.print(`Redacted a copy: ${path}`);
  terminal.print("Backups, exports and clients may still have the text. If it was a key, replace the key.");
  return 0;
}
