/** Shows that handlers survive the death of the process that runs them, with real servers that share a data directory. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cacheDirectory, runProgram } from "../support/program.ts";
import { MAIN, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const DENO_DIRECTORY = Deno.execPath().replace(/\/[^/]*$/, "");
const ENV = { PATH: `${DENO_DIRECTORY}:${Deno.env.get("PATH")}`, HOME: Deno.env.get("HOME") ?? "/" };

interface Place extends AsyncDisposable {
  readonly data: string;
  /** Where the handlers file is. */
  readonly directory: string;
  /** Starts a server that competes to run the handlers. */
  readonly start: (args?: readonly string[]) => Promise<Server>;
  readonly lines: (file: string) => Promise<readonly string[]>;
}

async function placeWith(handlers: readonly object[]): Promise<Place> {
  const root = await temporaryDirectory();
  const [data, directory] = [`${root.path}/data`, `${root.path}/handlers`];
  await Deno.mkdir(data);
  await Deno.mkdir(directory, { mode: 0o700 });
  await Deno.writeTextFile(`${directory}/handlers.json`, JSON.stringify(handlers), { mode: 0o600 });
  // Commands find the packages of these tests by it.
  const env = { ...ENV, DENO_DIR: await cacheDirectory() };
  return {
    data,
    directory,
    start: (args = []) =>
      startServer(data, {
        args: ["--handlers", `${directory}/handlers.json`, "--allow-handlers-from", directory, ...args],
        permissions: [`--allow-read=${directory}`, "--allow-run=sh,deno"],
        env,
      }),
    async lines(file) {
      const text = await Deno.readTextFile(`${directory}/${file}`).catch(() => "");
      return text.split("\n").filter((line) => line !== "");
    },
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}

function skipsWindows(name: string, act: () => Promise<void>): void {
  Deno.test(name, async () => {
    if (Deno.build.os === "windows") return console.log("Skipped on Windows: there is no POSIX shell");
    await act();
  });
}

/** Writes the subject of what it got to `out`. The one of t2 waits until there is a file `go`. */
const SCRIPT = `
id=$(sed -n 's/.*"subject":"\\([^"]*\\)".*/\\1/p')
echo "$id" >> out
echo "$ORCHESTRATOR_TOKEN" >> tokens
while [ "$id" = t2 ] && ! [ -e go ]; do sleep 0.05; done
echo "$id" >> done`;

skipsWindows(
  "when the process that runs a handler is killed, another one runs it again, then the rest in order",
  async () => {
    await using place = await placeWith([{ on: ["task.created"], run: ["sh", "-c", SCRIPT], name: "h" }]);
    await using first = await place.start();
    await until("the lead", () => first.log.includes("runs the handlers h"));
    await using second = await place.start();
    for (const id of ["t1", "t2", "t3"]) await second.ask("create_task", { id, description: "" });
    await until("the run of t2", async () => (await place.lines("out")).length === 2);
    Deno.kill(first.pid, "SIGKILL");
    for (const id of ["t4", "t5"]) await second.ask("create_task", { id, description: "" });
    await until("another run of t2", async () => (await place.lines("out")).length === 3);
    await Deno.writeTextFile(`${place.directory}/go`, "");
    await until("all", async () => (await place.lines("done")).includes("t5"));
    assertEquals(await place.lines("out"), ["t1", "t2", "t2", "t3", "t4", "t5"]);
    const secrets = [...new Set(await place.lines("tokens"))];
    const codes = await Promise.all(secrets.map(async (secret) => (await callWith(secret, place.data)).code));
    assertEquals(codes, [1, 0], "the token of the dead process is revoked, that of the other one is not");
    await second.close();
    assertStringIncludes((await runProgram(place.data, ["token", "list"])).output, "There are no tokens");
  },
);

/** Calls a tool with a token. */
function callWith(secret: string, data: string) {
  const permissions = [`--allow-read=${data}`, `--allow-write=${data}`, "--allow-env=ORCHESTRATOR_TOKEN"];
  return runProgram("", [], {
    args: ["run", "--quiet", "--no-prompt", ...permissions, MAIN, "--data", data, "call", "get_task_status"],
    env: { ORCHESTRATOR_TOKEN: secret },
  });
}

skipsWindows(
  "a command acts through call with the rights of its token, and its failure is in the history",
  async () => {
    const call = (id: string, data: string) => [
      ...["deno", "run", "--quiet", "--no-prompt", `--allow-read=${data}`, `--allow-write=${data}`],
      ...["--allow-env=ORCHESTRATOR_TOKEN", MAIN, "--data", data, "--as", "token", "call", "create_task"],
      JSON.stringify({ id, description: "" }),
    ];
    await using place = await placeWith([]);
    const handlers = [
      { on: ["task.noted"], run: call("seen", place.data), name: "watch", role: "observer" },
      { on: ["task.noted"], run: call("made", place.data), name: "work" },
    ];
    await Deno.writeTextFile(`${place.directory}/handlers.json`, JSON.stringify(handlers));
    await using server = await place.start();
    await until("the lead", () => server.log.includes("runs the handlers watch, work"));
    await server.ask("create_task", { id: "a", description: "" });
    await server.ask("add_note", { task_id: "a", text: "n" });
    await until("a failure", async () => {
      return (await runProgram(place.data, ["history", "--type", "handler.failed"])).output.includes("watch");
    });
    const { output } = await runProgram(place.data, ["history", "--type", "handler.failed"]);
    assertStringIncludes(
      output,
      'handler.failed  watch  (2.0: It ended with exit code 1: {"error":{"code":"forbidden"',
    );
    await until(
      "the new task",
      async () => (await server.call("get_task_details", { task_id: "made" })).isError !== true,
    );
    assertEquals((await server.call("get_task_details", { task_id: "seen" })).isError, true);
    const audit = await runProgram(place.data, ["audit", "--task", "made"]);
    const [made = ""] = audit.output.split("\n");
    assert(JSON.parse(made).data.via.token.startsWith("handler:worker:"), made);
  },
);
