/** Shows that each bug of the mutation check can still be planted. Whether the tests find it is for `deno task mutations`. */

import { assertEquals } from "@std/assert";
import { ALL_PLANTS } from "./all_plants.ts";

for (const { name, path, code, instead } of ALL_PLANTS) {
  Deno.test(`mutation: "${name}" has its place`, async () => {
    const text = await Deno.readTextFile(new URL(`../../../${path}`, import.meta.url));
    assertEquals(text.split(code).length - 1, 1, `${path} has this not exactly once: ${code}`);
    assertEquals(instead === code, false);
  });
}
