/** Whether records have the time of the database: not later than it, and not from before the transaction had the lock. */

import type { Result } from "../../../../src/store/postgres/driver.ts";
import { SCHEMA } from "../../../../src/store/postgres/schema.ts";
import type { Statement } from "./sql.ts";

/** Times of records are whole milliseconds. */
const ROUNDING_MS = 1;

/** How old the time of a record may be that is appended without the lock, in milliseconds. */
const UNLOCKED_MS = 1_000;

/** What is wrong with the times of the records that a commit has appended, if anything. */
export function complaintOfAppend(
  writes: readonly Statement[],
  { rows }: Result<unknown>,
  lockedAt: number | undefined,
): string | undefined {
  const append = writes.at(-1);
  // It returns no row if the head was elsewhere.
  if (append === undefined || rows.length === 0 || !append.text.includes(`into ${SCHEMA}.records`)) return undefined;
  const lines = append.values.find(Array.isArray);
  if (lines === undefined) return `an append has no lines: ${append.text}`;
  const from = (lockedAt ?? append.time - UNLOCKED_MS) - ROUNDING_MS;
  for (const line of lines) {
    const { seq, at } = JSON.parse(line);
    if (at < from || at > append.time) {
      return `record ${seq} has the time ${at}, and was appended from ${from} to ${append.time} by the clock of the server`;
    }
  }
  return undefined;
}
