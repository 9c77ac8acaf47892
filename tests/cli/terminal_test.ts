/** Shows what a person sees who starts the program in a terminal: how to connect a client, and tables in colours. */

import { dirname, relative } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { banner } from "../../src/cli/banner.ts";
import { create } from "../support/calls.ts";
import { missingCommand, missingOnWindows, testUnless } from "../support/needs.ts";
import { Client, StdioClientTransport } from "../support/sdk_client.ts";
import { MAIN, programArgs, serverEnvironment, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** Why there is no terminal: `script` of util-linux makes it, which takes other arguments on other systems. */
const NO_TERMINAL = Deno.build.os === "linux"
  ? await missingCommand("script", ["-qec", "true", "/dev/null"], ", so there is no terminal")
  : "script of util-linux makes the terminal, which is for Linux";

testUnless(NO_TERMINAL, "on a terminal, a server prints how to connect a client, and that works")(async () => {
  await using directory = await temporaryDirectory();
  // Here a missing permission would be asked for.
  const shown = await runOnTerminal(programArgs(directory.path).filter((arg) => arg !== "--no-prompt"));
  assertStringIncludes(shown, "MCP Orchestrator is waiting for an MCP client on standard input.");
  assert(!shown.includes("permission"), shown);
  const configuration = shown.slice(shown.indexOf("{"), shown.lastIndexOf("}") + 1);
  const { command, args } = JSON.parse(configuration).mcpServers.orchestrator;
  assertEquals(command, "deno");
  assertStringIncludes(shown, `claude mcp add orchestrator -- deno ${args.join(" ")}\n`);
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(
    new StdioClientTransport({ command: Deno.execPath(), args, env: serverEnvironment(), stderr: "ignore" }),
  );
  try {
    assert((await client.listTools()).tools.length > 0);
  } finally {
    await client.close();
  }
});

testUnless(NO_TERMINAL, "on a terminal, a server prints the real, absolute path for a relative path or one with links")(
  async () => {
    await using parent = await temporaryDirectory();
    await Deno.mkdir(`${parent.path}/real`);
    await Deno.symlink(`${parent.path}/real`, `${parent.path}/link`);
    const options = ["run", "--quiet", `--allow-read=${parent.path}`, `--allow-write=${parent.path}`, MAIN];
    for (const given of [`${parent.path}/link/data`, relative(Deno.cwd(), `${parent.path}/link/data`)]) {
      const shown = await runOnTerminal([...options, "--data", given]);
      const real = `${parent.path}/real/data`;
      const { args } = JSON.parse(shown.slice(shown.indexOf("{"), shown.lastIndexOf("}") + 1)).mcpServers.orchestrator;
      const permissions = [
        `--allow-read=${real},${dirname(MAIN)}`,
        `--allow-write=${real}`,
        "--allow-env=ORCHESTRATOR_TOKEN",
      ];
      assertEquals(args, ["run", ...permissions, MAIN, "--data", real]);
    }
  },
);

testUnless(
  NO_TERMINAL,
  "on a terminal, a server with --store memory says so, and prints a configuration without a directory",
)(async () => {
  const shown = await runOnTerminal(["run", "--quiet", MAIN, "--store", "memory"]);
  assertStringIncludes(shown, `claude mcp add orchestrator -- deno run ${MAIN} --store memory\n`);
  assertStringIncludes(shown, "nothing is kept, and each client has its own tasks");
});

testUnless(
  missingOnWindows("POSIX shell"),
  "the command for Claude Code works in a shell, whatever the name of the directory",
)(async () => {
  for (const directory of ["/plain/data", "/my data", "/it's", `/"$HOME" & \`x\`; *`, "/data,more", "/ключ"]) {
    const lines = banner({ command: "deno", args: ["run", "main.ts"] }, { store: "file", directory }).split("\n");
    const shown = lines.find((line) => line.startsWith("claude mcp add orchestrator -- ")) ?? "";
    const script = `printf '%s\\n' ${shown.slice(shown.indexOf("--") + 3)}`;
    const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
    assertEquals(new TextDecoder().decode(stdout), ["deno", "run", "main.ts", "--data", directory, ""].join("\n"));
  }
});

testUnless(NO_TERMINAL, "a table has colours on a terminal, unless NO_COLOR is set")(async () => {
  await using directory = await temporaryDirectory();
  {
    await using server = await startServer(directory.path);
    await create(server, "a");
  }
  const args = programArgs(directory.path, "status");
  const colored = await runOnTerminal(args);
  assertStringIncludes(colored, "\x1b[36ma   ready");
  const plain = await runOnTerminal(args, { NO_COLOR: "1" });
  assertStringIncludes(plain, "a   ready");
  assert(!plain.includes("\x1b"), plain);
});

/** What a run on a terminal shows until its input ends. */
async function runOnTerminal(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const command = [Deno.execPath(), ...args].map((arg) => `'${arg}'`).join(" ");
  const { code, stdout } = await new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    env: { NO_COLOR: "", ...env },
    stdin: "null",
    stderr: "inherit",
  }).output();
  assertEquals(code, 0);
  return new TextDecoder().decode(stdout).replaceAll("\r\n", "\n");
}
