/**
 * The ports of the application: a journal, sessions, a place for checkpoints, one for deliveries, a log. Each store
 * implements all but the log; everything above them is the same for all stores.
 */

import type { Draft, JournalRecord } from "../core/messages/events.ts";
import type { Redaction } from "../core/messages/redact.ts";
import type { RedactedRecord } from "../core/model/redaction.ts";
import type { Snapshot } from "../core/state/snapshot.ts";

/** Where a record ends. A store makes it and gets it back; a checkpoint keeps it as JSON. */
export interface Position {
  /** Sequence number of the record; 0 before the first. */
  readonly seq: number;
  /** What the store needs to find the record again. It means something to that store only. */
  readonly token: string;
}

/** Records in order, and where the last of them ends. */
export interface Chunk {
  readonly records: readonly JournalRecord[];
  readonly position: Position;
}

/** The two steps of a transaction: it gets the new records, then it decides what to append. */
export interface Transaction {
  /**
   * Called before `decide` with all records after the transaction's position, in order. These records are durable once
   * `transact` resolves, or once a `read` from there has ended.
   */
  follow(chunk: Chunk): void;
  /**
   * Called under the write lock, at most once, with the time in milliseconds since the Unix epoch. Must pass each record
   * to `append`, with a time that is not before that of the record before it, which returns the size in bytes of all records so far. `noRoomFor` returns why the journal has no room
   * for a further record, or undefined; to append that record anyway fails the transaction.
   */
  decide(at: number, append: (draft: Draft) => number, noRoomFor: (draft: Draft) => AppendFailed | undefined): void;
  /** Called once when the transaction is over, also if it failed, with what it cost. Absent: nobody wants to know. */
  measure?(cost: TransactionCost): void;
}

/** What a transaction cost. Durations are milliseconds; 0 for what it did not come to, or what the store does not have. */
export interface TransactionCost {
  /** Until it had the write lock. */
  readonly lockWaitMs: number;
  /** How long it had the lock. */
  readonly lockedMs: number;
  /** To make its records durable, after the lock was released. */
  readonly syncMs: number;
  /** What it wrote. */
  readonly sizeBytes: number;
}

/** Which records a reader looks for. The bounds by `seq` are strict, the others are hints. */
export interface Search {
  /** Only records after this seq. */
  readonly after: number;
  /** Only records before this seq. */
  readonly before: number;
  /** Lists of keys: only records with at least one key of each list, as `keysOfRecord` tells. Empty: all records. */
  readonly keys: readonly (readonly string[])[];
  /** Only records of this time or later, in milliseconds since the Unix epoch. */
  readonly from?: number;
  /** Only records before this time, in milliseconds since the Unix epoch. */
  readonly to?: number;
  readonly isNewestFirst: boolean;
}

/** What tells a journal from every other, also from itself before a repair. */
export interface JournalIdentity {
  /** The same for as long as the journal exists; made from its first record or with it. */
  readonly id: string;
  /** 0 at first, raised when records are cut off, so that seqs are given away a second time. */
  readonly epoch: number;
}

/** The ordered, durable list of accepted commands that many processes share. */
export interface Journal {
  /** The position before the first record. */
  readonly origin: Position;

  /** The store's clock, in milliseconds since the Unix epoch: the only clock that journal times are compared with. */
  now(): number;

  /**
   * Passes every record after `after` to the transaction, and appends what it decides, under the write lock. Resolves to
   * the position after the last record, once all of these records are durable.
   *
   * @throws Unavailable `busy` if the lock could not be taken; `decide` was not called
   * @throws JournalReplaced if `after` is not in the journal; `decide` was not called
   * @throws AppendFailed if not all records could be written: its `appended` first ones are durable, the others are not
   * in the journal. Also before `decide` is called, if there is no room at all
   * @throws CommitUnknown if its `appended` first records may or may not be durable, or may still arrive; the others are
   * not in the journal. They can only come with the next seqs after those that `follow` was given: once `read` yields
   * another record with such a seq, they never will. If the journal can't be read either, the outcome stays unknown
   * @throws whatever the transaction throws; nothing was appended
   */
  transact(after: Position, transaction: Transaction): Promise<Position>;

