/** Shows what the commands print that an operator reads tasks and history with, as real processes. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { claim, create, fail, finish } from "../support/calls.ts";
import { runHere } from "../support/command.ts";
import { startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** Everything that a terminal obeys, but the line feed. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

Deno.test("commands that read", async (t) => {
  await using directory = await temporaryDirectory();
  // While the commands run, a server goes on using the same directory.
  await using server = await startServer(directory.path);
  await create(server, "design", { id: "build", dependencies: ["design"] }, "held", "broken", "cancelled");
  await create(server, { id: "stuck", dependencies: ["broken"] }, { id: "later", dependencies: ["held"] });
  await finish(server, "design", "made");
  await claim(server, "held", "bob");
  await fail(server, "broken", "no");
  await server.ask("cancel_task", { task_id: "cancelled" });

  await t.step("status prints unfinished tasks, those that matter most first, and counts", async () => {
    assertEquals((await run("status")).map((line) => line.replace(/ \d\d? (?:s|min) +/, " # ")), [
      "ID         STATUS       SINCE  INSTANCE  DESCRIPTION",
      "held       in_progress  # bob       do held",
      "build      ready        # do build",
      "stuck      blocked      # (after broken) do stuck",
      "broken     failed       # ann       do broken",
      "later      waiting      # (after held) do later",
      "cancelled  cancelled    # do cancelled",
      "7 tasks: 1 in_progress, 1 ready, 1 blocked, 1 failed, 1 waiting, 1 completed, 1 cancelled",
    ]);
  });

  await t.step("status --all prints finished tasks, too", async () => {
    const lines = await run("status", "--all");
    assertEquals(lines.length, 9);
    assertMatch(lines[1] ?? "", /^design +completed +\d+ (s|min) +ann +do design$/);
    assertMatch(lines[5] ?? "", /^cancelled +cancelled +\d+ (s|min) +do cancelled$/);
  });

  await t.step("history prints events with actor and time", async () => {
    const lines = await run("history");
    const time = /^ +\d+\.\d {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}test#\d+ {2}\w+\.\w+ {2}/;
    for (const line of lines) assertMatch(line, time);
    assertStringIncludes(lines[0] ?? "", `  test#${server.pid}  task.created  design`);
    const claim = lines.find((line) => line.includes("task.claimed  held")) ?? "";
    assertStringIncludes(claim, `  test#${server.pid}  task.claimed  held  by bob`);
    const failure = lines.find((line) => line.includes("task.failed  broken")) ?? "";
    assertStringIncludes(failure, "  (reported)");
  });

  await t.step("history --json prints a CloudEvent a line, with the journal as source", async () => {
    const events = (await run("history", "--json", "--task", "design")).map((line) => JSON.parse(line));
    assertEquals(events.map(({ id, type }) => [id, type]), [
      ["1.0", "orchestrator.task.created"],
      ["1.5", "orchestrator.task.ready"],
      ["3.0", "orchestrator.task.claimed"],
      ["4.0", "orchestrator.task.completed"],
    ]);
    const [line = ""] = (await Deno.readTextFile(`${directory.path}/journal/0000000001.jsonl`)).split("\n");
    const { hash } = JSON.parse(line);
    for (const { source } of events) assertEquals(source, `orchestrator://journals/${hash}/0`);
  });

  await t.step("history is bounded, from either end and for one task", async () => {
    const ids = async (...args: string[]) => (await run("history", ...args)).map((line) => line.trim().split(" ")[0]);
    assertEquals(await ids("--limit", "2"), ["7.0", "8.0", "There"]);
    assertEquals((await run("history", "--limit", "2")).at(-1), "There are older events: --until 7.0 shows them");
    assertEquals(await ids("--until", "7.0", "--limit", "1"), ["6.0", "There"]);
    assertEquals(await ids("--since", "6"), ["7.0", "8.0"]);
    assertEquals(await ids("--since", "2", "--limit", "3"), ["3.0", "4.0", "4.1", "There"]);
    assertEquals(
      (await run("history", "--since", "2", "--limit", "3")).at(-1),
      "There are newer events: --since 4.1 shows them",
    );
    assertEquals(await ids("--task", "design"), ["1.0", "1.5", "3.0", "4.0"]);
    assertEquals(await ids("--type", "task.claimed,task.failed", "--instance", "bob"), ["5.0"]);
    assertEquals(await ids("--task", "none"), []);
  });

  await t.step("export --tasks prints all tasks in the format of tasks.json", async () => {
    const { output, code } = await runHere(directory.path, ["export", "--tasks"]);
    assertEquals(code, 0);
    const tasks = JSON.parse(output);
    assertEquals(Object.keys(tasks), ["design", "build", "held", "broken", "cancelled", "stuck", "later"]);
    const { id, description, status, dependencies, assignedTo, result } = tasks.design;
    assertEquals([id, description, status, dependencies, assignedTo, result], [
      "design",
      "do design",
      "completed",
      [],
      "ann",
      "made",
    ]);
    await server.close();
    // Its end has changed how long the held task is kept.
    const after = await runHere(directory.path, ["export", "--tasks"]);
    assertEquals(await Deno.readTextFile(`${directory.path}/tasks.json`), after.output);
  });

  async function run(...command: string[]): Promise<string[]> {
    const { code, output, log } = await runHere(directory.path, command);
    assertEquals([code, log], [0, ""]);
    return output.split("\n").slice(0, -1);
  }
});

Deno.test("a long table is cut, and --all prints the rest", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, ...Array.from({ length: 60 }, (_, n) => `t${n}`));
  await server.ask("update_task", { task_id: "t0", description: "x".repeat(1_000) });
  const lines = (await runHere(directory.path, ["status"])).output.split("\n");
  assertEquals(lines.slice(51, 53), ["… and 10 more: status --all prints every task", "60 tasks: 60 ready"]);
  assert((lines[1]?.length ?? 0) <= 120 && lines[1]?.endsWith("…"), lines[1]);
  assertEquals((await runHere(directory.path, ["status", "--all"])).output.split("\n").length, 63);
});

Deno.test("commands on a data directory without tasks print no table", async () => {
  await using directory = await temporaryDirectory();
  await (await startServer(directory.path)).close();
  assertEquals((await runHere(directory.path, ["status"])).output, "0 tasks\n");
  assertEquals((await runHere(directory.path, ["history"])).output, "");
  assertEquals((await runHere(directory.path, ["export", "--tasks"])).output, "{\n}\n");
  assertEquals((await runHere(directory.path, ["verify"])).output, "records: 0\nOK\n");
});

Deno.test("control characters in a task do not reach the terminal", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, { name: "\x1b[2Jclient" });
  const text = "a\x1b[31mred\x07\r\nb\u009b2J\x7f\tc\u2028d";
  await server.ask("create_task", { id: "t", description: text });
  await server.ask("get_next_task", { instance_id: "ann" });
  await server.ask("fail_task", { task_id: "t", instance_id: "ann", error: text });
  for (const command of ["status", "history"]) {
    const { output } = await runHere(directory.path, [command, ...(command === "status" ? ["--all"] : [])]);
    for (const line of output.split("\n")) assert(!CONTROL.test(line), JSON.stringify(line));
    assertStringIncludes(output, command === "status" ? "a [31mred b 2J c d" : "task.failed  t");
  }
});

Deno.test("control characters in an imported file do not reach the terminal", async () => {
  await using directory = await temporaryDirectory();
  for (const input of ["\x1b[31m{}", '{"\\u001b[31mt": {"status": "odd"}}', '{"\\u001b[31mt": {}}', '"\x9b"']) {
    const { code, output, log } = await runHere(directory.path, ["import", "-"], { input });
    assertEquals([code, output], [1, ""]);
    for (const line of log.split("\n")) assert(!CONTROL.test(line), JSON.stringify(line));
  }
});
