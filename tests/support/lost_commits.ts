/** A journal whose connection breaks while it commits: whether the records have arrived, it cannot say. */

import {
  type Chunk,
  CommitUnknown,
  type Journal,
  type JournalIdentity,
  type Position,
  type Search,
  type Transaction,
} from "../../src/app/ports.ts";
import type { Draft, JournalRecord } from "../../src/core/messages/events.ts";

/** When the connection breaks: before the records arrive, after that, or before, and they arrive later all the same. */
export type Loss = "before" | "after" | "late";

export class LostCommits implements Journal {
  readonly origin: Position;
  /** What happens to the next commits that append something, the first one first. */
  readonly losses: Loss[] = [];
  /** Called after a connection broke, before the engine knows. */
  onLost: () => Promise<void> = () => Promise.resolve();
  /** If set, nothing can be read. */
  failure: Error | undefined;
  readonly #journal: Journal;
  #inFlight: { readonly after: number; readonly drafts: readonly Draft[] } | undefined;

  constructor(journal: Journal) {
    this.origin = journal.origin;
    this.#journal = journal;
  }

  now(): number {
    return this.#journal.now();
  }

  async transact(after: Position, { follow, decide }: Transaction): Promise<Position> {
    let head = after.seq;
    const drafts: Draft[] = [];
    const loss = this.losses[0];
    const position = await this.#journal.transact(after, {
      follow(chunk) {
        head = chunk.position.seq;
        follow(chunk);
      },
      decide: (at, append, noRoomFor) =>
        decide(at, (draft) => {
          drafts.push(draft);
          return loss === "before" || loss === "late" ? 0 : append(draft);
        }, noRoomFor),
    });
    if (loss === undefined || drafts.length === 0) return position;
    this.losses.shift();
    if (loss === "late") this.#inFlight = { after: head, drafts };
    await this.onLost();
    throw new CommitUnknown(drafts.length, "The connection is lost");
  }

  /** The statement that was in flight arrives. It has an effect only if nothing was appended since. */
  async arrive(): Promise<void> {
    const { after, drafts } = this.#inFlight ?? { after: -1, drafts: [] };
    let head = 0;
    await this.#journal.transact(this.origin, {
      follow: ({ position }) => head = position.seq,
      decide: (_at, append) => {
        if (head === after) drafts.forEach(append);
      },
    });
  }

  async *read(after: Position): AsyncIterable<Chunk> {
    if (this.failure !== undefined) throw this.failure;
    yield* this.#journal.read(after);
  }

  search(search: Search): AsyncIterable<readonly JournalRecord[]> {
    return this.#journal.search(search);
  }

  identity(): Promise<JournalIdentity | undefined> {
    return this.#journal.identity();
  }

  seek(seq: number): Promise<Position> {
    return this.#journal.seek(seq);
  }

  watch(signal: AbortSignal): AsyncIterable<void> {
    return this.#journal.watch(signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
