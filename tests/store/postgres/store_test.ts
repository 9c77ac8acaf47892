/** Shows what is particular to the store in PostgreSQL: its tables, checkpoints, index and leads. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../../src/app/engine.ts";
import { Unavailable } from "../../../src/app/ports.ts";
import { keysOfFilter } from "../../../src/core/messages/history.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { Database } from "../../../src/store/postgres/database.ts";
import { PostgresCheckpoints } from "../../../src/store/postgres/postgres_checkpoints.ts";
import { PostgresDeliveries } from "../../../src/store/postgres/postgres_deliveries.ts";
import { PostgresJournal } from "../../../src/store/postgres/postgres_journal.ts";
import { PostgresSessions } from "../../../src/store/postgres/postgres_sessions.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { SCHEMA, SCHEMA_VERSION } from "../../../src/store/postgres/schema.ts";
import { create, newTask, times } from "../../core/given.ts";
import { snapshotOf } from "../../core/snapshot.ts";
import { RecordingLog } from "../../support/log.ts";
import { testOnPostgres } from "../../support/postgres.ts";
import { append, createTask, drafted, taskIds, wholeState } from "../../support/store.ts";
import { until } from "../../support/until.ts";

/** Text that does not become much smaller when it is compressed. */
function noise(characters: number): string {
  return crypto.getRandomValues(new Uint8Array(characters / 2)).toHex();
}

