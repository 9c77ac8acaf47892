/**
 * Keeps the session of this process's client, and notices when other sessions end. It opens the session at the start and
 * ends it when the client disconnects. It looks for dead sessions that have tasks, or for which there is news, before the
 * first call is answered, and then every `WATCH_MS`; any process may end a dead session, and the journal's lock makes it
 * happen once. It brings the tasks of instances that call through this process over from ended sessions. It writes only if
 * such a session has ended.
 */

import type { AnswerOf, CommandOf, CommandType, LastCall, Repeated } from "../core/messages/commands.ts";
import type { JournalRecord } from "../core/messages/events.ts";
import type { Caller } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { Engine } from "./engine.ts";
import type { Heard } from "./heard.ts";
import { type CommandOptions, ORCHESTRATOR } from "./job.ts";
import { type Log, type OpenSession, type ProcessAbout, type Sessions, Unavailable } from "./ports.ts";

/** How long the tasks of an ended session wait for their instances by default, in milliseconds. */
export const DEFAULT_SESSION_GRACE_MS = 300_000;

/** Time between two looks for dead sessions, in milliseconds. A look that meets another one finds the session a look later. */
const WATCH_MS = 2_000;

/** Least time between two writes of what the process tells about itself, in milliseconds. */
const DESCRIBE_MS = 60_000;

/** Most sessions that one look probes. The next look goes on with the following ones. */
const MAX_PROBED = 1_000;

/** Longest wait for the first look, and for the end of the own session, in milliseconds. */
const PATIENCE_MS = 2_000;

/** Most records in which one look ends a session or brings tasks over; the next look writes the rest. */
const MAX_PARTS = 1_000;

export interface SessionKeeperOptions {
  readonly engine: Engine;
  readonly sessions: Sessions;
  /** Knows which instances have called through this process. */
  readonly heard: Pick<Heard, "lastCalls">;
  readonly log: Log;
  /** Id of the session of this process's client. */
  readonly id: string;
  /** How long the tasks of an ended session wait for their instances, in milliseconds. */
  readonly graceMs: number;
  /** What this process tells operators about itself. Default: nothing. */
  readonly about?: ProcessAbout;
}

