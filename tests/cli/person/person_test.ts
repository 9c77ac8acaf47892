/** Shows how a person takes part in a plan from a terminal, beside agents. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LOGIN, runHere } from "../../support/command.ts";
import { type Json, startServer } from "../../support/server.ts";
import { temporaryDirectory } from "../../support/temp.ts";

/** Runs a command that must succeed; returns what it prints. */
async function run(directory: string, ...command: readonly string[]): Promise<string> {
  const { code, output, log } = await runHere(directory, command);
  assertEquals([code, log], [0, ""], command.join(" "));
  return output;
}

Deno.test("a person adds tasks, claims one, and completes it", async () => {
  await using data = await temporaryDirectory();
  const { path } = data;
  assertEquals(await run(path, "add", "Design the login"), "design-the-login is ready\n");
  assertEquals(
    await run(path, "add", "Build", "it", "--after", "design-the-login"),
    "build-it is waiting for design-the-login\n",
  );
  assertEquals(await run(path, "add", "Build it", "--priority", "high"), "build-it-2 is ready\n");
  assertEquals(await run(path, "add", "Sell it", "--id", "Sell"), "Sell is ready\n");
  assertStringIncludes(await run(path, "next", "design-the-login"), `design-the-login is yours (${LOGIN}) until `);
  assertEquals(
    await run(path, "note", "design-the-login", "two", "columns"),
    `Noted on design-the-login, which ${LOGIN} has\n`,
  );
  assertEquals(
    await run(path, "done", "design-the-login", "see", "the file"),
    "design-the-login is completed\nNow ready: build-it\n",
  );
  const claimed = await run(path, "next", "build-it");
  assertStringIncludes(claimed, "From the tasks before it:\n  design-the-login: see the file\n");
  assertStringIncludes(claimed, 'When it is done: done build-it "the result"\n');
  const shown = await run(path, "show", "design-the-login");
  assertStringIncludes(shown, "Result:\n  see the file\n");
  assertMatch(shown, /Notes:\n {2}\S+ \d\d:\d\d UTC kim: two columns\n/);
});

Deno.test("what a person claims is kept for a day, and shared with agents", async () => {
  await using data = await temporaryDirectory();
  const { path } = data;
  await using server = await startServer(path);
  await server.ask("create_task", { id: "a", description: "first\nsecond line" });
  const before = Date.now();
  const claim: Json = JSON.parse(await run(path, "next", "--json"));
  assertEquals([claim["id"], claim["you"]], ["a", LOGIN]);
  const keptMs = Date.parse(String(claim["leaseUntil"])) - before;
  assert(keptMs >= 24 * 60 * 60 * 1_000 - 1 && keptMs < 25 * 60 * 60 * 1_000, String(keptMs));
  const none = await server.ask("get_next_task", { instance_id: "agent" });
  assertEquals(none["status"], "no_tasks");
  await server.ask("add_note", { task_id: "a", text: "look at b, too", instance_id: "agent" });
  assertStringIncludes(await run(path, "done", "a"), "agent: look at b, too\n");
  const details = await server.ask("get_task_details", { task_id: "a" });
  assertEquals([details["status"], details["assignedTo"]], ["completed", LOGIN]);
});

Deno.test("next exits with 2 if there is no task, and tells what the person has", async () => {
  await using data = await temporaryDirectory();
  await run(data.path, "add", "a");
  await run(data.path, "next");
  const { code, output } = await runHere(data.path, ["next"]);
  assertEquals(code, 2);
  assertStringIncludes(output, "No task is left to claim; still running: a (kim); what would help: done");
  assertStringIncludes(output, "You (kim) have a");
});

