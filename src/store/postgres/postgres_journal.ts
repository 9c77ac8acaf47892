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
import { APPEND, type Appended, LOOK, RecordBatch } from "./append.ts";
import { CLOCK, Line } from "./database.ts";
import type { Connection } from "./driver.ts";
import { ConnectionLost, describeServerError, failureOf, ServerError } from "./errors.ts";
import { findPosition, ORIGIN, type Page, readPage, type Run, TAIL_CHARACTERS, tokenOf } from "./pages.ts";
import type { Project } from "./project.ts";
import { RecordSearch } from "./record_search.ts";
import { SCHEMA } from "./schema.ts";
import { Signals } from "./signals.ts";
import { Solitude } from "./solitude.ts";

/** Most tries to get the lock while connections are lost, or while much is left to read. */
const MAX_TRIES = 3;

/** The head, and the time, under the lock. */
const LOCK = `select seq::float8 as seq, hash, ${CLOCK} as time from ${SCHEMA}.projects where number = $1 for update`;

/** What tells the journal from every other. */
const FIRST = `select epoch, right(line, ${TAIL_CHARACTERS}) as tail
from ${SCHEMA}.projects join ${SCHEMA}.records on project = number and records.seq = 1 where number = $1`;

/** The row of the project. */
interface Head {
  readonly seq: number;
  readonly hash: string;
  readonly time: number;
}

/** What a transaction has under the lock. */
interface Locked {
  readonly connection: Connection;
  readonly head: Head;
  /** The last one that was read. */
  readonly page: Page;
}

export class PostgresJournal implements Journal {
  readonly origin = ORIGIN;
  readonly #project: Project;
  /** For transactions only. */
  readonly #writer: Line;
  readonly #signals: Signals;
  readonly #search: RecordSearch;
  readonly #solitude = new Solitude();
  /** The format version of the record at which the last transaction ended; 0 if there is none. */
  #version = 0;
  /** The transaction under way. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #run: Run;

  constructor(project: Project, log: Log) {
    this.#project = project;
    this.#writer = new Line(project.database);
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
      const { connection, page } = isAlone ? await this.#withoutLock(after) : await this.#lockNear(after, follow);
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
        this.#search.noteAppended(batch.end.seq);
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
      throw error instanceof ServerError ? appendFailed(error) : commitUnknown(lines.length, error);
    }
    if (appended !== undefined) this.#project.database.clock.hear(sentAt, appended.time);
    if (connection.takeUnreplicated()) throw unreplicated(lines.length);
    if (appended?.moved === true) return;
    this.#solitude.lose();
    // None of them is or will be in the journal, and the engine runs its calls again.
    throw new CommitUnknown(0, "Another process has written at the same moment");
  }

  /** Locks the head. If much is left to read, releases it and reads that first, so that nobody waits for it. */
  async #lockNear(after: Position, follow: Transaction["follow"]): Promise<Locked> {
    let position = after;
    for (let tries = 1;; tries++) {
      const locked = await this.#lock(position, follow);
      position = locked.page.position;
      if (position.seq === locked.head.seq) return locked;
      if (tries === MAX_TRIES) return { ...locked, page: await this.#readUnder(locked, follow) };
      await rollBack(locked.connection);
      position = await this.#approach(position, follow);
    }
  }

  /** Reads what others have appended, without the lock. */
  async #approach(after: Position, follow: Transaction["follow"]): Promise<Position> {
    let position = after;
    let page: Page;
    do {
      page = await readPage(this.#run, position, { project: this.#project.name });
      if (page.records.length > 0) follow(toChunk(page));
      position = page.position;
    } while (!page.isLast);
    return position;
  }

