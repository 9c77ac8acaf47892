/**
 * One connection to a PostgreSQL server, and the only importer of the driver. The driver would connect again by itself and
 * go on with what waits; here a connection that is lost stays lost, as what was sent on it may or may not have happened.
 */

import type { Socket } from "node:net";
import postgres from "postgres";
import { ConnectionLost, describeServerError, ServerError } from "./errors.ts";
import { refuseSharedSession } from "./session_check.ts";
import { CONNECT_MS, connectTo, type Host, opened, type Tls, tlsOptions } from "./socket.ts";

/** Longest wait for the answer to a statement, in milliseconds. Longer than any time-out of the server. */
export const ANSWER_MS = 40_000;

/** The same for the other connection that shows whether a pooler keeps sessions: there may be none for it. */
const OTHER_ANSWER_MS = 2_000;

/** How long a statement may run, a lock be awaited, and a transaction wait for its next statement, in milliseconds. */
const STATEMENT_MS = 30_000;
export const LOCK_WAIT_MS = 5_000;
export const IDLE_TRANSACTION_MS = 10_000;

export interface ConnectOptions {
  readonly host: Host;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: Tls | undefined;
  /** Longest wait for the answer to a statement, in milliseconds. Default: `ANSWER_MS`. */
  readonly answerMs?: number;
  /** Longest wait for a lock, in milliseconds. Default: `LOCK_WAIT_MS`. */
  readonly lockWaitMs?: number;
  /** Called with the payload of each notification of a channel that this connection listens to. */
  readonly onNotification?: (payload: string) => void;
  /** Called once, when the connection is lost or closed. */
  readonly onClose?: () => void;
}

/** A value of a statement; a list becomes an array of texts. */
export type Value = string | number | null | readonly string[];

/** What a statement returned: the rows, how many it returned or changed, and its command. */
export interface Result<Row> {
  readonly rows: readonly Row[];
  readonly count: number;
  readonly command: string;
}

/** One session at a server, for as long as it lasts. */
export interface Connection {
  /** Whether nothing can be sent any more. */
  readonly isLost: boolean;
  /**
   * Runs one statement with values for `$1`, `$2`, …. Statements of several calls at once are sent without waiting for
   * answers, and carried out in order.
   *
   * @throws ServerError if the server refused it: it had no effect
   * @throws ConnectionLost if the connection is lost: it may have had its effect, or still have it
   */
  run<Row = unknown>(statement: string, values?: readonly Value[]): Promise<Result<Row>>;
  /** Whether a commit was not replicated since the last question: then it is not as durable as the operator wants. */
  takeUnreplicated(): boolean;
  /** Ends the connection at once; statements under way fail. */
  destroy(): void;
}

/**
 * Connects to a server that takes writes.
 *
 * @throws ConnectionLost if there is none, ServerError if it refuses
 */
export type Open = (options: ConnectOptions) => Promise<Connection>;

export class DriverConnection implements Connection {
  readonly #sql: postgres.Sql;
  readonly #answerMs: number;
  readonly #destroy: () => void;
  #lost: ConnectionLost | undefined;
  /** Whether the server has said that a commit is not on the standby that it should be on. */
  #isUnreplicated = false;
  /** The process of the server as it was named when the connection was made: a pooler makes up a number. */
  #announcedPid: number | undefined;
  #isThroughPooler = false;

  private constructor(options: ConnectOptions) {
    const { host, user, password, database, tls, answerMs = ANSWER_MS, onNotification, onClose } = options;
    let socket: Socket | undefined;
    this.#answerMs = answerMs;
    this.#destroy = () => void socket?.destroy();
    const open = async () => {
      if (socket !== undefined) throw new ConnectionLost("the connection is closed");
      socket = connectTo(host);
      await opened(socket);
      // What follows a large statement is sent at once, too.
      socket.setNoDelay();
      return socket;
    };
    // All options that the driver would otherwise look up in the environment are given.
    const all = {
      host: host.type === "unix" ? "localhost" : host.host,
      port: host.type === "unix" ? 5432 : host.port,
      user,
      // The driver looks into the environment for an empty one.
      pass: () => password ?? "",
      database,
      ssl: tls === undefined ? false : tlsOptions(tls),
      sslnegotiation: null,
      socket: open,
      max: 1,
      idle_timeout: null,
      max_lifetime: null,
      connect_timeout: CONNECT_MS / 1_000,
      backoff: false,
      max_pipeline: 100,
      keep_alive: 30,
      prepare: true,
      debug: false,
      fetch_types: false,
      publications: "",
      target_session_attrs: "read-write",
      connection: { application_name: "mcp-orchestrator" },
      // Its text is in the language of the server.
      onnotice: ({ routine }: { readonly routine?: string }) => {
        if (routine === "SyncRepWaitForLSN") this.#isUnreplicated = true;
      },
      onnotify: (_channel: string, payload: string) => onNotification?.(payload),
      onclose: () => {
        this.#lose("the server closed the connection");
        onClose?.();
      },
    };
    // Its types lack `socket` and some of the values that it takes.
    this.#sql = postgres(all as unknown as postgres.Options<Record<string, never>>);
  }

