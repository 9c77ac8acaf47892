/** Shows how far texts are from each other. What resembles what is shown with the parameters of tools and fields of files. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { editDistance, meantBy } from "../../../src/core/model/resembling.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("the distance of two texts is the number of characters to change", () => {
  for (
    const [from, to, distance] of [
      ["", "", 0],
      ["", "abc", 3],
      ["abc", "", 3],
      ["kitten", "sitting", 3],
      ["dependancies", "dependencies", 1],
      ["flaw", "lawn", 2],
    ] as const
  ) assertEquals(editDistance(from, to), distance, `${from} → ${to}`);
});

test("so many changes as are made are enough, both ways, and no text is nearer than its length says", () => {
  const change = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom("put in", "leave out", "replace"),
    by: fc.constantFrom("a", "b"),
  });
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "b", "c") }),
      fc.array(change, { maxLength: 4 }),
      (from, changes) => {
        const characters = [...from];
        for (const { at, kind, by } of changes) {
          characters.splice(
            at % (characters.length + 1),
            kind === "put in" ? 0 : 1,
            ...(kind === "leave out" ? [] : [by]),
          );
        }
        const to = characters.join("");
        const distance = editDistance(from, to);
        assert(distance <= changes.length);
        assert(distance >= Math.abs(from.length - to.length) && (distance === 0) === (from === to));
        assertEquals(editDistance(to, from), distance);
      },
    ),
  );
});

test("a name may be the more characters off the longer it is, unless it begins like another one", () => {
  const letters = "abcdefghij";
  for (let length = 1; length <= letters.length; length++) {
    const known = letters.slice(0, length);
    const allowed = length >= 6 ? 2 : length >= 4 ? 1 : 0;
    for (let off = 0; off <= Math.min(3, length); off++) {
      const name = "z".repeat(off) + known.slice(off);
      assertEquals(
        meantBy(name, ["xxxxxxxx", known, "yyyyyyyy"]),
        off <= allowed ? known : undefined,
        `${name}, ${known}`,
      );
    }
    // What begins with three to six characters of it means it, whatever follows the sixth.
    for (const rest of ["", "zzzz"]) {
      const isMeant = (length >= 3 && rest === "") || length >= 6;
      assertEquals(
        meantBy(known + rest, [`${letters}klmnopq`]),
        isMeant ? `${letters}klmnopq` : undefined,
        known + rest,
      );
    }
  }
});