Deno.test("a person ends tasks, opens them again, and is told why one waits", async () => {
  await using data = await temporaryDirectory();
  const { path } = data;
  await run(path, "add", "a");
  await run(path, "add", "b", "--after", "a");
  assertStringIncludes(await run(path, "cancel", "a", "not", "now"), "a is cancelled");
  assertEquals(
    await run(path, "why", "b"),
    [
      "b is blocked. It is blocked by a (cancelled)",
      "",
      "What would change that:",
      "  retry a",
      "  update_task b with other dependencies",
      "",
      "Its dependencies:",
      "  cannot be met now: a (cancelled)",
      "",
    ].join("\n"),
  );
  assertStringIncludes(await run(path, "show", "a"), "Reason:\n  not now\n");
  assertEquals(await run(path, "retry", "a"), "a is ready\n");
});

Deno.test("a refusal names commands that would work, and the tasks that a misspelt id may mean", async () => {
  await using data = await temporaryDirectory();
  const { path } = data;
  await run(path, "add", "Design the login");
  await run(path, "add", "Build the login");
  const refused: readonly (readonly [command: readonly string[], message: string])[] = [
    [["show", "desing-the-login"], "Did you mean design-the-login?"],
    [["retry", "the-login"], "Did you mean design-the-login or build-the-login?"],
    [["add", "x", "--after", "design-the-logn"], "Did you mean design-the-login?"],
    [["done", "design-the-login", "x"], "next design-the-login"],
    [["add", "x", "--id", "design-the-login"], "Task design-the-login already exists"],
    [["add", "x", "--group", "none"], "none"],
  ];
  for (const [command, message] of refused) {
    const { code, output, log } = await runHere(path, command);
    assertEquals([code, output], [1, ""], command.join(" "));
    assertStringIncludes(log, message);
    const { log: json } = await runHere(path, [...command, "--json"]);
    assertStringIncludes(JSON.parse(json).error.message, message);
  }
});

Deno.test("only add makes a data directory", async () => {
  await using data = await temporaryDirectory();
  const missing = `${data.path}/new`;
  for (
    const command of [["next"], ["done", "a"], ["note", "a", "b"], ["retry", "a"], ["cancel", "a"], ["show", "a"], [
      "why",
      "a",
    ]]
  ) {
    const { code, log } = await runHere(missing, command);
    assertEquals(code, 1, log);
    assertMatch(log, /There is no data in|does not exist/);
  }
  assertEquals(Array.from(Deno.readDirSync(data.path)), []);
  await run(missing, "add", "a");
});

Deno.test("a task without a text is refused, and makes nothing", async () => {
  await using data = await temporaryDirectory();
  for (const words of [[""], [" ", "\t"], ["", "--id", "a"]]) {
    const { code, output, log } = await runHere(`${data.path}/new`, ["add", ...words]);
    assertEquals([code, output, log], [1, "", "Cannot add a task without a text: say what is to be done\n"]);
  }
  assertEquals(Array.from(Deno.readDirSync(data.path)), []);
});

Deno.test("a task that was not claimed and is not ready cannot be done, and the refusal says what comes first", async () => {
  await using data = await temporaryDirectory();
  const { path } = data;
  await run(path, "add", "First");
  await run(path, "add", "Second", "--after", "first");
  const { code, log } = await runHere(path, ["done", "second", "it is done"]);
  assertEquals(
    [code, log],
    [
      1,
      `Task second is not assigned to instance ${LOGIN}: it is waiting for first (pending); what would help: next first, ` +
      "then done\n",
    ],
  );
  await run(path, "next", "first");
  await run(path, "done", "first");
  await run(path, "next", "second");
  await run(path, "done", "second");
});

Deno.test("nothing in a task controls the terminal", async () => {
  await using data = await temporaryDirectory();
  await run(data.path, "add", "a\x1b[2Jb\u009b31m\u202e", "--id", "a");
  for (const command of ["next", "show", "why"]) {
    const { output } = await runHere(data.path, command === "next" ? ["next"] : [command, "a"]);
    assert(!/[^\P{Cc}\n]|\u202e/u.test(output), JSON.stringify(output));
  }
});
