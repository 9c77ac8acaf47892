/**
 * Carries out commands and reads, one after the other, on a state that is never older than the journal. It owns
 * the state; nobody else changes it. Waiting commands share one transaction of the journal (group commit), and
 * nothing is answered before it is durable.
 */

import type { AnswerOf, CommandOf, CommandType, Context, TaskDefaults } from "../core/messages/commands.ts";
import { decide, refusedEvents } from "../core/rules/decide.ts";
import { checkImport } from "../core/rules/import.ts";
import type { Draft, Event, JournalRecord } from "../core/messages/events.ts";
import { applyWithConsequences } from "../core/state/cascade.ts";
import { advanceClock, evolveRecord, rewindClock } from "../core/state/evolve.ts";
import { importParts } from "../core/rules/import_parts.ts";
import type { Task } from "../core/model/task.ts";
import { Refusal } from "../core/model/refusal.ts";
import { restore, type Snapshot, snapshotOf } from "../core/state/snapshot.ts";
import { emptyState, type ReadonlyState, type State } from "../core/state/state.ts";
import { isSweepDue } from "../core/rules/sweep.ts";
import { Batch, type Job, MAX_BATCH_BYTES, type Outcome } from "./batch.ts";
import { Listeners, type RecordsListener } from "./listeners.ts";
import {
  AppendFailed,
  type Checkpoints,
  type Chunk,
  type Journal,
  JournalReplaced,
  type Log,
  type Position,
  Unavailable,
} from "./ports.ts";

/** Most calls that wait in one process; more are refused as `overloaded`. */
export const MAX_QUEUE = 10_000;

/** Most calls that share one transaction. */
const MAX_BATCH = 256;

/** The actor of what no client asked for: what happens as its time has come, or to keep alive who waits. */
export const ORCHESTRATOR = "orchestrator";

/** How often a call is tried on a state that turns out not to be the journal's any more. */
const MAX_TRIES = 3;

