/**
 * The state at any moment of the journal: folded from the nearest of some snapshots, which the first look makes, or from
 * that of an earlier look. What was redacted since is not in it. It reads the journal, and keeps everything in memory.
 */

import type { EventOf, JournalRecord } from "../core/messages/events.ts";
import { comesFrom } from "../core/messages/redact.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { Task } from "../core/model/task.ts";
import { advanceClock, evolveRecord, rewindClock } from "../core/state/evolve.ts";
import { applyRedaction, redactSnapshot } from "../core/state/redaction.ts";
import { restore, type Snapshot, snapshotOf } from "../core/state/snapshot.ts";
import { emptyState, type State } from "../core/state/state.ts";
import { type Journal, JournalReplaced, type Position } from "./ports.ts";
import { RecordTimes } from "./record_times.ts";
import { Redactions } from "./redactions.ts";

/** A moment of the journal: after a record, and a time at or after it in milliseconds since the Unix epoch. */
export interface PastMoment {
  readonly seq: number;
  /** Default: the time of the record. */
  readonly at?: number;
}

/** Most snapshots. Over it, every other one is dropped, so that they are twice as far apart. */
const MAX_SNAPSHOTS = 64;

/** Records between two snapshots at first. */
const FIRST_SPACING = 1_000;

/** Most states of earlier looks that are kept to go on from. */
const MAX_LOOKS = 2;

/** How many tasks are restored from a snapshot while one record is read and folded. */
const TASKS_PER_RECORD = 8;

export interface PastOptions {
  /** Default: `MAX_SNAPSHOTS`; other values only in tests, as `spacing`. */
  readonly maxSnapshots?: number;
  /** Records between two snapshots at first. Default: `FIRST_SPACING`. */
  readonly spacing?: number;
}

/** A state, and the records that were read after it. */
interface Look {
  readonly state: State;
  ahead: readonly JournalRecord[];
  /** After all records of `ahead`. */
  position: Position;
}

interface Kept {
  readonly snapshot: Snapshot;
  readonly position: Position;
}

/** What is read of a journal. */
type ReadJournal = Pick<Journal, "origin" | "now" | "read">;

