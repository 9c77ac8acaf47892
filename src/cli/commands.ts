/** Commands for the operator. Each prints its result and returns the exit code. */

import type { Engine } from "../app/engine.ts";
import { type HistoryQuery, readHistory } from "../app/history.ts";
import { nameOf } from "../core/messages/history.ts";
import type { Notification } from "../core/messages/notifications.ts";
import { localOperator } from "../core/model/access.ts";
import { counted } from "../core/model/text.ts";
import { type Actor, nameActor } from "../core/model/news.ts";

/** The caller of every command. */
export const OPERATOR = localOperator("cli", { transport: "cli" });

/** The output of a command. */
export interface Terminal {
  readonly print: (line: string) => void;
  readonly columns: number;
  /** Its height. Absent: nobody looks at a screen. */
  readonly rows?: number;
  readonly hasColors: boolean;
}

/** The result of checking a whole journal. */
export interface Verification {
  /** Whole records from the first one on. */
  readonly records: number;
  /** When the last of them was written, in milliseconds since the Unix epoch. */
  readonly lastAt?: number;
  /** The fault after them, if any. */
  readonly fault?: Fault;
  /** What was redacted, in order. Absent if nothing was. */
  readonly redactions?: readonly CheckedRedaction[];
  /** Whether the checkpoint may still have redacted texts. */
  readonly isCheckpointOlder?: true;
  /** The first redacted record that was changed since. */
  readonly changed?: Omit<Fault, "kind">;
  /** Only if a record was looked for: its seq if it is among them. */
  readonly head?: { readonly seq: number | undefined };
}

/** A redaction, as its record tells it. */
export interface CheckedRedaction {
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly id: string;
  readonly fields: readonly string[];
  readonly reason: string;
  readonly by: Actor;
  /** How many records it rewrites. */
  readonly records: number;
  /** How many of them still are as they were. */
  readonly left: number;
  /** How many of them have a hash that cannot be derived any more. */
  readonly onItsWord: number;
}

export interface Fault {
  /** Where it is, in the words of the store. */
  readonly place: string;
  readonly why: string;
  /**
   * `torn`: an unfinished last record, which the next write cuts off. `newer`: written by a newer version of this
   * program. `damaged`: anything else.
   */
  readonly kind: "torn" | "newer" | "damaged";
}

/** The result of a repair. */
export interface Repair {
  readonly verification: Pick<Verification, "records">;
  /** The folder with copies of what was changed; undefined if there was nothing to repair. */
  readonly copies?: string;
}

/** The result of a backup. */
export interface Backup {
  /** The directory with the copy. */
  readonly destination: string;
  readonly records: number;
  /** Number of journal files. */
  readonly segments: number;
  /** Seq of the last record in the copied checkpoint; undefined if there is no usable one. */
  readonly checkpointSeq?: number;
}

