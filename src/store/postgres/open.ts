/** Opens the store of a project in PostgreSQL: all parts of it share one database. */

import type { Log } from "../../app/ports.ts";
import { type Address, Database } from "./database.ts";
import { failureOf } from "./errors.ts";
import { type DatabaseInspection, inspectProject } from "./inspection.ts";
import { PostgresCheckpoints } from "./postgres_checkpoints.ts";
import { PostgresDeliveries } from "./postgres_deliveries.ts";
import { PostgresJournal } from "./postgres_journal.ts";
import { PostgresSessions } from "./postgres_sessions.ts";
import { Project } from "./project.ts";
import { RawProject } from "./raw_project.ts";
import { type CheckedRedactions, checkRedactions, RedactionRows } from "./redaction_rows.ts";
import { migrate, readVersion, statementsAfter } from "./schema.ts";

export interface PostgresStoreOptions {
  readonly address: Address;
  /** The name of the project in the database. */
  readonly project: string;
  /** Milliseconds since the Unix epoch by this machine. */
  readonly now: () => number;
  readonly log: Log;
  /** Whether nothing may be made: a project that is not there is refused. */
  readonly isReadOnly: boolean;
}

/** @throws Unavailable at the first use, if there is no database to be had */
export function openPostgres({ address, project: name, now, log, isReadOnly }: PostgresStoreOptions) {
  const project = projectOf({ address, project: name, now, isReadOnly });
  const journal = new PostgresJournal(project, log);
  return {
    journal,
    checkpoints: new PostgresCheckpoints(project, log),
    sessions: new PostgresSessions(project, log),
    deliveries: new PostgresDeliveries(project, log),
    async close() {
      await journal.close();
      await project.close();
    },
  };
}

/** Opens it with what redacts its records. */
export function openRedactable(options: PostgresStoreOptions) {
  const project = projectOf(options);
  const journal = new PostgresJournal(project, options.log);
  return {
    journal,
    checkpoints: new PostgresCheckpoints(project, options.log),
    records: new RedactionRows(project, journal),
    async close() {
      await journal.close();
      await project.close();
    },
  };
}

/** Checks its redactions for `verify`. */
export async function checkPostgresRedactions(options: PostgresStoreOptions): Promise<CheckedRedactions> {
  const project = projectOf(options);
  try {
    return await checkRedactions(project);
  } catch (error) {
    throw failureOf(error);
  } finally {
    await project.close();
  }
}

/** Opens its journal for a copy. */
export function openRawProject(options: PostgresStoreOptions): RawProject {
  const project = projectOf(options);
  return new RawProject(project, new PostgresDeliveries(project, options.log));
}

/** Looks at it for `doctor`. */
export async function inspectPostgres(options: PostgresStoreOptions): Promise<DatabaseInspection> {
  const project = projectOf(options);
  try {
    return await inspectProject(project, options.now);
  } finally {
    await project.close();
  }
}

function projectOf({ address, project: name, now, isReadOnly }: Omit<PostgresStoreOptions, "log">): Project {
  return new Project({ database: new Database({ address, now }), name, isReadOnly });
}

/** Brings the tables up to date, or only says how; resolves to the statements. */
export async function migratePostgres(
  { address, now, isDryRun }: Pick<PostgresStoreOptions, "address" | "now"> & { readonly isDryRun: boolean },
): Promise<readonly string[]> {
  try {
    const connection = await new Database({ address, now }).connect();
    try {
      const statements = statementsAfter(await readVersion(connection));
      if (!isDryRun) await migrate(connection);
      return statements;
    } finally {
      connection.destroy();
    }
  } catch (error) {
    throw failureOf(error);
  }
}
