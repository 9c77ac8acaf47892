/** Shows that the simulation sees a record whose time is not that of the database. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { APPEND, APPEND_LOCKED } from "../../../../src/store/postgres/append.ts";
import { complaintOfAppend } from "./append_times.ts";

const TIME = 1_000_000;

function complaintOf(text: string, at: number, { lockedAt, isKept }: { lockedAt?: number; isKept: boolean }) {
  const values = [1, 4, "hash", "hash", [JSON.stringify({ seq: 5, at })], at];
  const rows = isKept ? [{ time: TIME }] : [];
  return complaintOfAppend([{ text, values, time: TIME }], { rows, count: rows.length, command: "INSERT" }, lockedAt);
}

for (
  const [what, text, lockedAt] of [["the lock", APPEND_LOCKED, TIME - 20], ["no lock", APPEND, undefined]] as const
) {
  Deno.test(`the times of records that were appended with ${what} are checked`, () => {
    const options = { isKept: true, ...(lockedAt !== undefined && { lockedAt }) };
    assertEquals(complaintOf(text, TIME - 10, options), undefined);
    assertStringIncludes(complaintOf(text, TIME + 10, options) ?? "", "record 5 has the time");
    assertStringIncludes(complaintOf(text, TIME - 2_000, options) ?? "", "record 5 has the time");
    assertEquals(complaintOf(text, TIME + 10, { ...options, isKept: false }), undefined);
  });
}
