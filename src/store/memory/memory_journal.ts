/**
 * The journal in memory: for tests, and for `--store memory`, which keeps nothing. Engines that use the same object share
 * their tasks.
 */

import type { Checkpoints, Chunk, Journal, Position, Transaction } from "../../app/ports.ts";
import type { Draft, JournalRecord } from "../../core/messages/events.ts";

/** Records are found by their seq alone. */
const ORIGIN: Position = { seq: 0, token: "" };

export class MemoryJournal implements Journal {
  readonly origin = ORIGIN;
  readonly #records: JournalRecord[] = [];
  readonly #now: () => number;
  readonly #watchers = new Set<() => void>();

  /** @param now milliseconds since the Unix epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  now(): number {
    return this.#now();
  }

  transact(after: Position, { follow, decide }: Transaction): Promise<Position> {
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
      for (const wake of this.#watchers) wake();
      return Promise.resolve(this.#end());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async *read(after: Position): AsyncIterable<Chunk> {
    const records = this.#records.slice(after.seq);
    if (records.length > 0) yield { records, position: this.#end() };
  }

  seek(seq: number): Promise<Position> {
    return Promise.resolve({ ...ORIGIN, seq: Math.min(seq, this.#records.length) });
  }

  async *watch(signal: AbortSignal): AsyncIterable<void> {
    let changed = Promise.withResolvers<void>();
    const wake = () => changed.resolve();
    this.#watchers.add(wake);
    signal.addEventListener("abort", wake, { once: true });
    try {
      while (!signal.aborted) {
        await changed.promise;
        changed = Promise.withResolvers<void>();
        if (!signal.aborted) yield;
      }
    } finally {
      this.#watchers.delete(wake);
      signal.removeEventListener("abort", wake);
    }
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
