/** Shows that no session is taken for dead because the database, its clock or this process stood still or went wrong. */

import { assertEquals } from "@std/assert";
import { Database } from "../../../src/store/postgres/database.ts";
import { type Connection, DriverConnection, type Open } from "../../../src/store/postgres/driver.ts";
import { PostgresSessions } from "../../../src/store/postgres/postgres_sessions.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { SCHEMA } from "../../../src/store/postgres/schema.ts";
import { RecordingLog } from "../../support/log.ts";
import { overriding } from "../../support/overriding.ts";
import { testOnPostgres } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

const HOUR_MS = 3_600_000;

/** Longer than a process that lives needs to renew its row. */
const LONG_MS = 15_000;

testOnPostgres("sessions in PostgreSQL", (cluster) => {
  /** A server whose clock was set forward. */
  function ahead(errorMs: () => number): Open {
    return async (options) => {
      const connection = await DriverConnection.open(options);
      return overriding<Connection>(connection, {
        async run<Row>(...args: Parameters<Connection["run"]>) {
          const result = await connection.run<Row & { readonly time?: number }>(...args);
          const rows = result.rows.map((row) => row.time === undefined ? row : { ...row, time: row.time + errorMs() });
          return { ...result, rows };
        },
      });
    };
  }

  Deno.test("after the database was away, or its clock was set forward, all have time to renew their sessions", async () => {
    let [aheadMs, elapsedMs] = [0, 0];
    const database = () =>
      new Database({
        address: cluster().address,
        now: Date.now,
        open: ahead(() => aheadMs),
        elapsed: () => elapsedMs,
      });
    await using stack = new AsyncDisposableStack();
    const projects = ["one", "other"].map(() => new Project({ database: database(), name: "forward" }));
    const [here, there] = projects.map((project) => stack.adopt(project, () => project.close()));
    if (here === undefined || there === undefined) throw new Error("no project");
    const sessions = new PostgresSessions(here, new RecordingLog());
    stack.use(await sessions.open("here"));
    await new PostgresSessions(there, new RecordingLog()).open("there");
    // It renews nothing any more.
    await there.close();
    aheadMs = HOUR_MS;
    await until("the own session to be dead, before it is renewed", async () => {
      await here.run(`update ${SCHEMA}.sessions set renewed_at = now() - interval '1 hour' where project = $1`);
      return (await sessions.dead(["here"])).length > 0;
    });
    assertEquals(await sessions.dead(["there", "gone"]), ["gone"]);
    stack.use(await sessions.open("renewed"));
    assertEquals(await sessions.dead(["there", "gone"]), ["gone"]);
    elapsedMs = LONG_MS;
    assertEquals(await sessions.dead(["there", "gone"]), ["there", "gone"]);
    // Who begins now has no reason to wait.
    const late = new PostgresSessions(here, new RecordingLog());
    stack.use(await late.open("late"));
    assertEquals(await late.dead(["there", "late"]), ["there"]);
  });
});
