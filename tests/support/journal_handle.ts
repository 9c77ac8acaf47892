/** A handle on a journal that others share: it counts its use, and what it takes for the journal's clock may be wrong. */

import type { Chunk, Journal, JournalIdentity, Position, Search, Transaction } from "../../src/app/ports.ts";
import type { JournalRecord } from "../../src/core/messages/events.ts";

/** More transactions than any test needs: a process that spins gets an error, as faked time stands still for it. */
const MOST_TRANSACTIONS = 5_000;

export class JournalHandle implements Journal {
  readonly origin: Position;
  /** How often it took the write lock, and how often it read. */
  transactions = 0;
  reads = 0;
  readonly #shared: Journal;

  /** @param now the time that it takes for the journal's, in milliseconds since the Unix epoch */
  constructor(shared: Journal, readonly now = () => shared.now()) {
    this.origin = shared.origin;
    this.#shared = shared;
  }

  transact(after: Position, transaction: Transaction): Promise<Position> {
    if (++this.transactions > MOST_TRANSACTIONS) return Promise.reject(new Error("A process spins"));
    return this.#shared.transact(after, transaction);
  }

  read(after: Position): AsyncIterable<Chunk> {
    this.reads++;
    return this.#shared.read(after);
  }

  search(search: Search): AsyncIterable<readonly JournalRecord[]> {
    return this.#shared.search(search);
  }

  identity(): Promise<JournalIdentity | undefined> {
    return this.#shared.identity();
  }

  seek(seq: number): Promise<Position> {
    return this.#shared.seek(seq);
  }

  watch(signal: AbortSignal): AsyncIterable<void> {
    return this.#shared.watch(signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
