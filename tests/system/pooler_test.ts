/** Shows that a pooler that keeps sessions serves as the database itself does, and that another one is named as the fault. */

import { assert, assertStringIncludes } from "@std/assert";
import { runCommand, start } from "../support/database_program.ts";
import { missingCommand, testUnless } from "../support/needs.ts";
import { type PoolMode, startPgBouncer } from "../support/pgbouncer.ts";
import { testOnPostgres } from "../support/postgres.ts";
import { until } from "../support/until.ts";

const missing = await missingCommand("pgbouncer", ["--version"]);

testOnPostgres("servers behind PgBouncer", (cluster) => {
  async function options(mode: PoolMode) {
    const pooler = await startPgBouncer(cluster(), mode);
    return { pooler, url: `postgres://test@127.0.0.1:${pooler.port}/postgres`, project: mode };
  }

  testUnless(
    missing,
    "behind PgBouncer that keeps sessions, clients share a plan and wake each other",
    async () => {
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
    },
  );

  testUnless(
    missing,
    "behind PgBouncer that pools by transaction, calls are refused with what to change",
    async () => {
      const { pooler, ...where } = await options("transaction");
      await using _pooler = pooler;
      let created = 0;
      let refusal = "";
      try {
        await using one = await start(where);
        await using two = await start(where);
        const waiting = two.call("get_next_task", { instance_id: "bob", group: "none", wait_ms: 50_000 });
        await until("a call to be refused", async () => {
          const { isError, content: [first] } = await one.call("create_task", { id: `t${created}`, description: "x" });
          if (isError === true) refusal = first?.type === "text" ? first.text : "";
          created++;
          return isError === true;
        });
        await two.kill();
        await waiting.catch(() => {});
      } catch (error) {
        // Without luck, no start succeeds.
        refusal ||= String(error);
      }
      assertStringIncludes(refusal, "pool_mode = session");
    },
  );
});
