/** Shows that an operator's pause reaches every agent: what each call answers meanwhile, and that a resume wakes all. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { create } from "../support/calls.ts";
import { runProgram } from "../support/program.ts";
import { type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("agents are told of a pause, finish what they hold, and get tasks at once after a resume", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using other = await startServer(directory.path);
  await create(server, "held", "a", "b");
  await server.ask("get_next_task", { instance_id: "ann", task_id: "held" });
  const pause = await runProgram(directory.path, ["pause", "--reason", "the database\nmoves"]);
  assertEquals(pause.code, 0, pause.log);
  assertStringIncludes(pause.output, "by cli: the database moves");

  await t.step("a claim is answered with the operator's words, and one by name is refused with them", async () => {
    const { status, reason, message } = await other.ask("get_next_task", { instance_id: "bob" });
    assertEquals([status, reason], ["no_tasks", "paused"]);
    assertStringIncludes(String(message), "by cli: the database\nmoves; what would help: wait for the operator");
    const refusal = await other.refused("get_next_task", { instance_id: "bob", task_id: "a" });
    assertEquals(refusal.code, "limit_reached");
    assertStringIncludes(refusal.message, "the database\nmoves");
  });

  await t.step("lists and explanations tell it", async () => {
    assertStringIncludes(String((await server.ask("explain_task", { task_id: "a" }))["why"]), "the project is paused");
    for (const [tool, args] of [["get_groups", {}], ["get_task_status", { summary: true }]] as const) {
      const { reason, by } = Object((await server.ask(tool, args))["project_paused"]);
      assertEquals([reason, by], ["the database\nmoves", "cli"]);
    }
    const { events } = await server.ask("get_history", { type: ["project.paused"] });
    assertEquals(Object(events)[0].data.reason, "the database\nmoves");
  });

  await t.step("what is held is reported on and completed", async () => {
    await server.ask("report_progress", { task_id: "held", instance_id: "ann", percent: 50 });
    const { unlocked_tasks } = await server.ask("complete_task", { task_id: "held", instance_id: "ann", result: "r" });
    assertEquals(unlocked_tasks, []);
  });

  await t.step("claims that wait in every process get tasks when the project is resumed", async () => {
    const [ann, bob] = [await waiting(server, "ann"), await waiting(other, "bob")];
    const resume = await runProgram(directory.path, ["resume"]);
    assertEquals(resume.code, 0, resume.log);
    const claimed = await Promise.all([ann.answer, bob.answer]);
    assertEquals(claimed.map(({ id }) => String(id)).sort(), ["a", "b"]);
    assertEquals("project_paused" in (await server.ask("get_groups")), false);
  });
});

/** A claim that waits already. Its answer is in an object, as a promise would be awaited. */
async function waiting({ client }: Server, instance_id: string) {
  const begun = Promise.withResolvers<unknown>();
  const call = client.callTool(
    { name: "get_next_task", arguments: { instance_id, wait_ms: 50_000 } },
    undefined,
    { onprogress: begun.resolve, timeout: 60_000 },
  );
  await Promise.race([begun.promise, call]);
  return { answer: call.then(({ structuredContent }) => Object(structuredContent)) };
}
