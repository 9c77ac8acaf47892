/** Words a failure of the store for its caller: only admins and the log get the names of files. */

import type { Engine } from "./engine.ts";
import type { Caller } from "../core/model/access.ts";
import { type Log, Unavailable, type UnavailableCode } from "./ports.ts";

/** What all others are told. A code without a text has messages that name no file. */
const WITHOUT_FILES: Readonly<Record<UnavailableCode, string | undefined>> = {
  busy: "Another process works on the tasks for longer than usual: nothing was done, try again",
  overloaded: undefined,
  closed: undefined,
  cancelled: undefined,
  unreachable: undefined,
  worker_failed: "The answer cannot be computed now: try again; the server's log says why",
  storage_failed: "The tasks cannot be read or written now. Nothing was changed by this call: try again later; the " +
    "server's log says why",
  outcome_unknown: "The disk failed. Whether this call took effect is unknown: before you repeat it, look with " +
    "get_task_details or get_history; the server's log says why",
  journal_damaged:
    "The journal is damaged, and nothing was changed: tell who runs the server, whose log says what to do",
  newer_version:
    "A newer version of this program wrote the journal, and nothing was changed: tell who runs the server " +
    "to restart it",
};

export interface ToldFailuresOptions {
  readonly engine: Pick<Engine, "knownCaller">;
  readonly log: Log;
}

export class ToldFailures {
  readonly #engine: ToldFailuresOptions["engine"];
  readonly #log: Log;
  /** The last message that was kept from its caller, so that a failure of many calls is logged once. */
  #kept = "";

  constructor({ engine, log }: ToldFailuresOptions) {
    this.#engine = engine;
    this.#log = log;
  }

  /**
   * The error as its caller may read it. A message that is kept from the caller is logged.
   *
   * @param log that of the call
   */
  toldTo<E>(caller: Caller, error: E, log = this.#log): E | Unavailable {
    if (!(error instanceof Unavailable) || this.#engine.knownCaller(caller)?.role === "admin") return error;
    const message = WITHOUT_FILES[error.code];
    if (message === undefined) return error;
    if (error.message !== this.#kept) log.warn(error.message);
    this.#kept = error.message;
    return new Unavailable(error.code, message, { cause: error });
  }
}
