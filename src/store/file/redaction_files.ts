/**
 * Redacts the lines of a journal in files. It holds the write lock while it is open, so no other process appends meanwhile;
 * readers need no lock: a segment is replaced as a whole, by a rename, and they find their place in the new one.
 */

import { type Log, type RedactableJournal, Unavailable } from "../../app/ports.ts";
import { keysOfFilter } from "../../core/messages/history.ts";
import type { Redaction } from "../../core/messages/redact.ts";
import { MAX_REDACTED_RECORDS } from "../../core/model/limits.ts";
import type { RedactedRecord } from "../../core/model/redaction.ts";
import { leadingSeq, splitLine } from "./codec.ts";
import type { Disk } from "./disk.ts";
import { writeDurably } from "./durable_file.ts";
import { FileJournal } from "./file_journal.ts";
import { indexPath } from "./journal_search.ts";
import { RedactedCopies } from "./redacted_copies.ts";
import { type Line as AnyLine, redactLine, refuseUncovered } from "./redact_line.ts";
import { formatRedacted, type Redacted } from "./redacted_line.ts";
import { readIndex, SegmentIndex } from "./segment_index.ts";
import { SegmentFiles } from "./segment_files.ts";
import { LINE_FEED, readEnds, startOfSegment } from "./segments.ts";
import { readStateFile, STATE_FILE, TASKS_FILE } from "./state_file.ts";
import { withFailures } from "./system_errors.ts";
import { nextTurn } from "./turn.ts";
import { WriteLock } from "./write_lock.ts";

/** Suffix of a segment while it is being rewritten. */
const REWRITTEN = ".redacted";

export interface RedactionFilesOptions {
  readonly directory: string;
  readonly disk: Disk;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** As that of `FileJournal`: other values only in tests. */
  readonly segmentBytes?: number;
}

/** A line of a segment. */
interface Line extends AnyLine {
  readonly bytes: Uint8Array;
  readonly seq: number;
}

/** The lines of a segment that are to be rewritten. */
interface FoundSegment {
  readonly number: number;
  readonly seqs: ReadonlySet<number>;
}

export class RedactionFiles implements RedactableJournal, AsyncDisposable {
  /** Appends under the lock that is held. */
  readonly journal: FileJournal;
  readonly #options: RedactionFilesOptions;
  readonly #lock: WriteLock;
  readonly #segments: SegmentFiles;
  readonly #copies: RedactedCopies;
  #isLocked = false;
  #found: readonly FoundSegment[] = [];

  constructor(options: RedactionFilesOptions) {
    this.#options = options;
    const { directory, disk } = options;
    this.#lock = new WriteLock(disk, `${directory}/lock`);
    this.#segments = new SegmentFiles({ directory, disk, mode: "read" });
    this.#copies = new RedactedCopies({ directory, disk });
    const held = { acquire: () => this.#acquire(), release: () => {}, close: () => {} };
    this.journal = new FileJournal({ ...options, lock: held });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal.close();
    this.#segments.close();
    this.#lock.close();
  }

  find(redaction: Redaction): Promise<readonly RedactedRecord[]> {
    return withFailures(this.#options.directory, () => this.#find(redaction));
  }

  async #find(redaction: Redaction): Promise<readonly RedactedRecord[]> {
    this.#refuseNewer();
    const keys = keysOfFilter({ task: redaction.id });
    // Makes the missing indexes, for which nobody else must wait.
    for await (const _ of this.journal.search({ after: 0, before: Infinity, keys, isNewestFirst: false }));
    await this.#acquire();
    const found: FoundSegment[] = [];
    const records: RedactedRecord[] = [];
    for (const number of this.#segments.numbers()) {
      if (!this.#mayHold(number, keys)) continue;
      const seqs = new Set<number>();
      for (const line of this.#linesOf(number)) {
        const redacted = await this.#redactLine(line, redaction);
        if (redacted === undefined) continue;
        seqs.add(line.seq);
        records.push([line.seq, redacted.bodyDigest]);
      }
      if (seqs.size > 0) found.push({ number, seqs });
    }
    this.#found = found;
    return records;
  }

  rewrite(
    redaction: Redaction,
    { seqs, clean }: { readonly seqs: readonly number[]; readonly clean: () => Promise<void> },
  ): Promise<readonly string[]> {
    return withFailures(this.#options.directory, async () => {
      const changed = new Set(this.#copies.redact(redaction, seqs.at(-1)));
      let rewritten = 0;
      for (const { number, seqs: lines } of this.#found) {
        await this.#rewriteSegment(number, async (line) => {
          if (!lines.has(line.seq)) return line.bytes;
          const by = seqs[Math.floor(rewritten++ / MAX_REDACTED_RECORDS)];
          const redacted = await this.#redactLine(line, redaction);
          // It was found under the same lock.
          if (redacted === undefined || by === undefined) {
            throw new Error(`Record ${line.seq} cannot be redacted again`);
          }
          return new TextEncoder().encode(formatRedacted({ ...redacted, by }, splitLine(line.text).hash));
        });
      }
      this.#removeUnfinished();
      this.#release();
      await clean();
      // The checkpoint may have set files aside.
      for (const path of this.#copies.redact(redaction, seqs.at(-1))) changed.add(path);
      return [...changed];
    });
  }

  /** Refuses a checkpoint of a newer version, which this one cannot replace. */
  #refuseNewer(): void {
    const { disk, directory } = this.#options;
    const file = readStateFile(disk, directory);
    if (file.type !== "newer") return;
    throw new Unavailable(
      "newer_version",
      `Cannot redact as a newer version of this program wrote ${directory}/${STATE_FILE}: only that version can remove the ` +
        `text from it and from ${TASKS_FILE}. Nothing was changed; use that version`,
    );
  }

