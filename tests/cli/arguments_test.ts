/** Shows which arguments and variables the program takes, what it says to others, and what it needs no permission for. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { create } from "../support/calls.ts";
import { type ProgramResult, runProgram } from "../support/program.ts";
import { MAIN, programArgs, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("help and version need no permission at all", async () => {
  const help = await runDeno("--help");
  assertEquals([help.code, help.log], [0, ""]);
  for (const word of ["status", "history", "verify", "repair", "export", "import", "--data", "ORCHESTRATOR_DATA_DIR"]) {
    assertStringIncludes(help.output, word);
  }
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  for (const option of ["--version", "-V"]) {
    assertEquals(await runDeno(option), { code: 0, output: `${version}\n`, log: "" });
  }
  const command = await runDeno("history", "--help");
  assertEquals(command.code, 0);
  for (const option of ["--task", "--since", "--limit"]) assertStringIncludes(command.output, option);
});

Deno.test("arguments that make no sense are refused with 1, saying what would", async (t) => {
  for (
    const [args, says] of [
      [["frob"], "unknown command 'frob': there are status, history, verify, repair, export, import"],
      [["--frob"], "unknown option '--frob'"],
      [["--stroe", "memory"], "Did you mean --store?"],
      [["--store", "disk"], "Allowed choices are file, memory."],
      [["--data"], "argument missing"],
      [["--data", ""], "It is empty: give a directory."],
      [["--data", "  ", "status"], "It is empty: give a directory."],
      [["history", "--limit", "x"], "It must be a whole number."],
      [["history", "--since", "-1"], "It must be a whole number."],
      [["history", "--limit", "1.5"], "It must be a whole number."],
      [["status", "--task", "x"], "unknown option '--task'"],
      [["status", "extra"], "too many arguments for 'status'"],
      [["verify", "other-directory"], "too many arguments for 'verify'"],
      [["import"], "missing required argument 'file'"],
      [["import", "a", "b"], "too many arguments for 'import'"],
    ] as const
  ) {
    await t.step(args.join(" "), async () => {
      const { code, output, log } = await runDeno(...args);
      assertEquals([code, output], [1, ""]);
      assertStringIncludes(log, says);
      assertStringIncludes(log, "--help shows what there is");
    });
  }
});

Deno.test("commands say when there is no data directory, and make none", async () => {
  await using parent = await temporaryDirectory();
  const directory = `${parent.path}/none`;
  for (const command of ["status", "history", "verify", "repair", "export"]) {
    const { code, output, log } = await runProgram(directory, [command]);
    assertEquals([code, output], [1, ""]);
    assertStringIncludes(
      log,
      `There is no data in ${directory}: --data or ORCHESTRATOR_DATA_DIR names another directory`,
    );
  }
  assertEquals(Array.from(Deno.readDirSync(parent.path)), []);
});

Deno.test("without permission for the data directory, the program says which it needs and asks nobody", async () => {
  await using directory = await temporaryDirectory();
  await (await startServer(directory.path)).close();
  for (const command of [["status"], ["verify"], ["export"], []]) {
    const { code, output, log } = await runDeno("--data", directory.path, ...command);
    assertEquals([code, output], [1, ""], command.join(" "));
    assertStringIncludes(log, directory.path);
    assertStringIncludes(log, "--allow-");
    assert(!log.includes("    at "), log);
  }
});

Deno.test("the data directory", async (t) => {
  await using one = await temporaryDirectory();
  await using two = await temporaryDirectory();
  for (const [directory, id] of [[one.path, "in-one"], [two.path, "in-two"]] as const) {
    await using server = await startServer(directory);
    await create(server, id);
  }
  const permissions = ["run", "--quiet", "--no-prompt", `--allow-read=${one.path},${two.path}`];
  permissions.push(`--allow-write=${one.path},${two.path}`);
  const env = { ORCHESTRATOR_DATA_DIR: one.path };
  const withEnvironment = [...permissions, "--allow-env=ORCHESTRATOR_DATA_DIR", MAIN];

  await t.step("is named by ORCHESTRATOR_DATA_DIR where that may be read", async () => {
    const { code, output } = await runProgram("", [], { args: [...withEnvironment, "status"], env });
    assertEquals(code, 0);
    assertStringIncludes(output, "in-one");
  });

  await t.step("is rather named by --data, before or after the command", async () => {
    for (
      const args of [["--data", two.path, "status"], ["status", "--data", two.path], [`--data=${two.path}`, "status"]]
    ) {
      const { code, output, log } = await runProgram("", [], { args: [...withEnvironment, ...args], env });
      assertEquals([code, log], [0, ""], args.join(" "));
      assertStringIncludes(output, "in-two");
    }
  });

  await t.step("is not named by a variable that may not be read", async () => {
    const args = [...permissions, MAIN, "status"];
    const { code, log } = await runProgram("", [], { args, env });
    assertEquals(code, 1);
    assertStringIncludes(log, `${MAIN.slice(0, -"/main.ts".length)}/data`);
  });

  await t.step("is not named by an empty variable", async () => {
    const args = [...withEnvironment, "status"];
    const { code, log } = await runProgram("", [], { args, env: { ORCHESTRATOR_DATA_DIR: "" } });
    assertEquals(code, 1);
    assertStringIncludes(log, `${MAIN.slice(0, -"/main.ts".length)}/data`);
  });
});

Deno.test("with --store memory nothing is kept, and no permission is needed", async () => {
  const input = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_task","arguments":' +
    '{"id":"a","description":""}}}\n';
  const { code, output, log } = await runProgram("", [], {
    args: ["run", "--quiet", "--no-prompt", MAIN, "--store", "memory"],
    input,
  });
  assertEquals([code, log], [0, ""]);
  assertEquals(JSON.parse(output).result.structuredContent.id, "a");
});

Deno.test("a server makes its data directory, with all above it, for its user only", async () => {
  await using parent = await temporaryDirectory();
  const directory = `${parent.path}/a/b`;
  const args = programArgs(directory).map((arg) => arg.replace(`=${directory}`, `=${parent.path}`));
  const { code, log } = await runProgram("", [], { args, input: "" });
  assertEquals([code, log], [0, ""]);
  if (Deno.build.os === "windows") return console.log("Skipped on Windows: modes of files");
  assertEquals((await Deno.stat(directory)).mode! & 0o777, 0o700);
});

/** Runs the program without any permission. */
async function runDeno(...args: readonly string[]): Promise<ProgramResult> {
  return await runProgram("", [], { args: ["run", "--quiet", "--no-prompt", MAIN, ...args] });
}
