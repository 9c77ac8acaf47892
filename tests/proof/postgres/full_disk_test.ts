/**
 * Shows that a PostgreSQL whose disk is full loses nothing: calls are refused with what to do, also when the server cannot
 * write its log any more and stops, and go on once there is room.
 */

import { assert, assertEquals } from "@std/assert";
import { ConnectionLost } from "../../../src/store/postgres/errors.ts";
import {
  missingPostgres,
  missingSmallDisk,
  type SmallCluster,
  startPostgresOnSmallDisk,
} from "../../support/postgres.ts";
import { testUnless } from "../../support/needs.ts";
import { until } from "../../support/until.ts";
import { assertHolds } from "./assert_holds.ts";
import { run } from "./run.ts";
import { connect } from "./server_faults.ts";

/** Enough for a new server. */
const SIZE_MIB = 80;

/** Each new segment of the log needs room, and old ones are removed soon. */
const SETTINGS = { wal_recycle: "off", min_wal_size: "2MB", max_wal_size: "4MB" };

/** The calls of all processes before the disk is full, and while it is. */
const CALLS_BEFORE = 60;
const CALLS_WHILE = 200;

const missing = missingPostgres() ?? await missingSmallDisk();

testUnless(
  missing,
  "PostgreSQL: nothing is lost or done twice when the disk of the server is full, and its log cannot grow",
)(async () => {
  await using cluster = await startPostgresOnSmallDisk(SIZE_MIB, SETTINGS);
  let hasStopped = false;
  const { history, findings, warnings } = await run({
    cluster,
    project: "full",
    seed: "full",
    processes: 3,
    calls: 130,
    async disturb(made) {
      await until("some calls", () => made() >= CALLS_BEFORE);
      cluster.fill();
      await until("calls while the disk is full", () => made() >= CALLS_BEFORE + CALLS_WHILE);
      hasStopped = await fillLog(cluster);
      cluster.empty();
      await cluster.control("restart", "-m", "immediate");
    },
  });
  assertHolds({ history, findings, warnings });
  assertEquals(hasStopped, true);
  const told = history.calls.flatMap(({ end }) => end?.outcome.type === "unavailable" ? [end.outcome.message] : []);
  assert(
    told.some((message) => message.includes("The disk of the server is full: make room there")),
    told.join("\n"),
  );
  const [last] = history.calls.toSorted((a, b) => b.at - a.at);
  assertEquals(last?.end?.outcome.type === "unavailable", false);
});

/** Writes to the log until the server stops. */
async function fillLog(cluster: SmallCluster): Promise<boolean> {
  const connection = await connect(cluster);
  try {
    for (let tries = 0; tries < SIZE_MIB; tries++) {
      await connection.run("select pg_logical_emit_message(false, 'test', repeat('x', 1024 * 1024))");
    }
    return false;
  } catch (error) {
    if (error instanceof ConnectionLost) return true;
    throw error;
  }
}
