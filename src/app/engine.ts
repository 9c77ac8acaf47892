/**
 * Carries out commands and reads, one after the other, on a state that is never older than the journal. It owns
 * the state; nobody else changes it. Waiting commands share one transaction of the journal (group commit), and
 * nothing is answered before it is durable.
 */

import type { AnswerOf, CommandOf, CommandType, Context, TaskDefaults } from "../core/messages/commands.ts";
import type { JournalRecord } from "../core/messages/events.ts";
import { isSweepDue } from "../core/rules/sweep.ts";
import { advanceClock, rewindClock } from "../core/state/evolve.ts";
import { type Snapshot, snapshotOf } from "../core/state/snapshot.ts";
import type { ReadonlyState } from "../core/state/state.ts";
import { Batch, MAX_BATCH_BYTES } from "./batch.ts";
import { decideAs, type Job, type Outcome, type Run, SWEEP } from "./job.ts";
import { Listeners, type RecordsListener } from "./listeners.ts";
import {
  AppendFailed,
  type Checkpoints,
  type Journal,
  JournalReplaced,
  type Log,
  type Position,
  Unavailable,
} from "./ports.ts";
import { BrokenState, Replica } from "./replica.ts";
import { takeOver } from "./take_over.ts";

/** Most calls that wait in one process; more are refused as `overloaded`. */
export const MAX_QUEUE = 10_000;

/** Most calls that share one transaction. */
const MAX_BATCH = 256;

/** How often a call is tried on a state that turns out not to be the journal's any more. */
const MAX_TRIES = 3;

export interface EngineOptions {
  readonly journal: Journal;
  readonly checkpoints: Checkpoints;
  readonly log: Log;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Settings of new tasks that do not say otherwise. None, if absent. */
  readonly defaults?: TaskDefaults;
  /** Bound of a transaction in bytes. Default: `MAX_BATCH_BYTES`; others only for tests. */
  readonly maxBatchBytes?: number;
}

export class Engine {
  readonly #journal: Journal;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #defaults: TaskDefaults;
  readonly #maxBatchBytes: number;
  readonly #queue: Job[] = [];
  readonly #listeners: Listeners;
  readonly #replica: Replica;
  readonly #snapshotRequests: { readonly take: () => void; readonly reject: (error: unknown) => void }[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;

  private constructor({ journal, checkpoints, log, now, defaults, maxBatchBytes }: EngineOptions) {
    this.#journal = journal;
    this.#log = log;
    this.#now = now;
    this.#defaults = defaults ?? {};
    this.#maxBatchBytes = maxBatchBytes ?? MAX_BATCH_BYTES;
    this.#listeners = new Listeners((error) => log.error(`Unexpected, in a listener of records: ${stackOf(error)}`));
    this.#replica = new Replica(journal, checkpoints, this.#listeners);
  }

