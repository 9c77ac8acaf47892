/**
 * The simulated server: sessions, transactions, the lock of the head, a standby that a commit waits for, crashes and
 * failover. What a statement does to the tables is for `sql.ts`; when it is seen, and whether it stays, is decided here.
 */

import type { Result } from "../../../../src/store/postgres/driver.ts";
import { LOCK_NOT_AVAILABLE, ServerError } from "../../../../src/store/postgres/errors.ts";
import type { Random } from "../../history/random.ts";
import type { Agenda } from "./agenda.ts";
import { complaintOfAppend } from "./append_times.ts";
import { type Client, type Interruption, type Reply, type Request, Session } from "./session.ts";
import type { Sql, Statement } from "./sql.ts";

/** How long a transaction waits for its next statement, as the store tells the server, in milliseconds. */
const IDLE_TRANSACTION_MS = 10_000;

/** When the standby has what was committed without it, in milliseconds. */
const CATCH_UP_MS = 5_000;

/** How far the clock of the server is from the true time, in milliseconds. */
export const SERVER_SKEW_MS = 17_000;

interface Commit {
  readonly session: Session;
  readonly writes: readonly Statement[];
  readonly request: Request;
}

export interface ServerOptions {
  readonly agenda: Agenda;
  readonly sql: Sql;
  readonly random: Random;
  /** How long a commit waits for the standby on average, in milliseconds. */
  readonly replicationMs: number;
  /** Whether what others may have read is not lost in a failover: PostgreSQL shows what an interrupted commit wrote. */
  readonly keepsWhatIsShown: boolean;
  readonly complain: (complaint: string) => void;
}

export class Server {
  readonly #options: ServerOptions;
  readonly #sessions = new Set<Session>();
  readonly #committing = new Set<Commit>();
  /** The session that has the lock of the head, and those that wait for it. */
  #holder: Session | undefined;
  #waiting: { readonly session: Session; readonly request: Request }[] = [];
  #isUp = true;
  /** Whether the standby lacks something that is shown. */
  #isAhead = false;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether all that is shown is on the standby. */
  get isReplicated(): boolean {
    return !this.#isAhead && this.#committing.size === 0;
  }

  connect(client: Client): Session {
    const session = new Session(client);
    this.#sessions.add(session);
    return session;
  }

  async receive(session: Session, request: Request): Promise<void> {
    if (session.isEnded) return;
    session.inbox.push(request);
    await this.#goOn(session);
  }

