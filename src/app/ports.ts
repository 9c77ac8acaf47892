/**
 * What the application needs of the world: a journal, a place for checkpoints, a log. Each store offers the first
 * two; everything above them is the same whatever the store.
 */

import type { Draft, JournalRecord } from "../core/messages/events.ts";
import type { Task } from "../core/model/task.ts";
import type { Snapshot } from "../core/state/snapshot.ts";

/** Where a record ends. Made by a journal and handed back to it; only `seq` means something to others. */
export interface Position {
  /** Sequence number of the record; 0 before the first. */
  readonly seq: number;
  /** Hash of the record, over all before it. */
  readonly hash: string;
  /** Number of the file that holds it, where the store has files. */
  readonly segment: number;
  /** Byte offset of its end in that file. */
  readonly offset: number;
}

/** Records in order, and where the last of them ends. */
export interface Chunk {
  readonly records: readonly JournalRecord[];
  readonly position: Position;
}

/** What a transaction learns of the journal, and does with it. */
export interface Transaction {
  /**
   * Told of all records after the transaction's position, in order, before `decide` is called, and where they end.
   * They are durable once `transact` resolves, or `read` from there has ended.
   */
  follow(chunk: Chunk): void;
  /**
   * Hands each record to be appended to `append`, which returns how many bytes all of them come to so far. Called under
   * the write lock, at most once, with the time in milliseconds since the Unix epoch. `refusalOf` says why the journal
   * has no room for a record beside those before it: what is appended all the same costs a failed append.
   */
  decide(at: number, append: (draft: Draft) => number, refusalOf: (draft: Draft) => AppendFailed | undefined): void;
}

/** The ordered, durable list of accepted commands that many processes share. */
export interface Journal {
  /** The position before the first record. */
  readonly origin: Position;

  /**
   * Tells the transaction of every record after `after`, and appends what it then decides under the write lock.
   * Resolves, when all of it and all that was told is durable, to the position after the last record.
   *
   * @throws Unavailable `busy` if the lock could not be had, before `decide` was called
   * @throws JournalReplaced if `after` is not in the journal, before `decide` was called
   * @throws AppendFailed if not all could be written; those it counts are durable, the others are not there. Before
   * `decide` was called: if nothing can be appended
   * @throws CommitUnknown if those it counts may be durable or not; the others are not there
   * @throws whatever the transaction throws, with nothing appended
   */
  transact(after: Position, transaction: Transaction): Promise<Position>;

  /**
   * Durable records after a position, in chunks, without the lock; ends at the end of the journal, when all records
   * up to there are durable.
   */
  read(after: Position): AsyncIterable<Chunk>;

  /** A position from which `read` yields the record after `seq` among the first ones, and none much older. */
  seek(seq: number): Promise<Position>;

  /** Yields when something may have been appended, by any process: a hint to read, never relied on. */
  watch(signal: AbortSignal): AsyncIterable<void>;

  close(): Promise<void>;
}

/** A cache of the state at a position of the journal. */
export interface Checkpoints {
  /** The newest usable checkpoint, if there is one. */
  load(): Promise<{ readonly snapshot: Snapshot; readonly position: Position } | undefined>;

  /** Replaces the checkpoint, unless a newer one stands there. `position` must be durable. */
  save(snapshot: Snapshot, position: Position): Promise<void>;

  /**
   * Tasks of a file that the user put there before there was a journal, or those of them that are not in the journal
   * yet, where their import was interrupted.
   */
  legacy(): Promise<readonly Task[]>;

  /** Moves that file out of the way, once its tasks are in the journal. */
  retireLegacy(): Promise<void>;

  close(): void;
}

/** What a check of a whole journal found. */
export interface Verification {
  /** Whole records from the first one on. */
  readonly records: number;
  /** When the last of them was written, in milliseconds since the Unix epoch. */
  readonly lastAt?: number;
  /** Where the whole records end. */
  readonly end: Position;
  /** What follows them, if anything. */
  readonly fault?: Fault;
}

export interface Fault {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly byte: number;
  readonly why: string;
  /**
   * `torn`: an unfinished last record, which the next write cuts off. `newer`: written by a newer version of this
   * program. `damaged`: anything else.
   */
  readonly kind: "torn" | "newer" | "damaged";
}

/** What a repair did. */
export interface Repair {
  readonly verification: Verification;
  /** The folder with copies of all that was changed; undefined if there was nothing to repair. */
  readonly copies?: string;
}

/** What a backup copied. */
export interface Backup {
  /** The directory with the copy. */
  readonly destination: string;
  readonly records: number;
  /** How many files the records are in. */
  readonly segments: number;
  /** The record that the copied checkpoint stands for; undefined if there is no usable one. */
  readonly checkpointSeq?: number;
}

/** Messages for the operator. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Why a call could not be carried out although nothing is wrong with it. */
export type UnavailableCode =
  /** Another process holds the write lock for too long; nothing was done, try again. */
  | "busy"
  /** Too many calls are waiting in this process; nothing was done, try again. */
  | "overloaded"
  /** The store could not read or write; nothing of the call was kept. */
  | "storage_failed"
  /** The store failed after the call was written: whether it took effect shows once the journal can be read. */
  | "outcome_unknown"
  /** The journal is damaged. */
  | "journal_damaged"
  /** The journal was written by a newer version of this program. */
  | "newer_version"
  /** The server is shutting down. */
  | "closed";

/** A failure that is not the caller's fault. */
export class Unavailable extends Error {
  override readonly name: string = "Unavailable";

  constructor(readonly code: UnavailableCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The journal that was read is not the one that is there now: it was removed, replaced or cut. Read it anew. */
export class JournalReplaced extends Unavailable {
  override readonly name = "JournalReplaced";

  constructor(message: string) {
    super("journal_damaged", message);
  }
}

/** An append that the store could carry out in part or not at all. */
export class AppendFailed extends Unavailable {
  override readonly name = "AppendFailed";

  /** @param appended how many records, from the first, are in the journal and durable */
  constructor(readonly appended: number, message: string, options?: ErrorOptions) {
    super("storage_failed", message, options);
  }
}

/** A transaction that was written, and may be lost or not: the store could not make sure of it. */
export class CommitUnknown extends Unavailable {
  override readonly name = "CommitUnknown";

  /**
   * @param appended how many records, from the first, were written and may be durable
   * @param why what failed, without a final stop
   */
  constructor(readonly appended: number, readonly why: string, options?: ErrorOptions) {
    super(
      "outcome_unknown",
      `${why}. Whether this call took effect is unknown: before you repeat it, look with get_task_details or ` +
        "get_history",
      options,
    );
  }
}
