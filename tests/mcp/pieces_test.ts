/** Shows that a long text comes in pieces that together are the text, and that no piece cuts a character. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { presentPiece } from "../../src/mcp/pieces.ts";
import { oldTask } from "../core/given.ts";

Deno.test({
  name: "the pieces of any text are the text, whatever their limit, and each is whole characters",
  permissions: "none",
  fn() {
    fc.assert(fc.property(
      fc.string({ unit: fc.constantFrom("a", "é", "深", "🦕"), maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      (result, limit) => {
        const task = oldTask("a", { status: "completed", result });
        const texts: string[] = [];
        let offset = 0;
        for (let next: number | undefined = 0; next !== undefined;) {
          const piece = presentPiece(task, "result", { offset: next, limit });
          assertEquals([piece["offset"], piece["total"]], [offset, result.length]);
          const text = String(piece["text"]);
          assert(text.isWellFormed() && text.length <= Math.max(limit, 2));
          texts.push(text);
          offset += text.length;
          // A number, or absent at the end.
          next = piece["next_offset"] as number | undefined;
        }
        assertEquals(texts.join(""), result);
      },
    ));
  },
});

Deno.test({
  name: "a piece that would begin within a character begins before it, and one past the end is empty",
  permissions: "none",
  fn() {
    const task = oldTask("a", { status: "completed", result: "a🦕b" });
    assertEquals(presentPiece(task, "result", { offset: 2 }), {
      id: "a",
      version: 1,
      attempt: 0,
      part: "result",
      text: "🦕b",
      offset: 1,
      total: 4,
    });
    const none = { id: "a", version: 1, attempt: 0, part: "result", text: "", offset: 4, total: 4 };
    assertEquals(presentPiece(task, "result", { offset: 4 }), none);
    assertEquals(presentPiece(task, "result", { offset: 99 }), none);
    const changed = presentPiece({ ...task, version: 2, attempt: 3 }, "error");
    assertEquals(changed, { id: "a", version: 2, attempt: 3, part: "error", text: "", offset: 0, total: 0 });
  },
});
