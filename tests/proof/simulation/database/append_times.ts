/** Whether records have the time of the database: not later than it, and not from before the transaction had the lock. */

import type { Result } from "../../../../src/store/postgres/driver.ts";
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
  const [first] = rows;
  const append = writes.at(-1);
  const isAppend = typeof first === "object" && first !== null && "moved" in first && first.moved === true;
  const lines = append?.values.find(Array.isArray);
  if (append === undefined || lines === undefined || !isAppend) return undefined;
  const from = (lockedAt ?? append.time - UNLOCKED_MS) - ROUNDING_MS;
  for (const line of lines) {
    const { seq, at } = JSON.parse(line);
    if (at < from || at > append.time) {
      return `record ${seq} has the time ${at}, and was appended from ${from} to ${append.time} by the clock of the server`;
    }
  }
  return undefined;
}
