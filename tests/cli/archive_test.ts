/** Shows the command that archives tasks: what it selects, what it says stands in the way, and what a dry run leaves. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { create, fail, finish } from "../support/calls.ts";
import { runHere } from "../support/command.ts";
import { startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("archive takes ended tasks out of the plan, while a server runs", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_group", { group_id: "g" });
  await server.ask("create_task", { id: "grouped", description: "d", group: "g" });
  await create(server, "a", { id: "b", dependencies: ["a"] }, { id: "open", dependencies: ["a"] }, "bad");
  for (const id of ["grouped", "a", "b"]) await finish(server, id);
  await fail(server, "bad");
  const archive = (...args: readonly string[]) => runHere(directory.path, ["archive", ...args]);
  const ids = async () => Object.keys(JSON.parse((await runHere(directory.path, ["export", "--tasks"])).output));

  await t.step("only with a filter", async () => {
    const { code, log } = await archive();
    assertEquals(code, 1);
    assertStringIncludes(log, "archive needs --group, --status or --older-than: --older-than PT0S stands for all");
    for (
      const [args, why] of [
        [["--status", "pending"], "There is no pending: there are completed, failed, cancelled, skipped."],
        [["--older-than", "30"], "It must be a duration in ISO 8601, like P30D or PT12H."],
        [["--group", "none"], "Group none not found"],
      ] as const
    ) {
      const { code, log } = await archive(...args);
      assertEquals(code, 1);
      assertStringIncludes(log, why);
    }
  });

  await t.step("tells what it would do, and does nothing in a dry run", async () => {
    const { code, output } = await archive("--older-than", "PT0S", "--dry-run");
    assertEquals(code, 0);
    assertEquals(output.split("\n").slice(0, 2), [
      "3 tasks would be archived; nothing was changed",
      "1 that match must stay:",
    ]);
    assertStringIncludes(output, "  Cannot archive task a as open, which names it, is pending; what would help: ");
    assertEquals(await ids(), ["grouped", "a", "b", "open", "bad"]);
  });

  await t.step("by group, status and age", async () => {
    assertEquals((await archive("--older-than", "P1D")).output, "Archived 0 tasks\n");
    assertEquals((await archive("--status", "failed,skipped")).output, "Archived 1 task\n");
    assertEquals((await archive("--group", "g")).output, "Archived 1 task\n");
    assertEquals(await ids(), ["a", "b", "open"]);
    assertStringIncludes((await archive("--older-than", "PT0S")).output, "Archived 1 task\n1 that match must stay:\n");
    assertEquals(await ids(), ["a", "open"]);
  });

  await t.step("into the history, which names who did it", async () => {
    const { output } = await runHere(directory.path, ["history", "--type", "task.archived"]);
    assertEquals(output.trim().split("\n").map((line) => line.split(/ {2}/).slice(-3)), [
      ["cli", "task.archived", "bad"],
      ["cli", "task.archived", "grouped"],
      ["cli", "task.archived", "b"],
    ]);
    assertEquals((await runHere(directory.path, ["verify"])).code, 0);
  });
});