export class Past {
  readonly #journal: ReadJournal;
  readonly #maxSnapshots: number;
  readonly #firstSpacing: number;
  /** Follows the end of the journal, and makes the snapshots on its way. */
  #tip: Look;
  #times = new RecordTimes();
  #snapshots: Kept[] = [];
  #spacing: number;
  readonly #redactions = new Redactions();
  /** Those of the last looks, the newest at the end. */
  #looks: Look[] = [];
  /** Settles when no look is under way. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(journal: ReadJournal, { maxSnapshots = MAX_SNAPSHOTS, spacing = FIRST_SPACING }: PastOptions = {}) {
    this.#journal = journal;
    this.#maxSnapshots = maxSnapshots;
    this.#firstSpacing = this.#spacing = spacing;
    this.#tip = this.#begin();
  }

  /**
   * The moment after a record, or that of a time: after the last record at or before it.
   *
   * @throws Refusal `not_found` if the journal has no record there
   */
  find(moment: { readonly seq: number } | { readonly at: number }): Promise<Required<PastMoment>> {
    return this.#serially(() => {
      const { last } = this.#times;
      if ("seq" in moment) {
        const { seq } = moment;
        if (seq >= 1 && seq <= last) return { seq, at: this.#times.at(seq) };
        const why = last === 0 ? "it has none yet" : `it has the records 1 to ${last}`;
        throw new Refusal("not_found", `The journal has no record ${seq}: ${why}`, { seq, last });
      }
      const time = new Date(moment.at).toISOString();
      if (moment.at > this.#journal.now()) {
        throw new Refusal("not_found", `Cannot tell what will be at ${time}: give a time that has been`, { time });
      }
      const seq = this.#times.lastAt(moment.at);
      if (seq > 0) return { seq, at: moment.at };
      const first = last === 0 ? "" : `: its first record is of ${new Date(this.#times.at(1)).toISOString()}`;
      throw new Refusal("not_found", `The journal has no record at ${time} or before${first}`, { time });
    });
  }

  /** Calls `read` with the state at a moment that was found, which must not be kept; resolves to what it returns. */
  look<T>({ seq, at }: PastMoment, read: (state: State, now: number) => T): Promise<T> {
    return this.#serially(async () => {
      const { state } = seq === this.#tip.state.seq ? this.#tip : await this.#lookAt(seq);
      const now = Math.max(state.recordedAt, at ?? 0);
      rewindClock(state, now);
      advanceClock(state, now);
      return read(state, now);
    });
  }

  /** Runs one look after the other, each on a journal that was read to its end. */
  #serially<T>(look: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      try {
        await this.#follow();
        return await look();
      } catch (error) {
        if (!(error instanceof JournalReplaced)) throw error;
        this.#forget();
        await this.#follow();
        return await look();
      }
    });
    this.#last = result.catch(() => {});
    return result;
  }

  /** The journal is another one now, as it was repaired. */
  #forget(): void {
    this.#tip = this.#begin();
    this.#times = new RecordTimes();
    this.#snapshots = [];
    this.#spacing = this.#firstSpacing;
    this.#redactions.clear();
    this.#looks = [];
  }

  #begin(): Look {
    return { state: emptyState(), ahead: [], position: this.#journal.origin };
  }

  async #follow(): Promise<void> {
    const tip = this.#tip;
    rewindClock(tip.state, tip.state.recordedAt);
    for await (const { records, position } of this.#journal.read(tip.position)) {
      for (const record of records) {
        evolveRecord(tip.state, record);
        this.#times.add(record);
        for (const redaction of this.#redactions.note(record)) this.#redact(redaction);
      }
      tip.position = position;
      const keptSeq = this.#snapshots.at(-1)?.position.seq ?? 0;
      if (position.seq - keptSeq >= this.#spacing) this.#keep({ snapshot: snapshotOf(tip.state), position });
    }
  }

  #keep({ snapshot, position }: Kept): void {
    // Whether a request is a repeat matters to commands only.
    this.#snapshots.push({ snapshot: { ...snapshot, requests: [] }, position });
    if (this.#snapshots.length <= this.#maxSnapshots) return;
    this.#snapshots = this.#snapshots.filter((_, index) => index % 2 === 1);
    this.#spacing *= 2;
  }

  /** Removes the texts of a redaction from all that is kept. */
  #redact(event: EventOf<"task.redacted">): void {
    this.#snapshots = this.#snapshots.filter(({ snapshot }) => {
      return !isToldByRecords(event, snapshot.tasks.find(({ id }) => id === event.id));
    }).map(({ snapshot, position }) => ({ snapshot: redactSnapshot(snapshot, event), position }));
    this.#looks = this.#looks.filter(({ state }) => !isToldByRecords(event, state.tasks.get(event.id)?.task));
    for (const look of this.#looks) {
      applyRedaction(look.state, event, look.state.recordedAt);
      look.ahead = look.ahead.map((record) => this.#redactions.of(record));
    }
  }

  /** The state after a record before the last: that of an earlier look, or of a snapshot, moved forward. */
  async #lookAt(seq: number): Promise<Look> {
    const look = this.#nearest(seq);
    this.#looks = [...this.#looks.filter((each) => each !== look), look].slice(-MAX_LOOKS);
    try {
      rewindClock(look.state, look.state.recordedAt);
      await this.#forward(look, seq);
    } catch (error) {
      this.#looks = this.#looks.filter((each) => each !== look);
      throw error;
    }
    return look;
  }

  #nearest(seq: number): Look {
    const kept = this.#snapshots.findLast(({ position }) => position.seq <= seq);
    const costOfKept = seq - (kept?.position.seq ?? 0) + (kept?.snapshot.tasks.length ?? 0) / TASKS_PER_RECORD;
    const [look] = this.#looks.filter(({ state }) => state.seq <= seq && seq - state.seq <= costOfKept)
      .sort((a, b) => b.state.seq - a.state.seq);
    if (look !== undefined) return look;
    return kept === undefined ? this.#begin() : { state: restore(kept.snapshot), ahead: [], position: kept.position };
  }

  async #forward(look: Look, seq: number): Promise<void> {
    look.ahead = foldUpTo(look.state, look.ahead, seq);
    if (look.state.seq >= seq) return;
    for await (const { records, position } of this.#journal.read(look.position)) {
      look.position = position;
      look.ahead = foldUpTo(look.state, records.map((record) => this.#redactions.of(record)), seq);
      if (look.state.seq >= seq) return;
    }
    throw new JournalReplaced(`The journal no longer has the record ${seq}`);
  }
}

/**
 * Whether only the records tell which texts of a task are redacted: what is kept of it is made again. The reason of a skipped
 * task may be that of a rule, which no record has; the message of a past attempt may be its error or what was reported.
 */
function isToldByRecords({ fields }: EventOf<"task.redacted">, task: Task | undefined): boolean {
  return (fields.includes("reason") && task?.status === "skipped") ||
    task?.pastAttempts?.some(({ message, outcome }) => message !== undefined && comesFrom(outcome, fields)) === true;
}

/** Folds records up to `seq`; returns those after it. */
function foldUpTo(state: State, records: readonly JournalRecord[], seq: number): readonly JournalRecord[] {
  for (const [index, record] of records.entries()) {
    if (record.seq > seq) return records.slice(index);
    evolveRecord(state, record);
  }
  return [];
}