  async #acquire(): Promise<void> {
    if (this.#isLocked) return;
    await this.#lock.acquire();
    this.#isLocked = true;
  }

  #release(): void {
    this.#lock.release();
    this.#isLocked = false;
  }

  /** Whether a segment may have one of the keys, by its index. Without a usable one, it may. */
  #mayHold(number: number, keys: readonly (readonly string[])[]): boolean {
    const { directory, disk } = this.#options;
    const index = readIndex(disk, indexPath(directory, number));
    const isUsable = index instanceof SegmentIndex &&
      index.hash === readEnds(disk, this.#segments.path(number)).lastHash;
    return !isUsable || index.mayHold({ keys });
  }

  /** The lines of a segment, all of which are checked first. */
  #linesOf(number: number): readonly Line[] {
    const { disk } = this.#options;
    const start = startOfSegment(disk, this.#segments.directory, number);
    // A last segment that a crash left without a record.
    if (start === undefined) return [];
    let whole = 0;
    for (const { position, rest } of this.#segments.walk(start)) {
      if (position.segment > number) break;
      if (rest.type === "fault") throw this.#segments.damaged(position, rest);
      whole = position.offset;
    }
    // What follows the last whole record is cut off by the next append.
    const bytes = (disk.readFile(this.#segments.path(number)) ?? new Uint8Array()).subarray(0, whole);
    const lines: Line[] = [];
    let previous = start.hash;
    for (let from = 0, end = 0; (end = bytes.indexOf(LINE_FEED, from) + 1) > 0; from = end) {
      const line = bytes.subarray(from, end);
      const text = new TextDecoder().decode(line.subarray(0, -1));
      lines.push({ text, bytes: line, seq: leadingSeq(text) ?? 0, previous });
      previous = splitLine(text).hash;
    }
    return lines;
  }

  /** What a line holds without the texts; undefined if it has none of them. */
  async #redactLine(line: Line, redaction: Redaction): Promise<Omit<Redacted, "by"> | undefined> {
    const found = redactLine(line, redaction);
    if (found === undefined) return undefined;
    const { before, earlier, ...redacted } = found;
    if (earlier !== undefined) await refuseUncovered(this.journal, line.seq, earlier);
    this.#copies.remember(before, redacted.body);
    return redacted;
  }

  /** Replaces a segment by one with other lines, atomically and durably. */
  async #rewriteSegment(number: number, rewrite: (line: Line) => Promise<Uint8Array>): Promise<void> {
    const { disk } = this.#options;
    const path = this.#segments.path(number);
    const lines: Uint8Array[] = [];
    for (const line of this.#linesOf(number)) lines.push(await rewrite(line));
    // In one piece, as everybody waits for the lock: a segment is little longer than `SEGMENT_BYTES`.
    await writeDurably(disk, path + REWRITTEN, [joined(lines)]);
    disk.rename(path + REWRITTEN, path);
    disk.syncDirectory(this.#segments.directory);
    await nextTurn();
  }

  /** Removes what an interrupted redaction has left. */
  #removeUnfinished(): void {
    const { disk } = this.#options;
    for (const name of disk.list(this.#segments.directory)) {
      if (name.endsWith(REWRITTEN)) disk.remove(`${this.#segments.directory}/${name}`);
    }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sizeBytes, { length }) => sizeBytes + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