  /**
   * Yields the durable records after a position, in chunks, without the lock. Ends at the end of the journal; all
   * records up to there are durable then.
   */
  read(after: Position): AsyncIterable<Chunk>;

  /**
   * Yields durable records in lists, each in the order of seq: the lists in that order, too, or in the reverse one with
   * `isNewestFirst`. All records that match the search are among them; a store may leave out any other, by an index.
   */
  search(search: Search): AsyncIterable<readonly JournalRecord[]>;

  /** The journal's identity; undefined while it has no record. */
  identity(): Promise<JournalIdentity | undefined>;

  /** A position at or shortly before record `seq`, from which to `read`. */
  seek(seq: number): Promise<Position>;

  /** Yields when any process may have appended something: a hint to read, never relied on. */
  watch(signal: AbortSignal): AsyncIterable<void>;

  close(): Promise<void>;
}

/**
 * Which clients are connected to the processes that share a journal. The store knows it without writing to the journal,
 * and learns of the death of a process by itself.
 */
export interface Sessions {
  /**
   * Makes a session live until it is disposed of or this process dies. The id is unique, and belongs to this process.
   *
   * @throws Unavailable `storage_failed`
   */
  open(id: string): Promise<OpenSession>;

  /**
   * Which of these sessions are certainly dead. A session that the store does not know is dead.
   *
   * @throws Unavailable `storage_failed` if it cannot tell for some of them, and none of the others is dead
   */
  dead(ids: readonly string[]): Promise<readonly string[]>;
}

/** A session of this process. */
export interface OpenSession extends AsyncDisposable {
  /**
   * Keeps what this process tells about itself, for operators, in place of what it told before. Not durable.
   *
   * @throws if the store cannot keep it; the session lives on
   */
  describe(about: ProcessAbout): Promise<void>;
}

/** What a server process tells operators about itself. Times are milliseconds since the Unix epoch. */
export interface ProcessAbout {
  readonly pid: number;
  /** Of the program. */
  readonly version: string;
  /** The newest format of the journal that it knows. */
  readonly format: number;
  readonly transport: "stdio" | "http";
  readonly startedAt: number;
  /** A call since which there was none for a minute at most, or none at all. */
  readonly calledAt?: number;
  /** The name that the client gave, if the process has only one. */
  readonly client?: string;
  /** It serves clients without tokens. */
  readonly isOpen?: true;
}

/** A cache of the state at a position of the journal. */
export interface Checkpoints {
  /** The newest usable checkpoint, if there is one. */
  load(): Promise<{ readonly snapshot: Snapshot; readonly position: Position } | undefined>;

  /** Replaces the checkpoint, unless a newer one is there. `position` must be durable. */
  save(snapshot: Snapshot, position: Position): Promise<void>;

  close(): void;
}

/** The lead under a name, until it is disposed of. */
export interface Lead extends AsyncDisposable {
  /** Aborted when it is known that another process has taken over, as this one was away for too long. */
  readonly lost: AbortSignal;
}

/**
 * What deliverers keep outside the journal: places in it, retries, secrets. Texts under names of letters, digits, `-` and
 * `_`, at most 100 of them. Each name has one writer at a time: the process that leads, or the one that has made the name.
 */
export interface Deliveries {
  /**
   * Makes the caller the only one that leads under a name, until it disposes of the lead, its process dies, or the lead is
   * lost. Undefined while another one leads.
   *
   * @throws Unavailable `storage_failed`
   */
  lead(name: string): Promise<Lead | undefined>;

  /** The text saved last under a name; undefined if there is none. */
  load(name: string): Promise<string | undefined>;

  /**
   * Replaces the text of a name, atomically, and resolves once it is durable. One whose lead is lost is refused.
   *
   * @throws Unavailable `storage_failed`; the text is then the one before or this one
   */
  save(name: string, text: string): Promise<void>;

  /** Removes the text of a name; nothing happens if there is none. */
  remove(name: string): Promise<void>;

  /** The names that have a text, in any order. */
  names(): Promise<readonly string[]>;
}

