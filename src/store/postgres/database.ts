/**
 * A database of one or more hosts, of which one takes writes, and connections to it that are kept and made again when they
 * are lost. A statement is repeated on another connection only if its caller says that this changes nothing.
 */

import { DatabaseClock, type DatabaseClockOptions } from "./database_clock.ts";
import {
  type Connection,
  type ConnectOptions,
  DriverConnection,
  type Open,
  type Result,
  type Value,
} from "./driver.ts";
import { ConnectionLost } from "./errors.ts";
import type { Host } from "./socket.ts";

/** How long calls wait for a database that is away, in milliseconds: a restart of it or a failover may be under way. */
const PATIENCE_MS = 5_000;

/** The pause after the first round of failed tries to connect, in milliseconds; each further one is twice as long. */
const PAUSE_MS = 50;
const MAX_PAUSE_MS = 1_000;

/** Most tries of a statement whose connection is lost. */
const MAX_TRIES = 3;

/** SQL of the database's clock, in milliseconds since the Unix epoch. Not `extract`, which computes with decimal digits. */
export const CLOCK = "date_part('epoch', clock_timestamp()) * 1000";

/** Where the database is, and who asks. */
export interface Address extends Pick<ConnectOptions, "user" | "password" | "database"> {
  readonly hosts: readonly [Host, ...Host[]];
  /** How TLS is used with a host; undefined without. */
  readonly tlsOf: (host: Host) => ConnectOptions["tls"];
}

export interface DatabaseOptions extends DatabaseClockOptions, Pick<ConnectOptions, "answerMs" | "lockWaitMs"> {
  readonly address: Address;
  /** How long calls wait for a database that is away, in milliseconds. Default: `PATIENCE_MS`. */
  readonly patienceMs?: number;
  /** How a connection is made. Default: by the driver. */
  readonly open?: Open;
}

export class Database {
  readonly clock: DatabaseClock;
  readonly #options: DatabaseOptions;
  /** The host that was connected to last is tried first. */
  #first = 0;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.clock = new DatabaseClock(options);
  }

  /**
   * Connects to the host that takes writes. Waits for it while none does, within bounds.
   *
   * @throws ConnectionLost with the reason of the last try
   */
  async connect(handlers: Pick<ConnectOptions, "onNotification" | "onClose"> = {}): Promise<Connection> {
    const { patienceMs = PATIENCE_MS } = this.#options;
    const end = performance.now() + patienceMs;
    for (let pauseMs = PAUSE_MS;; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      const { connection, failure } = await this.#tryHosts(handlers);
      if (connection !== undefined) return connection;
      if (!failure.mayPass || performance.now() + pauseMs > end) throw failure;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async #tryHosts(
    handlers: Pick<ConnectOptions, "onNotification" | "onClose">,
  ): Promise<{ connection: Connection; failure?: never } | { connection?: never; failure: ConnectionLost }> {
    const { address, answerMs, lockWaitMs, open = DriverConnection.open } = this.#options;
    const { hosts, user, password, database, tlsOf } = address;
    let failure = new ConnectionLost("no host was tried");
    for (let tries = 0; tries < hosts.length; tries++) {
      const index = (this.#first + tries) % hosts.length;
      const host = hosts[index] ?? hosts[0];
      try {
        const connection = await open({
          ...handlers,
          host,
          user,
          password,
          database,
          tls: tlsOf(host),
          ...(answerMs !== undefined && { answerMs }),
          ...(lockWaitMs !== undefined && { lockWaitMs }),
        });
        this.#first = index;
        return { connection };
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        failure = error.whileConnecting(describeHost(host));
        if (!failure.mayPass) break;
      }
    }
    return { failure };
  }
}

/** A connection that is made when it is first needed, and again after it was lost. */
export class Line {
  readonly #database: Database;
  #connection: Promise<Connection> | undefined;
  #isClosed = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws ConnectionLost if there is none to be had */
  async connection(): Promise<Connection> {
    const known = this.#isClosed ? undefined : this.#connection;
    if (known !== undefined) {
      const connection = await known;
      if (!connection.isLost) return connection;
      if (this.#connection === known) this.#connection = undefined;
    }
    // Not before: it may be closed while it is awaited.
    if (this.#isClosed) throw new ConnectionLost("this process has closed it");
    const connecting = this.#connection ??= this.#database.connect();
    try {
      return await connecting;
    } catch (error) {
      if (this.#connection === connecting) this.#connection = undefined;
      throw error;
    }
  }

  /** Runs a statement that may be carried out more than once without harm. */
  async repeatable<Row>(statement: string, values: readonly Value[] = []): Promise<Result<Row>> {
    for (let tries = 1;; tries++) {
      const connection = await this.connection();
      try {
        return await connection.run<Row>(statement, values);
      } catch (error) {
        if (!(error instanceof ConnectionLost) || tries === MAX_TRIES) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const connection = await this.#connection?.catch(() => undefined);
    connection?.destroy();
  }
}

function describeHost(host: Host): string {
  return host.type === "unix" ? host.path : `${host.host}:${host.port}`;
}
