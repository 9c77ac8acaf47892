/**
 * Executes commands and reads, one after the other, on a state that is never older than the journal. It owns the state;
 * nothing else changes it. Waiting commands share one transaction of the journal (group commit). No call is answered
 * before the records that it depends on are durable.
 */

import type { AnswerOf, CommandOf, CommandType, Context, Repeated, TaskDefaults } from "../core/messages/commands.ts";
import type { QueryOf, QueryType, ResultOf } from "../core/messages/queries.ts";
import { type Caller, type Denial, Denied, type KnownCaller } from "../core/model/access.ts";
import { engineRequest } from "../core/model/request.ts";
import type { JournalRecord } from "../core/messages/events.ts";
import { sourceOf } from "../core/messages/notifications.ts";
import { advanceClock, rewindClock } from "../core/state/evolve.ts";
import { type Snapshot, snapshotOf } from "../core/state/snapshot.ts";
import { isSweepDue } from "../core/state/timers.ts";
import { isAdmitted, knownCaller } from "../core/state/tokens.ts";
import { answer } from "../core/views/answer.ts";
import { Batch, MAX_BATCH_BYTES } from "./batch.ts";
import { CommitWatch, failureName } from "./commit_watch.ts";
import {
  type CommandOptions,
  type Job,
  ORCHESTRATOR,
  type Outcome,
  type Run,
  runOfCommand,
  runOfRequest,
  SWEEP,
} from "./job.ts";
import { Listeners, type RecordsListener } from "./listeners.ts";
import type { Observer } from "./observer.ts";
import {
  AppendFailed,
  type Checkpoints,
  CommitUnknown,
  type Journal,
  JournalReplaced,
  type Log,
  type Position,
  type Search,
  Unavailable,
} from "./ports.ts";
import { BrokenState, Replica } from "./replica.ts";
import { settle } from "./settle.ts";

/** Most calls that wait in one process; more are refused as `overloaded`. */
export const MAX_QUEUE = 10_000;

/** Most calls that share one transaction. */
const MAX_BATCH = 256;

/** Most tries of a batch while the journal keeps being replaced. */
const MAX_TRIES = 3;

export interface EngineOptions {
  readonly journal: Journal;
  readonly checkpoints: Checkpoints;
  readonly log: Log;
  /** Settings of new tasks that do not set them. Default: none. */
  readonly defaults?: TaskDefaults;
  /** The lease of a task without `timeoutMs` that a client without a session claims, in milliseconds. Default: none. */
  readonly leaseMs?: number | undefined;
  /** Most bytes of a transaction. Default: `MAX_BATCH_BYTES`; other values only in tests. */
  readonly maxBatchBytes?: number;
  /** Called when a transaction is over. Default: nothing is measured. */
  readonly onCommit?: Observer["onCommit"];
}

export class Engine {
  readonly #journal: Journal;
  readonly #log: Log;
  readonly #defaults: Pick<Context, "defaults" | "leaseMs">;
  readonly #maxBatchBytes: number;
  readonly #onCommit: Observer["onCommit"];
  readonly #queue: Job[] = [];
  readonly #listeners: Listeners;
  readonly #denialListeners = new Set<(denial: Denial) => void>();
  readonly #replica: Replica;
  readonly #snapshotRequests: { readonly take: () => void; readonly reject: (error: unknown) => void }[] = [];
  /** Makes this engine's request ids differ from those of others. */
  readonly #requestPrefix = crypto.randomUUID().slice(0, 8);
  #requests = 0;
  #calledAt = -Infinity;
  #running: Promise<void> | undefined;
  #isClosed = false;

  private constructor({ journal, checkpoints, log, defaults = {}, leaseMs, maxBatchBytes, onCommit }: EngineOptions) {
    this.#journal = journal;
    this.#onCommit = onCommit;
    this.#log = log;
    this.#defaults = { defaults, ...(leaseMs !== undefined && { leaseMs }) };
    this.#maxBatchBytes = maxBatchBytes ?? MAX_BATCH_BYTES;
    this.#listeners = new Listeners((error) => log.error(`Unexpected, in a listener of records: ${stackOf(error)}`));
    this.#replica = new Replica(journal, checkpoints, this.#listeners);
  }

