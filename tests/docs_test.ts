/** Shows that what the documents print as data is what the program does. */

import { assert, assertEquals } from "@std/assert";
import { exists } from "@std/fs";
import type { JournalRecord } from "../src/core/messages/events.ts";
import { OUTCOMES, TRUTH_TABLE } from "../src/core/model/dependency.ts";
import {
  NOTIFICATION_TYPES,
  notificationsOf,
  type NotificationType,
  sourceOf,
} from "../src/core/messages/notifications.ts";
import { presentEvent } from "../src/mcp/present.ts";
import { decodeRecord, FORMAT_VERSION, GENESIS_HASH } from "../src/store/file/codec.ts";
import { blocksOf, valuesOf } from "./docs/blocks.ts";
import { ALL_PLANTS } from "./proof/mutation/all_plants.ts";

Deno.test("the printed truth table of dependencies is the one that decides", async () => {
  const page = await Deno.readTextFile(new URL("../docs/dependencies.md", import.meta.url));
  for (const outcome of OUTCOMES) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${outcome}\` `));
    const { completed, failed, cancelled, skipped } = TRUTH_TABLE[outcome];
    const printed = row?.split("|").slice(2, -1).map((cell) => cell.trim().replace(" ", "_"));
    assertEquals(printed, [completed, failed, cancelled, skipped], outcome);
    assertEquals([TRUTH_TABLE[outcome].pending, TRUTH_TABLE[outcome].in_progress], ["unknown", "unknown"], outcome);
  }
});

Deno.test("the tests that show a guarantee exist, and each bug of the mutation check is listed", async () => {
  const page = await Deno.readTextFile(new URL("../docs/guarantees.md", import.meta.url));
  const paths = Array.from(page.matchAll(/`(tests\/[\w/.]+)`/g), ([, path]) => path ?? "");
  assert(paths.length > 10);
  for (const path of paths) assert(await exists(new URL(`../${path}`, import.meta.url)), path);
  const table = page.slice(page.indexOf("| planted"), page.indexOf("## Not promised"));
  const listed = Array.from(table.matchAll(/^\| ([^|]+?) +\| .*tests\//gm), ([, name]) => name);
  assertEquals(listed, ALL_PLANTS.map(({ name }) => name));
});

Deno.test("docs/events.md has every type, with a record and what it tells", async () => {
  const page = await Deno.readTextFile(new URL("../docs/events.md", import.meta.url));
  const types = page.slice(page.indexOf("## Types"), page.indexOf("## The journal"));
  const sections = Array.from(
    types.matchAll(/^### (\S+)\n([^]*?)(?=^### |$(?![^]))/gm),
    ([, type, text = ""]) => ({ type, text }),
  );
  assertEquals(sections.map(({ type }) => type), NOTIFICATION_TYPES.slice());
  for (const { type, text } of sections) {
    const [record, ...events] = valuesOf(blocksOf(text)[0]?.text ?? "");
    // The page shows records of the present format.
    const { v, ...shown } = record as JournalRecord & { readonly v: number };
    assertEquals(v, FORMAT_VERSION);
    const told = notificationsOf(shown, { source: "any" });
    assertEquals(told.map(presentEvent), events, type);
    // The headings were just compared with the types.
    assertEquals(told.map(({ type }) => type), [`orchestrator.${type as NotificationType}`]);
  }
});

Deno.test("docs/events.md has a journal that can be read, and a CloudEvent of it", async () => {
  const page = await Deno.readTextFile(new URL("../docs/events.md", import.meta.url));
  const [cloudEvent, short] = blocksOf(page).flatMap(({ text }) => valuesOf(text));
  const lines = (blocksOf(page).at(-1)?.text ?? "").trim().split("\n");
  assertEquals(lines.length, 2);
  let previous = GENESIS_HASH;
  let first = "";
  for (const [index, line] of lines.entries()) {
    const decoded = decodeRecord(line, { seq: index + 1, previous });
    assert("record" in decoded, JSON.stringify(decoded));
    previous = decoded.hash;
    first ||= decoded.hash;
    if (index === 0) continue;
    const [told] = notificationsOf(decoded.record, { source: sourceOf({ id: first, epoch: 0 }) });
    assert(told !== undefined);
    assertEquals([told, presentEvent(told)], [cloudEvent, short]);
  }
});
