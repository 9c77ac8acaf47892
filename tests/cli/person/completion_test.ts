/** Shows what completes a command line: commands, options, their values, and ids that the plan has. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { printScript } from "../../../src/composition/completion.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { runHere } from "../../support/command.ts";
import { missingCommand, testUnless } from "../../support/needs.ts";
import { runProgram } from "../../support/program.ts";
import { startServer } from "../../support/server.ts";
import { startService } from "../../support/service.ts";
import { temporaryDirectory } from "../../support/temp.ts";

const NO_BASH = await missingCommand("bash", ["-c", "read -a words <<< 'a b'"]);

/** What completes the last of some words. */
async function completed(directory: string, ...words: readonly string[]): Promise<readonly string[]> {
  const { code, output, log } = await runHere(directory, ["complete", "--", ...words]);
  assertEquals([code, log], [0, ""], words.join(" "));
  return output.split("\n").slice(0, -1);
}

Deno.test("commands, options and their values are completed", async () => {
  await using data = await temporaryDirectory();
  const { path } = data;
  assertEquals(await completed(path, "do"), ["done", "doctor"]);
  assertEquals(await completed(path, "token", ""), ["issue", "list", "revoke", "help"]);
  assertEquals(await completed(path, "add", "text", "--p"), ["--priority"]);
  assertEquals(await completed(path, "add", "text", "--priority", ""), ["low", "normal", "high", "urgent"]);
  assertEquals(await completed(path, "completion", "z"), ["zsh"]);
  assertEquals(await completed(path, "--ver"), ["--version"]);
  assertEquals(await completed(path, "add", "--id", ""), []);
  assertEquals(await completed(path, "status", "x"), []);
});

Deno.test("ids are completed from the plan: those for which the command is", async () => {
  await using data = await temporaryDirectory();
  const { path } = data;
  await using server = await startServer(path);
  await server.ask("create_group", { group_id: "web" });
  for (const id of ["a1", "a2", "a3", "b"]) await server.ask("create_task", { id, description: "" });
  await server.ask("create_task", { id: "c", description: "", dependencies: ["b"] });
  await server.ask("get_next_task", { task_id: "a1", instance_id: "x" });
  await server.ask("cancel_task", { task_id: "a2" });
  assertEquals(await completed(path, "show", "a"), ["a1", "a2", "a3"]);
  assertEquals(await completed(path, "next", ""), ["a3", "b"]);
  assertEquals(await completed(path, "done", ""), ["a1"]);
  assertEquals(await completed(path, "retry", ""), ["a2"]);
  assertEquals(await completed(path, "cancel", ""), ["a1", "a3", "b", "c"]);
  assertEquals(await completed(path, "add", "text", "--after", "b", "a"), ["a1", "a2", "a3"]);
  assertEquals(await completed(path, "redact", "c"), ["c"]);
  assertEquals(await completed(path, "next", "--group", ""), ["web"]);
  assertEquals(await completed(path, "note", "b", ""), []);
});

Deno.test("the command line names the data whose ids are wanted", async () => {
  await using data = await temporaryDirectory();
  await using other = await temporaryDirectory();
  await runHere(other.path, ["add", "there"]);
  assertEquals(await completed(data.path, "--data", other.path, "show", ""), ["there"]);
  assertEquals(await completed(data.path, `--data=${other.path}`, "--log-level=debug", "show", "t"), ["there"]);
});

Deno.test("a plan with more tasks than a page, or than are offered, is completed within bounds", async () => {
  await using data = await temporaryDirectory();
  const tasks = Object.fromEntries(Array.from({ length: 2_500 }, (_, n) => [`t${n}`, { description: "d" }]));
  await runHere(data.path, ["import", "-"], { input: JSON.stringify(tasks) });
  assertEquals(await completed(data.path, "show", "t2499"), ["t2499"]);
  assertEquals((await completed(data.path, "show", "t")).length, 200);
});

