/** Shows what agents and operators are told when a record is of a time that the clock has not reached, and what helps. */

import { localOperator } from "../../src/core/model/access.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MAX_TIME_MS } from "../../src/core/model/limits.ts";
import { create, newTask, oldTask } from "../core/given.ts";
import { claim, create as plan } from "../support/calls.ts";
import { runProgram } from "../support/program.ts";
import { startServer } from "../support/server.ts";
import { startStore } from "../support/store.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const DAY_MS = 86_400_000;

Deno.test("a journal that is thirty days ahead of the clock", async (t) => {
  await using directory = await temporaryDirectory();
  {
    const now = () => Date.now() + 30 * DAY_MS;
    await using store = await startStore({ directory: directory.path, now });
    await store.engine.execute(create(newTask("a")), localOperator("test"));
  }
  await using server = await startServer(directory.path);

  await t.step("is reported by heartbeat and with no_tasks, not with a task", async () => {
    const { clock_warning } = await server.ask("heartbeat", { instance_id: "ann" });
    assertMatch(String(clock_warning), /^The journal is 30 days ahead of this machine's clock: .* stand still; /);
    assertEquals((await claim(server, "a"))["clock_warning"], undefined);
    const none = await server.ask("get_next_task", { instance_id: "ann" });
    assertEquals(none["status"], "no_tasks");
    assertMatch(String(none["clock_warning"]), /^The journal is 30 days ahead/);
  });

  await t.step("is logged as one warning", async () => {
    // It comes through another pipe than the answers.
    await until("a warning", () => server.log.endsWith("\n"));
    assertEquals(server.log.split("The journal is 30 days ahead").length, 2, server.log);
  });

  await t.step("does not prevent the release of a dead worker's task, as the warning says", async () => {
    const task = await server.ask("release_task", { task_id: "a", instance_id: "ann" });
    assertEquals(task["status"], "pending");
  });

  await t.step("is corrected by the command that the warning names, while the server runs", async () => {
    assertMatch(String((await server.ask("heartbeat", { instance_id: "ann" }))["clock_warning"]), /: clock correct$/);
    const { code, output } = await runProgram(directory.path, ["clock", "correct"]);
    assertEquals(code, 0);
    assertMatch(output, /^Corrected: the journal was at .*, and is at .*\.\n$/);
    assertEquals((await server.ask("heartbeat", { instance_id: "ann" }))["clock_warning"], undefined);
    assertEquals((await claim(server, "a"))["status"], "in_progress");
    assertEquals((await runProgram(directory.path, ["clock", "correct"])).code, 1);
    assertEquals((await runProgram(directory.path, ["verify"])).code, 0);
  });
});

Deno.test("a journal that is not ahead of the clock causes no warning", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await plan(server, "a");
  await claim(server, "a");
  assertEquals((await server.ask("heartbeat", { instance_id: "ann" }))["clock_warning"], undefined);
  assertEquals((await server.ask("get_next_task", { instance_id: "ann" }))["clock_warning"], undefined);
  assertEquals(server.log, "");
});

Deno.test("a time after the last date is shown as the last date", async () => {
  await using directory = await temporaryDirectory();
  const assignTo = { instance: "ben", fallbackMs: 1_000 };
  const tasks = { a: oldTask("a", { order: 1, readyAt: MAX_TIME_MS, assignTo }) };
  await Deno.writeTextFile(`${directory.path}/tasks.json`, JSON.stringify(tasks));
  await using server = await startServer(directory.path);
  const none = await server.ask("get_next_task", { instance_id: "ann" });
  assertEquals([none["reason"], none["next_at"]], ["no_match", new Date(MAX_TIME_MS).toISOString()]);
  assertStringIncludes(String(none["message"]), "a needs");
});
