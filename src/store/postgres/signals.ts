/**
 * Hints that records were appended: `NOTIFY` after a commit, and `LISTEN`. Both are sent beside transactions, never in
 * one, as PostgreSQL lets transactions that notify commit one after the other only. A hint may be lost, so nobody relies
 * on one.
 */

import { Unavailable } from "../../app/ports.ts";
import type { Connection } from "./driver.ts";
import { failureOf } from "./errors.ts";
import type { Project } from "./project.ts";

/** Least time between two notifications, in milliseconds: each is a statement beside those of calls. */
const GATHER_MS = 5;

/** The pause before listening again after the connection was lost, in milliseconds. */
const RETRY_MS = 1_000;

export class Signals {
  readonly #project: Project;
  readonly #watchers = new Set<() => void>();
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
    for (const wake of this.#watchers) wake();
    this.#telling ??= this.#tell().finally(() => this.#telling = undefined);
  }

  /** Yields when any process may have appended something. */
  async *watch(signal: AbortSignal): AsyncIterable<void> {
    let changed = Promise.withResolvers<void>();
    const wake = () => changed.resolve();
    this.#watchers.add(wake);
    signal.addEventListener("abort", wake, { once: true });
    try {
      if (!signal.aborted) this.#listen();
      while (!signal.aborted && !this.#closing.signal.aborted) {
        await changed.promise;
        changed = Promise.withResolvers<void>();
        if (!signal.aborted) yield;
      }
    } finally {
      this.#watchers.delete(wake);
      signal.removeEventListener("abort", wake);
      if (this.#watchers.size === 0) this.#connection?.destroy();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const wake of this.#watchers) wake();
    this.#connection?.destroy();
    await this.#telling;
    await this.#listening;
  }

  async #tell(): Promise<void> {
    for (let told = 0; told < this.#seq && !this.#closing.signal.aborted;) {
      told = this.#seq;
      try {
        await this.#project.run("select pg_notify('orchestrator_' || $1::int, $2)", [String(told)]);
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
   * Listens while there are watchers, again and again while the database does not let it: a standby that is about to take
   * over refuses, for one. Whoever watches polls, too, and meets the same failure where somebody is told of it.
   */
  async #keepListening(): Promise<void> {
    while (this.#watchers.size > 0 && !this.#closing.signal.aborted) {
      const closed = Promise.withResolvers<void>();
      try {
        await this.#listenOnce(closed.resolve);
        await closed.promise;
      } catch (error) {
        // Any failure of the database: an administrator may have cancelled the statement.
        if (!(failureOf(error) instanceof Unavailable)) throw error;
        this.#connection?.destroy();
      }
      this.#connection = undefined;
      if (this.#watchers.size > 0) await pause(RETRY_MS, this.#closing.signal);
    }
  }

  async #listenOnce(onClose: () => void): Promise<void> {
    const number = await this.#project.number();
    const wakeAll = () => this.#watchers.forEach((wake) => wake());
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
