/**
 * How many durable commands the engine carries out on PostgreSQL, beside a bare append to the same tables; how long a new
 * process needs for a long journal; and how soon another process gets what it waits for.
 */

import { localOperator } from "../../src/core/model/access.ts";
import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { Database } from "../../src/store/postgres/database.ts";
import { openPostgres } from "../../src/store/postgres/open.ts";
import { SCHEMA } from "../../src/store/postgres/schema.ts";
import { create, newTask } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";
import { type Cluster, missingPostgres, startPostgres } from "../support/postgres.ts";
import { medians, timed } from "./measure.ts";
import type { Benchmark, Row } from "./row.ts";

/** V8 has compiled most of what a call runs after some 1,000 of them, as in any service that is in use. */
const SEQUENTIAL_ROUNDS = { rounds: 600, warmUpRounds: 1_000 };

const IN_FLIGHT = 64;
const ROUNDS = { rounds: 60, warmUpRounds: 10 };

const WAKES = { rounds: 30, warmUpRounds: 5 };

/** A long journal, and of how many tasks it speaks. */
const RECORDS = 1_000_000;
const TASKS = 1_000;

/** About as long as a record without its hash. */
const LINE = JSON.stringify({ text: "x".repeat(280) });

const caller = localOperator("bench");

export const postgres: Benchmark = async () => {
  const missing = missingPostgres();
  if (missing !== undefined) {
    console.error(`not measured: ${missing}`);
    return [];
  }
  await using cluster = await startPostgres({ shared_buffers: "256MB", max_wal_size: "2GB" });
  return [...await rates(cluster), ...await start(cluster), ...await waking(cluster)];
};

async function rates(cluster: Cluster): Promise<readonly Row[]> {
  await using process = await startProcess(cluster, "rates");
  let ids = 0;
  const createOne = () => process.engine.execute(create(newTask(`t${ids++}`)), caller);
  await createOne();
  const { rows: [record] } = await process.run<{ line: string }>(`select line from ${SCHEMA}.records limit 1`);
  if (record === undefined) throw new Error("The command has no record");
  await using floor = await bareAppends(cluster, record.line);
  const one = await medians({
    value: () => timed(async () => void await createOne()),
    floor: () => timed(() => floor.append(1)),
  }, SEQUENTIAL_ROUNDS);
  const many = await medians({
    value: () => timed(async () => void await Promise.all(Array.from({ length: IN_FLIGHT }, createOne))),
    floor: () => timed(() => floor.append(IN_FLIGHT)),
  }, ROUNDS);
  const rate = (ms: number) => IN_FLIGHT * 1_000 / ms;
  return [
    {
      name: "PostgreSQL, one command at a time",
      value: 1_000 / one.value,
      floor: { value: 1_000 / one.floor, what: "one statement that moves the head and adds the same record" },
      unit: "/s",
      target: { of: "ratio", is: "at least", bound: 0.7 },
    },
    {
      name: `PostgreSQL, ${IN_FLIGHT} commands in flight`,
      value: rate(many.value),
      floor: { value: rate(many.floor), what: `the same statement with ${IN_FLIGHT} records` },
      unit: "/s",
      target: { of: "value", is: "at least", bound: 10_000 },
    },
  ];
}

/** The journal is made of copies of lines that are never read again, as a start reads only what follows the checkpoint. */
async function start(cluster: Cluster): Promise<readonly Row[]> {
  {
    await using process = await startProcess(cluster, "long");
    for (let first = 0; first < TASKS; first += 100) {
      const tasks = Array.from({ length: 100 }, (_, index) => newTask(`t${first + index}`));
      await process.engine.execute(create(...tasks), caller);
    }
    await lengthen(cluster, process.engine.seq);
    const { snapshot, position } = await process.engine.checkpoint();
    const { rows: [last] } = await process.run<{ hash: string }>(
      `select hash from ${SCHEMA}.projects where name = 'long'`,
    );
    const end = { seq: RECORDS, token: last?.hash ?? position.token };
    await process.checkpoints.save({ ...snapshot, seq: RECORDS }, end);
  }
  const begun = performance.now();
  await using _process = await startProcess(cluster, "long");
  const value = performance.now() - begun;
  return [{
    name: `PostgreSQL, a process starts on ${RECORDS.toLocaleString("en-US")} records`,
    value,
    unit: "ms",
    target: { of: "value", is: "at most", bound: 5_000 },
  }];
}

async function lengthen(cluster: Cluster, seq: number): Promise<void> {
  const connection = await new Database({ address: cluster.address, now: Date.now, answerMs: 300_000 }).connect();
  await connection.run("set statement_timeout = 0");
  const hash = "f".repeat(64);
  const line = LINE.slice(0, -1) + `,"hash":"${hash}"}`;
  await connection.run(
    `insert into ${SCHEMA}.records (project, seq, line)
    select number, added.seq, $1 from ${SCHEMA}.projects, generate_series(${seq + 1}, ${RECORDS}) as added(seq)
    where name = 'long'`,
    [line],
  );
  await connection.run(`update ${SCHEMA}.projects set seq = ${RECORDS}, hash = $1 where name = 'long'`, [hash]);
  connection.destroy();
}

async function waking(cluster: Cluster): Promise<readonly Row[]> {
  await using one = await startProcess(cluster, "waking");
  await using other = await startProcess(cluster, "waking");
  const feed = new Feed(other.engine, new RecordingLog());
  let arrived = Promise.withResolvers<void>();
  const unsubscribe = feed.subscribe(() => arrived.resolve());
  let ids = 0;
  const { value } = await medians({
    value: () =>
      timed(async () => {
        arrived = Promise.withResolvers<void>();
        await one.engine.execute(create(newTask(`t${ids++}`)), caller);
        await arrived.promise;
      }),
  }, WAKES);
  unsubscribe();
  feed.close();
  return [{
    name: "PostgreSQL, a record is written here and seen by another process",
    value,
    unit: "ms",
    target: { of: "value", is: "at most", bound: 50 },
  }];
}

async function startProcess(cluster: Cluster, project: string) {
  const log = new RecordingLog();
  const store = openPostgres({ address: cluster.address, project, now: Date.now, log, isReadOnly: false });
  const engine = await Engine.start({ ...store, log });
  const connection = await new Database({ address: cluster.address, now: Date.now }).connect();
  return {
    engine,
    checkpoints: store.checkpoints,
    run: connection.run.bind(connection) as typeof connection.run,
    async [Symbol.asyncDispose]() {
      connection.destroy();
      await engine.close();
      await store.close();
    },
  };
}

/** What an append costs at least: its statement, to tables of the same form, without any work around it. */
async function bareAppends(cluster: Cluster, line: string) {
  const connection = await new Database({ address: cluster.address, now: Date.now }).connect();
  await connection.run(
    "create table public.bare_heads (number int primary key, seq bigint not null) with (fillfactor = 20)",
  );
  await connection.run(
    "create table public.bare_records (project int, seq bigint, line text not null, primary key (project, seq))",
  );
  await connection.run("insert into public.bare_heads values (1, 0)");
  let seq = 0;
  return {
    async append(count: number) {
      const lines = Array.from({ length: count }, () => line);
      await connection.run(
        `with moved as (
          update public.bare_heads set seq = seq + cardinality($2::text[]) where number = 1 and seq = $1::bigint returning number
        )
        insert into public.bare_records select number, $1::bigint + place, line
        from moved, unnest($2::text[]) with ordinality as added(line, place)`,
        [seq, lines],
      );
      seq += count;
    },
    [Symbol.asyncDispose]() {
      connection.destroy();
      return Promise.resolve();
    },
  };
}
