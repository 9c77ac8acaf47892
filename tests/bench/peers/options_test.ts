/** Shows which arguments are read, and which refused. */

import { assertEquals, assertThrows } from "@std/assert";
import { optionsOf } from "./options.ts";

Deno.test("names and sizes are read in any order", () => {
  assertEquals(optionsOf(["shrimp", "--sizes", "1000,100", "backlog"]), {
    names: ["shrimp", "backlog"],
    sizes: [100, 1_000],
  });
  assertEquals(optionsOf(["--sizes=5"]), { names: [], sizes: [5] });
});

Deno.test("without arguments all is measured", () => {
  assertEquals(optionsOf([]), { names: [], sizes: [100, 1_000, 10_000] });
});

Deno.test("what cannot be read is refused", () => {
  for (const args of [["--sizes"], ["--sizes", "many"], ["--sizes", "0"], ["--size", "1"]]) {
    assertThrows(() => optionsOf(args), Error, "Cannot read --size");
  }
});
