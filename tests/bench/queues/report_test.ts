/** Shows that the page has the rates of each queue, and compares whole jobs with ours on one project. */

import { assert } from "@std/assert";
import { type Measured, pageOf } from "./report.ts";

const MACHINE = { cores: 2, system: "linux x86_64", runtimes: ["Deno 2.9.6"], load: 0 };

const MEASURED: readonly Measured[] = [
  { system: "bare", processes: 1, isBatched: false, isApart: false, added: 400, worked: undefined },
  { system: "bare", processes: 4, isBatched: false, isApart: false, added: 250, worked: undefined },
  { system: "ours", processes: 1, isBatched: false, isApart: false, added: 200, worked: 200 },
  { system: "pg-boss", processes: 1, isBatched: false, isApart: false, added: 300, worked: 600 },
  { system: "ours", processes: 4, isBatched: false, isApart: false, added: 100, worked: 100 },
  { system: "ours", processes: 4, isBatched: false, isApart: true, added: 1_000, worked: 1_000 },
];

Deno.test("a whole job is added and worked on, and is compared with ours on one project", () => {
  const page = pageOf({ measured: MEASURED, machine: MACHINE, command: "deno task bench:queues", date: "2026-01-31" });
  const rows = [
    "| 1 | ours | 200 | 200 | 100 |  |",
    "| 1 | pg-boss | 300 | 600 | 200 | 0.50× |",
    "| 4 | ours, apart | 1,000 | 1,000 | 500 |  |",
  ];
  for (const row of rows) assert(page.split("\n").includes(row), row);
  assert(
    page.includes(
      "400 records in a second; ours, added: 0.50× of it. On one head that each locks before, 4 of them 250.",
    ),
  );
});