/** A record as a store keeps it, and as it goes from one store to another. */
export interface RawRecord {
  readonly seq: number;
  /** Without the line feed. */
  readonly line: string;
  /** The hash of the record, over all before it. */
  readonly hash: string;
}

/** The end of a journal in any store; `seq` is 0 before the first record. */
export type RawEnd = Pick<RawRecord, "seq" | "hash">;

/** A journal that is copied from one store to another, record by record as they are. */
export interface RawJournal extends AsyncDisposable {
  /** @throws Unavailable if the journal is damaged */
  end(): Promise<RawEnd>;
  /**
   * Yields all records in lists, checked against the hash chain.
   *
   * @throws Unavailable if the journal is damaged
   */
  read(): AsyncIterable<readonly RawRecord[]>;
  /**
   * Appends records after the end, and resolves once they are durable.
   *
   * @throws Unavailable if the end is another one
   */
  append(after: RawEnd, records: readonly RawRecord[]): Promise<void>;
  /** How often records were cut off: see `JournalIdentity`. */
  epoch(): Promise<number>;
  raiseEpochTo(epoch: number): Promise<void>;
  readonly deliveries: Deliveries;
}

/** A journal whose lines can be redacted. While it is open, nobody else writes to it. */
export interface RedactableJournal {
  /**
   * Finds the records with texts that are to be redacted, and says what their lines will hold.
   *
   * @throws Unavailable `journal_damaged` if a segment that has one is damaged
   */
  find(redaction: Redaction): Promise<readonly RedactedRecord[]>;
  /**
   * Rewrites the lines that `find` found last, and removes the texts from all copies of them. If it is interrupted, `find`
   * finds what is left. Resolves to the copies that were changed, by path.
   *
   * @param seqs the records of the redaction, each of which names `MAX_REDACTED_RECORDS` of these lines
   * @param clean replaces the checkpoint by one without the texts
   */
  rewrite(
    redaction: Redaction,
    options: { readonly seqs: readonly number[]; readonly clean: () => Promise<void> },
  ): Promise<readonly string[]>;
}

/** Messages for the operator. */
export interface Log {
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
}

/** What a message is about, for programs: fields of its line. */
export type LogFacts = Readonly<Record<string, string | number | undefined>>;

/** Why a valid call could not be executed. */
export type UnavailableCode =
  /** Another process has held the write lock for too long; nothing was done, try again. */
  | "busy"
  /** Too many calls are waiting in this process; nothing was done, try again. */
  | "overloaded"
  /** The store could not read or write; the call changed nothing. */
  | "storage_failed"
  /** The store failed after the call was written: whether it took effect shows once the journal can be read. */
  | "outcome_unknown"
  /** The journal is damaged. */
  | "journal_damaged"
  /** The journal was written by a newer version of this program. */
  | "newer_version"
  /** The worker that computes the answer ended; try again. */
  | "worker_failed"
  /** The client ended the call, so nobody reads this. */
  | "cancelled"
  /** Only of the command line, with an address: no service answers there, and nothing was done. */
  | "unreachable"
  /** The server is shutting down. */
  | "closed";

/** A failure that is not the caller's fault. */
export class Unavailable extends Error {
  override readonly name: string = "Unavailable";

  constructor(readonly code: UnavailableCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The journal is not the one that was read before: it was removed, replaced or cut. Read it from the start. */
export class JournalReplaced extends Unavailable {
  override readonly name = "JournalReplaced";

  constructor(message: string) {
    super("journal_damaged", message);
  }
}

/** An append of which the store could write only a part, or nothing. */
export class AppendFailed extends Unavailable {
  override readonly name = "AppendFailed";

  /** @param appended how many records, from the first, are in the journal and durable */
  constructor(readonly appended: number, message: string, options?: ErrorOptions) {
    super("storage_failed", message, options);
  }
}

/** A transaction that may be in the journal or not: the store could not make it durable, or lost its connection. */
export class CommitUnknown extends Unavailable {
  override readonly name = "CommitUnknown";

  /**
   * @param appended how many records, from the first, may be in the journal
   * @param why the failure, as a sentence without a full stop
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
