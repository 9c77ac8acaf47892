/** Shows what the table says of each outcome, and that the page keeps all but the generated part. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Client, CLIENTS } from "./clients.ts";
import { hasFailed, pageWith, tableOf } from "./report.ts";
import type { Outcome } from "./run_client.ts";

const CLIENT: Client = {
  name: "A",
  packages: ["a@1.0.0", "b@2.0.0"],
  driver: "a.mjs",
  does: "scenario",
  place: "The file `a.json`",
  configure: (launch) => ({ servers: { orchestrator: launch } }),
  quirk: "It is slow.",
};

const PAGE = [
  "before",
  "<!-- Written by `deno task clients` up to the end mark; do not edit. -->",
  "old",
  "<!-- End of what `deno task clients` writes. -->",
  "after",
].join("\n");

const CASES: readonly { readonly outcome: Outcome; readonly cells: string; readonly fails: boolean }[] = [
  {
    outcome: { type: "passed", tools: 29 },
    cells: "yes, 29 tools | yes | yes | yes | yes | yes | yes",
    fails: false,
  },
  { outcome: { type: "connected", tools: undefined }, cells: "yes | – | – | – | – | – | –", fails: false },
  {
    outcome: { type: "missing", why: "npm install failed with exit code 1" },
    cells: "not run: npm install failed with exit code 1 |  |  |  |  |  | ",
    fails: false,
  },
  {
    outcome: { type: "failed", step: "wait", why: "a | b\nc" },
    cells: "yes | yes | yes | **fails**: a \\| b c |  |  | ",
    fails: true,
  },
  {
    outcome: { type: "failed", step: "connect", why: "no answer" },
    cells: "**fails**: no answer |  |  |  |  |  | ",
    fails: true,
  },
  {
    outcome: { type: "failed", step: "end", why: "build is lost" },
    cells: "yes | yes | yes | yes | yes | yes | **fails**: build is lost",
    fails: true,
  },
];

for (const { outcome, cells, fails } of CASES) {
  Deno.test(`the row of a client that ${JSON.stringify(outcome)}`, () => {
    assertEquals(tableOf([{ client: CLIENT, outcome }])[2], `| A | \`a@1.0.0\` | ${cells} |`);
    assertEquals(hasFailed({ client: CLIENT, outcome }), fails);
  });
}

Deno.test("the page gets table, configuration and quirk between the marks, and keeps the rest", () => {
  const page = pageWith(PAGE, [{ client: CLIENT, outcome: { type: "passed", tools: 29 } }], "2026-01-31");
  assert(page.startsWith("before\n<!-- Written") && page.endsWith("writes. -->\nafter") && !page.includes("old"), page);
  for (const part of ["On 2026-01-31", "| A |", "**A.** The file `a.json`:", '"command": "deno"', "It is slow."]) {
    assertStringIncludes(page, part);
  }
  assertThrows(() => pageWith("no marks", [], "2026-01-31"), Error, "no marks");
});

Deno.test("every client has a pinned version and a driver", async () => {
  for (const { packages, driver } of CLIENTS) {
    for (const name of packages) assert(/^@?[\w./-]+@\d+\.\d+\.\d+$/.test(name), name);
    assert((await Deno.stat(new URL(`drivers/${driver}`, import.meta.url))).isFile);
  }
});

Deno.test("docs/clients.md was written with these versions, configurations and quirks", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/clients.md", import.meta.url));
  for (const { name, packages, place, quirk } of CLIENTS) {
    for (const part of [`\`${packages[0]}\``, `**${name}.** ${place}:`, quirk]) assertStringIncludes(page, part);
  }
});
