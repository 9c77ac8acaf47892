/** Shows what `doctor` finds about a plan in PostgreSQL. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { type DatabaseFacts, databaseFindings, printDatabaseDoctor } from "../../src/cli/doctor_database.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");

const WELL: DatabaseFacts = {
  url: "postgres://orchestrator@db.example.com/plans",
  project: "web",
  version: "1.4.0",
  format: 5,
  sessions: [],
  wasVerified: true,
  plan: {
    records: 7,
    recordedAt: NOW,
    tokens: [],
    running: [],
    lostInstances: [],
    webhooks: [],
    handlerFiles: [],
  },
  serverVersion: "15.8",
  sizeBytes: 9_000_000,
  time: NOW,
  localTime: NOW + 2_000,
  connections: 89,
  maxConnections: 100,
  unsafe: [],
  standbyNames: "first",
  standbys: 1,
  missingRights: [],
};

function codes(changes: Partial<DatabaseFacts>): readonly string[] {
  return databaseFindings({ ...WELL, ...changes }).map(({ severity, code }) => `${severity} ${code}`);
}

Deno.test("a database with which all is well has no findings", () => {
  assertEquals(codes({}), []);
  const lines: string[] = [];
  const terminal = { print: (line: string) => void lines.push(line), columns: 80, hasColors: false };
  assertEquals(printDatabaseDoctor(WELL, false, terminal), 0);
  assertStringIncludes(lines.join("\n"), "project web at postgres://orchestrator@db.example.com/plans");
  assertEquals(lines.at(-1), "OK: nothing to do");
});

Deno.test("what endangers a plan in a database is found, problems first", () => {
  assertEquals(codes({ standbyNames: "", standbys: 0, localTime: NOW - 2_001, unsafe: ["fsync"] }), [
    "problem unsafe_settings",
    "note not_replicated",
    "note clock_differs",
  ]);
  assertEquals(codes({ standbys: 0 }), ["problem standby_missing"]);
  assertEquals(codes({ connections: 90 }), ["problem connections"]);
  assertEquals(codes({ missingRights: ["insert on orchestrator.records"] }), ["problem rights_missing"]);
  assertEquals(codes({ plan: { code: "newer_version", message: "it is newer" } }), ["problem newer_version"]);
  const fault = { kind: "damaged", place: "record 3", why: "its hash is wrong" } as const;
  assertEquals(codes({ fault }), ["problem journal_damaged"]);
  const about = { pid: 1, version: "1.4.0", format: 4, transport: "stdio", startedAt: NOW } as const;
  assertEquals(codes({ sessions: [{ id: "s", isLive: true, about }] }), ["problem older_process"]);
});
