/** Shows that a cut text says so, and never ends within a character. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { head, shortened } from "../../../src/core/model/text.ts";

Deno.test({
  name: "a shortened text is well formed, no longer than asked for, and ends in an ellipsis if it was cut",
  permissions: "none",
  fn() {
    const texts = fc.string({ unit: "binary", maxLength: 30 });
    fc.assert(fc.property(texts, fc.integer({ min: 1, max: 30 }), (text, characters) => {
      const short = shortened(text, characters);
      assert(short.isWellFormed() && short.length <= characters);
      if (text.length <= characters) assertEquals(short, text);
      else assert(short.endsWith("…") && text.startsWith(short.slice(0, -1)));
    }));
    assertEquals(shortened("ab😀", 4), "ab😀");
    assertEquals(shortened("ab😀c", 4), "ab…");
  },
});

Deno.test({
  name: "head gives the beginning of a text, never ending within a character",
  permissions: "none",
  fn() {
    assertEquals(head("", 0), "");
    assertEquals(head("abc", 0), "");
    assertEquals(head("abc", 2), "ab");
    assertEquals(head("abc", 3), "abc");
    assertEquals(head("abc", 4), "abc");
    assertEquals(["", "", "🦕", "🦕", "🦕🦖"], [0, 1, 2, 3, 4].map((characters) => head("🦕🦖", characters)));
  },
});
