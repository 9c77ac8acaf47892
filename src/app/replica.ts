/**
 * This process's replica of the state: the checkpoint, then every record of the journal after it, folded in order. Only
 * the engine changes it. Every folded record is noted for the listeners.
 */

import type { Draft, JournalRecord } from "../core/messages/events.ts";
import { Refusal } from "../core/model/refusal.ts";
import { applyDraft } from "../core/state/apply_draft.ts";
import { evolveRecord } from "../core/state/evolve.ts";
import { rememberRequest } from "../core/state/requests.ts";
import { restore } from "../core/state/snapshot.ts";
import { emptyState, type State } from "../core/state/state.ts";
import type { Listeners } from "./listeners.ts";
import type { Checkpoints, Chunk, Journal, Position } from "./ports.ts";
import { Redactions } from "./redactions.ts";

export class Replica {
  state: State = emptyState();
  position: Position;
  /** Set while the state may differ from the durable journal: then it must not be shown. */
  isStale = true;
  /** Those after the loaded checkpoint. Lines that an earlier one has not rewritten yet are read with their texts. */
  readonly redactions = new Redactions();
  readonly #journal: Journal;
  readonly #checkpoints: Checkpoints;
  readonly #listeners: Listeners;
  #checkpointSeq = 0;

  constructor(journal: Journal, checkpoints: Checkpoints, listeners: Listeners) {
    this.#journal = journal;
    this.#checkpoints = checkpoints;
    this.#listeners = listeners;
    this.position = journal.origin;
  }

  /** Seq of the last record in the loaded checkpoint; 0 if there was none. */
  get checkpointSeq(): number {
    return this.#checkpointSeq;
  }

  /** Replaces the state by that of the checkpoint and the journal after it. */
  async load(): Promise<void> {
    const checkpoint = await this.#checkpoints.load();
    // A version from before the load must not seem to be one of the new state.
    const epoch = this.state.epoch + 1;
    this.state = checkpoint === undefined ? emptyState(epoch) : restore(checkpoint.snapshot, epoch);
    this.position = checkpoint?.position ?? this.#journal.origin;
    this.#checkpointSeq = this.position.seq;
    this.redactions.clear();
    await this.#noteUpTo(this.position.seq);
    await this.follow();
    this.#listeners.dropAfter(this.position.seq);
  }

  /** Folds the records that other processes have appended. Afterwards all folded records are durable. */
  async follow(): Promise<void> {
    for await (const chunk of this.#journal.read(this.position)) this.fold(chunk);
    this.isStale = false;
  }

  /** Folds records that follow the position. The state must not be shown until these records are durable. */
  fold({ records, position }: Chunk): void {
    this.isStale = true;
    for (const record of records) {
      evolveRecord(this.state, record);
      this.redactions.note(record);
      this.#listeners.note(record);
    }
    this.position = position;
  }

  /** The first records after the position, at most `limit`. They are durable. Changes nothing. */
  async peek(limit: number): Promise<readonly JournalRecord[]> {
    const found: JournalRecord[] = [];
    for await (const { records } of this.#journal.read(this.position)) {
      for (const record of records) if (found.length < limit) found.push(record);
      if (found.length === limit) break;
    }
    return found;
  }

  /**
   * Applies a draft, which is not durable yet, as the record `seq`. Returns it with the events that follow from its own,
   * and the groups of their tasks.
   *
   * @throws Refusal if it is too large for one record; then nothing was applied
   * @throws BrokenState if an event cannot be applied, which is a bug
   */
  apply(draft: Draft, seq: number): JournalRecord {
    try {
      // The state is ahead of the journal until the append succeeds.
      this.isStale = true;
      const record = { ...applyDraft(this.state, draft), seq };
      rememberRequest(this.state, record);
      this.redactions.note(record);
      return record;
    } catch (cause) {
      if (cause instanceof Refusal) throw cause;
      throw new BrokenState("An event could not be applied", { cause });
    }
  }

  /** Notes for the listeners the records that the checkpoint holds, as these are never folded. */
  async #noteUpTo(seq: number): Promise<void> {
    if (!this.#listeners.isEmpty && this.#listeners.notedSeq < seq) {
      for await (const { records } of this.#journal.read(await this.#journal.seek(this.#listeners.notedSeq))) {
        // A record that is noted already is ignored.
        for (const record of records) this.#listeners.note(record);
      }
    }
    this.#listeners.skipTo(seq);
  }
}

/** An event was applied only in part: the state must be loaded again. */
export class BrokenState extends Error {}
