/** Bugs of the store in PostgreSQL, which only tests with a PostgreSQL can find. */

import type { Plant } from "./plants.ts";

export const POSTGRES_PLANTS: readonly Plant[] = [
  {
    name: "PostgreSQL: answer before commit",
    path: "src/store/postgres/postgres_journal.ts",
    code: 'const steps = await Promise.allSettled([appending, connection.run("commit")]);',
    instead: 'const steps = await Promise.allSettled([appending, Promise.resolve({ command: "COMMIT" })]);\n' +
      '    connection.run("commit").catch(() => {});',
  },
  {
    name: "PostgreSQL: a commit whose outcome is unknown is tried again",
    path: "src/store/postgres/postgres_journal.ts",
    code: "if (failures.length > 0) throw this.#unknown(lines.length, failures[0]);",
    instead: "if (failures.length > 0) throw this.#unknown(0, failures[0]);",
  },
  {
    name: "PostgreSQL: an append does not check the head",
    path: "src/store/postgres/append.ts",
    code: "where number = $1 and seq = $2::bigint and hash = $3 and ${condition}",
    instead: "where number = $1 and $2::bigint >= 0 and $3::text is not null and ${condition}",
  },
  {
    name: "PostgreSQL: NOTIFY is trusted, nobody polls",
    path: "src/app/feed.ts",
    code: "const POLL_MS = 1_000;",
    instead: "const POLL_MS = 2 ** 31 - 1;",
  },
  {
    name: "PostgreSQL: times are those of the local clock",
    path: "src/store/postgres/postgres_journal.ts",
    code: "return this.#project.database.clock.now();",
    instead: "return Date.now();",
  },
  {
    name: "PostgreSQL: sessions live by the local clock",
    path: "src/store/postgres/postgres_sessions.ts",
    code: "run<Known>(KNOWN, [ids])",
    instead: 'run<Known>(KNOWN.replace("clock_timestamp()", `to_timestamp(${Date.now() / 1_000})`), [ids])',
  },
  {
    name: "PostgreSQL: sessions that could not be renewed count as dead",
    path: "src/store/postgres/continuity.ts",
    code: "return !this.#isGap(time) && this.#elapsed() - this.#resumedAt >= CATCH_UP_MS;",
    instead: "return !this.#isGap(time) || this.#elapsed() - this.#resumedAt >= 0;",
  },
  {
    name: "PostgreSQL: a lead without a fence",
    path: "src/store/postgres/postgres_deliveries.ts",
    code: 'const HELD = "project = $1 and name = $2 and holder = $3 and fence = $4";',
    instead: 'const HELD = "project = $1 and name = $2 and $3::text is not null and $4::bigint is not null";',
  },
  {
    name: "PostgreSQL: what the server has forgotten is sent again",
    path: "src/store/postgres/driver.ts",
    code: 'Object.defineProperty(query, "retried", {',
    instead: 'Object.defineProperty(query, "ignored", {',
  },
  {
    name: "PostgreSQL: a line is redacted to what no record says",
    path: "src/store/postgres/redaction_rows.ts",
    code: "if (redacted.bodyDigest !== bodyDigest) throw redactedMeanwhile(seq);",
    instead: 'if (bodyDigest === "") throw redactedMeanwhile(seq);',
  },
  {
    name: "PostgreSQL: a commit that was rolled back is taken for done",
    path: "src/store/postgres/postgres_journal.ts",
    code: 'const isCommitted = steps[1].status === "fulfilled" && steps[1].value.command === "COMMIT";',
    instead: 'const isCommitted = steps[1].status === "fulfilled";',
  },
  {
    name: "PostgreSQL: who has just had the lock overtakes those that wait",
    path: "src/store/postgres/write_lock.ts",
    code: "const QUEUE = `select pg_advisory_xact_lock(${QUEUES}, $1)`;",
    instead: "const QUEUE = `select ${QUEUES}, $1::int`;",
  },
  {
    name: "PostgreSQL: others are notified before the commit",
    path: "src/store/postgres/postgres_journal.ts",
    code: "      else await this.#append(connection, batch, at);\n",
    instead:
      "      else {\n        this.#signals.tell(batch.end.seq);\n        await this.#append(connection, batch, at);\n      }\n",
  },
  {
    name: "PostgreSQL: a notification waits for the standby",
    path: "src/store/postgres/signals.ts",
    code: "select pg_notify('orchestrator_' || $1::int, $2)",
    instead: "update orchestrator.projects set seq = seq where number = $1 returning " +
      "pg_notify('orchestrator_' || $1::int, $2)",
  },
  {
    name: "PostgreSQL: records are appended in any session",
    path: "src/store/postgres/driver.ts",
    code: `export const IS_OWN_SESSION = "current_setting('orchestrator.session')::boolean";`,
    instead: 'export const IS_OWN_SESSION = "true";',
  },
];