  /** Locks the head and reads a page. Nothing is decided yet, so a lost connection only costs another try. */
  async #lock(after: Position, follow: Transaction["follow"]): Promise<Locked> {
    const number = await this.#project.number();
    for (let tries = 1;; tries++) {
      const connection = await this.#writer.connection();
      const run: Run = (statement, values = []) => connection.run(statement, [number, ...values]);
      try {
        const start = this.#project.database.clock.start();
        const [, { rows: [head] }, page] = await all([
          connection.run("begin"),
          run<Head>(LOCK),
          readPage(run, after, { project: this.#project.name }),
        ]);
        if (head === undefined) throw new ServerError({ message: `project ${this.#project.name} was removed` });
        this.#project.database.clock.hear(start, head.time);
        refuseOtherHead(head, page.position, this.#project.name);
        if (page.records.length > 0) follow(toChunk(page));
        return { connection, head, page };
      } catch (error) {
        if (!(error instanceof ConnectionLost)) await rollBack(connection);
        if (!(error instanceof ConnectionLost) || tries === MAX_TRIES) throw error;
      }
    }
  }

  /** Reads up to the head, which is locked. */
  async #readUnder({ connection, head, page: first }: Locked, follow: Transaction["follow"]): Promise<Page> {
    const number = await this.#project.number();
    const run: Run = (statement, values = []) => connection.run(statement, [number, ...values]);
    let page = first;
    try {
      while (page.position.seq < head.seq) {
        page = await readPage(run, page.position, { project: this.#project.name });
        refuseOtherHead(head, page.position, this.#project.name);
        follow(toChunk(page));
      }
      return page;
    } catch (error) {
      await rollBack(connection);
      throw error;
    }
  }

  /** Under the lock: appends and commits in one round trip. */
  async #append(connection: Connection, { start, end, lines }: RecordBatch, at: number): Promise<void> {
    const number = await this.#project.number();
    const appending = connection.run<Appended>(APPEND, [number, start.seq, start.token, end.token, lines, at]);
    const steps = await Promise.allSettled([appending, connection.run("commit")]);
    const failures = steps.flatMap((step) => step.status === "rejected" ? [step.reason] : []);
    // A failed statement makes the commit after it a rollback, so one refusal tells the outcome.
    const refusal = failures.find((failure) => failure instanceof ServerError);
    if (refusal !== undefined) throw appendFailed(refusal);
    if (failures.length > 0) throw commitUnknown(lines.length, failures[0]);
    if (connection.takeUnreplicated()) throw unreplicated(lines.length);
    const { rows: [appended] } = await appending;
    if (appended?.moved !== true) {
      throw new AppendFailed(0, "This process was stopped while it had the lock: nothing was changed, try again");
    }
  }

  async *read(after: Position): AsyncIterable<Chunk> {
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

/** All results, or the first error, once all of them are there: none is left to fail unseen. */
async function all<T extends readonly unknown[]>(promises: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(promises);
  // Each element is the result of the promise in its place.
  return await Promise.all(promises) as unknown as T;
}

/** Ends a transaction in which nothing was written. If that fails, so has the connection, and the server does it. */
async function rollBack(connection: Connection): Promise<void> {
  try {
    await connection.run("rollback");
  } catch {
    connection.destroy();
  }
}

/** The record that the head names must be the last one. */
function refuseOtherHead({ seq, hash }: Head, position: Position, project: string): void {
  if (position.seq < seq || (position.seq === seq && position.token === hash)) return;
  throw new Unavailable(
    "journal_damaged",
    `The journal of project ${project} in PostgreSQL is damaged: its head says that record ${seq} is the last, but there ` +
      `is a record ${position.seq} that does not fit. Restore the database from a backup`,
  );
}

function toChunk({ records, position }: Page): Chunk {
  return { records, position };
}

function appendFailed(error: ServerError): AppendFailed {
  return new AppendFailed(0, `${describeServerError(error)}; nothing of this call was kept`, { cause: error });
}

function commitUnknown(appended: number, cause: unknown): CommitUnknown {
  return new CommitUnknown(appended, cause instanceof Error ? cause.message : String(cause), { cause });
}

function unreplicated(appended: number): CommitUnknown {
  return new CommitUnknown(appended, "PostgreSQL stopped waiting for its standby to have the records");
}
