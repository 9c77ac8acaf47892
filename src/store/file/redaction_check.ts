/**
 * Checks the redacted lines of a journal against the records of the redactions. The chain does not cover what a redacted
 * line holds now, but it covers those records, each of which has the digests of the lines that it rewrites. Changes nothing.
 */

import type { JournalRecord } from "../../core/messages/events.ts";
import { redactEvents } from "../../core/messages/redact.ts";
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
  /** How many of them still have the texts. */
  readonly left: number;
  /** How many of them have a hash that cannot be derived any more, as it was made of the record itself. */
  readonly onItsWord: number;
}

/** A redacted line that no redaction proves. */
export type Uncovered = Omit<RedactedPlace, "body">;

/** What a redaction says of a record. */
interface Listing {
  readonly redaction: Omit<CheckedRedaction, "left" | "onItsWord">;
  /** That of the body without the texts. */
  readonly digest: string;
}

export class RedactionCheck {
  readonly #redactions: Listing["redaction"][] = [];
  /** What redactions say of a record, the newest last. */
  readonly #listings = new Map<number, Listing[]>();
  readonly #lines = new Map<number, Uncovered>();
  /** Listings whose digest is not that of the line, although their texts are gone from it. */
  readonly #gone = new Set<Listing>();

  /** Notes the redacted records of a chunk, and the records of redactions. */
  note({ records, redacted = [] }: Pick<SegmentChunk, "records" | "redacted">): void {
    for (const { body: _, ...line } of redacted) this.#lines.set(line.record, line);
    for (const record of records) this.#noteRedactions(record);
  }

  /**
   * Whether `look` must see the records once more. A line that was redacted twice has the body that one redaction names; so
   * whether the other one has removed its texts, too, or was interrupted, only the record tells.
   */
  get mustLook(): boolean {
    return this.#lines.keys().some((record) => this.#unproven(record).length > 0);
  }

  /** Looks for texts in records whose digests do not tell whether they are gone; once the whole journal was noted. */
  look(records: readonly JournalRecord[]): void {
    for (const { seq, events } of records) {
      if (!this.#lines.has(seq)) continue;
      for (const listing of this.#unproven(seq)) {
        if (redactEvents(events, listing.redaction) === events) this.#gone.add(listing);
      }
    }
  }

  /** The listings of a record whose digest is not that of its line. */
  #unproven(record: number): readonly Listing[] {
    const bodyDigest = this.#lines.get(record)?.bodyDigest;
    return this.#listings.get(record)?.filter(({ digest }) => digest !== bodyDigest) ?? [];
  }

  /** The seq of the last redaction; 0 if there is none. */
  get lastSeq(): number {
    return this.#redactions.at(-1)?.seq ?? 0;
  }

  /** All redactions, in order, once the whole journal was noted, and looked at if it must be. */
  get redactions(): readonly CheckedRedaction[] {
    const left = new Map<Listing["redaction"], number>();
    const onItsWord = new Map<number, number>();
    for (const record of this.#listings.keys()) {
      for (const listing of this.#unproven(record)) {
        if (!this.#gone.has(listing)) left.set(listing.redaction, (left.get(listing.redaction) ?? 0) + 1);
      }
    }
    for (const { by, digest } of this.#lines.values()) {
      if (digest === undefined) onItsWord.set(by, (onItsWord.get(by) ?? 0) + 1);
    }
    return this.#redactions.map((each) => {
      return { ...each, left: left.get(each) ?? 0, onItsWord: onItsWord.get(each.seq) ?? 0 };
    });
  }

  /** The first redacted line that no redaction proves. */
  get uncovered(): Uncovered | undefined {
    return this.#lines.values().find(({ record, by, bodyDigest }) => {
      return this.#listings.get(record)?.some(({ redaction, digest }) => {
        return redaction.seq === by && digest === bodyDigest;
      }) !== true;
    });
  }

  #noteRedactions({ seq, at, events }: JournalRecord): void {
    for (const event of events) {
      if (event.type !== "task.redacted") continue;
      const { id, fields, reason, by, records } = event;
      const redaction = { seq, at, id, fields, reason, by, records: records.length };
      this.#redactions.push(redaction);
      for (const [record, digest] of records) {
        const listings = this.#listings.get(record) ?? [];
        listings.push({ redaction, digest });
        this.#listings.set(record, listings);
      }
    }
  }
}
