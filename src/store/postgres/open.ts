/** Opens the store of a project in PostgreSQL: all parts of it share one database. */

import type { Log } from "../../app/ports.ts";
import { type Address, Database } from "./database.ts";
import { PostgresCheckpoints } from "./postgres_checkpoints.ts";
import { PostgresDeliveries } from "./postgres_deliveries.ts";
import { PostgresJournal } from "./postgres_journal.ts";
import { PostgresSessions } from "./postgres_sessions.ts";
import { Project } from "./project.ts";

export interface PostgresStoreOptions {
  readonly address: Address;
  /** The name of the project in the database. */
  readonly project: string;
  /** Milliseconds since the Unix epoch by this machine. */
  readonly now: () => number;
  readonly log: Log;
  /** Whether nothing may be made: a project that is not there is refused. Default: false. */
  readonly isReadOnly?: boolean;
}

/** @throws Unavailable at the first use, if there is no database to be had */
export function openPostgres({ address, project: name, now, log, isReadOnly = false }: PostgresStoreOptions) {
  const project = new Project({ database: new Database({ address, now }), name, isReadOnly });
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
