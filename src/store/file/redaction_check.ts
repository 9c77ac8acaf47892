/**
 * Checks the redacted lines of a journal against the records of the redactions. The chain does not cover what a redacted
 * line holds now, but it covers those records, each of which has the digests of the lines that it rewrites. Changes nothing.
 */

import type { JournalRecord } from "../../core/messages/events.ts";
import type { Actor } from "../../core/model/news.ts";
import type { RedactableField } from "../../core/model/redaction.ts";
import type { RedactedPlace, SegmentChunk } from "./segments.ts";

/** A redaction, as its record tells it. */
export interface CheckedRedaction {
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly id: string;
  readonly fields: readonly RedactableField[];
  readonly reason: string;
  readonly by: Actor;
  /** How many lines it rewrites. */
  readonly records: number;
  /** How many of them still are as they were. */
  readonly left: number;
  /** How many of them have a hash that cannot be derived any more, as it was made of the record itself. */
  readonly onItsWord: number;
}

/** A redacted line that no redaction proves. */
export type Uncovered = Omit<RedactedPlace, "body">;

interface Listing {
  /** The seq of the redaction. */
  readonly by: number;
  readonly digest: string;
}

export class RedactionCheck {
  readonly #redactions: Omit<CheckedRedaction, "left" | "onItsWord">[] = [];
  /** What redactions say of a record, the newest last. */
  readonly #listings = new Map<number, Listing[]>();
  readonly #lines = new Map<number, Uncovered>();

  /** Notes the redacted records of a chunk, and the records of redactions. */
  note({ records, redacted = [] }: Pick<SegmentChunk, "records" | "redacted">): void {
    for (const { body: _, ...line } of redacted) this.#lines.set(line.record, line);
    for (const record of records) this.#noteRedactions(record);
  }

  /** The seq of the last redaction; 0 if there is none. */
  get lastSeq(): number {
    return this.#redactions.at(-1)?.seq ?? 0;
  }

  /** All redactions, in order, once the whole journal was noted. */
  get redactions(): readonly CheckedRedaction[] {
    const left = new Map<number, number>();
    const onItsWord = new Map<number, number>();
    for (const [record, listings] of this.#listings) {
      const { by, digest } = listings.at(-1) ?? { by: 0, digest: "" };
      const line = this.#lines.get(record);
      if (line?.by !== by || line.bodyDigest !== digest) left.set(by, (left.get(by) ?? 0) + 1);
      else if (line.digest === undefined) onItsWord.set(by, (onItsWord.get(by) ?? 0) + 1);
    }
    return this.#redactions.map((each) => {
      return { ...each, left: left.get(each.seq) ?? 0, onItsWord: onItsWord.get(each.seq) ?? 0 };
    });
  }

  /** The first redacted line that no redaction proves. */
  get uncovered(): Uncovered | undefined {
    return this.#lines.values().find(({ record, by, bodyDigest }) => {
      return this.#listings.get(record)?.some((each) => each.by === by && each.digest === bodyDigest) !== true;
    });
  }

  #noteRedactions({ seq, at, events }: JournalRecord): void {
    for (const event of events) {
      if (event.type !== "task.redacted") continue;
      const { id, fields, reason, by, records } = event;
      this.#redactions.push({ seq, at, id, fields, reason, by, records: records.length });
      for (const [record, digest] of records) {
        const listings = this.#listings.get(record) ?? [];
        listings.push({ by: seq, digest });
        this.#listings.set(record, listings);
      }
    }
  }
}