export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #unsubscribe: () => void;
  #handle: OpenSession;
  #about: ProcessAbout | undefined;
  /** When `#about` was last written, by `performance.now`. */
  #describedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> | undefined;
  /** Whether sessions have ended since the look under way began. */
  #isLate = false;
  #isClosed = false;
  /** The last session that a look probed, if there were more; empty at the beginning of a round. */
  #probedUpTo = "";
  /** The error of the last look, so that it is logged only once. */
  #complaint = "";

  private constructor(options: SessionKeeperOptions, handle: OpenSession) {
    this.#options = options;
    this.#about = options.about;
    this.#handle = handle;
    this.#unsubscribe = options.engine.subscribe((records) => this.#onRecords(records));
  }

  /**
   * Opens the session, and ends those that have died.
   *
   * @throws Unavailable `storage_failed` if the session cannot be opened
   */
  static async start(options: SessionKeeperOptions): Promise<SessionKeeper> {
    const keeper = new SessionKeeper(options, await options.sessions.open(options.id));
    await keeper.#describe();
    await within(PATIENCE_MS, keeper.look());
    return keeper;
  }

  /**
   * Executes a command of the client. If another session is in its way, looks first whether that one is dead.
   *
   * @throws whatever `Engine.execute` throws
   */
  async execute<K extends CommandType>(
    command: CommandOf<K>,
    caller: Caller,
    options: CommandOptions,
  ): Promise<AnswerOf<K> | Repeated> {
    const { engine } = this.#options;
    try {
      return await engine.execute(command, caller, options);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "instance_in_use") throw error;
      // A look under way may have begun before that session died.
      await this.#looking;
      await this.look();
      return await engine.execute(command, caller, options);
    }
  }

  /**
   * Notes a call for operators. Writes what the process tells about itself once in `DESCRIBE_MS` at most, and when the
   * client's name becomes known. Never throws.
   */
  noteCall(client?: string): void {
    if (this.#about === undefined || this.#isClosed) return;
    const isNamed = client !== undefined && this.#about.client === undefined;
    if (!isNamed && performance.now() - this.#describedAt < DESCRIBE_MS) return;
    this.#about = { ...this.#about, calledAt: this.#options.engine.now(), ...(client !== undefined && { client }) };
    void this.#describe();
  }

  /** Looks for sessions that have ended, now. Never rejects. */
  look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (!this.#isClosed) this.#timer = setTimeout(() => this.look(), this.#isLate ? 0 : WATCH_MS);
      this.#isLate = false;
    });
  }

  /** Ends the session, as its client has disconnected. Takes `PATIENCE_MS` at most; never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    const { id, log } = this.#options;
    try {
      const isDone = await within(PATIENCE_MS, this.#endOwn());
      if (!isDone) log.warn(`Cannot end the session of the client in ${PATIENCE_MS} ms: other servers find it dead`);
    } catch (error) {
      log.warn(`Cannot end the session of the client, other servers find it dead: ${error}`);
    }
    try {
      await this.#handle[Symbol.asyncDispose]();
    } catch (error) {
      log.warn(`Cannot remove the session ${id}: ${error}`);
    }
  }

  /** Writes what `doctor` shows of this process. Never rejects: a first failure is logged, and calls go on. */
  async #describe(): Promise<void> {
    if (this.#about === undefined) return;
    const isFirst = this.#describedAt === -Infinity;
    this.#describedAt = performance.now();
    try {
      await this.#handle.describe(this.#about);
    } catch (error) {
      if (isFirst) this.#options.log.warn(`Cannot write about this process for doctor: ${error}`);
    }
  }

  async #endOwn(): Promise<void> {
    await this.#looking;
    const { engine, heard, id } = this.#options;
    // An empty command would wait for the write lock, too.
    const { sessions } = await engine.query(
      { type: "watch_sessions", calls: heard.lastCalls(), after: "", limit: Infinity },
      ORCHESTRATOR,
    );
    if (sessions.includes(id)) await this.#end(id, "closed");
  }

  #onRecords(records: readonly JournalRecord[]): void {
    const hasEnded = records.some(({ events }) =>
      events.some(({ type }) => type === "session.closed" || type === "session.lost")
    );
    if (!hasEnded || this.#isClosed) return;
    if (this.#looking === undefined) this.look();
    else this.#isLate = true;
  }

  async #look(): Promise<void> {
    try {
      const { engine, sessions, heard, id } = this.#options;
      const watch = await engine.query(
        { type: "watch_sessions", calls: heard.lastCalls(), after: this.#probedUpTo, limit: MAX_PROBED },
        ORCHESTRATOR,
      );
      this.#probedUpTo = watch.sessions.length === MAX_PROBED ? watch.sessions.at(-1) ?? "" : "";
      // First, as it helps although other sessions cannot be probed.
      if (watch.returned.length > 0) await this.#resume(watch.returned);
      const foreign = watch.sessions.filter((each) => each !== id);
      const dead = foreign.length === 0 ? [] : await sessions.dead(foreign);
      for (const each of dead) await this.#end(each, "lost");
      this.#complaint = "";
    } catch (error) {
      this.#complain(error);
    }
  }

  async #end(session: string, how: "closed" | "lost"): Promise<void> {
    const { engine, graceMs } = this.#options;
    for (let parts = 0; parts < MAX_PARTS; parts++) {
      const { remaining } = await engine.execute({ type: "end_session", session, how, graceMs }, ORCHESTRATOR);
      if (remaining === 0) return;
    }
  }

  /** Keeps the tasks of ended sessions for this one, as their instances have called through it. */
  async #resume(calls: readonly LastCall[]): Promise<void> {
    const { engine, sessions, id } = this.#options;
    // Somebody may have removed its file: the tasks must not be kept for a session that counts as dead.
    if ((await sessions.dead([id])).length > 0) {
      const before = this.#handle;
      this.#handle = await sessions.open(id);
      await before[Symbol.asyncDispose]();
      await this.#describe();
    }
    for (let parts = 0; parts < MAX_PARTS; parts++) {
      const { resumed } = await engine.execute({ type: "resume_tasks", session: id, calls }, ORCHESTRATOR);
      if (resumed === 0) return;
    }
  }

  #complain(error: unknown): void {
    const complaint = `Cannot look for ended sessions: ${error}`;
    const isExpected = error instanceof Unavailable && (error.code === "busy" || error.code === "closed");
    if (!isExpected && complaint !== this.#complaint) this.#options.log.warn(complaint);
    this.#complaint = complaint;
  }
}

/** Waits for a promise, but not longer than `ms` milliseconds; resolves to whether it was in time. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timeout = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
