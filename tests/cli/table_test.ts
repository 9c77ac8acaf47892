/** Shows that tables fit the terminal, whatever characters are in them. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import stringWidth from "string-width";
import { cut, tableOf } from "../../src/cli/table.ts";

Deno.test({
  name: "a text is cut by its width in columns, and never within a character",
  permissions: "none",
  fn() {
    const family = "👨‍👩‍👧‍👦";
    for (
      const [text, columns, shown] of [
        ["abcdef", 6, "abcdef"],
        ["abcdefg", 6, "abcde…"],
        ["日本語", 6, "日本語"],
        ["日本語", 5, "日本…"],
        ["日本語", 4, "日…"],
        [`${family}${family}`, 4, `${family}${family}`],
        [`${family}${family}`, 3, `${family}…`],
        ["e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"],
        ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
        ["", 3, ""],
      ] as const
    ) {
      assertEquals(cut(text, columns), { text: shown, width: stringWidth(shown) }, text);
    }
  },
});

Deno.test({
  name: "columns are aligned and lines fit, for texts of any characters",
  permissions: "none",
  fn() {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "日", "👩‍💻", "e\u0301", "🇨🇭", " ", "ไ"), maxLength: 60 });
    fc.assert(fc.property(fc.array(fc.tuple(text, text, text), { minLength: 1, maxLength: 5 }), (rows) => {
      const lines = tableOf(rows.map(([a, b, c]) => [a, b, `|${c}`]), 100);
      const starts = lines.map((line) => stringWidth(line.slice(0, line.lastIndexOf("|"))));
      assert(new Set(starts).size === 1, lines.join("\n"));
      for (const line of lines) assert(stringWidth(line) <= 100, line);
    }));
  },
});

Deno.test({
  name: "a table can have as many rows as there are tasks",
  permissions: "none",
  fn: () => assertEquals(tableOf(Array(200_000).fill(["a", "b"]), 80).length, 200_000),
});