  /**
   * Loads the state, and takes over a tasks file that was there before the journal.
   *
   * @throws Unavailable `journal_damaged` or `storage_failed`, with what to do about it
   */
  static async start(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options);
    await engine.#replica.load();
    await takeOver(engine, options.checkpoints, options.log);
    return engine;
  }

  /**
   * Carries out a command for `actor` and resolves to its answer once it is durable.
   *
   * @throws Refusal if the rules forbid it
   * @throws Unavailable if it could not be carried out: nothing was changed, but for the code `outcome_unknown`
   */
  execute<K extends CommandType>(command: CommandOf<K>, actor: string): Promise<AnswerOf<K>> {
    return this.#enqueue(false, decideAs(command, actor));
  }

  /** Resolves to what `view` reads from a state that holds all that was answered, by any process, before this call. */
  read<T>(view: (state: ReadonlyState) => T): Promise<T> {
    return this.#enqueue(true, () => ({ answer: view }));
  }

  /** Records after `seq`, in chunks, up to the present. */
  history(seq: number): AsyncIterable<readonly JournalRecord[]> {
    return this.#replica.history(seq);
  }

  /** Calls `listener` with records as they become known here; returns how to end that. See `Feed` to be told in time. */
  subscribe(listener: RecordsListener): () => void {
    return this.#listeners.add(listener);
  }

  /** Yields when other processes may have written: a hint to read. */
  watch(signal: AbortSignal): AsyncIterable<void> {
    return this.#journal.watch(signal);
  }

  /** Seq of the record that the checkpoint last loaded stands for; 0 if there was none. */
  get checkpointSeq(): number {
    return this.#replica.checkpointSeq;
  }

  /** Seq of the last record that the state holds. */
  get seq(): number {
    return this.#replica.position.seq;
  }

  /**
   * Resolves, as soon as no batch is under way, to the state for a checkpoint. O(tasks), copies no task.
   *
   * @throws Unavailable if the state is unknown and can't be read
   */
  checkpoint(): Promise<{ readonly snapshot: Snapshot; readonly position: Position }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ snapshot: Snapshot; position: Position }>();
    const take = () => resolve({ snapshot: snapshotOf(this.#replica.state), position: this.#replica.position });
    this.#snapshotRequests.push({ take, reject });
    if (this.#running === undefined && !this.#replica.isStale) this.#takeSnapshots();
    else this.#running ??= this.#run();
    return promise;
  }

  /** Answers what has been called, and takes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#running !== undefined) await this.#running;
  }

  #enqueue<T>(isRead: boolean, run: Run<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Unavailable("closed", "The server is shutting down"));
    if (this.#queue.length >= MAX_QUEUE) {
      return Promise.reject(
        new Unavailable("overloaded", `${MAX_QUEUE} calls are waiting already: nothing was done, try again`),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // A job's answer is of the type that its own `run` promises.
    this.#queue.push({ isRead, run, resolve: (answer) => resolve(answer as T), reject });
    this.#running ??= this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    // Calls that arrive in the same turn of the event loop share the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0 || this.#snapshotRequests.length > 0) {
      const jobs = this.#queue.splice(0, MAX_BATCH);
      try {
        for (const outcome of await this.#attempt(jobs)) outcome.deliver();
      } catch (error) {
        for (const job of jobs) job.reject(error);
        if (this.#replica.isStale) { for (const request of this.#snapshotRequests.splice(0)) request.reject(error); }
      }
      if (this.#replica.isStale) continue;
      this.#takeSnapshots();
      this.#listeners.deliver();
      // Whoever was answered sees the state that the answer is of, and may call again in time for the next batch.
      if (this.#queue.length > 0) await Promise.resolve();
    }
    this.#running = undefined;
  }

  #takeSnapshots(): void {
    for (const { take, reject } of this.#snapshotRequests.splice(0)) {
      try {
        take();
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Carries out a batch, on a freshly loaded state where the journal turns out to be another one. */
  async #attempt(jobs: readonly Job[]): Promise<readonly Outcome[]> {
    for (let tries = 1;; tries++) {
      try {
        if (this.#replica.isStale) await this.#replica.load();
        return jobs.every((job) => job.isRead) ? await this.#readBatch(jobs) : await this.#writeBatch(jobs);
      } catch (error) {
        if (isSystemError(error)) {
          throw new Unavailable(
            "storage_failed",
            `Cannot read or write the data directory: ${error.message}; nothing was changed, mend that and try again`,
            { cause: error },
          );
        }
        if (!(error instanceof JournalReplaced)) throw error;
        this.#replica.isStale = true;
        if (tries === MAX_TRIES) throw error;
        this.#log.warn(`${error.message}; reading it anew`);
      }
    }
  }

  async #readBatch(jobs: readonly Job[]): Promise<readonly Outcome[]> {
    await this.#replica.follow();
    const now = this.#now();
    return jobs.map((job) => this.#perform(job, now));
  }

  /** Without the write lock: answers the reads of a batch, and refuses its commands. */
  async #readOnly(jobs: readonly Job[], refusal: Unavailable): Promise<readonly Outcome[]> {
    const read = await this.#readBatch(jobs.filter((job) => job.isRead));
    const refused = jobs.filter((job) => !job.isRead)
      .map((job) => ({ job, appends: false, deliver: () => job.reject(refusal) }));
    return [...read, ...refused];
  }

  async #writeBatch(jobs: readonly Job[]): Promise<readonly Outcome[]> {
    const batch = new Batch(this.#maxBatchBytes);
    let all = jobs;
    try {
      this.#replica.position = await this.#journal.transact(this.#replica.position, {
        follow: (chunk) => this.#replica.fold(chunk),
        decide: (at, append, refusalOf) => {
          batch.begin(at, this.#replica.position.seq, { append, refusalOf });
          all = this.#withSweep(jobs, at);
          for (const job of all) {
            if (batch.isFull) break;
            batch.outcomes.push(this.#perform(job, at, batch));
          }
          batch.isDecided = true;
        },
      });
      this.#replica.isStale = false;
    } catch (error) {
      if (!batch.isDecided && isReadable(error)) return await this.#readOnly(jobs, error);
      if (!batch.isDecided) throw error;
      this.#queue.unshift(...all.slice(batch.outcomes.length));
      return batch.outcomesAfter(error);
    }
    for (const record of batch.records) this.#listeners.note(record);
    this.#queue.unshift(...all.slice(batch.outcomes.length));
    return batch.outcomes;
  }

  /** Runs a job on the state as it is, and applies what it appends. Without a batch, nothing can be appended. */
  #perform(job: Job, at: number, batch?: Batch): Outcome {
    let appends = false;
    try {
      const context = this.#contextAt(at);
      rewindClock(this.#replica.state, context.now);
      advanceClock(this.#replica.state, context.now);
      const { draft, answer } = job.run(this.#replica.state, context);
      if (draft !== undefined && batch !== undefined) {
        const refusal = batch.refusalOf(draft);
        if (refusal !== undefined) throw refusal;
        batch.append(this.#replica.apply(draft, batch.at));
        appends = true;
      }
      const value = answer(this.#replica.state);
      return { job, appends, deliver: () => job.resolve(value) };
    } catch (error) {
      if (error instanceof BrokenState) throw error.cause;
      // Nothing is decided on a state in which what is due has not happened.
      if (error instanceof AppendFailed && job === SWEEP) throw error;
      return { job, appends, deliver: () => job.reject(error) };
    }
  }

  /** What is due comes before anything else that looks at the state. */
  #withSweep(jobs: readonly Job[], at: number): readonly Job[] {
    advanceClock(this.#replica.state, at);
    return isSweepDue(this.#replica.state, this.#contextAt(at).now) ? [SWEEP, ...jobs] : jobs;
  }

  /**
   * What a command may know at `at`. Time does not go back behind the journal even where the clock does; a time that
   * only this process has seen, as its clock was wrong for a moment, counts for nothing.
   */
  #contextAt(at: number): Context {
    return { now: Math.max(at, this.#replica.state.recordedAt), clock: at, defaults: this.#defaults };
  }
}

/** Whether the journal, though nothing can be appended to it, can be read. */
function isReadable(error: unknown): error is Unavailable {
  return error instanceof AppendFailed || (error instanceof Unavailable && error.code === "busy");
}

/** Whether the operating system refused something: a file, a descriptor, room. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}

function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}
