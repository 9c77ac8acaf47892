/**
 * The tables, and how they are made and brought up to date. A change of them adds a step to `STEPS`; a step that was
 * released is never changed. Every step is one transaction with its version in it, so of several processes that start at
 * once one makes it, and the others find it made.
 */

import { Unavailable } from "../../app/ports.ts";
import type { Connection } from "./driver.ts";
import { ServerError } from "./errors.ts";

/** The name of the schema: everything that this program makes is in it. */
export const SCHEMA = "orchestrator";

/**
 * A text by which rows are found. Its order must not be that of a language: an upgrade of the system that changes such an
 * order leaves an index with rows that are not found any more, and a project that is not found would be made anew.
 */
const KEY = `text collate "C"`;

/** The statements of each version, from the one before. */
const STEPS: readonly (readonly string[])[] = [[
  `create schema if not exists ${SCHEMA}`,
  `create table ${SCHEMA}.schema_version (version int not null primary key, made_at timestamptz not null default now())`,
  // The head of each project: the last record, and so the write lock.
  `create table ${SCHEMA}.projects (
    number int generated always as identity primary key,
    name ${KEY} not null unique,
    seq bigint not null default 0,
    hash text not null,
    epoch int not null default 0
  ) with (fillfactor = 20)`,
  `create table ${SCHEMA}.records (
    project int not null,
    seq bigint not null,
    line text not null,
    primary key (project, seq)
  )`,
  // Which keys the records of a full block have: a cache.
  `create table ${SCHEMA}.key_blocks (
    project int not null,
    block bigint not null,
    version int not null,
    keys int[] not null,
    primary key (project, block, version)
  )`,
  `create index key_blocks_keys on ${SCHEMA}.key_blocks using gin (keys)`,
  `create table ${SCHEMA}.checkpoints (
    project int not null primary key,
    seq bigint not null,
    hash text not null,
    version int not null,
    id text not null
  )`,
  `create table ${SCHEMA}.checkpoint_chunks (
    project int not null,
    id ${KEY} not null,
    number int not null,
    data text not null,
    made_at timestamptz not null default now(),
    primary key (project, id, number)
  )`,
  `create table ${SCHEMA}.sessions (
    project int not null,
    id ${KEY} not null,
    renewed_at timestamptz not null,
    about text,
    primary key (project, id)
  )`,
  `create table ${SCHEMA}.leads (
    project int not null,
    name ${KEY} not null,
    holder text not null,
    fence bigint not null,
    expires_at timestamptz not null,
    primary key (project, name)
  )`,
  `create table ${SCHEMA}.deliveries (
    project int not null,
    name ${KEY} not null,
    text text not null,
    primary key (project, name)
  )`,
]];

/** The version of the tables that this program uses. */
export const SCHEMA_VERSION = STEPS.length;

/** Most tries of a step that another process makes at the same time. */
const MAX_TRIES = 5;

/** SQLSTATEs of what another process has just made: schema, table, or a row of the catalog. */
const MADE_MEANWHILE: readonly string[] = ["42P06", "42P07", "23505"];

/** All statements that bring the tables from a version up to date, for people to read and to run by hand. */
export function statementsAfter(version: number): readonly string[] {
  return STEPS.slice(version).flatMap((statements, index) => [...statements, noteVersion(version + index + 1)]);
}

/**
 * Brings the tables up to date; does nothing if they are.
 *
 * @throws Unavailable `newer_version` if a newer version of this program made them, `storage_failed` if the database does
 * not store text as UTF-8
 */
export async function migrate(connection: Connection): Promise<void> {
  await refuseOtherEncodings(connection);
  for (let version = await readVersion(connection); version < SCHEMA_VERSION; version++) {
    await makeStep(connection, version);
  }
}

/** The version of the tables; 0 if there are none. */
export async function readVersion(connection: Connection): Promise<number> {
  const table = `${SCHEMA}.schema_version`;
  const { rows: [found] } = await connection.run<{ has: boolean }>("select to_regclass($1) is not null as has", [
    table,
  ]);
  if (found?.has !== true) return 0;
  const { rows: [last] } = await connection.run<{ version: number }>(`select max(version) as version from ${table}`);
  const version = last?.version ?? 0;
  if (version <= SCHEMA_VERSION) return version;
  throw new Unavailable(
    "newer_version",
    `A newer version of this program made the tables of this database (version ${version}, this program knows up to ` +
      `${SCHEMA_VERSION}). Restart this MCP server: it is older than the data; if it stays so, update the program`,
  );
}

async function makeStep(connection: Connection, version: number): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      await connection.run("begin");
      for (const statement of STEPS[version] ?? []) await connection.run(statement);
      await connection.run(noteVersion(version + 1));
      await connection.run("commit");
      return;
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      await connection.run("rollback");
      if (await readVersion(connection) > version) return;
      if (!MADE_MEANWHILE.includes(error.code) || tries === MAX_TRIES) throw error;
    }
  }
}

function noteVersion(version: number): string {
  return `insert into ${SCHEMA}.schema_version (version) values (${version})`;
}

async function refuseOtherEncodings(connection: Connection): Promise<void> {
  const { rows: [row] } = await connection.run<{ encoding: string }>(
    "select current_setting('server_encoding') as encoding",
  );
  if (row?.encoding === "UTF8") return;
  throw new Unavailable(
    "storage_failed",
    `The database stores text as ${row?.encoding}, which cannot hold every record: create one with encoding UTF8`,
  );
}
