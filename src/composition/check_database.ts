/** `verify` and `audit head` on a plan in PostgreSQL: reads the whole journal, as every start without a checkpoint does. */

import { type Journal, type Log, type Position, Unavailable } from "../app/ports.ts";
import { printHead } from "../cli/audit.ts";
import { printVerification, type Terminal, type Verification } from "../cli/commands.ts";
import type { DatabaseLocation } from "../cli/location.ts";
import type { WantedHead } from "../cli/option_values.ts";
import { Refusal } from "../core/model/refusal.ts";

export interface CheckParts {
  readonly location: DatabaseLocation;
  readonly log: Log;
  readonly terminal: Terminal;
}

export async function checkDatabase(
  invocation: { readonly type: "verify"; readonly head?: WantedHead } | { readonly type: "audit head" },
  { location, log, terminal }: CheckParts,
): Promise<number> {
  const store = location.open({ log, isReadOnly: true });
  try {
    const { end, ...verification } = await verify(
      store.journal,
      invocation.type === "verify" ? invocation.head : undefined,
    );
    if (verification.fault !== undefined) return printVerification(verification, terminal);
    if (invocation.type === "verify") {
      return printVerification({ ...verification, ...await location.checkRedactions({ log }) }, terminal);
    }
    return printHead({ seq: end.seq, hash: end.token }, terminal);
  } finally {
    await store.close();
  }
}

type Checked = Verification & { readonly end: Position };

/** Reads to the end, or to the first fault, which the journal itself describes. */
export async function verify(journal: Journal, wanted?: WantedHead): Promise<Checked> {
  let end = journal.origin;
  let lastAt: number | undefined;
  try {
    for await (const { records, position } of journal.read(journal.origin)) {
      end = position;
      lastAt = records.at(-1)?.at ?? lastAt;
    }
  } catch (error) {
    const isFault = error instanceof Unavailable && ["journal_damaged", "newer_version"].includes(error.code);
    if (!isFault) throw error;
    const kind = error.code === "newer_version" ? "newer" : "damaged";
    const fault = { place: `record ${end.seq + 1}`, why: error.message, kind } as const;
    return { records: end.seq, ...(lastAt !== undefined && { lastAt }), fault, end };
  }
  const head = wanted === undefined ? undefined : { seq: await findHead(journal, wanted) };
  return { records: end.seq, ...(lastAt !== undefined && { lastAt }), ...(head !== undefined && { head }), end };
}

/** The seq of the wanted record; undefined if it is not there. */
async function findHead(journal: Journal, { seq, hash }: WantedHead): Promise<number | undefined> {
  if (seq === undefined) {
    throw new Refusal(
      "invalid_value",
      "Cannot look for a hash alone in PostgreSQL: give SEQ:HASH, as audit head printed it",
    );
  }
  const found = await journal.seek(seq);
  return found.seq === seq && found.token === hash ? seq : undefined;
}
