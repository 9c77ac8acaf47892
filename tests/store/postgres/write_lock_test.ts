/** Shows that processes which wait for the lock get it in the order in which they came, and what a commit is taken for. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppendFailed } from "../../../src/app/ports.ts";
import { Database } from "../../../src/store/postgres/database.ts";
import { type Connection, DriverConnection, type Open } from "../../../src/store/postgres/driver.ts";
import { PostgresJournal } from "../../../src/store/postgres/postgres_journal.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { SCHEMA } from "../../../src/store/postgres/schema.ts";
import { RecordingLog } from "../../support/log.ts";
import { overriding } from "../../support/overriding.ts";
import { testOnPostgres } from "../../support/postgres.ts";
import { append, drafted, recordsAfter } from "../../support/store.ts";
import { until } from "../../support/until.ts";

testOnPostgres("the write lock in PostgreSQL", (cluster) => {
  function open(name: string, driver: Open = DriverConnection.open) {
    const project = new Project({ database: newDatabase(driver), name });
    const journal = new PostgresJournal(project, new RecordingLog());
    return {
      journal,
      async [Symbol.asyncDispose]() {
        await journal.close();
        await project.close();
      },
    };
  }

  function newDatabase(driver: Open = DriverConnection.open): Database {
    return new Database({ address: cluster().address, now: Date.now, open: driver });
  }

  /** The server's processes that wait for a lock. */
  async function waiting(admin: Connection): Promise<number[]> {
    const { rows } = await admin.run<{ pid: number }>(
      "select pid from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'mcp-orchestrator'",
    );
    return rows.map(({ pid }) => pid);
  }

  Deno.test("a process that has just had the lock does not overtake one that waits for it, however slow that is", async () => {
    await using quick = open("queue");
    await using slow = open("queue");
    const admin = await newDatabase().connect();
    const holder = await newDatabase().connect();
    for (const { journal } of [quick, slow]) await recordsAfter(journal);
    await holder.run("begin");
    await holder.run(`select 1 from ${SCHEMA}.projects where name = 'queue' for update`);
    const first = append(quick.journal, [drafted("first")]);
    await until("the quick one to wait", async () => (await waiting(admin)).length === 1);
    const [quickPid] = await waiting(admin);
    const second = append(slow.journal, [drafted("second")]);
    await until("the slow one to wait", async () => (await waiting(admin)).length === 2);
    const slowPid = (await waiting(admin)).find((pid) => pid !== quickPid);
    assert(quickPid !== undefined && slowPid !== undefined);
    // Whoever must be awake to get a free lock is too late.
    Deno.kill(slowPid, "SIGSTOP");
    try {
      await holder.run("commit");
      const { position } = await first;
      let isOver = false;
      const third = append(quick.journal, [drafted("third")], position).finally(() => isOver = true);
      await until("the quick one to wait again", async () => isOver || (await waiting(admin)).includes(quickPid));
      Deno.kill(slowPid, "SIGCONT");
      await Promise.all([second, third]);
    } finally {
      Deno.kill(slowPid, "SIGCONT");
    }
    const created = (await recordsAfter(quick.journal)).flatMap(({ events }) => events)
      .flatMap((event) => event.type === "tasks.created" ? event.tasks.map(({ id }) => id) : []);
    assertEquals(created, ["first", "second", "third"]);
    for (const each of [admin, holder]) each.destroy();
  });

  Deno.test("a commit that the server answers by a rollback has kept nothing, and its call is told so", async () => {
    let failures = 1;
    await using store = open("rolled back", async (options) => {
      const connection = await DriverConnection.open(options);
      return overriding<Connection>(connection, {
        async run<Row>(...[statement, values]: Parameters<Connection["run"]>) {
          const fails = statement === "commit" && failures-- > 0;
          const failing = fails ? connection.run("select 1/0").catch(() => {}) : undefined;
          const result = await connection.run<Row>(statement, values);
          await failing;
          return result;
        },
      });
    });
    const { journal } = store;
    await assertRejects(() => append(journal, [drafted("lost")]), AppendFailed, "nothing was changed");
    assertEquals(await recordsAfter(journal), []);
    await append(journal, [drafted("kept")]);
    assertEquals((await recordsAfter(journal)).length, 1);
  });
});
