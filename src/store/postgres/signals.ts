/**
 * Hints that records were appended: `NOTIFY` after a commit, and `LISTEN`. Both are sent beside transactions, never in
 * one, as PostgreSQL lets transactions that notify commit one after the other only. A hint may be lost, so nobody relies
 * on one.
 */

import { Unavailable } from "../../app/ports.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { Watchers } from "../watchers.ts";
import type { Connection } from "./driver.ts";
import { failureOf } from "./errors.ts";
import type { Project } from "./project.ts";

/** Least time between two notifications, in milliseconds: each is a statement beside those of calls. */
const GATHER_MS = 10;

/**
 * PostgreSQL neither syncs its log nor waits for a standby for a transaction that only notifies. One that wrote something
 * would have to, and the commits of calls would wait for that write.
 */
const NOTIFY = "select pg_notify('orchestrator_' || $1::int, $2)";

/** The pause before listening again after the connection was lost, in milliseconds. */
const RETRY_MS = 1_000;

export class Signals {
  readonly #project: Project;
  readonly #watchers = new Watchers();
  /** The newest seq to tell others of. */
  #seq = 0;
  #telling: Promise<void> | undefined;
  #listening: Promise<void> | undefined;
  #connection: Connection | undefined;
  readonly #closing = new AbortController();

  constructor(project: Project) {
    this.#project = project;
  }

  /** Tells other processes that there is a record, soon. Several at once become one hint. */
  tell(seq: number): void {
    this.#seq = seq;
    this.#watchers.wakeAll();
    this.#telling ??= this.#tell().finally(() => this.#telling = undefined);
  }

  /** Yields when any process may have appended something. */
  async *watch(signal: AbortSignal): AsyncIterable<void> {
    try {
      yield* this.#watchers.watch(AbortSignal.any([signal, this.#closing.signal]), () => this.#listen());
    } finally {
      if (this.#watchers.size === 0) this.#connection?.destroy();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection?.destroy();
    await this.#telling;
    await this.#listening;
  }

  async #tell(): Promise<void> {
    for (let told = 0; told < this.#seq && !this.#closing.signal.aborted;) {
      told = this.#seq;
      try {
        await this.#project.run(NOTIFY, [String(told)]);
      } catch {
        // Whoever waits for it polls.
        return;
      }
      await pause(GATHER_MS, this.#closing.signal);
    }
  }

  #listen(): void {
    this.#listening ??= this.#keepListening().finally(() => this.#listening = undefined);
  }

  /**
   * Listens while there are watchers. Retries after every failure of the database, for example when a standby that is about
   * to take over refuses. Nothing is lost meanwhile: watchers also poll, and a failed poll is reported.
   */
  async #keepListening(): Promise<void> {
    while (this.#watchers.size > 0 && !this.#closing.signal.aborted) {
      const closed = Promise.withResolvers<void>();
      try {
        await this.#listenOnce(closed.resolve);
        await closed.promise;
      } catch (error) {
        // No project, or any failure of the database: an administrator may have cancelled the statement.
        if (!(error instanceof Refusal) && !(failureOf(error) instanceof Unavailable)) throw error;
        this.#connection?.destroy();
      }
      this.#connection = undefined;
      if (this.#watchers.size > 0) await pause(RETRY_MS, this.#closing.signal);
    }
  }

  async #listenOnce(onClose: () => void): Promise<void> {
    const number = await this.#project.number();
    const wakeAll = () => this.#watchers.wakeAll();
    const connection = await this.#project.database.connect({ onNotification: wakeAll, onClose });
    this.#connection = connection;
    if (this.#closing.signal.aborted || this.#watchers.size === 0) connection.destroy();
    else await connection.run(`listen orchestrator_${number}`);
    // Something may have been appended before it listened.
    wakeAll();
  }
}

/** Waits, but not longer than until the signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
