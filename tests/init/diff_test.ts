/** What a person is shown of a change. */

import { assert, assertEquals } from "@std/assert";
import { diffOf, placeIn } from "../../src/init/diff.ts";

Deno.test("a change is shown between two lines that stay, with tabs as spaces", () => {
  assertEquals(diffOf("a\nb\nc\n\td\ne\nf\ng\n", "a\nb\nc\n\tD\n\tE\ne\nf\ng\n"), [
    "@@ line 2 @@",
    " b",
    " c",
    "-    d",
    "+    D",
    "+    E",
    " e",
    " f",
  ]);
});

Deno.test("new and removed files, and lines that repeat, are shown whole", () => {
  assertEquals(diffOf("", "a\r\nb\r\n"), ["@@ line 1 @@", "+a", "+b"]);
  assertEquals(diffOf("a\nb\n", ""), ["@@ line 1 @@", "-a", "-b"]);
  assertEquals(diffOf("a\na\n", "a\na\na\n"), ["@@ line 1 @@", " a", " a", "+a"]);
});

Deno.test("of a long line, the part around the change is shown", () => {
  const long = "x".repeat(10_000);
  const [, removed = "", added = ""] = diffOf(`${long}1${long}`, `${long}2${long}`);
  assert(removed.length < 250 && added.length < 250);
  assertEquals([removed.slice(0, 2), removed.at(-1), removed.includes("1"), added.includes("2")], [
    "-…",
    "…",
    true,
    true,
  ]);
});

Deno.test("places count lines and columns from 1", () => {
  assertEquals(placeIn("ab\ncd", 0), { line: 1, column: 1 });
  assertEquals(placeIn("ab\ncd", 4), { line: 2, column: 2 });
});
