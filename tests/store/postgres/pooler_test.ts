/** Shows that a pooler that pools by transaction from some time on has nothing acknowledged that is not durable. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Position } from "../../../src/app/ports.ts";
import { AppendFailed, Unavailable } from "../../../src/app/ports.ts";
import { Database } from "../../../src/store/postgres/database.ts";
import { PostgresJournal } from "../../../src/store/postgres/postgres_journal.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { RecordingLog } from "../../support/log.ts";
import { missingCommand, testUnless } from "../../support/needs.ts";
import { startPgBouncer } from "../../support/pgbouncer.ts";
import { addressOf, testOnPostgres } from "../../support/postgres.ts";
import { append, drafted, recordsAfter } from "../../support/store.ts";

/** After so many transactions that met no other process, the next one appends without the lock, by another statement. */
const QUIET = 8;

const missing = await missingCommand("pgbouncer", ["--version"]);

testOnPostgres("a pooler that is set otherwise while a server runs", (cluster) => {
  testUnless(missing, "a session that is not the server's own appends nothing, and says what to change")(async () => {
    const direct = new Database({ address: cluster().address, now: Date.now });
    const admin = await direct.connect();
    // Without the settings of the session, a commit would be answered before it is durable.
    await admin.run("alter role test set synchronous_commit = off");
    await using pooler = await startPgBouncer(cluster(), "session");
    const database = new Database({ address: addressOf(pooler.port), now: Date.now });
    const project = new Project({ database, name: "pooled" });
    const journal = new PostgresJournal(project, new RecordingLog());
    let end: Position = journal.origin;
    for (let written = 0; written < QUIET; written++) ({ position: end } = await append(journal, [drafted("a")], end));
    await pooler.pool("transaction");
    // Decides nothing: the connection gives up its session.
    end = await journal.transact(end, { follow: () => {}, decide: () => {} });
    await pooler.renewSessions();
    const failed = await assertRejects(() => append(journal, [drafted("late")], end), AppendFailed);
    assert(failed.message.includes("pool_mode = session"), failed.message);
    const refused = await assertRejects(() => append(journal, [drafted("late")], end), Unavailable);
    assert(refused.message.includes("pool_mode = session"), refused.message);
    await pooler.pool("session");
    await append(journal, [drafted("b")], end);
    assertEquals((await recordsAfter(journal)).length, QUIET + 1);
    await journal.close();
    await project.close();
    admin.destroy();
  });
});