Deno.test("with --project auto, a script is printed outside of repositories, too: it asks where a line is typed", async () => {
  let script = "";
  const deno = { isStandalone: false, executable: "deno", denoVersion: "2.9.6", os: "linux" };
  const program = { ...deno, version: "1.4.0", program: "main.ts", readable: "." };
  const code = await printScript({
    type: "completion",
    shell: "bash",
    name: "orchestrator",
    location: { type: "project", project: "auto" },
  }, {
    program,
    urlOf: () => undefined,
    locate: () => Promise.reject(new Error("in no git repository")),
    log: createLog(() => {}),
    write: (text) => void (script += text),
  });
  assertEquals(code, 0);
  assertStringIncludes(script, "--allow-net=127.0.0.1:8787 main.ts --project auto complete -- ");
});

Deno.test("there is a script for each shell, and none for others", async () => {
  await using data = await temporaryDirectory();
  for (
    const [shell, registration] of [["bash", "complete -F _a_b_complete a-b"], ["zsh", "compdef _a_b_complete a-b"], [
      "fish",
      "complete -c a-b -f",
    ]] as const
  ) {
    const { code, output } = await runHere(data.path, ["completion", shell, "--name", "a-b"]);
    assertEquals(code, 0);
    assertStringIncludes(output, registration);
    assertStringIncludes(output, `--data ${data.path} complete --`);
  }
  for (const args of [["sh"], ["bash", "--name", "a b"], []]) {
    assertEquals((await runHere(data.path, ["completion", ...args])).code, 1);
  }
});

testUnless(NO_BASH, "the script asks the service that runs on the data, and the files without one")(async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path, { needsToken: true });
  await runHere(data.path, ["add", "Write docs"]);
  const { output: script } = await runProgram(data.path, ["completion", "bash"]);
  assertStringIncludes(script, `--allow-net=${service.host} `);
  const asking = "COMP_LINE='orchestrator show w' COMP_POINT=19; _orchestrator_complete; echo ${COMPREPLY[@]}";
  const ask = async () => {
    const { stdout } = await new Deno.Command("bash", { args: ["-c", script + asking] }).output();
    return new TextDecoder().decode(stdout);
  };
  const calls = async () => {
    const metrics = await fetch(service.url("/metrics"), { headers: await adminOf(data.path) });
    return [...(await metrics.text()).matchAll(/^orchestrator_calls_total\{.*call="get_task_status".* (\d+)$/gm)]
      .reduce((sum, [, count]) => sum + Number(count), 0);
  };
  assertEquals([await ask(), await calls()], ["write-docs\n", 1]);
  await service.end("SIGKILL");
  assertEquals(await ask(), "write-docs\n");
});

async function adminOf(directory: string) {
  return { authorization: `Bearer ${(await Deno.readTextFile(`${directory}/admin-token`)).trim()}` };
}

testUnless(NO_BASH, "bash completes by the script, ids with spaces and colons too")(async () => {
  await using data = await temporaryDirectory();
  const { path } = data;
  for (const id of ["review it", "docs:write", "docs:read", "release"]) await runHere(path, ["add", "x", "--id", id]);
  // Started as a person starts it: with permission for the data only.
  const { output: script } = await runProgram(path, ["completion", "bash"]);
  const lines = ["show re", "show docs:w", "add text --after docs:", "ca"].map((line) => `orchestrator ${line}`);
  const asking = lines.map((line) =>
    `COMP_LINE='${line}' COMP_POINT=${line.length}; _orchestrator_complete; printf '%s|' "\${COMPREPLY[@]}"; echo`
  );
  const { stdout } = await new Deno.Command("bash", { args: ["-c", script + asking.join("\n")] }).output();
  assertEquals(new TextDecoder().decode(stdout).split("\n"), [
    "review\\ it|release|",
    "write|",
    "write|read|",
    "call|cancel|",
    "",
  ]);
});