/** How often the import of a tasks file is begun anew, as another process created or imported tasks meanwhile. */
const MAX_TAKE_OVERS = 10;

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
  readonly #checkpoints: Checkpoints;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #defaults: TaskDefaults;
  readonly #maxBatchBytes: number;
  readonly #queue: Job[] = [];
  readonly #listeners: Listeners;
  #state: State = emptyState();
  #position: Position;
  readonly #snapshotRequests: { readonly take: () => void; readonly reject: (error: unknown) => void }[] = [];
  #checkpointSeq = 0;
  /** Set while the state may not be what the journal durably says. */
  #isStale = true;
  #running: Promise<void> | undefined;
  #isClosed = false;

  private constructor({ journal, checkpoints, log, now, defaults, maxBatchBytes }: EngineOptions) {
    this.#journal = journal;
    this.#checkpoints = checkpoints;
    this.#log = log;
    this.#now = now;
    this.#defaults = defaults ?? {};
    this.#maxBatchBytes = maxBatchBytes ?? MAX_BATCH_BYTES;
    this.#position = journal.origin;
    this.#listeners = new Listeners((error) => log.error(`Unexpected, in a listener of records: ${stackOf(error)}`));
  }

  /**
   * Loads the state, and takes over a tasks file that was there before the journal.
   *
   * @throws Unavailable `journal_damaged` or `storage_failed`, with what to do about it
   */
  static async start(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options);
    await engine.#load();
    await engine.#takeOver();
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
  async *history(seq: number): AsyncIterable<readonly JournalRecord[]> {
    for await (const { records } of this.#journal.read(await this.#journal.seek(seq))) {
      const wanted = records.filter((record) => record.seq > seq);
      if (wanted.length > 0) yield wanted;
    }
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
    return this.#checkpointSeq;
  }

  /** Seq of the last record that the state holds. */
  get seq(): number {
    return this.#position.seq;
  }

  /**
   * Resolves, as soon as no batch is under way, to the state for a checkpoint. O(tasks), copies no task.
   *
   * @throws Unavailable if the state is unknown and can't be read
   */
  checkpoint(): Promise<{ readonly snapshot: Snapshot; readonly position: Position }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ snapshot: Snapshot; position: Position }>();
    const take = () => resolve({ snapshot: snapshotOf(this.#state), position: this.#position });
    this.#snapshotRequests.push({ take, reject });
    if (this.#running === undefined && !this.#isStale) this.#takeSnapshots();
    else this.#running ??= this.#run();
    return promise;
  }

  /** Answers what has been called, and takes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#running !== undefined) await this.#running;
  }

  #enqueue<T>(
    isRead: boolean,
    run: (state: ReadonlyState, context: Context) => { draft?: Draft; answer: (state: ReadonlyState) => T },
  ): Promise<T> {
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
        for (const outcome of await this.#attempt(jobs)) outcome.tell();
      } catch (error) {
        for (const job of jobs) job.reject(error);
        if (this.#isStale) { for (const request of this.#snapshotRequests.splice(0)) request.reject(error); }
      }
      if (this.#isStale) continue;
      this.#takeSnapshots();
      this.#listeners.tell();
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
        if (this.#isStale) await this.#load();
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
        this.#isStale = true;
        if (tries === MAX_TRIES) throw error;
        this.#log.warn(`${error.message}; reading it anew`);
      }
    }
  }

  async #readBatch(jobs: readonly Job[]): Promise<readonly Outcome[]> {
    await this.#follow();
    const now = this.#now();
    return jobs.map((job) => this.#perform(job, now));
  }

  /** Without the write lock: answers the reads of a batch, and refuses its commands. */
  async #readOnly(jobs: readonly Job[], refusal: Unavailable): Promise<readonly Outcome[]> {
    const read = await this.#readBatch(jobs.filter((job) => job.isRead));
    const refused = jobs.filter((job) => !job.isRead)
      .map((job) => ({ job, appends: false, tell: () => job.reject(refusal) }));
    return [...read, ...refused];
  }

  async #writeBatch(jobs: readonly Job[]): Promise<readonly Outcome[]> {
    const batch = new Batch(this.#maxBatchBytes);
    let all = jobs;
    try {
      this.#position = await this.#journal.transact(this.#position, {
        follow: (chunk) => this.#foldChunk(chunk),
        decide: (at, append) => {
          batch.begin(at, this.#position.seq, append);
          // From here on the state is ahead of the journal until the append has succeeded.
          this.#isStale = true;
          all = this.#withSweep(jobs, at);
          for (const job of all) {
            if (batch.isFull) break;
            batch.outcomes.push(this.#perform(job, at, batch));
          }
          batch.isDecided = true;
        },
      });
      this.#isStale = false;
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
      rewindClock(this.#state, context.now);
      advanceClock(this.#state, context.now);
      const { draft, answer } = job.run(this.#state, context);
      if (draft !== undefined && batch !== undefined) {
        this.#apply(draft, batch);
        appends = true;
      }
      const value = answer(this.#state);
      return { job, appends, tell: () => job.resolve(value) };
    } catch (error) {
      if (error instanceof BrokenState) throw error.cause;
      return { job, appends, tell: () => job.reject(error) };
    }
  }

  /** Applies a draft to the state. If that fails, which is a bug, the batch must not be appended. */
  #apply(draft: Draft, batch: Batch): void {
    try {
      batch.append({ ...draft, events: applyWithConsequences(this.#state, draft.events, batch.at) });
    } catch (cause) {
      // Too large for one record: nothing of it was applied.
      if (cause instanceof Refusal) throw cause;
      throw new BrokenState("An event could not be applied", { cause });
    }
  }

  /** What is due comes before anything else that looks at the state. */
  #withSweep(jobs: readonly Job[], at: number): readonly Job[] {
    advanceClock(this.#state, at);
    return isSweepDue(this.#state, this.#contextAt(at).now) ? [SWEEP, ...jobs] : jobs;
  }

  /**
   * What a command may know at `at`. Time does not go back behind the journal even where the clock does; a time that
   * only this process has seen, as its clock was wrong for a moment, counts for nothing.
   */
  #contextAt(at: number): Context {
    return { now: Math.max(at, this.#state.recordedAt), clock: at, defaults: this.#defaults };
  }

  /** Folds what others have appended. All that is folded is durable then. */
  async #follow(): Promise<void> {
    for await (const chunk of this.#journal.read(this.#position)) this.#foldChunk(chunk);
    this.#isStale = false;
  }

  /** Folds records that follow the position. The state must not be shown until these records are durable. */
  #foldChunk({ records, position }: Chunk): void {
    this.#isStale = true;
    for (const record of records) {
      evolveRecord(this.#state, record);
      this.#listeners.note(record);
    }
    this.#position = position;
  }

  /**
   * Imports a tasks file that was there before the journal, or what is left to import of it. The file is moved only once
   * all of it is durable.
   */
  async #takeOver(): Promise<void> {
    for (let tries = 1;; tries++) {
      // In this order: tasks that others create after it was read are noticed.
      const firstOrder = await this.read((state) => state.nextOrder);
      const tasks = await this.#checkpoints.legacy();
      if (tasks.length === 0) return;
      if (await this.#importLegacy(tasks, firstOrder)) return await this.#checkpoints.retireLegacy();
      if (tries === MAX_TAKE_OVERS) {
        throw new Unavailable("busy", "Other processes create tasks while the tasks file is imported: try again");
      }
    }
  }

  /** Resolves to whether all were imported, and not some by another process. */
  async #importLegacy(tasks: readonly Task[], firstOrder: number): Promise<boolean> {
    try {
      const isNext = await this.read((state) => {
        if (state.nextOrder !== firstOrder) return false;
        checkImport(state, tasks);
        return true;
      });
      if (!isNext) return false;
      let order = firstOrder;
      for (const part of importParts(tasks)) {
        const command = { type: "import_tasks", tasks: part, firstOrder: order } as const;
        const { imported } = await this.execute(command, "import");
        if (imported === 0) return false;
        order += imported;
      }
      this.#log.info(`Imported ${tasks.length} tasks from a tasks file without a journal`);
      return true;
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      throw new Unavailable(
        "storage_failed",
        `Cannot import the tasks file without a journal: ${cause.message}. Nothing was changed; correct the file or ` +
          "move it away",
        { cause },
      );
    }
  }

  /** Makes the state anew, from the checkpoint and the journal after it. */
  async #load(): Promise<void> {
    const checkpoint = await this.#checkpoints.load();
    this.#state = checkpoint === undefined ? emptyState() : restore(checkpoint.snapshot);
    this.#position = checkpoint?.position ?? this.#journal.origin;
    this.#checkpointSeq = this.#position.seq;
    await this.#noteUpTo(this.#position.seq);
    await this.#follow();
    this.#listeners.forgetAfter(this.#position.seq);
  }

  /** Notes the records that a checkpoint spares the engine to fold. */
  async #noteUpTo(seq: number): Promise<void> {
    if (!this.#listeners.isEmpty && this.#listeners.notedSeq < seq) {
      for await (const records of this.history(this.#listeners.notedSeq)) {
        for (const record of records) this.#listeners.note(record);
      }
    }
    this.#listeners.skipTo(seq);
  }
}

function decideAs<K extends CommandType>(command: CommandOf<K>, actor: string) {
  return (state: ReadonlyState, context: Context) => {
    const drafted = (events: readonly Event[]) =>
      events.length === 0 ? {} : {
        draft: { actor, command: command.type, events },
      };
    try {
      const { events, answer } = decide(state, command, context);
      return { ...drafted(events), answer };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const answer = (): never => {
        throw error;
      };
      return { ...drafted(refusedEvents(state, command, context)), answer };
    }
  };
}

/** Carries out what is due; nobody waits for its answer. */
const SWEEP: Job = {
  isRead: false,
  run: decideAs({ type: "sweep" }, ORCHESTRATOR),
  resolve: () => {},
  reject: () => {},
};

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

/** The state is half-way through an event: it must be made anew. */
class BrokenState extends Error {}
