/** Looks at a database and at a project in it for `doctor`. Writes nothing. */

import type { ProcessAbout } from "../../app/ports.ts";
import { CLOCK } from "./database.ts";
import type { Project } from "./project.ts";
import { DEAD_BEFORE } from "./renewal.ts";
import { SCHEMA } from "./schema.ts";

/** Most sessions that are looked at. */
const MAX_SESSIONS = 10_000;

export interface DatabaseInspection {
  readonly sessions: readonly {
    readonly id: string;
    readonly isLive: boolean;
    readonly about: ProcessAbout | undefined;
  }[];
  /** Who leads each delivery, by its name. */
  readonly leads: ReadonlyMap<string, { readonly isHeld: boolean }>;
  /** Of PostgreSQL. */
  readonly serverVersion: string;
  /** Of the whole database. */
  readonly sizeBytes: number;
  /** Its time, and that of this machine at about the same moment, in milliseconds since the Unix epoch. */
  readonly time: number;
  readonly localTime: number;
  readonly connections: number;
  readonly maxConnections: number;
  /** Settings without which a crash may lose or damage what was committed, and which are off. */
  readonly unsafe: readonly string[];
  /** What `synchronous_standby_names` says; empty if no commit waits for a standby. */
  readonly standbyNames: string;
  readonly standbys: number;
  /** Rights that a server needs and this user lacks, as `insert on orchestrator.records`. */
  readonly missingRights: readonly string[];
}

/** The rights on each table that docs/postgresql.md lists. */
const RIGHTS: Readonly<Record<string, string>> = {
  schema_version: "select",
  projects: "select, insert, update",
  records: "select, insert",
  sessions: "select, insert, update, delete",
  leads: "select, insert, update, delete",
  deliveries: "select, insert, update, delete",
  checkpoints: "select, insert, update, delete",
  checkpoint_chunks: "select, insert, update, delete",
  key_blocks: "select, insert, delete",
};

const SERVER = `select current_setting('server_version') as "serverVersion",
  pg_database_size(current_database())::float8 as "sizeBytes", ${CLOCK} as time,
  (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
  current_setting('max_connections')::int as "maxConnections",
  current_setting('synchronous_standby_names') as "standbyNames",
  (select count(*)::int from pg_stat_replication) as standbys,
  array_to_json(array(select name from unnest(array['fsync', 'full_page_writes']) as name
    where current_setting(name) = 'off'))::text as unsafe
where $1::int is not null`;

const SESSIONS = `select id, about, renewed_at >= ${DEAD_BEFORE} as "isLive" from ${SCHEMA}.sessions
where project = $1 order by renewed_at desc limit ${MAX_SESSIONS}`;

const LEADS = `select name, expires_at > clock_timestamp() as "isHeld" from ${SCHEMA}.leads where project = $1`;

interface ServerRow extends Omit<DatabaseInspection, "sessions" | "leads" | "localTime" | "unsafe" | "missingRights"> {
  readonly unsafe: string;
}

export async function inspectProject(project: Project, now: () => number): Promise<DatabaseInspection> {
  const { rows: [server] } = await project.run<ServerRow>(SERVER);
  const localTime = now();
  if (server === undefined) throw new Error("PostgreSQL returned no row");
  const { rows: sessions } = await project.run<{ id: string; about: string | null; isLive: boolean }>(SESSIONS);
  const { rows: leads } = await project.run<{ name: string; isHeld: boolean }>(LEADS);
  return {
    ...server,
    localTime,
    unsafe: JSON.parse(server.unsafe),
    // It was written by `PostgresSessions`.
    sessions: sessions.map(({ about, ...session }) => ({
      ...session,
      about: about === null ? undefined : JSON.parse(about),
    })),
    leads: new Map(leads.map(({ name, isHeld }) => [name, { isHeld }])),
    missingRights: await missingRights(project),
  };
}

async function missingRights(project: Project): Promise<readonly string[]> {
  const wanted = Object.entries(RIGHTS).flatMap(([table, rights]) =>
    rights.split(", ").map((right) => ({ table: `${SCHEMA}.${table}`, right }))
  );
  const { rows } = await project.run<{ right: string; table: string }>(
    `select wanted.right, wanted.table from unnest($2::text[], $3::text[]) as wanted("table", "right")
    where $1::int is not null and not has_table_privilege(wanted.table, wanted.right)`,
    [wanted.map(({ table }) => table), wanted.map(({ right }) => right)],
  );
  return rows.map(({ right, table }) => `${right} on ${table}`);
}
