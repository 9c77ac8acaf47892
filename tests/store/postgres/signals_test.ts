/** Shows when others are notified of records, and that a database that refuses to notify ends no process. */

import { assertEquals, assertRejects } from "@std/assert";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { Database } from "../../../src/store/postgres/database.ts";
import { type Connection, DriverConnection, type Open } from "../../../src/store/postgres/driver.ts";
import { PostgresJournal } from "../../../src/store/postgres/postgres_journal.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { Signals } from "../../../src/store/postgres/signals.ts";
import { RecordingLog } from "../../support/log.ts";
import { overriding } from "../../support/overriding.ts";
import { testOnPostgres } from "../../support/postgres.ts";
import { append, drafted } from "../../support/store.ts";
import { until } from "../../support/until.ts";
import { missStandby } from "./missing_standby.ts";

testOnPostgres("hints", (cluster) => {
  Deno.test("a database that lets nobody listen leaves those who watch to their polls", async () => {
    const database = new Database({ address: cluster().address, now: Date.now });
    const project = new Project({ database, name: "missing", isReadOnly: true });
    const journal = new PostgresJournal(project, new RecordingLog());
    const ending = new AbortController();
    const next = journal.watch(ending.signal)[Symbol.asyncIterator]().next();
    await assertRejects(() => project.number(), Refusal, "There is no project missing");
    ending.abort();
    assertEquals((await next).done, true);
    await journal.close();
    await project.close();
  });

  Deno.test("others are notified of a record once its commit is answered, not before", async () => {
    const steps: string[] = [];
    const open: Open = async (options) => {
      const connection = await DriverConnection.open(options);
      return overriding<Connection>(connection, {
        async run<Row>(...[statement, values]: Parameters<Connection["run"]>) {
          if (statement.includes("pg_notify")) steps.push("notified");
          const result = await connection.run<Row>(statement, values);
          if (statement === "commit") steps.push("committed");
          return result;
        },
      });
    };
    const database = new Database({ address: cluster().address, now: Date.now, open });
    const project = new Project({ database, name: "noticed" });
    const journal = new PostgresJournal(project, new RecordingLog());
    // Commits, too, as it makes tables.
    await project.number();
    steps.length = 0;
    await append(journal, [drafted("a")]);
    await until("the notification", () => steps.includes("notified"));
    assertEquals(steps, ["committed", "notified"]);
    await journal.close();
    await project.close();
  });

  Deno.test("a notification waits for no standby", async () => {
    const database = new Database({ address: cluster().address, now: Date.now });
    const project = new Project({ database, name: "unreplicated" });
    const number = await project.number();
    let isHeard = false;
    const ears = await database.connect({ onNotification: () => isHeard = true });
    await ears.run(`listen orchestrator_${number}`);
    const signals = new Signals(project);
    {
      await using _missing = await missStandby(database);
      signals.tell(1);
      await until("the hint", () => isHeard);
    }
    ears.destroy();
    await signals.close();
    await project.close();
  });
});
