/**
 * The journal in memory: for tests, and for `--store memory`, which keeps nothing. Engines that use the same object share
 * their tasks.
 */

import type { Checkpoints, Chunk, Journal, JournalIdentity, Position, Search, Transaction } from "../../app/ports.ts";
import type { Draft, JournalRecord } from "../../core/messages/events.ts";
import { Watchers } from "../watchers.ts";

/** Records are found by their seq alone. */
const ORIGIN: Position = { seq: 0, token: "" };

/** How many records a search yields at once. */
const SEARCH_RECORDS = 1_000;

export class MemoryJournal implements Journal {
  readonly origin = ORIGIN;
  readonly #id = crypto.randomUUID();
  readonly #records: JournalRecord[] = [];
  readonly #now: () => number;
  readonly #watchers = new Watchers();

  /** @param now milliseconds since the Unix epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  now(): number {
    return this.#now();
  }

  transact(after: Position, { follow, decide, measure }: Transaction): Promise<Position> {
    try {
      const records = this.#records.slice(after.seq);
      if (records.length > 0) follow({ records, position: this.#end() });
      const drafts: Draft[] = [];
      decide(this.#now(), (draft) => {
        drafts.push(draft);
        // Nothing is encoded, so there is no size.
        return 0;
      }, () => undefined);
      for (const draft of drafts) this.#records.push({ ...draft, seq: this.#records.length + 1 });
      this.#watchers.wakeAll();
      return Promise.resolve(this.#end());
    } catch (error) {
      return Promise.reject(error);
    } finally {
      measure?.({ lockWaitMs: 0, lockedMs: 0, syncMs: 0, sizeBytes: 0 });
    }
  }

  async *read(after: Position): AsyncIterable<Chunk> {
    const records = this.#records.slice(after.seq);
    if (records.length > 0) yield { records, position: this.#end() };
  }

  async *search({ after, before, isNewestFirst }: Search): AsyncIterable<readonly JournalRecord[]> {
    const records = this.#records.slice(after, Math.max(after, before - 1));
    const starts = Array.from({ length: Math.ceil(records.length / SEARCH_RECORDS) }, (_, n) => n * SEARCH_RECORDS);
    for (const start of isNewestFirst ? starts.reverse() : starts) yield records.slice(start, start + SEARCH_RECORDS);
  }

  identity(): Promise<JournalIdentity | undefined> {
    return Promise.resolve(this.#records.length === 0 ? undefined : { id: this.#id, epoch: 0 });
  }

  seek(seq: number): Promise<Position> {
    return Promise.resolve({ ...ORIGIN, seq: Math.min(seq, this.#records.length) });
  }

  watch(signal: AbortSignal): AsyncIterable<void> {
    return this.#watchers.watch(signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #end(): Position {
    return { ...ORIGIN, seq: this.#records.length };
  }
}

/** Checkpoints of a journal in memory, which needs none. */
export const noCheckpoints: Checkpoints = {
  load: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
  close: () => {},
};