  /** The client is gone: what it has sent is carried out, then the session ends. */
  async disconnect(session: Session): Promise<void> {
    if (session.isEnded) return;
    if (Array.from(this.#committing).some((commit) => commit.session === session)) {
      this.#options.agenda.add(this.#options.agenda.now + 1, undefined, () => this.disconnect(session));
    } else {
      await this.#end(session);
    }
  }

  /** All sessions end; what waits for the standby may be durable or not. Nobody can connect for a time. */
  async crash(downMs: number): Promise<void> {
    this.#stop(downMs);
    for (const commit of this.#committing) {
      if (this.#options.random.chance(0.5)) await this.#apply(commit, false);
    }
    await this.#endAll();
  }

  /** The standby takes over: it has all that a commit has waited for, and perhaps what still waits. */
  async failOver(downMs: number): Promise<void> {
    const { sql, random, keepsWhatIsShown } = this.#options;
    this.#stop(downMs);
    if (this.#isAhead) await (keepsWhatIsShown ? sql.release("standby") : sql.backTo("standby"));
    this.#isAhead = false;
    for (const commit of this.#committing) if (random.chance(0.5)) await this.#apply(commit, true);
    await this.#endAll();
  }

  #stop(downMs: number): void {
    const { agenda } = this.#options;
    this.#isUp = false;
    agenda.add(agenda.now + downMs, undefined, () => void (this.#isUp = true));
  }

  async #endAll(): Promise<void> {
    this.#committing.clear();
    this.#waiting = [];
    for (const session of this.#sessions) await this.#end(session);
  }

  async #end(session: Session): Promise<void> {
    session.isEnded = true;
    session.idle?.cancel();
    this.#sessions.delete(session);
    this.#waiting = this.#waiting.filter((waiting) => waiting.session !== session);
    session.client.onEnd();
    await this.#unlock(session);
  }

  async #goOn(session: Session): Promise<void> {
    while (!session.isBusy && !session.isEnded) {
      const request = session.inbox.shift();
      if (request === undefined) return this.#watchIdle(session);
      session.idle?.cancel();
      session.isBusy = true;
      await this.#begin(session, request);
    }
  }

  #watchIdle(session: Session): void {
    const { agenda } = this.#options;
    session.idle?.cancel();
    if (session.transaction === undefined) return;
    session.idle = agenda.add(agenda.now + IDLE_TRANSACTION_MS, undefined, () => this.#end(session));
  }

  async #begin(session: Session, request: Request): Promise<void> {
    if (request.interruption?.type === "terminate" && request.interruption.when === "before") {
      return await this.#end(session);
    }
    const { transaction } = session;
    if (request.text === "begin") {
      session.transaction = { writes: [], isFailed: false };
      return this.#reply(session, request, DONE);
    }
    if (request.text === "commit" && transaction?.isFailed === false && transaction.writes.length > 0) {
      return await this.#commit({ session, request, writes: transaction.writes });
    }
    if (request.text === "commit" || request.text === "rollback") {
      session.transaction = undefined;
      await this.#unlock(session);
      return this.#reply(session, request, DONE);
    }
    if (transaction?.isFailed) return this.#reply(session, request, inFailed());
    if (!locksHead(request.text) || this.#holder === session) return await this.#carryOut(session, request);
    if (this.#holder === undefined) return await this.#lockAndCarryOut(session, request);
    this.#await(session, request);
  }

  #await(session: Session, request: Request): void {
    const { agenda } = this.#options;
    const waiting = { session, request };
    this.#waiting.push(waiting);
    agenda.add(agenda.now + session.client.lockWaitMs, undefined, async () => {
      if (!this.#waiting.includes(waiting)) return;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      await this.#fail(session, request, new ServerError({ message: "canceling statement", code: LOCK_NOT_AVAILABLE }));
    });
  }

  async #lockAndCarryOut(session: Session, request: Request): Promise<void> {
    this.#holder = session;
    session.lockedAt = this.#time;
    await this.#carryOut(session, request);
  }

  async #unlock(session: Session): Promise<void> {
    if (this.#holder !== session) return;
    this.#holder = undefined;
    session.lockedAt = undefined;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    await this.#lockAndCarryOut(next.session, next.request);
    await this.#goOn(next.session);
  }

  async #carryOut(session: Session, request: Request): Promise<void> {
    const { sql } = this.#options;
    const { transaction } = session;
    const statement: Statement = { text: request.text, values: request.values, time: this.#time };
    try {
      if (!isWrite(statement.text)) {
        const result = await this.#read(session, statement);
        return this.#reply(session, request, result);
      }
      if (transaction === undefined) return await this.#commit({ session, request, writes: [statement] });
      const result = await sql.run([...transaction.writes, statement], "undo");
      transaction.writes.push(statement);
      this.#reply(session, request, result);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      await this.#fail(session, request, error);
    }
  }

  async #fail(session: Session, request: Request, error: ServerError): Promise<void> {
    if (session.transaction !== undefined) session.transaction.isFailed = true;
    else await this.#unlock(session);
    this.#reply(session, request, error);
    await this.#goOn(session);
  }

  async #read(session: Session, statement: Statement): Promise<Result<unknown>> {
    const { text, values } = statement;
    const [, channel] = /^listen (\w+)$/.exec(text) ?? [];
    if (channel !== undefined) {
      session.channels.add(channel);
      return DONE;
    }
    if (text.includes("pg_notify")) {
      const [number, payload] = values;
      for (const { channels, client } of this.#sessions) {
        if (channels.has(`orchestrator_${number}`)) client.onNotification(String(payload));
      }
      return DONE;
    }
    return await this.#options.sql.run([statement]);
  }

  /** Waits for the standby. Nobody sees it before. */
  async #commit(commit: Commit): Promise<void> {
    const { agenda, random, replicationMs } = this.#options;
    this.#committing.add(commit);
    const { interruption } = commit.request;
    if (interruption === undefined) {
      agenda.add(agenda.now + 2 * random.next() * replicationMs, undefined, () => this.#finish(commit, true));
      return;
    }
    await this.#finish(commit, false, interruption);
  }

  async #finish(commit: Commit, isReplicated: boolean, interruption?: Interruption): Promise<void> {
    if (!this.#committing.delete(commit)) return;
    const { session, request } = commit;
    const outcome = await this.#apply(commit, isReplicated);
    session.transaction = undefined;
    if (interruption?.type === "terminate") return await this.#end(session);
    await this.#unlock(session);
    const told = request.text === "commit" && !(outcome instanceof ServerError) ? COMMITTED : outcome;
    this.#reply(session, request, told, !isReplicated);
    await this.#goOn(session);
  }

  async #apply({ writes, session }: Commit, isReplicated: boolean): Promise<Result<unknown> | ServerError> {
    const { sql, agenda, complain } = this.#options;
    if (isReplicated && this.#isAhead) await this.#catchUp();
    if (!isReplicated && !this.#isAhead) {
      this.#isAhead = true;
      await sql.savepoint("standby");
      agenda.add(agenda.now + CATCH_UP_MS, undefined, () => this.#catchUp());
    }
    try {
      const result = await sql.run(writes);
      const lockedAt = session.transaction === undefined ? undefined : session.lockedAt;
      const complaint = complaintOfAppend(writes, result, lockedAt);
      if (complaint !== undefined) complain(complaint);
      return result;
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      return error;
    }
  }

  async #catchUp(): Promise<void> {
    if (!this.#isAhead) return;
    this.#isAhead = false;
    await this.#options.sql.release("standby");
  }

  #reply(session: Session, request: Request, outcome: Reply["outcome"], isUnreplicated = false): void {
    session.isBusy = false;
    if (!session.isEnded) request.reply({ outcome, isUnreplicated });
  }

  /** Milliseconds since the Unix epoch by the clock of the server. */
  get #time(): number {
    return this.#options.agenda.now + SERVER_SKEW_MS;
  }
}

const COMMITTED: Result<unknown> = { rows: [], count: 0, command: "COMMIT" };
const DONE: Result<unknown> = { rows: [], count: 0, command: "" };

function inFailed(): ServerError {
  return new ServerError({ message: "current transaction is aborted", code: "25P02" });
}

/** Whether a statement takes the lock of the row of the project. */
function locksHead(text: string): boolean {
  return /\bfor update\b|update orchestrator\.projects\b/.test(text);
}

function isWrite(text: string): boolean {
  return /^\s*(insert|update|delete|with)\b/.test(text);
}
