/** Shows that a server that takes no writes is passed over, and that a database that refuses to notify ends no process. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { Database } from "../../../src/store/postgres/database.ts";
import type { ConnectionLost } from "../../../src/store/postgres/errors.ts";
import { PostgresJournal } from "../../../src/store/postgres/postgres_journal.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { RecordingLog } from "../../support/log.ts";
import { addressOf, startStandby, testOnPostgres } from "../../support/postgres.ts";

testOnPostgres("a standby", (cluster) => {
  Deno.test("the primary is found, though a standby is named first", async () => {
    await using standby = await startStandby(cluster());
    const address = addressOf(standby.port, cluster().port);
    const connection = await new Database({ address, now: Date.now }).connect();
    const { rows } = await connection.run<{ port: string }>("select current_setting('port') as port");
    assertEquals(rows, [{ port: String(cluster().port) }]);
    connection.destroy();

    const alone = new Database({ address: addressOf(standby.port), now: Date.now, patienceMs: 0 });
    const failure = await alone.connect().then(() => undefined, (error: ConnectionLost) => error);
    assertStringIncludes(failure?.message ?? "", "takes no writes");
    assertEquals(failure?.mayPass, true);
  });

  Deno.test("a database that lets nobody listen leaves those who watch to their polls", async () => {
    const database = new Database({ address: cluster().address, now: Date.now });
    const project = new Project({ database, name: "missing", isReadOnly: true });
    const journal = new PostgresJournal(project, new RecordingLog());
    const ending = new AbortController();
    const next = journal.watch(ending.signal)[Symbol.asyncIterator]().next();
    await assertRejects(() => project.number(), Unavailable, "There is no project missing");
    ending.abort();
    assertEquals((await next).done, true);
    await journal.close();
    await project.close();
  });
});
