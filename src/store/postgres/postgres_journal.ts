/**
 * The journal of a project in PostgreSQL. The row of the project is its head and its write lock: a transaction locks it,
 * reads what others have appended, and appends. The statement that appends says where it expects the head, so that it can
 * never put a record into another place, however late it arrives.
 */

import {
  AppendFailed,
  type Chunk,
  CommitUnknown,
  type Journal,
  type JournalIdentity,
  type Log,
  type Position,
  type Search,
  type Transaction,
  Unavailable,
} from "../../app/ports.ts";
import type { JournalRecord } from "../../core/messages/events.ts";
import { FORMAT_VERSION } from "../file/codec.ts";
import { CostMeter } from "../file/cost_meter.ts";
import { APPEND, APPEND_LOCKED, type Appended, LOOK, RecordBatch } from "./append.ts";
import { CLOCK, Line } from "./database.ts";
import { type Connection, IS_OWN_SESSION } from "./driver.ts";
import { describeServerError, failureOf, LOCK_NOT_AVAILABLE, ServerError } from "./errors.ts";
import { findPosition, ORIGIN, readPage, type Run, TAIL_CHARACTERS, tokenOf } from "./pages.ts";
import type { Project } from "./project.ts";
import { RecordSearch } from "./record_search.ts";
import { SCHEMA } from "./schema.ts";
import { Signals } from "./signals.ts";
import { Solitude } from "./solitude.ts";
import { type Locked, rollBack, toChunk, WriteLock } from "./write_lock.ts";

/** Changes nothing, and is committed like a record. */
const CONFIRM = `update ${SCHEMA}.projects set seq = seq where number = $1 and ${IS_OWN_SESSION}`;

const UNREPLICATED = "PostgreSQL stopped waiting for its standby to have the records";

/** What tells the journal from every other. */
const FIRST = `select epoch, right(line, ${TAIL_CHARACTERS}) as tail
from ${SCHEMA}.projects join ${SCHEMA}.records on project = number and records.seq = 1 where number = $1`;

export class PostgresJournal implements Journal {
  readonly origin = ORIGIN;
  readonly #project: Project;
  /** For transactions only. */
  readonly #writer: Line;
  readonly #lock: WriteLock;
  readonly #signals: Signals;
  readonly #search: RecordSearch;
  readonly #solitude = new Solitude();
  /** The format version of the record at which the last transaction ended; 0 if there is none. */
  #version = 0;
  /** Whether records may be here that the standby does not have, after a commit whose outcome is unknown. */
  #isUnconfirmed = false;
  /** The transaction under way. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #run: Run;

  constructor(project: Project, log: Log) {
    this.#project = project;
    this.#writer = new Line(project.database);
    this.#lock = new WriteLock(project, this.#writer);
    this.#run = (statement, values) => project.run(statement, values);
    this.#signals = new Signals(project);
    this.#search = new RecordSearch({
      run: this.#run,
      project: project.name,
      isReadOnly: project.isReadOnly,
      log,
    });
  }

  /** The clock of the database. */
  now(): number {
    return this.#project.database.clock.now();
  }

  transact(after: Position, transaction: Transaction): Promise<Position> {
    const result = this.#turn.then(() => this.#transact(after, transaction));
    this.#turn = result.catch(() => {});
    return result;
  }

