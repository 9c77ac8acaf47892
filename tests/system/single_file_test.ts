/** Shows that the whole server fits into one file, and that a standalone program can be made of it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "@std/fs";
import { ASSETS } from "../../src/dashboard/assets/mod.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { runProgram } from "../support/program.ts";
import { startServer } from "../support/server.ts";
import { startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("the bundle answers initialize and carries a task from creation to completion", async () => {
  await using directory = await temporaryDirectory();
  const bundle = `${directory.path}/orchestrator.js`;
  const made = await runTask(denoJson.tasks.bundle.command.replace("dist/orchestrator.js", bundle));
  assertEquals(made.code, 0, made.log);
  assert((await Deno.stat(bundle)).size < 2_500_000);

  await using server = await startServer(`${directory.path}/data`, { main: bundle });
  assertEquals(server.client.getServerVersion()?.version, denoJson.version);
  await server.ask("create_task", { id: "a", description: "do it" });
  const { attempt } = await server.ask("get_next_task", { instance_id: "w" });
  assertEquals(attempt, 1);
  await server.ask("complete_task", { task_id: "a", instance_id: "w", result: "done" });
  assertEquals((await server.ask("get_task_details", { task_id: "a" }))["status"], "completed");

  await using service = await startService(`${directory.path}/data`, { main: bundle });
  for (const { path, body } of ASSETS) assertEquals(await (await fetch(service.url(path))).text(), body, path);
  assertEquals((await (await fetch(service.url("/api/v1/plan"))).json()).ids, ["a"]);
});

Deno.test("a bundle keeps its data where cleaning does not delete it, unless it has data beside it already", async () => {
  await using directory = await temporaryDirectory();
  const bundle = `${directory.path}/orchestrator.js`;
  await runTask(denoJson.tasks.bundle.command.replace("dist/orchestrator.js", bundle));
  const permissions = [`--allow-read=${directory.path}`, `--allow-write=${directory.path}`];
  const start = (variables: string) =>
    runProgram("", [], {
      args: ["run", "--quiet", "--no-prompt", ...permissions, `--allow-env=${variables}`, bundle],
      input: "",
      env: { XDG_DATA_HOME: `${directory.path}/share` },
    });
  const unknown = await start("ORCHESTRATOR_DATA_DIR");
  assertEquals(unknown.code, 1);
  assertStringIncludes(unknown.log, "Cannot tell where to keep the data: HOME is not set, or may not be read");
  assertEquals((await start("XDG_DATA_HOME")).code, 0);
  assert(await exists(`${directory.path}/share/mcp-orchestrator/journal`));
  await (await startServer(`${directory.path}/data`, { main: bundle })).close();
  const { code, log } = await start("XDG_DATA_HOME");
  assertEquals(code, 0);
  assertStringIncludes(log, `The data is in ${directory.path}/data, where earlier versions kept it by default`);
});

/** Most bytes that a standalone program has beside Deno's runtime. */
const MAX_EMBEDDED_BYTES = 3_000_000;

Deno.test("a standalone program has the bundle in it, and no packages beside that", async () => {
  await using directory = await temporaryDirectory();
  const empty = `${directory.path}/empty`;
  await Deno.writeTextFile(`${empty}.js`, "");
  // Any executable serves as the runtime here, as nothing is run.
  const env = { DENORT_BIN: Deno.execPath() };
  const sizeOf = async (program: string, command: string) => {
    const { code, log } = await runTask(command, env);
    assertEquals(code, 0, log);
    return (await Deno.stat(Deno.build.os === "windows" ? `${program}.exe` : program)).size;
  };
  const program = `${directory.path}/orchestrator`;
  const runtimeBytes = await sizeOf(empty, `deno compile -o ${empty} ${empty}.js`);
  const embeddedBytes = await sizeOf(program, compileTo(program)) - runtimeBytes;
  const bundleBytes = (await Deno.stat(`${program}.js`)).size;
  assert(embeddedBytes <= MAX_EMBEDDED_BYTES, `${embeddedBytes} bytes`);
  assert(embeddedBytes >= 0.9 * bundleBytes, `${embeddedBytes} bytes for a bundle of ${bundleBytes}`);
});

Deno.test("compile makes a program, or says clearly why it cannot", async () => {
  await using directory = await temporaryDirectory();
  const program = `${directory.path}/orchestrator`;
  const made = await runTask(compileTo(program));
  if (made.code !== 0) {
    console.log("skipped: the runtime cannot be downloaded here, so no program was made");
    assertStringIncludes(made.log, "Cannot compile: ");
    return;
  }
  const { code, stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
  assertEquals([code, new TextDecoder().decode(stdout).trim()], [0, denoJson.version]);
});

/** The command of `deno task compile`, with the program and the bundle elsewhere. */
function compileTo(program: string): string {
  return denoJson.tasks.compile.command
    .replace("deno task bundle", denoJson.tasks.bundle.command)
    .replaceAll("dist/orchestrator", program);
}

/** Runs a command of deno.json as `deno task` does, in the project. */
async function runTask(
  command: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; log: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--eval", command],
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1", ...env },
  }).output();
  return { code, log: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