  /**
   * Loads the state.
   *
   * @throws Unavailable `journal_damaged` or `storage_failed`; the message says what to do
   */
  static async start(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options);
    await engine.#replica.load();
    return engine;
  }

  /**
   * Executes a command; resolves to its answer once it is durable. With a request id, the command is carried out once:
   * a repeat by the same caller, whatever process it talks to, resolves to `Repeated`. So does a command whose commit
   * failed, was found in the journal, and whose answer can't be made any more.
   *
   * @throws Refusal if the rules forbid it
   * @throws Unavailable if it could not be executed: nothing was changed, except perhaps with `outcome_unknown`
   */
  execute<K extends CommandType>(command: CommandOf<K>, caller: Caller): Promise<AnswerOf<K>>;
  execute<K extends CommandType>(
    command: CommandOf<K>,
    caller: Caller,
    options: CommandOptions,
  ): Promise<AnswerOf<K> | Repeated>;
  execute<K extends CommandType>(
    command: CommandOf<K>,
    caller: Caller,
    options?: CommandOptions,
  ): Promise<AnswerOf<K> | Repeated> {
    const isSweep = command.type === "sweep" && caller === ORCHESTRATOR;
    const run = options === undefined ? runOfCommand(command) : runOfRequest(command, options);
    return this.#enqueue({ caller, isRead: false, isSweep, run });
  }

  /**
   * Answers a query from a state that includes every call that any process answered before this one.
   *
   * @throws Refusal if something that it names does not exist, or the caller may not see it
   * @throws Unavailable if the journal cannot be read
   */
  query<K extends QueryType>(query: QueryOf<K>, caller: Caller): Promise<ResultOf<K>> {
    const run: Run<ResultOf<K>> = (_, context) => ({ answer: (state) => answer(state, query, context) });
    return this.#enqueue({ caller, isRead: true, isSweep: false, run });
  }

  /** Reads the records of other processes; resolves to the seq of the last record. */
  catchUp(): Promise<number> {
    const run = () => ({ answer: () => this.seq });
    return this.#enqueue({ caller: ORCHESTRATOR, isRead: true, isSweep: false, run });
  }

  /** Durable records, as `Journal.search` yields them, without the texts that a record after the checkpoint redacts. */
  async *search(search: Search): AsyncIterable<readonly JournalRecord[]> {
    for await (const records of this.#journal.search(search)) {
      yield records.map((record) => this.#replica.redactions.of(record));
    }
  }

  /** Names the journal as the source of notifications; undefined while it has no record. */
  async source(): Promise<string | undefined> {
    const identity = await this.#journal.identity();
    return identity && sourceOf(identity);
  }

  /** Calls `listener` with records when this engine reads or writes them; returns the unsubscribe function. `Feed` polls. */
  subscribe(listener: RecordsListener): () => void {
    return this.#listeners.add(listener);
  }

  /** Calls `listener` with each call that was refused to its caller; returns the unsubscribe function. */
  onDenied(listener: (denial: Denial) => void): () => void {
    this.#denialListeners.add(listener);
    return () => this.#denialListeners.delete(listener);
  }

  /** Yields when other processes may have written: a hint to read, never relied on. */
  watch(signal: AbortSignal): AsyncIterable<void> {
    return this.#journal.watch(signal);
  }

  /** The journal's clock, in milliseconds since the Unix epoch. */
  now(): number {
    return this.#journal.now();
  }

  /** Seq of the last record in the loaded checkpoint; 0 if there was none. */
  get checkpointSeq(): number {
    return this.#replica.checkpointSeq;
  }

  /** Whether a caller may work as an instance, by the state as it is known here: a hint, as tokens may have changed. */
  maySpeakFor(caller: Caller, instance: string): boolean {
    const { now } = this.#contextAt(this.#journal.now(), caller);
    return isAdmitted(this.#replica.state, { caller, now }, { verb: "work", instances: [instance] });
  }

  /** A caller with its rights, by the state as it is known here: a hint, as tokens may have changed. */
  knownCaller(caller: Caller): KnownCaller | undefined {
    return knownCaller(this.#replica.state, caller, this.#contextAt(this.#journal.now(), caller).now);
  }

  /** The latest time of a record that the state holds, in milliseconds since the Unix epoch. */
  get recordedAt(): number {
    return this.#replica.state.recordedAt;
  }

  /** When a client last called this process, by `performance.now`. */
  get calledAt(): number {
    return this.#calledAt;
  }

  /** Seq of the last record that the state holds. */
  get seq(): number {
    return this.#replica.position.seq;
  }

  /**
   * Resolves, as soon as no batch is under way, to the state for a checkpoint. O(tasks), copies no task.
   *
   * @throws Unavailable if the state is stale and can't be loaded
   */
  checkpoint(): Promise<{ readonly snapshot: Snapshot; readonly position: Position }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ snapshot: Snapshot; position: Position }>();
    const take = () => resolve({ snapshot: snapshotOf(this.#replica.state), position: this.#replica.position });
    this.#snapshotRequests.push({ take, reject });
    if (this.#running === undefined && !this.#replica.isStale) this.#takeSnapshots();
    else this.#running ??= this.#run();
    return promise;
  }

  /** Accepts no further calls; resolves once all earlier calls are answered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#running !== undefined) await this.#running;
  }

  #enqueue<T>(
    { run, ...call }: Pick<Job, "caller" | "isRead" | "isSweep"> & { readonly run: Run<T> },
  ): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Unavailable("closed", "The server is shutting down"));
    if (this.#queue.length >= MAX_QUEUE) {
      return Promise.reject(
        new Unavailable("overloaded", `${MAX_QUEUE} calls are waiting already: nothing was done, try again`),
      );
    }
    if (call.caller.via !== undefined) this.#calledAt = performance.now();
    const { promise, resolve, reject: rejectPromise } = Promise.withResolvers<T>();
    const reject = (error: unknown) => {
      rejectPromise(error);
      if (error instanceof Denied) { for (const listener of this.#denialListeners) listener(error.denial); }
    };
    // The answer comes from `run`, so it is a T.
    this.#queue.push({ ...call, run, resolve: (answer) => resolve(answer as T), reject });
    this.#running ??= this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    // Calls that arrive in the same turn of the event loop share the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0 || this.#snapshotRequests.length > 0) {
      const jobs = this.#queue.splice(0, MAX_BATCH);
      try {
        for (const outcome of await this.#runBatch(jobs)) outcome.deliver();
      } catch (error) {
        for (const job of jobs) job.reject(error);
        if (this.#replica.isStale) { for (const request of this.#snapshotRequests.splice(0)) request.reject(error); }
      }
      if (this.#replica.isStale) continue;
      this.#takeSnapshots();
      this.#listeners.deliver();
      // Lets callers act on their answers before the next batch begins, so that their next calls can join it.
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

  /** Executes a batch. Loads the state again and retries if the journal was replaced. */
  async #runBatch(jobs: readonly Job[]): Promise<readonly Outcome[]> {
    for (let tries = 1;; tries++) {
      try {
        if (this.#replica.isStale) await this.#replica.load();
        return jobs.every((job) => job.isRead) ? await this.#readBatch(jobs) : await this.#writeBatch(jobs);
      } catch (error) {
        if (!(error instanceof JournalReplaced)) throw error;
        this.#replica.isStale = true;
        if (tries === MAX_TRIES) throw error;
        this.#log.warn(`${error.message}; reading it again`);
      }
    }
  }

  async #readBatch(jobs: readonly Job[]): Promise<readonly Outcome[]> {
    await this.#replica.follow();
    const now = this.#journal.now();
    return jobs.map((job) => this.#perform(job, now));
  }

  /** Answers the reads of a batch and refuses its commands. Needs no write lock. */
  async #readOnly(jobs: readonly Job[], refusal: Unavailable): Promise<readonly Outcome[]> {
    const read = await this.#readBatch(jobs.filter((job) => job.isRead));
    const refused = jobs.filter((job) => !job.isRead)
      .map((job) => ({ job, deliver: () => job.reject(refusal) }));
    return [...read, ...refused];
  }

  async #writeBatch(jobs: readonly Job[]): Promise<readonly Outcome[]> {
    const batch = new Batch(this.#maxBatchBytes);
    const watch = this.#onCommit && new CommitWatch(this.#onCommit, this.#log);
    let all = jobs;
    try {
      this.#replica.position = await this.#journal.transact(this.#replica.position, {
        follow: (chunk) => this.#replica.fold(chunk),
        decide: (at, append, noRoomFor) => {
          batch.begin(this.#replica.position.seq, { append, noRoomFor });
          all = this.#withSweep(jobs, at);
          for (const job of all) {
            if (batch.isFull) break;
            batch.outcomes.push(this.#perform(job, at, batch));
          }
          batch.isDecided = true;
        },
        ...(watch !== undefined && { measure: watch.measure }),
      });
      this.#replica.isStale = false;
    } catch (error) {
      watch?.end(batch, failureName(error));
      if (!batch.isDecided && isReadable(error)) return await this.#readOnly(jobs, error);
      if (!batch.isDecided) throw error;
      this.#queue.unshift(...all.slice(batch.outcomes.length));
      return await this.#outcomesAfter(error, batch);
    }
    watch?.end(batch);
    for (const record of batch.records) this.#listeners.note(record);
    this.#queue.unshift(...all.slice(batch.outcomes.length));
    return batch.outcomes;
  }

  /** The outcomes of a batch whose transaction failed. If its commit is unknown, looks what became of it. */
  async #outcomesAfter(error: unknown, batch: Batch): Promise<readonly Outcome[]> {
    const isKnown = error instanceof AppendFailed || (batch.records.length === 0 && !(error instanceof CommitUnknown));
    if (isKnown) return batch.outcomesAfter(error);
    const unknown = batch.unknownAfter(error);
    try {
      const { outcomes, again } = await settle(batch, unknown, this.#replica);
      this.#queue.unshift(...again);
      return outcomes;
    } catch (cause) {
      this.#replica.isStale = true;
      // A journal that cannot be read leaves the outcome unknown, as its callers are told.
      if (!(cause instanceof Unavailable)) this.#log.error(`Unexpected, in a look at the journal: ${stackOf(cause)}`);
      return batch.outcomesAfter(unknown);
    }
  }

  /**
   * Runs a job on the state. Applies its events to the state and adds them to the batch, which the journal writes after
   * all jobs have run. Without a batch (reads), no event is applied.
   */
  #perform(job: Job, at: number, batch?: Batch): Outcome {
    let written: Outcome["written"];
    try {
      const context = this.#contextAt(at, job.caller);
      rewindClock(this.#replica.state, context.now);
      advanceClock(this.#replica.state, context.now);
      const ran = job.run(this.#replica.state, context);
      if (ran.draft !== undefined && batch !== undefined) {
        const { request = engineRequest(this.#requestPrefix, ++this.#requests) } = ran.draft;
        const draft = { ...ran.draft, request };
        const refusal = batch.noRoomFor(draft);
        if (refusal !== undefined) throw refusal;
        const record = this.#replica.apply(draft, batch.nextSeq);
        appendTo(batch, record);
        written = { record, ran };
      }
      const value = ran.answer(this.#replica.state);
      return { job, written, deliver: () => job.resolve(value) };
    } catch (error) {
      if (error instanceof BrokenState) throw error.cause;
      // Without the sweep, the jobs after it would see expired leases as valid.
      if (error instanceof AppendFailed && job.isSweep && batch?.outcomes.length === 0) throw error;
      return { job, written, deliver: () => job.reject(error) };
    }
  }

  /** Puts a sweep before the jobs if something is due, so that they see its effects; none if the first job is one. */
  #withSweep(jobs: readonly Job[], at: number): readonly Job[] {
    if (jobs[0]?.isSweep === true) return jobs;
    advanceClock(this.#replica.state, at);
    return isSweepDue(this.#replica.state, this.#contextAt(at, ORCHESTRATOR).now) ? [SWEEP, ...jobs] : jobs;
  }

  /**
   * The context of a command at time `at`. It is never earlier than the last record, even if the clock was set back. Times
   * that were not recorded do not count: the clock of this process may have been wrong for a moment.
   */
  #contextAt(at: number, caller: Caller): Context {
    return { caller, now: Math.max(at, this.#replica.state.recordedAt), clock: at, ...this.#defaults };
  }
}

/** Adds a record that is applied to the state. If that fails, the state is ahead of the journal. */
function appendTo(batch: Batch, record: JournalRecord): void {
  try {
    batch.append(record);
  } catch (cause) {
    throw new BrokenState("A record could not be added to its batch", { cause });
  }
}

/** Whether the journal can still be read although nothing can be appended. */
function isReadable(error: unknown): error is Unavailable {
  return error instanceof AppendFailed || (error instanceof Unavailable && error.code === "busy");
}

function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}