  async #transact(after: Position, { follow, decide, measure }: Transaction): Promise<Position> {
    const cost = new CostMeter();
    try {
      cost.begin("lockWaitMs");
      const isAlone = this.#solitude.isLikelyAt(after.seq);
      const { connection, page } = isAlone ? await this.#withoutLock(after) : await this.#lock.near(after, follow);
      cost.begin("lockedMs");
      const batch = new RecordBatch(page.position, page.version);
      const at = this.now();
      try {
        decide(at, (draft) => batch.add(draft), () => undefined);
      } catch (error) {
        if (!isAlone) await rollBack(connection);
        throw error;
      }
      if (isAlone) await this.#appendAlone(connection, batch, at);
      else if (batch.lines.length === 0) await rollBack(connection);
      else await this.#append(connection, batch, at);
      cost.sizeBytes = batch.sizeBytes;
      this.#version = batch.lines.length > 0 ? FORMAT_VERSION : page.version;
      this.#solitude.note(batch.end.seq, page.position.seq > after.seq);
      if (batch.lines.length > 0) {
        this.#signals.tell(batch.end.seq);
        this.#search.noteAppended(batch.start.seq, batch.end.seq);
      }
      return batch.end;
    } catch (error) {
      throw failureOf(error);
    } finally {
      measure?.(cost.end());
    }
  }

  /** Begins a transaction that trusts that nobody has appended anything: whether that is so shows at its end. */
  async #withoutLock(after: Position): Promise<Pick<Locked, "connection" | "page">> {
    const page = { records: [], position: after, version: this.#version, isLast: true };
    return { connection: await this.#writer.connection(), page };
  }

  /** Appends in one statement, or only looks whether the head is where it was thought to be. */
  async #appendAlone(connection: Connection, batch: RecordBatch, at: number): Promise<void> {
    const { start, end, lines } = batch;
    const number = await this.#project.number();
    const sentAt = this.#project.database.clock.start();
    let appended: Appended | undefined;
    try {
      const { rows } = lines.length === 0
        ? await connection.run<Appended>(LOOK, [number, start.seq, start.token])
        : await connection.run<Appended>(APPEND, [number, start.seq, start.token, end.token, lines, at]);
      appended = rows[0];
    } catch (error) {
      this.#solitude.lose();
      if (!(error instanceof ServerError)) throw this.#unknown(lines.length, error);
      // The engine runs its calls again, under the lock.
      throw error.code === LOCK_NOT_AVAILABLE ? new CommitUnknown(0, error.message) : appendFailed(error);
    }
    if (appended !== undefined) this.#project.database.clock.hear(sentAt, appended.time);
    if (connection.takeUnreplicated()) throw this.#unknown(lines.length, UNREPLICATED);
    if (appended !== undefined) return;
    this.#solitude.lose();
    // None of them is or will be in the journal, and the engine runs its calls again.
    throw new CommitUnknown(0, "Another process has written at the same moment");
  }

  /** Under the lock: appends and commits in one round trip. */
  async #append(connection: Connection, { start, end, lines }: RecordBatch, at: number): Promise<void> {
    const number = await this.#project.number();
    const appending = connection.run<Appended>(APPEND_LOCKED, [number, start.seq, start.token, end.token, lines, at]);
    const steps = await Promise.allSettled([appending, connection.run("commit")]);
    const failures = steps.flatMap((step) => step.status === "rejected" ? [step.reason] : []);
    // A failed statement makes the commit after it a rollback, so one refusal tells the outcome.
    const refusal = failures.find((failure) => failure instanceof ServerError);
    if (refusal !== undefined) throw appendFailed(refusal);
    if (failures.length > 0) throw this.#unknown(lines.length, failures[0]);
    if (connection.takeUnreplicated()) throw this.#unknown(lines.length, UNREPLICATED);
    const { rows: [appended] } = await appending;
    const isCommitted = steps[1].status === "fulfilled" && steps[1].value.command === "COMMIT";
    if (appended === undefined || !isCommitted) {
      throw new AppendFailed(0, "This process was stopped while it had the lock: nothing was changed, try again");
    }
  }

  /** From here on, records must be shown to be on the standby before they are read. */
  #unknown(appended: number, cause: unknown): CommitUnknown {
    this.#isUnconfirmed = true;
    return new CommitUnknown(appended, cause instanceof Error ? cause.message : String(cause), { cause });
  }

  /**
   * Commits once more after a commit whose outcome is unknown: PostgreSQL shows records that its standby does not have yet
   * if it was interrupted while it waited for it, and this commit comes to the standby after them.
   *
   * @throws Unavailable while that does not succeed: then the records before must not be relied on
   */
  #confirm(): Promise<void> {
    const confirming = this.#turn.then(async () => {
      if (!this.#isUnconfirmed) return;
      try {
        const number = await this.#project.number();
        const connection = await this.#writer.connection();
        await connection.run(CONFIRM, [number]);
        if (connection.takeUnreplicated()) throw new Unavailable("storage_failed", UNREPLICATED);
        this.#isUnconfirmed = false;
      } catch (error) {
        throw failureOf(error);
      }
    });
    this.#turn = confirming.catch(() => {});
    return confirming;
  }

  async *read(after: Position): AsyncIterable<Chunk> {
    if (this.#isUnconfirmed) await this.#confirm();
    let position = after;
    for (;;) {
      await this.#hearTime();
      const page = await readPage(this.#run, position, { project: this.#project.name });
      position = page.position;
      if (page.records.length > 0) yield toChunk(page);
      if (page.isLast) return;
    }
  }

  search(search: Search): AsyncIterable<readonly JournalRecord[]> {
    return this.#search.records(search);
  }

  async identity(): Promise<JournalIdentity | undefined> {
    const { rows: [first] } = await this.#run<{ epoch: number; tail: string }>(FIRST);
    const id = first && tokenOf(first.tail);
    return id === undefined ? undefined : { id, epoch: first?.epoch ?? 0 };
  }

  async seek(seq: number): Promise<Position> {
    return await findPosition(this.#run, seq) ?? await this.#lastPosition();
  }

  watch(signal: AbortSignal): AsyncIterable<void> {
    return this.#signals.watch(signal);
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#search.close();
    await this.#signals.close();
    await this.#writer.close();
  }

  async #lastPosition(): Promise<Position> {
    const { rows: [head] } = await this.#run<{ seq: number; hash: string }>(
      `select seq::float8 as seq, hash from ${SCHEMA}.projects where number = $1`,
    );
    return head === undefined ? ORIGIN : { seq: head.seq, token: head.hash };
  }

  /** Asks for the time, if the last answer is long ago. */
  async #hearTime(): Promise<void> {
    const { clock } = this.#project.database;
    if (!clock.isDue) return;
    const start = clock.start();
    const { rows: [row] } = await this.#run<{ time: number }>(`select ${CLOCK} as time where $1::int is not null`);
    if (row !== undefined) clock.hear(start, row.time);
  }
}

function appendFailed(error: ServerError): AppendFailed {
  return new AppendFailed(0, `${describeServerError(error)}; nothing of this call was kept`, { cause: error });
}
