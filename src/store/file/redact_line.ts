/** Removes texts from one line of a journal, and finds out whether a line that was redacted before is still as it was left. */

import { type Journal, Unavailable } from "../../app/ports.ts";
import type { Redaction } from "../../core/messages/redact.ts";
import { splitLine, stepsOf } from "./codec.ts";
import { sha256 } from "./hash.ts";
import { readRedacted, redactBody, type Redacted } from "./redacted_line.ts";

/** A line (without line feed), and the hash of the record before. */
export interface Line {
  readonly text: string;
  readonly previous: string;
}

/** What a line holds without the texts. */
export interface RedactedText extends Omit<Redacted, "by"> {
  /** Its body with the texts. */
  readonly before: string;
  /** How it was redacted before, if it was. */
  readonly earlier?: Redacted;
}

/** Undefined if the line has none of the texts. */
export function redactLine({ text, previous }: Line, redaction: Redaction): RedactedText | undefined {
  if (!text.includes(JSON.stringify(redaction.id))) return undefined;
  const parts = splitLine(text);
  const earlier = readRedacted(parts.body);
  const before = earlier?.body ?? parts.body;
  const body = redactBody(before, redaction);
  if (body === undefined) return undefined;
  const isTwoStep = earlier === undefined && stepsOf(parts, previous) === 2;
  const digest = earlier === undefined ? (isTwoStep ? sha256(parts.body) : undefined) : earlier.digest;
  return {
    before,
    body,
    bodyDigest: sha256(body),
    ...(digest !== undefined && { digest }),
    ...(earlier !== undefined && { earlier }),
  };
}

/** Refuses to redact a redacted line again if nothing proves that it has not been changed since. */
export async function refuseUncovered(
  journal: Pick<Journal, "search">,
  seq: number,
  { by, bodyDigest }: Redacted,
): Promise<void> {
  const search = { after: by - 1, before: by + 1, keys: [], isNewestFirst: false };
  for await (const records of journal.search(search)) {
    for (const { events } of records) {
      for (const event of events) {
        const isCovered = event.type === "task.redacted" &&
          event.records.some(([record, digest]) => record === seq && digest === bodyDigest);
        if (isCovered) return;
      }
    }
  }
  throw new Unavailable(
    "journal_damaged",
    `Record ${seq} is marked as redacted, but record ${by} does not say so: it was changed. Nothing was redacted; the ` +
      "verify command shows it",
  );
}
