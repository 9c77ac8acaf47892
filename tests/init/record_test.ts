/** What is remembered of changes, and its bounds. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  formatRecord,
  keptChange,
  MAX_CHANGES,
  MAX_KEPT_CHARACTERS,
  parseRecord,
  withChange,
} from "../../src/init/record.ts";
import { initHome } from "../support/init.ts";

const kind = { type: "paragraph" } as const;

Deno.test("a record is read as it was written, and one of another form is refused", () => {
  const change = { path: "/a", kind, before: null, written: "0", directories: ["/b"] };
  const record = { directories: ["/c"], changes: [change] };
  assertEquals(parseRecord(formatRecord(record)), record);
  for (const text of ["", "{", "[]", `{"version": 2, "directories": [], "changes": []}`]) {
    assertThrows(() => parseRecord(text), SyntaxError);
  }
});

Deno.test("the oldest changes are forgotten, one more than the bound", () => {
  let record = parseRecord(`{"version": 1, "directories": [], "changes": []}`);
  const isKept = (path: string) => keptChange(record, path, kind) !== undefined;
  for (let path = 1; path <= MAX_CHANGES; path++) {
    record = withChange(record, { path: `/${path}`, kind, written: "0", directories: [] });
  }
  assertEquals([record.changes.length, isKept("/1")], [MAX_CHANGES, true]);
  record = withChange(record, { path: "/more", kind, written: "0", directories: [] });
  assertEquals([record.changes.length, isKept("/1"), isKept("/2")], [MAX_CHANGES, false, true]);
});

Deno.test("no copy is kept of a longer text, whose entry is taken out all the same", async () => {
  await using home = await initHome();
  const file = `${home.home}/.cursor/mcp.json`;
  const text = (length: number) => `{\n  "a": "${"x".repeat(length - 14)}"\n}\n`;
  for (const length of [MAX_KEPT_CHARACTERS, MAX_KEPT_CHARACTERS + 1]) {
    assertEquals(text(length).length, length);
    await home.write(file, text(length));
    const { lines } = home.run();
    const isKept = length <= MAX_KEPT_CHARACTERS;
    assertEquals(lines.some((line) => line.includes("no copy of it is kept")), !isKept);
    home.run({ remove: true });
    const left = await Deno.readTextFile(file);
    if (isKept) assertEquals(left, text(length));
    else assertStringIncludes(left, `"mcpServers": {}`);
  }
});
