/** Failures of the database in the words of the ports. Nothing outside this folder knows SQLSTATE codes. */

import { Unavailable } from "../../app/ports.ts";

/** What a server says of a statement that it refused. */
interface Refused {
  readonly message: string;
  readonly code?: string;
  readonly severity?: string;
}

/** A statement that the server refused. Unless it is fatal, it had no effect, and the connection lives on. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  /** The SQLSTATE. */
  readonly code: string;
  /** Whether the server ended the session with it, so that the outcome of a commit under way is unknown. */
  readonly isFatal: boolean;

  constructor({ message, code = "", severity = "ERROR" }: Refused) {
    super(message);
    this.code = code;
    // 08: connection exceptions. 40003: the server itself does not know.
    this.isFatal = severity !== "ERROR" || code.startsWith("08") || code === "40003";
  }
}

/** A connection that is lost: what was sent last may have had its effect, or still have it. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";

  /**
   * @param why a sentence without a full stop
   * @param code the SQLSTATE or the error code of the system, if there was one
   */
  constructor(readonly why: string, readonly code = "", what = "The connection to PostgreSQL was lost") {
    super(`${what}: ${why}`);
  }

  /** The same failure, of a try to connect. */
  whileConnecting(host: string): ConnectionLost {
    return new ConnectionLost(this.why, this.code, `Cannot connect to PostgreSQL at ${host}`);
  }

  /** Whether a later try may succeed without anybody changing something. */
  get mayPass(): boolean {
    return !LASTING.test(this.code);
  }
}

/**
 * Errors of a wrong user, password, database or pooler, and of a missing permission. Not `ENOTFOUND`: container engines
 * forget the name of a host while it is down, and other hosts may be up.
 */
const LASTING = /^(28...|26000|3D000|42501|EACCES|EPERM|NotCapable)$/;

/** What to do if a pooler gives the session of a connection to other clients. */
export const NEEDS_SESSIONS =
  "A pooler is in between that does not keep sessions: set pool_mode = session there (docs/postgresql.md)";

/** SQLSTATE of a prepared statement that the session does not have, as it is another one than before. */
export const SESSION_NOT_KEPT = "26000";

/** What to do, by SQLSTATE. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  "3D000": "Create the database (createdb), or correct its name in --store",
  "28P01": "Correct the password (PGPASSWORD, or the password file), or the user in --store",
  "28000": "The server does not let this user in: see its pg_hba.conf",
  "42501": "Grant this user the rights that docs/postgresql.md lists",
  "42P01": "Run the command migrate as the owner of the database",
  "3F000": "Run the command migrate as the owner of the database",
  "53100": "The disk of the server is full: make room there",
  "53200": "The server is out of memory",
  "53300": "All connections of the server are in use: raise max_connections, or end other clients",
  "26000": NEEDS_SESSIONS,
  "42704": NEEDS_SESSIONS,
  "22P02": NEEDS_SESSIONS,
  "23505": "The number of a project is there already, as logical replication copies no sequences: set the sequence " +
    "(docs/postgresql.md)",
  "25006": "The server takes no writes: name the primary in --store",
  "57014": "The statement took too long, or the operator cancelled it",
  "57P03": "The server is starting or stopping: try again",
};

/** SQLSTATE of a lock that was not to be had in time. */
export const LOCK_NOT_AVAILABLE = "55P03";

/** An error in the words of the ports; errors that are not of the database stay as they are. */
export function failureOf(error: unknown): unknown {
  if (error instanceof ConnectionLost) return new Unavailable("storage_failed", error.message, { cause: error });
  if (!(error instanceof ServerError)) return error;
  if (error.code === LOCK_NOT_AVAILABLE) {
    return new Unavailable("busy", "Another process has held the write lock for too long: nothing was done, try again");
  }
  return new Unavailable("storage_failed", describeServerError(error), { cause: error });
}

/** A sentence without a full stop, and what to do. */
export function describeServerError({ message, code }: ServerError): string {
  const nextStep = NEXT_STEPS[code];
  return `PostgreSQL refused: ${message} (${code})${nextStep === undefined ? "" : `. ${nextStep}`}`;
}
