/** Shows that examples of the documents are found, and that what is not as shown is not passed. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { blocksOf, commandsOf, isAsShown, valuesOf } from "./blocks.ts";

Deno.test("blocks are found with their language and line", () => {
  const text = "# A\n\n```json\n{}\n```\n\n```\nplain\n```\n";
  assertEquals(blocksOf(text), [
    { language: "json", text: "{}\n", line: 3 },
    { language: "", text: "plain\n", line: 7 },
  ]);
});

Deno.test("commands are read without their comments, over several lines", () => {
  assertEquals(commandsOf("# first\na b   # why\n\nc \\\n  d#e\n"), ["a b", "c d#e"]);
});

Deno.test("several JSON values are read, whatever their texts hold", () => {
  assertEquals(valuesOf('{"a": "}{"}\n{"b": ["\\"]", {}]}\n\n[]'), [{ a: "}{" }, { b: ['"]', {}] }, []]);
  assertThrows(() => valuesOf('{"a": 1} and more'), SyntaxError);
  assertThrows(() => valuesOf('{"a": }'), SyntaxError);
});

Deno.test("an answer is as shown only if all that is shown is there", () => {
  const real = { id: "a", list: [1, 2], nested: { text: "one two" } };
  const like: readonly unknown[] = [
    real,
    { id: "…", list: "…", nested: "…" },
    { id: "a", "…": "…" },
    { id: "a", list: [1, "…"], nested: { text: "one …" } },
    { id: "a", list: [1, 2, "…"], nested: { "…": "…" } },
  ];
  const unlike: readonly unknown[] = [
    { id: "a" },
    { id: "b", "…": "…" },
    { missing: "…", "…": "…" },
    { list: [1], "…": "…" },
    { list: [1, 2, 3, "…"], "…": "…" },
    { nested: { text: "one" }, "…": "…" },
    { nested: [], "…": "…" },
    { toString: "…", "…": "…" },
  ];
  for (const shown of like) assert(isAsShown(shown, real), JSON.stringify(shown));
  for (const shown of unlike) assert(!isAsShown(shown, real), JSON.stringify(shown));
});