  static readonly open: Open = async (options) => {
    const connection = await DriverConnection.#openUnchecked(options);
    try {
      const { onNotification: _, onClose: __, ...others } = options;
      const openOther = () => DriverConnection.#openUnchecked({ ...others, answerMs: OTHER_ANSWER_MS });
      if (connection.#isThroughPooler) await refuseSharedSession(connection, openOther);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  };

  static async #openUnchecked(options: ConnectOptions): Promise<DriverConnection> {
    const connection = new DriverConnection(options);
    try {
      const { rows: [server] } = await connection.run<{ is_standby: boolean; pid: number }>(SERVER);
      connection.#isThroughPooler = server?.pid !== connection.#announcedPid;
      // What the driver finds out by itself is not enough: a standby may take writes by its settings.
      if (server?.is_standby !== false) throw takesNoWrites();
      await connection.run(SETTINGS, [String(options.lockWaitMs ?? LOCK_WAIT_MS)]);
      return connection;
    } catch (error) {
      connection.destroy();
      throw isReadOnly(error) ? takesNoWrites() : error;
    }
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  async run<Row = unknown>(statement: string, values: readonly Value[] = []): Promise<Result<Row>> {
    if (this.#lost !== undefined) throw this.#lost;
    const timer = setTimeout(() => {
      this.#lose(`the server did not answer within ${this.#answerMs} ms`);
      this.destroy();
    }, this.#answerMs);
    try {
      const sent = values.map((value) => Array.isArray(value) ? arrayText(value) : value as string | number | null);
      const query = this.#sql.unsafe(statement, sent, { prepare: true });
      this.#refuseRepetition(query);
      const result = await query;
      this.#announcedPid = result.state.pid;
      // What the rows hold follows from the statement.
      return { rows: Array.from(result) as unknown as Row[], count: result.count ?? 0, command: result.command ?? "" };
    } catch (error) {
      if (this.#lost !== undefined) throw this.#lost;
      throw this.#failureOf(error);
    } finally {
      clearTimeout(timer);
    }
  }

  takeUnreplicated(): boolean {
    const isUnreplicated = this.#isUnreplicated;
    this.#isUnreplicated = false;
    return isUnreplicated;
  }

  destroy(): void {
    this.#lose("the connection is closed");
    this.#destroy();
    // Rejects what the driver still has; the socket is gone already.
    this.#sql.end({ timeout: 0 }).catch(() => {});
  }

  #lose(why: string): void {
    this.#lost ??= new ConnectionLost(why);
  }

  /**
   * The driver sends a statement once more whose preparation the server has lost, but after those that follow it: an append
   * would come after its commit, which has rolled back, and be kept by itself. The driver notes the first failure before,
   * and there it is stopped: nothing is sent on a connection that is destroyed.
   */
  #refuseRepetition(query: object): void {
    Object.defineProperty(query, "retried", {
      get: () => undefined,
      set: (error: postgres.PostgresError) => {
        this.#loseFor(describeServerError(new ServerError(error)), error.code);
      },
    });
  }

  #failureOf(error: unknown): Error {
    if (error instanceof postgres.PostgresError) {
      const failure = new ServerError(error);
      // The statement had no effect, and the next connection shows whether a pooler is the reason.
      if (NOT_OWN_SESSION.test(failure.code)) this.#loseFor(describeServerError(failure), failure.code);
      if (!failure.isFatal) return failure;
      return this.#loseFor(describeServerError(failure), failure.code);
    }
    return error instanceof Error ? this.#loseFor(describe(error), codeOf(error)) : this.#loseFor(String(error));
  }

  #loseFor(why: string, code?: string): ConnectionLost {
    const lost = this.#lost ??= new ConnectionLost(why, code);
    this.destroy();
    return lost;
  }
}

/** Whether the server is not the one that takes writes, and its process. */
const SERVER = `select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as is_standby,
  pg_backend_pid() as pid`;

/**
 * Settings of the session, whatever those of the role are: a commit must be durable before it is answered, also on the
 * standby; no function that another user has made may stand in for one of PostgreSQL's; numbers come as they are. They are
 * not in the start of the protocol, as poolers refuse settings there that they do not know. The last one is a mark of its
 * own.
 */
const SETTINGS =
  `select set_config('statement_timeout', '${STATEMENT_MS}', false), set_config('lock_timeout', $1, false),
  set_config('idle_in_transaction_session_timeout', '${IDLE_TRANSACTION_MS}', false),
  set_config('idle_session_timeout', '0', false),
  set_config('search_path', '', false),
  set_config('extra_float_digits', '1', false),
  set_config('client_min_messages', 'warning', false),
  set_config('default_transaction_isolation', 'read committed', false),
  set_config('synchronous_commit', case current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply'
    else 'on' end, false),
  set_config('orchestrator.session', 'on', false)`;

/**
 * SQL that is true in a session with these settings, and fails in any other. A pooler that pools by transaction from some
 * time on, unnoticed as nothing was connected since, may carry out a statement in a session of its own choice, if that is
 * the first of its text on a connection: every other one fails, as names of prepared statements are random. In a session
 * without the settings, a role with `synchronous_commit` off would have commits answered that a crash loses, and one that
 * hides warnings, commits that the standby does not have. So whatever is acknowledged as durable asks for the mark first.
 */
export const IS_OWN_SESSION = "current_setting('orchestrator.session')::boolean";

/** How `IS_OWN_SESSION` fails: nobody has set the mark, or it was reset. */
const NOT_OWN_SESSION = /^(42704|22P02)$/;

/** An array of texts as the server reads it. */
function arrayText(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

function takesNoWrites(): ConnectionLost {
  return new ConnectionLost("the server takes no writes, as it is a standby or is set to be read only");
}

/** The driver ends connections to a server that is set to be read only. */
function isReadOnly(error: unknown): boolean {
  return error instanceof ConnectionLost && error.code === "CONNECTION_DESTROYED";
}

function describe(error: Error): string {
  const code = codeOf(error);
  return error.message.includes(code) ? error.message : `${error.message} (${code})`;
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : error.name;
}
