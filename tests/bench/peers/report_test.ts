/** Shows that the page has all that a reader needs to judge the figures. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { machineOf } from "./machine.ts";
import { pageOf, type Report } from "./report.ts";

const MACHINE = { cores: 2, system: "linux x86_64", runtimes: ["Deno 2.9.6", "Node 20.20.2"], load: 0.1 };

const REPORT: Report = {
  command: "deno task bench:peers",
  date: "2026-01-31",
  machine: MACHINE,
  rows: [{ name: "start", unit: "ms", best: "least", cells: new Map([["ours", { value: 1 }]]) }],
  servers: [{ name: "ours", notes: ["Synced."] }],
  missing: [{ name: "a", why: "npm install failed with exit code 1" }],
};

Deno.test("a page has command, date, machine, table and notes", () => {
  const page = pageOf(REPORT);
  for (
    const part of [
      "`deno task bench:peers`, 2026-01-31: 2 cores, linux x86_64, Deno 2.9.6, Node 20.20.2.",
      "| start | **1.00 ms** | ours ahead |",
      "- **ours**: Synced.",
    ]
  ) assertStringIncludes(page, part);
});

Deno.test("missing servers are reported", () => {
  assertStringIncludes(pageOf(REPORT), "- **a** is missing: npm install failed with exit code 1.");
});

Deno.test("a busy machine is called so", () => {
  assertEquals(machineOf(MACHINE), "2 cores, linux x86_64, Deno 2.9.6, Node 20.20.2.");
  assert(machineOf({ ...MACHINE, load: 1.7 }).includes("busy with other programs (load 1.7 before the run)"));
});
