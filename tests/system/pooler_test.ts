/** Shows that a pooler that keeps sessions serves as the database itself does, and that another one is named as the fault. */

import { assert, assertStringIncludes } from "@std/assert";
import { runCommand, start } from "../support/database_program.ts";
import { missingCommand, testUnless } from "../support/needs.ts";
import { type PoolMode, startPgBouncer } from "../support/pgbouncer.ts";
import { testOnPostgres } from "../support/postgres.ts";

const missing = await missingCommand("pgbouncer", ["--version"]);

testOnPostgres("servers behind PgBouncer", (cluster) => {
  async function options(mode: PoolMode) {
    const pooler = await startPgBouncer(cluster(), mode);
    return { pooler, url: `postgres://test@127.0.0.1:${pooler.port}/postgres`, project: mode };
  }

  testUnless(missing, "behind PgBouncer that keeps sessions, clients share a plan and wake each other")(async () => {
    const { pooler, ...where } = await options("session");
    await using _pooler = pooler;
    await using one = await start(where);
    await using two = await start(where);
    const waiting = two.ask<{ id: string }>("get_next_task", { instance_id: "bob", wait_ms: 30_000 });
    await one.ask("create_task", { id: "a", description: "do a" });
    assert((await waiting).id === "a");
    await two.ask("complete_task", { task_id: "a", instance_id: "bob", result: "done" });
    const { code, stderr } = await runCommand(where, "verify");
    assert(code === 0, stderr);
  });

  testUnless(missing, "behind PgBouncer that pools by transaction, nothing is done, and what to change is said")(
    async () => {
      const { pooler, ...where } = await options("transaction");
      await using _pooler = pooler;
      for (const command of [["migrate"], ["verify"], ["call", "create_task", '{"id":"a","description":"do a"}']]) {
        const { code, stderr } = await runCommand(where, ...command);
        assert(code !== 0, command.join(" "));
        assertStringIncludes(stderr, "pool_mode = session");
      }
      const direct = { ...where, url: `postgres://test@127.0.0.1:${cluster().port}/postgres` };
      assertStringIncludes((await runCommand(direct, "export")).stderr, "There is no project transaction");
    },
  );
});
