/**
 * The write lock of a project in PostgreSQL: its row. Whoever gets it has read all that others have appended, and reads
 * most of it before, so that nobody waits for that.
 */

import { type Chunk, type Position, type Transaction, Unavailable } from "../../app/ports.ts";
import { CLOCK, type Line } from "./database.ts";
import type { Connection } from "./driver.ts";
import { ConnectionLost } from "./errors.ts";
import { type Page, readPage, type Run } from "./pages.ts";
import type { Project } from "./project.ts";
import { SCHEMA } from "./schema.ts";

/** Most tries to get the lock while connections are lost, or while much is left to read. */
const MAX_TRIES = 3;

/**
 * A place in the queue for the lock, until the end of the transaction; `QUEUES` is the space of these numbers in the
 * database. Nothing relies on it, as the lock is the row's. But a process that waits for a row may be overtaken by the one
 * that has just released it: on a busy machine one turn in six went so, and some in a row make a process seem to be alone,
 * which costs it a lost race. Here the longest wait is first.
 */
const QUEUES = 1_869_769_064;
const QUEUE = `select pg_advisory_xact_lock(${QUEUES}, $1)`;

/** The head, and the time, under the lock. */
const LOCK = `select seq::float8 as seq, hash, ${CLOCK} as time from ${SCHEMA}.projects where number = $1 for update`;

/** The row of the project. */
interface Head {
  readonly seq: number;
  readonly hash: string;
  readonly time: number;
}

/** What a transaction has under the lock. */
export interface Locked {
  readonly connection: Connection;
  readonly head: Head;
  /** The last one that was read. */
  readonly page: Page;
}

export class WriteLock {
  readonly #project: Project;
  /** For transactions only. */
  readonly #line: Line;

  constructor(project: Project, line: Line) {
    this.#project = project;
    this.#line = line;
  }

  /** Locks the head. If much is left to read, releases it and reads that first, so that nobody waits for it. */
  async near(after: Position, follow: Transaction["follow"]): Promise<Locked> {
    let position = after;
    for (let tries = 1;; tries++) {
      const locked = await this.#once(position, follow);
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
      page = await readPage((statement, values) => this.#project.run(statement, values), position, {
        project: this.#project.name,
      });
      if (page.records.length > 0) follow(toChunk(page));
      position = page.position;
    } while (!page.isLast);
    return position;
  }

  /** Locks the head and reads a page. Nothing is decided yet, so a lost connection only costs another try. */
  async #once(after: Position, follow: Transaction["follow"]): Promise<Locked> {
    const number = await this.#project.number();
    for (let tries = 1;; tries++) {
      const connection = await this.#line.connection();
      const run: Run = (statement, values = []) => connection.run(statement, [number, ...values]);
      try {
        const start = this.#project.database.clock.start();
        const [, , { rows: [head] }, page] = await all([
          connection.run("begin"),
          run(QUEUE),
          run<Head>(LOCK),
          readPage(run, after, { project: this.#project.name }),
        ]);
        if (head === undefined) throw removed(this.#project.name);
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
}

/** All results, or the first error, once all of them are there: none is left to fail unseen. */
async function all<T extends readonly unknown[]>(promises: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(promises);
  // Each element is the result of the promise in its place.
  return await Promise.all(promises) as unknown as T;
}

/** Ends a transaction in which nothing was written. If that fails, so has the connection, and the server does it. */
export async function rollBack(connection: Connection): Promise<void> {
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

export function toChunk({ records, position }: Page): Chunk {
  return { records, position };
}

function removed(project: string): Unavailable {
  return new Unavailable(
    "storage_failed",
    `Project ${project} was removed from PostgreSQL: restore it from a backup, or restart this MCP server to begin anew`,
  );
}