/** Prints what happened, one event a line: in words, or as CloudEvents. */
export async function printHistory(
  engine: Engine,
  { query, json }: { readonly query: HistoryQuery; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const { events, hasMore } = await readHistory({ engine, query: (query) => engine.query(query, OPERATOR) }, query);
  for (const event of events) terminal.print(json ? JSON.stringify(event) : visible(describeEvent(event)));
  // Other programs read the JSON.
  if (hasMore && !json) {
    terminal.print(
      query.since === undefined
        ? `There are older events: --until ${events[0]?.id} shows them`
        : `There are newer events: --since ${events.at(-1)?.id} shows them`,
    );
  }
  return 0;
}

/** Prints the result of `verify`; returns 1 if the journal is damaged, newer than this program, or lacks the wanted record. */
export function printVerification(verification: Verification, terminal: Terminal): number {
  const { records, lastAt, fault, head, changed } = verification;
  terminal.print(`records: ${records}`);
  if (lastAt !== undefined) terminal.print(`last:    seq ${records}, ${new Date(lastAt).toISOString()}`);
  if (head !== undefined) {
    terminal.print(
      head.seq === undefined
        ? "head:    MISSING. The journal was cut or rewritten since, or it is another one; a backup may have it."
        : `head:    seq ${head.seq} is there, and so is all before it, unchanged`,
    );
  }
  printRedactions(verification, terminal);
  const isMissing = (head !== undefined && head.seq === undefined) || changed !== undefined;
  if (fault === undefined) {
    if (!isMissing) terminal.print("OK");
    return isMissing ? 1 : 0;
  }
  terminal.print(`${FAULTS[fault.kind].name} at ${fault.place}: ${fault.why}`);
  terminal.print(FAULTS[fault.kind].nextStep);
  return fault.kind === "torn" && !isMissing ? 0 : 1;
}

/** Prints what was redacted, by whom and when, and what is unfinished or was changed since. */
function printRedactions({ redactions = [], isCheckpointOlder, changed }: Verification, terminal: Terminal): void {
  for (const { seq, at, id, fields, reason, by, records, left, onItsWord } of redactions) {
    terminal.print(
      visible(
        `redacted: ${fields.join(", ")} of task ${id} in ${counted(records, "record")}, by ${nameActor(by)}, ` +
          `${new Date(at).toISOString()}, seq ${seq}: ${reason}`,
      ),
    );
    if (onItsWord > 0) {
      terminal.print(`  ${onItsWord} of them are taken on its word: the format of their time keeps no digest`);
    }
    if (left > 0) terminal.print(`  UNFINISHED: ${left} of them still have the text. Run redact again.`);
  }
  if (isCheckpointOlder === true) {
    terminal.print("UNFINISHED: tasks.json is older than the last redaction and may have the text. Run redact again.");
  }
  if (changed === undefined) return;
  terminal.print(`CHANGED at ${changed.place}: ${changed.why}`);
  terminal.print("Somebody has changed a redacted record. A backup has it as it was.");
}

const FAULTS: Readonly<Record<Fault["kind"], { readonly name: string; readonly nextStep: string }>> = {
  torn: {
    name: "UNFINISHED",
    nextStep: "A process was stopped while writing, or is writing just now; the next write cuts it off.",
  },
  newer: {
    name: "NEWER",
    nextStep:
      "A newer version of this program wrote it; nothing is damaged. Restart the MCP servers that are older than " +
      "the journal; if they stay so, update this program.",
  },
  damaged: {
    name: "DAMAGED",
    nextStep: "repair cuts the journal off before it, after keeping a copy; a backup may have more.",
  },
};

/** Prints the result of `repair`. */
export function printRepair({ verification, copies }: Repair, terminal: Terminal): number {
  if (copies === undefined) {
    terminal.print(`Nothing to repair: ${verification.records} records are whole.`);
    return 0;
  }
  terminal.print(`Records kept: ${verification.records}. What was cut off or set aside is in ${copies}`);
  if (verification.records === 0) {
    terminal.print(
      "No record is left: the next start imports the tasks in tasks.json, if it is there, without history.",
    );
  }
  terminal.print("Restart the servers that use this data directory.");
  return 0;
}

/** Prints the result of `backup`. */
export function printBackup({ destination, records, segments, checkpointSeq }: Backup, terminal: Terminal): number {
  terminal.print(`Copied to ${destination}, and read back: it is whole.`);
  terminal.print(`records:    ${records}`);
  terminal.print(`segments:   ${segments}`);
  terminal.print(`checkpoint: ${checkpointSeq === undefined ? "none of use" : `of record ${checkpointSeq}`}`);
  return 0;
}

/** Corrects the journal's time, and prints from when to when. */
export async function printClockCorrection(engine: Engine, terminal: Terminal): Promise<number> {
  const { from, to } = await engine.execute({ type: "correct_clock" }, OPERATOR);
  terminal.print(
    `Corrected: the journal was at ${new Date(from).toISOString()}, and is at ${new Date(to).toISOString()}.`,
  );
  return 0;
}

function describeEvent({ id, type, subject, time, data }: Notification): string {
  const { actor, via, instance, cause } = data;
  const from = via?.process === undefined ? actor : `${actor}#${via.process}`;
  const by = instance === undefined || instance === subject ? "" : `  by ${instance}`;
  const about = subject === undefined ? "" : `  ${subject}`;
  const why = nameOf(type) === "handler.failed"
    ? `  (${data["notification"]}: ${data["error"]})`
    : cause === undefined
    ? ""
    : `  (${cause})`;
  return `${id.padStart(8)}  ${time}  ${from}  ${nameOf(type)}${about}${by}${why}`;
}

/** Replaces control characters, line separators and bidi controls by spaces: a terminal would act on them. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, " ");
}
