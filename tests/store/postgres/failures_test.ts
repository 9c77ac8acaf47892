/** Shows what calls are told when the database fails in ways of its own, and that the store goes on afterwards. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../../src/app/engine.ts";
import { Unavailable } from "../../../src/app/ports.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { Database, type DatabaseOptions } from "../../../src/store/postgres/database.ts";
import { LOCK_WAIT_MS } from "../../../src/store/postgres/driver.ts";
import { ConnectionLost } from "../../../src/store/postgres/errors.ts";
import { PostgresCheckpoints } from "../../../src/store/postgres/postgres_checkpoints.ts";
import { PostgresJournal } from "../../../src/store/postgres/postgres_journal.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { SCHEMA } from "../../../src/store/postgres/schema.ts";
import { create, newTask, times } from "../../core/given.ts";
import { RecordingLog } from "../../support/log.ts";
import { testOnPostgres } from "../../support/postgres.ts";
import { append, createTask, drafted, taskIds } from "../../support/store.ts";
import { until } from "../../support/until.ts";
import { missStandby } from "./missing_standby.ts";

testOnPostgres("failures of PostgreSQL", (cluster) => {
  class Store implements AsyncDisposable {
    readonly log = new RecordingLog();
    readonly project: Project;
    readonly journal: PostgresJournal;
    readonly checkpoints: PostgresCheckpoints;

    constructor(name: string, options: Partial<DatabaseOptions> = {}) {
      this.project = new Project({ database: newDatabase(options), name });
      this.journal = new PostgresJournal(this.project, this.log);
      this.checkpoints = new PostgresCheckpoints(this.project, this.log);
    }

    async [Symbol.asyncDispose]() {
      await this.journal.close();
      await this.project.close();
    }
  }

  function newDatabase(options: Partial<DatabaseOptions> = {}): Database {
    return new Database({ address: cluster().address, now: Date.now, ...options });
  }

  for (const { how, before } of [{ how: "with the lock", before: 1 }, { how: "without it", before: 20 }]) {
    Deno.test(`a record that the standby may lack is not relied on, appended ${how}`, async () => {
      await using store = new Store(`standby${before}`);
      const engine = await Engine.start(store);
      for (const id of times(before, (index) => `t${index}`)) await createTask(engine, id);
      const admin = await newDatabase().connect();
      {
        await using _missing = await missStandby(newDatabase());
        let isOver = false;
        const call = engine.execute(create(newTask("late")), localOperator("test"));
        const settled = Promise.allSettled([call]).finally(() => isOver = true);
        await until("the call to end", async () => {
          await admin.run("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'");
          return isOver;
        });
        const [outcome] = await settled;
        assert(outcome.status === "rejected" && outcome.reason instanceof Unavailable);
        assertEquals(outcome.reason.code, "outcome_unknown");
      }
      assertEquals((await taskIds(engine)).includes("late"), true);
      admin.destroy();
      await engine.close();
    });
  }

  Deno.test("whoever waits for the lock for too long is told so, and nothing was done", async () => {
    await using store = new Store("locked", { lockWaitMs: 50 });
    const engine = await Engine.start(store);
    for (const id of times(20, (index) => `t${index}`)) await createTask(engine, id);
    const holder = await newDatabase().connect();
    await holder.run("begin");
    await holder.run(`select 1 from ${SCHEMA}.projects where name = 'locked' for update`);
    const error = await assertRejects(() => createTask(engine, "late"), Unavailable);
    assertEquals(error.code, "busy");
    await holder.run("rollback");
    await createTask(engine, "late");
    assertEquals((await taskIds(engine)).length, 21);
    holder.destroy();
    await engine.close();
  });

  Deno.test("what is long on its way is appended under the lock", async () => {
    let delayMs = 0;
    await using store = new Store("slow", { elapsed: () => performance.now() - delayMs });
    await append(store.journal, [drafted("a")]);
    const end = await store.journal.transact(store.journal.origin, {
      follow: () => delayMs = 2_000,
      decide: (at, append) => void append({ ...drafted("b"), at }),
    });
    assertEquals(end.seq, 2);
  });

  Deno.test("a watcher listens as soon as it may", async () => {
    await using maker = new Store("watched");
    await append(maker.journal, [drafted("a")]);
    const admin = await newDatabase().connect();
    await admin.run("create role watcher login");
    await using store = new Store("watched", { address: { ...cluster().address, user: "watcher" } });
    const ending = new AbortController();
    const hint = store.journal.watch(ending.signal)[Symbol.asyncIterator]().next();
    await assertRejects(() => store.project.number());
    await admin.run(`grant usage on schema ${SCHEMA} to watcher`);
    await admin.run(`grant select on all tables in schema ${SCHEMA} to watcher`);
    assertEquals((await hint).done, false);
    ending.abort();
    admin.destroy();
  });

  Deno.test("a statement that the server has forgotten is never sent again after those that follow it", async () => {
    const connection = await newDatabase().connect();
    await connection.run("create table public.rows (n int)");
    const add = () => {
      const statements = [["begin"], ["insert into public.rows values ($1)", [1]], ["commit"]] as const;
      return Promise.allSettled(statements.map(([text, values]) => connection.run(text, values)));
    };
    for (const { status } of await add()) assertEquals(status, "fulfilled");
    await connection.run("deallocate all");
    const [, inserted] = await add();
    assert(inserted?.status === "rejected" && inserted.reason instanceof ConnectionLost, inserted?.status);
    assertEquals(inserted.reason.code, "26000");
    assertEquals(connection.isLost, true);
    const other = await newDatabase().connect();
    assertEquals((await other.run("select from public.rows")).count, 1);
    other.destroy();
  });

  Deno.test("settings of a role make nothing less safe", async () => {
    const admin = await newDatabase().connect();
    const settings = {
      synchronous_commit: "off",
      lock_timeout: "0",
      idle_session_timeout: "60000",
      default_transaction_isolation: "serializable",
      extra_float_digits: "-13",
      search_path: "public, pg_catalog",
    };
    const sees = async (user: string) => {
      const connection = await newDatabase({ address: { ...cluster().address, user } }).connect();
      const { rows } = await connection.run<{ setting: string }>(
        "select coalesce(setting, '') as setting from pg_settings join unnest($1::text[]) with ordinality as wanted(name, place) using (name) order by place",
        [Object.keys(settings)],
      );
      connection.destroy();
      return rows.map(({ setting }) => setting);
    };
    await admin.run("create role hasty login");
    for (const [name, value] of Object.entries(settings)) await admin.run(`alter role hasty set ${name} = ${value}`);
    const safe = [String(LOCK_WAIT_MS), "0", "read committed", "1", ""];
    assertEquals(await sees("hasty"), ["on", ...safe]);
    // Without the standby it is as hasty; with more than its log it is stricter.
    for (const [value, seen] of [["local", "on"], ["remote_write", "on"], ["remote_apply", "remote_apply"]]) {
      await admin.run(`alter role hasty set synchronous_commit = ${value}`);
      assertEquals((await sees("hasty"))[0], seen);
    }
    admin.destroy();
  });

  Deno.test("a function that another user has made does not stand in for one of PostgreSQL", async () => {
    const admin = await newDatabase().connect();
    await admin.run(`create function public.cardinality(text[]) returns int language plpgsql
      as $$ begin raise exception 'carried out with the rights of %', current_user; end $$`);
    await using store = new Store("functions");
    await append(store.journal, [drafted("a")]);
    await admin.run("drop function public.cardinality(text[])");
    admin.destroy();
  });
});
