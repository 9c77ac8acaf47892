/** Shows that ids that are made of texts are valid, readable and never the same twice. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { idsFrom } from "../../../src/cli/person/new_id.ts";
import { checkId } from "../../../src/core/model/values.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("an id has the first words of its text, in any script", () => {
  const cases = {
    "Fix the login, now!": "fix-the-login-now",
    "Don't break /api/v1": "dont-break-api-v1",
    "Überprüfe die Größe": "uberprufe-die-große",
    "修复登录 问题": "修复登录-问题",
    "हिन्दी में काम": "हिन्दी-में-काम",
    "🎉 ❤️": "task",
    "Write down all that has changed in the interface": "write-down-all-that-has-changed-in-the",
  };
  for (const [text, id] of Object.entries(cases)) assertEquals(Array.from(idsFrom(text, 1)), [id]);
});

test("further ids are counted, so that all differ", () => {
  assertEquals(Array.from(idsFrom("Do it", 3)), ["do-it", "do-it-2", "do-it-3"]);
});

test("every text makes an id that a task can have", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" })), (text) => {
      const ids = Array.from(idsFrom(text.repeat(3), 2));
      for (const id of ids) checkId(id, "Task id");
      assert(new Set(ids).size === 2 && ids.every((id) => id.length <= 42), ids[0]);
    }),
    { numRuns: 300 },
  );
});
