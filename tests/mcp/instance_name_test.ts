/** Shows the ids of instances that name none: recognizable, valid, and hardly ever the same. */

import { checkId } from "../../src/core/model/values.ts";
import { instanceNameOf, WORDS } from "../../src/mcp/instance_name.ts";
import { assertEquals } from "@std/assert";

Deno.test({
  name: "the id of an instance is the client's name and two words",
  permissions: "none",
  fn() {
    const numbers = [0, 0.999].values();
    assertEquals(instanceNameOf("Claude Code", () => numbers.next().value ?? 0), "claude-code-acorn-wolf");
    for (
      const [client, name] of [
        ["mcp-remote (via proxy 0.1.2)", "mcp-remote-via-proxy-0.1.2"],
        ["x".repeat(60), "x".repeat(30)],
        ["???", "agent"],
        ["", "agent"],
        ["-.a.-", "a"],
        ["Курсор", "agent"],
      ] as const
    ) {
      const id = instanceNameOf(client, () => 0);
      checkId(id, "Instance id");
      assertEquals(id, `${name}-acorn-acorn`);
    }
  },
});

Deno.test({
  name: "the words are short, and each is there once",
  permissions: "none",
  fn() {
    assertEquals([WORDS.length, new Set(WORDS).size], [100, 100]);
    for (const word of WORDS) assertEquals(/^[a-z]{2,6}$/.test(word), true, word);
  },
});
