/** Shows `redact` beside real servers: no file and no server has the text afterwards, and what it refuses. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runHere } from "../support/command.ts";
import { startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const SECRET = "sk-live-1234567890-abcdefghijklmnop";

Deno.test("a text is redacted under running servers, which go on, and in every file of the directory", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  const run = (...command: readonly string[]) => runHere(path, command);
  await using one = await startServer(path);
  await using other = await startServer(path);
  await one.ask("create_task", { id: "a", description: "find the key" });
  await one.ask("get_next_task", { instance_id: "x" });
  await one.ask("complete_task", { task_id: "a", instance_id: "x", result: `It is ${SECRET}` });
  const { result } = await other.ask("get_task_details", { task_id: "a" });
  assertStringIncludes(String(result), SECRET);
  const [segment = ""] = (await filesIn(path)).filter((file) => file.endsWith(".jsonl"));
  for (const folder of ["repaired-1", "deliveries"]) await Deno.mkdir(`${path}/${folder}`);
  await Deno.copyFile(segment, `${path}/repaired-1/0000000001.jsonl`);
  await Deno.writeTextFile(`${path}/repaired-1/tasks.json`, `{"a":{"id":"a","result":"${SECRET}"}}`);
  await Deno.writeTextFile(`${path}/deliveries/log.json`, `{"answer":"got It is ${SECRET}"}`);

  const { code, output, log } = await run("redact", "a", "--field", "result", "--reason", "leaked");
  assertEquals([code, log], [0, ""]);
  assertStringIncludes(output, "Redacted result of task a in 1 record");
  for (const file of await filesIn(path)) assert(!(await Deno.readTextFile(file)).includes(SECRET), file);
  for (const server of [one, other]) {
    assertEquals((await server.ask("get_task_details", { task_id: "a" })).result, "[redacted]");
    const history = JSON.stringify(await server.ask("get_history", { task_id: "a" }));
    assert(!history.includes(SECRET) && history.includes("task.redacted"), history);
  }
  await other.ask("create_task", { id: "b", description: "" });
  assertEquals((await one.ask("get_task_details", { task_id: "b" })).status, "pending");
  const verified = await run("verify");
  assertEquals(verified.code, 0);
  assertStringIncludes(verified.output, "redacted: result of task a in 1 record, by cli, ");
  assertStringIncludes(verified.output, ": leaked\nOK");
  assertStringIncludes((await run("redact", "a", "--reason", "again")).output, "Redacted description");
  assertStringIncludes((await run("redact", "a", "--reason", "again")).output, "Nothing was left to redact");
});

Deno.test("redact refuses what it cannot do, and says what it can", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_task", { id: "a", description: "plain" });
  const cases: readonly (readonly [options: readonly string[], message: string])[] = [
    [["a"], "required option '--reason <text>' not specified"],
    [["a", "--reason", ""], "without a reason"],
    [["a", "--reason", "r", "--field", "results"], "There are description, result, error"],
    [["a", "--reason", "r", "--field", "result"], "it has description"],
    [["b", "--reason", "r"], "Task b not found"],
  ];
  for (const [options, message] of cases) {
    const { code, log } = await runHere(directory.path, ["redact", ...options]);
    assertEquals(code, 1, log);
    assertStringIncludes(log, message);
  }
  assertEquals((await server.ask("get_task_details", { task_id: "a" })).description, "plain");
});

/** All files below a directory. */
async function filesIn(directory: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    files.push(...isDirectory ? await filesIn(path) : [path]);
  }
  return files;
}
