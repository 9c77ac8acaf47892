/** What can be redacted of a task, and what stands in its place. */

import { Refusal } from "./refusal.ts";
import { printable } from "./values.ts";
import type { Verdict } from "./dependency.ts";

/** Replaces every redacted text. */
export const REDACTED = "[redacted]";

/** The texts of a task that can be redacted: of all its attempts, and of earlier tasks with its id. */
export const REDACTABLE_FIELDS = ["description", "result", "error", "reason", "progress", "notes", "refs"] as const;

export type RedactableField = typeof REDACTABLE_FIELDS[number];

/**
 * What conditions say of a result that was redacted, by the JSON of each condition: so nothing that waits for it is decided
 * anew. A condition that comes later cannot read the result, and is blocked until the task is done again.
 */
export type KeptVerdicts = Readonly<Record<string, Verdict>>;

/** A record whose line in the journal is rewritten, and the SHA-256 of what stands there then (docs/data.md). */
export type RedactedRecord = readonly [seq: number, body: string];

/** Refuses names of texts that no task has, and an empty list. */
export function checkRedactableFields(fields: readonly string[]): void {
  const known: readonly string[] = REDACTABLE_FIELDS;
  const unknown = fields.find((field) => !known.includes(field));
  if (unknown === undefined && fields.length > 0) return;
  const what = unknown === undefined ? "no text is named" : `a task has no text ${printable(unknown)}`;
  throw new Refusal("invalid_value", `Cannot redact as ${what}: there are ${known.join(", ")}`, {
    fields: REDACTABLE_FIELDS,
  });
}
