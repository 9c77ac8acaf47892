/** Shows that a database that refuses to notify ends no process. */

import { assertEquals, assertRejects } from "@std/assert";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { Database } from "../../../src/store/postgres/database.ts";
import { PostgresJournal } from "../../../src/store/postgres/postgres_journal.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { RecordingLog } from "../../support/log.ts";
import { testOnPostgres } from "../../support/postgres.ts";

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
});