testOnPostgres("the store in PostgreSQL", (cluster) => {
  let projects = 0;

  class Store implements AsyncDisposable {
    readonly log = new RecordingLog();
    readonly project: Project;
    readonly journal: PostgresJournal;
    readonly checkpoints: PostgresCheckpoints;

    constructor(readonly name = `project${projects++}`, options: { readonly isReadOnly?: boolean } = {}) {
      this.project = new Project({ database: newDatabase(), name, ...options });
      this.journal = new PostgresJournal(this.project, this.log);
      this.checkpoints = new PostgresCheckpoints(this.project, this.log);
    }

    async [Symbol.asyncDispose]() {
      await this.journal.close();
      await this.project.close();
    }
  }

  function newDatabase(database = "postgres"): Database {
    return new Database({ address: { ...cluster().address, database }, now: Date.now });
  }

  Deno.test("tables are made by whoever comes first, however many start at once", async () => {
    await using maker = new Store();
    const connection = await newDatabase().connect();
    await connection.run("create database fresh");
    connection.destroy();
    const all = times(8, (index) => new Project({ database: newDatabase("fresh"), name: `p${index % 3}` }));
    const numbers = await Promise.all(all.map((project) => project.number()));
    assertEquals(new Set(numbers).size, 3);
    const { rows } = await (all[0] ?? maker.project).run(`select version from ${SCHEMA}.schema_version where $1 > 0`);
    assertEquals(rows, times(SCHEMA_VERSION, (index) => ({ version: index + 1 })));
    await all[0]?.run(`insert into ${SCHEMA}.schema_version (version) select 99 where $1 > 0`);
    const late = new Project({ database: newDatabase("fresh"), name: "p0" });
    const error = await assertRejects(() => late.number(), Unavailable);
    assertEquals(error.code, "newer_version");
    for (const project of [...all, late]) await project.close();
  });

  Deno.test("a project that is only read is not made, and others are named", async () => {
    await using one = new Store();
    await one.project.number();
    await using other = new Store("missing", { isReadOnly: true });
    const error = await assertRejects(() => Array.fromAsync(other.journal.read(other.journal.origin)), Refusal);
    assert(error.message.includes("no project missing") && error.message.includes(one.name), error.message);
  });

  Deno.test("a process begins with the checkpoint, and with the journal where that is damaged", async () => {
    await using store = new Store();
    const engine = await Engine.start(store);
    for (const id of ["a", "b"]) await createTask(engine, id);
    const long = times(40, (index) => ({ ...newTask(`t${index}`), description: noise(60_000) }));
    for (const task of long) await engine.execute(create(task), localOperator("test"));
    const { snapshot, position } = await engine.checkpoint();
    await store.checkpoints.save(snapshot, position);
    await createTask(engine, "late");
    const elsewhere = { seq: 1, token: "of another journal" };
    await assertRejects(() => store.checkpoints.save(snapshotOf(emptyState()), elsewhere), Unavailable);
    const { rows } = await store.project.run(`select 1 from ${SCHEMA}.checkpoint_chunks where project = $1`);
    assert(rows.length > 1);
    await using next = new Store(store.name);
    const started = await Engine.start(next);
    assertEquals([started.checkpointSeq, started.seq], [42, 43]);
    assertEquals(await wholeState(started), await wholeState(engine));
    await store.project.run(`update ${SCHEMA}.checkpoint_chunks set data = 'AAAA' where project = $1`);
    await using last = new Store(store.name);
    const again = await Engine.start(last);
    assertEquals([again.checkpointSeq, await taskIds(again)], [0, await taskIds(engine)]);
    assert(last.log.warnings.some((warning) => warning.includes("is not used")), last.log.warnings.join());
    for (const each of [engine, started, again]) await each.close();
  });

  Deno.test("a process that is no longer the only one that writes loses no call, and sees what others wrote", async () => {
    await using one = new Store();
    await using two = new Store(one.name);
    const [alone, other] = [await Engine.start(one), await Engine.start(two)];
    for (let round = 0; round < 3; round++) {
      for (const index of times(40, (index) => index)) await createTask(alone, `a${round}-${index}`);
      const id = `o${round}`;
      await createTask(other, id);
      // First what would append nothing, then what would append.
      if (round === 1) await createTask(alone, "after");
      const { task } = await alone.execute({ type: "claim_task", instance: "ann", id }, localOperator("test"));
      assertEquals(task?.id, id);
    }
    assertEquals(await wholeState(alone), await wholeState(other));
    for (const each of [alone, other]) await each.close();
  });

  Deno.test("a search reads the blocks that have what is wanted, and makes the index where it is missing", async () => {
    await using store = new Store();
    const { journal, project } = store;
    const drafts = times(3_500, (index) => drafted(index === 1_234 ? "wanted" : `t${index % 500}`));
    for (let from = 0; from < drafts.length; from += 500) {
      await append(journal, drafts.slice(from, from + 500), await journal.seek(from));
    }
    const keys = keysOfFilter({ task: "wanted" });
    for (const isNewestFirst of [false, true]) {
      const lists = await Array.fromAsync(journal.search({ after: 0, before: Infinity, keys, isNewestFirst }));
      const seqs = lists.flat().map(({ seq }) => seq);
      assert(seqs.includes(1_235) && seqs.length <= 1_500, `${seqs.length}`);
    }
    const { rows } = await project.run(`select block::int from ${SCHEMA}.key_blocks where project = $1 order by block`);
    assertEquals(rows, [{ block: 0 }, { block: 1 }, { block: 2 }]);
  });

  Deno.test("a process that was away for too long cannot save over the one that has taken over, and learns of it", async () => {
    await using one = new Store();
    await using two = new Store(one.name);
    const [away, here] = [one, two].map(({ project, log }) => new PostgresDeliveries(project, log));
    await using before = await away?.lead("hook");
    await using idle = await away?.lead("idle");
    await away?.save("hook", "1");
    await two.project.run(`update ${SCHEMA}.leads set expires_at = now() where project = $1`);
    await using lead = await here?.lead("hook");
    assert(lead !== undefined);
    await here?.save("hook", "2");
    const error = await assertRejects(async () => await away?.save("hook", "3"), Unavailable);
    assertEquals([error.code, await here?.load("hook")], ["storage_failed", "2"]);
    assertEquals([before?.lost.aborted, lead.lost.aborted], [true, false]);
    // One that saves nothing learns of it when it renews.
    await using _idle = await here?.lead("idle");
    await until("the renewal", () => idle?.lost.aborted === true);
  });

  Deno.test("a new project whose number is there already, as after logical replication, is told how to get another", async () => {
    await using one = new Store();
    await one.project.number();
    const admin = await newDatabase().connect();
    const sequence = "pg_get_serial_sequence('orchestrator.projects', 'number')";
    await admin.run(`select setval(${sequence}, 1, false)`);
    const late = `late${projects++}`;
    await using refused = new Store(late);
    const error = await assertRejects(() => refused.journal.identity(), Unavailable);
    assert(error.message.includes("set the sequence"), error.message);
    await admin.run(`select setval(${sequence}, max(number)) from ${SCHEMA}.projects`);
    await refused.project.number();
    admin.destroy();
  });

  Deno.test("a session that died, as its process slept, and was opened again does not end with its first handle", async () => {
    await using one = new Store();
    const sessions = new PostgresSessions(one.project, one.log);
    const first = await sessions.open("s");
    await until("it to have died, before it is renewed", async () => {
      await one.project.run(`update ${SCHEMA}.sessions set renewed_at = now() - interval '1 hour' where project = $1`);
      return (await sessions.dead(["s"])).length > 0;
    });
    const second = await sessions.open("s");
    await first[Symbol.asyncDispose]();
    assertEquals(await sessions.dead(["s"]), []);
    await second[Symbol.asyncDispose]();
    assertEquals(await sessions.dead(["s"]), ["s"]);
  });

  Deno.test("a lead of a process that died ends in time, however far the clock was set back", async () => {
    await using one = new Store();
    await using two = new Store(one.name);
    const [away, here] = [one, two].map(({ project, log }) => new PostgresDeliveries(project, log));
    await using _lead = await away?.lead("hook");
    assertEquals(await here?.lead("hook"), undefined);
    await two.project.run(`update ${SCHEMA}.leads set expires_at = now() + interval '1 day' where project = $1`);
    await using lead = await here?.lead("hook");
    assert(lead !== undefined);
    await assertRejects(async () => await away?.save("hook", "late"), Unavailable);
  });

  Deno.test("the order of no index is that of a language, which may change with the system", async () => {
    await using store = new Store();
    const { rows } = await store.project.run<{ columns: number; others: string | null }>(
      `select count(*)::int as columns,
        string_agg(indexrelid::regclass::text, ', ') filter (where collname <> 'C') as others
      from pg_index cross join lateral unnest(indcollation) as used(id) join pg_collation on pg_collation.oid = used.id
      join pg_class on pg_class.oid = indrelid where relnamespace = '${SCHEMA}'::regnamespace and $1 > 0`,
    );
    assertEquals(rows, [{ columns: 5, others: null }]);
  });

  Deno.test("a record that was changed in the database is damage, and named", async () => {
    await using store = new Store();
    await append(store.journal, times(3, (index) => drafted(`t${index}`)));
    await store.project.run(
      `update ${SCHEMA}.records set line = replace(line, 't1', 'tx') where project = $1 and seq = 2`,
    );
    const error = await assertRejects(() => Array.fromAsync(store.journal.read(store.journal.origin)), Unavailable);
    assertEquals(error.code, "journal_damaged");
    assert(error.message.includes("record 2 of project"), error.message);
  });
});
