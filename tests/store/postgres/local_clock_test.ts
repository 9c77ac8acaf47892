/** Shows that the clock of a machine counts for nothing beside that of the database. */

import { assert, assertEquals } from "@std/assert";
import { Database } from "../../../src/store/postgres/database.ts";
import { PostgresJournal } from "../../../src/store/postgres/postgres_journal.ts";
import { PostgresSessions } from "../../../src/store/postgres/postgres_sessions.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { SCHEMA } from "../../../src/store/postgres/schema.ts";
import { RecordingLog } from "../../support/log.ts";
import { testOnPostgres } from "../../support/postgres.ts";
import { append, drafted, recordsAfter } from "../../support/store.ts";

const HOUR_MS = 3_600_000;

/** Sets the clock of this machine, as the program sees it, until it is disposed. */
function setClock(errorMs: number): Disposable {
  const { now } = Date;
  Date.now = () => now() + errorMs;
  return { [Symbol.dispose]: () => void (Date.now = now) };
}

testOnPostgres("a wrong clock of this machine", (cluster) => {
  for (const [index, errorMs] of [HOUR_MS, -HOUR_MS].entries()) {
    Deno.test(`records and sessions live by the database's clock when this one is wrong by ${errorMs} ms`, async () => {
      const before = Date.now();
      using _clock = setClock(errorMs);
      const database = new Database({ address: cluster().address, now: Date.now });
      await using stack = new AsyncDisposableStack();
      const project = stack.adopt(new Project({ database, name: `p${index}` }), (project) => project.close());
      const journal = stack.adopt(new PostgresJournal(project, new RecordingLog()), (journal) => journal.close());
      const sessions = new PostgresSessions(project, new RecordingLog());
      await append(journal, [drafted("t")]);
      const [record] = await recordsAfter(journal);
      assert(record !== undefined && Math.abs(record.at - before) < HOUR_MS / 2, `${record?.at} at ${before}`);
      stack.use(await sessions.open("here"));
      assertEquals(await sessions.dead(["here", "gone"]), ["gone"]);
      await project.run(
        `update ${SCHEMA}.sessions set renewed_at = renewed_at - interval '2 minutes' where project = $1`,
      );
      assertEquals(await sessions.dead(["here"]), ["here"]);
    });
  }
});
