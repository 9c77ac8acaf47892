/**
 * Carries out the SQL of the simulated server, by a real one: in one transaction, which is never committed, so that the
 * next schedule finds nothing of it. The clock that its statements ask is the virtual one.
 */

import { Database } from "../../../../src/store/postgres/database.ts";
import type { Connection, Result, Value } from "../../../../src/store/postgres/driver.ts";
import { ServerError } from "../../../../src/store/postgres/errors.ts";
import { migrate } from "../../../../src/store/postgres/schema.ts";
import type { Cluster } from "../../../support/postgres.ts";

/** A statement, and the time by the clock of the server, in milliseconds since the Unix epoch. */
export interface Statement {
  readonly text: string;
  readonly values: readonly Value[];
  readonly time: number;
}

/** Stands before the clock of PostgreSQL where statements do not name a schema. */
const CLOCK = `create or replace function simulated.clock_timestamp() returns timestamptz language sql volatile
as $$ select to_timestamp(current_setting('simulated.time')::float8) $$`;

export class Sql implements AsyncDisposable {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open({ address }: Pick<Cluster, "address">): Promise<Sql> {
    const connection = await new Database({ address, now: Date.now }).connect();
    await migrate(connection);
    await connection.run("create schema if not exists simulated");
    await connection.run(CLOCK);
    await connection.run("set search_path to simulated, pg_catalog, public");
    await connection.run("set idle_in_transaction_session_timeout to 0");
    return new Sql(connection);
  }

  /** Begins anew with an empty database. */
  async begin(): Promise<void> {
    await this.#connection.run("rollback");
    await this.#connection.run("begin");
    // Numbers that were given away stay so when a transaction is undone.
    await this.#connection.run("select setval(pg_get_serial_sequence('orchestrator.projects', 'number'), 1, false)");
  }

  /** Resolves to the result of the last statement, all of which take effect, or none. */
  async run(statements: readonly Statement[], end: "keep" | "undo" = "keep"): Promise<Result<unknown>> {
    const steps = [this.#connection.run("savepoint step")];
    for (const { text, values, time } of statements) {
      steps.push(
        this.#connection.run("select set_config('simulated.time', $1, false)", [String(time / 1_000)]),
        this.#connection.run(text, values),
      );
    }
    const last = steps.at(-1);
    if (end === "keep") steps.push(this.#connection.run("release step"));
    const failure = (await Promise.allSettled(steps)).find((step) => step.status === "rejected");
    if (failure !== undefined || end === "undo") await this.backTo("step");
    // The first failure is the one that the others follow from.
    if (failure !== undefined) throw failure.reason instanceof ServerError ? failure.reason : new Error(failure.reason);
    if (last === undefined) throw new Error("There is no statement");
    return await last;
  }

  async savepoint(name: string): Promise<void> {
    await this.#connection.run(`savepoint ${name}`);
  }

  async release(name: string): Promise<void> {
    await this.#connection.run(`release ${name}`);
  }

  /** Undoes everything since a savepoint, which is gone. */
  async backTo(name: string): Promise<void> {
    await this.#connection.run(`rollback to ${name}`);
    await this.release(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.run("rollback");
    this.#connection.destroy();
  }
}
