/** One project in the database: what all parts of the store share. Its tables are made when it is first used. */

import { Unavailable } from "../../app/ports.ts";
import type { Database } from "./database.ts";
import { Line } from "./database.ts";
import type { Result, Value } from "./driver.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { GENESIS_HASH } from "../file/codec.ts";
import { failureOf } from "./errors.ts";
import { migrate, readVersion, SCHEMA, SCHEMA_VERSION } from "./schema.ts";

export interface ProjectOptions {
  readonly database: Database;
  /** The name of the project in the database. */
  readonly name: string;
  /** Whether nothing may be made: a project that is not there is refused. Default: false. */
  readonly isReadOnly?: boolean;
}

export class Project {
  readonly database: Database;
  readonly name: string;
  readonly isReadOnly: boolean;
  /** For statements that stand alone: no transaction is ever open on it. */
  readonly #line: Line;
  readonly #closing = new AbortController();
  #number: Promise<number> | undefined;

  constructor({ database, name, isReadOnly = false }: ProjectOptions) {
    this.database = database;
    this.name = name;
    this.isReadOnly = isReadOnly;
    this.#line = new Line(database);
  }

  /** Its number, by which rows are found. */
  async number(): Promise<number> {
    const finding = this.#number ??= this.#find();
    try {
      return await finding;
    } catch (error) {
      if (this.#number === finding) this.#number = undefined;
      throw error;
    }
  }

  /**
   * Runs a statement that stands alone and may be carried out more than once without harm. `$1` is the project's number;
   * the values follow.
   *
   * @throws Unavailable
   */
  async run<Row>(statement: string, values: readonly Value[] = []): Promise<Result<Row>> {
    try {
      return await this.#line.repeatable<Row>(statement, [await this.number(), ...values]);
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** Aborted when this process closes it. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#line.close();
  }

  async #find(): Promise<number> {
    const connection = await this.#line.connection();
    if (!this.isReadOnly) await migrate(connection);
    else if (await readVersion(connection) < SCHEMA_VERSION) throw this.#missing([]);
    const find = `select number from ${SCHEMA}.projects where name = $1`;
    const { rows: [found] } = await connection.run<{ number: number }>(find, [this.name]);
    if (found !== undefined) return found.number;
    if (this.isReadOnly) {
      const { rows } = await connection.run<{ name: string }>(
        `select name from ${SCHEMA}.projects order by name limit ${MAX_NAMED}`,
      );
      throw this.#missing(rows.map(({ name }) => name));
    }
    await connection.run(
      `insert into ${SCHEMA}.projects (name, hash) values ($1, '${GENESIS_HASH}') on conflict (name) do nothing`,
      [this.name],
    );
    const { rows: [made] } = await connection.run<{ number: number }>(find, [this.name]);
    if (made === undefined) throw new Unavailable("storage_failed", `Project ${this.name} cannot be made`);
    return made.number;
  }

  #missing(others: readonly string[]): Refusal {
    const there = others.length === 0 ? "it has none" : `it has ${others.join(", ")}`;
    return new Refusal("not_found", `There is no project ${this.name} in this database: ${there}`);
  }
}

/** Most projects that an error names. */
const MAX_NAMED = 20;
