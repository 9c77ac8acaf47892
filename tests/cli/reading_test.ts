/** Shows that looking at a data directory takes no right to write, and that nothing in it is made, changed or moved. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { create } from "../support/calls.ts";
import { filesOf } from "../support/files.ts";
import { missingCommand, missingOnWindows, testUnless } from "../support/needs.ts";
import { type ProgramResult, runProgram } from "../support/program.ts";
import { MAIN, startServer } from "../support/server.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temp.ts";

/** What every run has on its standard input: an import takes it, a server an unknown message. */
const IMPORTABLE = '{"t": {"description": "d"}}\n';

/** Mounts the directory `$0` read-only on itself, for this process and its children. */
const MOUNT = `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"`;

/** Takes from the superuser the rights for which modes do not count. */
const SETPRIV = ["--bounding-set", "--inh-caps"].map((set) => `${set}=-dac_override,-dac_read_search`);

const READING = [["status"], ["history"], ["export"], ["verify"]] as const;

for (
  const [what, change] of [
    ["as its server left it", () => Promise.resolve()],
    ["without a checkpoint", (path: string) => removeAll(path, "state.json", "tasks.json")],
    [
      "with the journal alone",
      (path: string) => removeAll(path, "state.json", "tasks.json", "lock", "checkpoint.lock"),
    ],
    ["with a damaged checkpoint", (path: string) => Deno.writeTextFile(`${path}/state.json`, "{")],
    ["with an edited tasks.json", (path: string) => Deno.writeTextFile(`${path}/tasks.json`, "{}")],
    [
      "with an unfinished last record",
      (path: string) => Deno.writeTextFile(`${path}/journal/0000000001.jsonl`, '{"v":2,"seq":3', { append: true }),
    ],
  ] as const
) {
  Deno.test(`a data directory ${what} is read without permission to write`, async () => {
    await using directory = await withTasks("a", "b");
    await change(directory.path);
    const before = await filesOf(directory.path);
    const outputs = [];
    for (const command of READING) {
      const { code, output, log } = await read(directory.path, command);
      assertEquals(code, 0, log);
      outputs.push(output);
    }
    assertStringIncludes(outputs[0] ?? "", "2 tasks: 2 ready");
    assertMatch(outputs[1] ?? "", /task.created {2}a\n.*task.ready {2}a\n.*task.created {2}b\n.*task.ready {2}b\n$/);
    assertEquals(Object.keys(JSON.parse(outputs[2] ?? "").tasks), ["a", "b"]);
    assertStringIncludes(outputs[3] ?? "", "records: 2\n");
    assertEquals(await filesOf(directory.path), before);
  });
}

Deno.test("tasks without a journal are shown, and are not imported", async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/tasks.json`, '{"t": {"description": "d", "status": "pending"}}');
  const before = await filesOf(directory.path);
  const [status, history, exported, verified] = await Promise.all(
    READING.map((command) => read(directory.path, command)),
  );
  assertStringIncludes(status?.output ?? "", "1 task: 1 ready");
  assertStringIncludes(status?.log ?? "", "this shows tasks.json");
  assertEquals([history?.code, history?.output], [0, ""]);
  assertEquals(Object.keys(JSON.parse(exported?.output ?? "").tasks), ["t"]);
  assertEquals(verified?.output, "records: 0\nOK\n");
  assertEquals(await filesOf(directory.path), before);
});

Deno.test("damage is reported even without permission to write, with or without a lock file", async () => {
  await using directory = await withTasks("a", "b", "c");
  const path = `${directory.path}/journal/0000000001.jsonl`;
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("do b", "do B"));
  await removeAll(directory.path, "state.json");
  for (const remove of [[], ["lock", "checkpoint.lock"]]) {
    await removeAll(directory.path, ...remove);
    const before = await filesOf(directory.path);
    for (const command of READING) {
      const { code, output, log } = await read(directory.path, command);
      assertEquals(code, 1);
      assertStringIncludes(output + log, "its hash does not match");
    }
    assertEquals(await filesOf(directory.path), before);
  }
});

Deno.test("commands read the answers of a running server", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  for (const id of ["a", "b"]) {
    await create(server, id);
    assertStringIncludes((await read(directory.path, ["export"])).output, `"${id}":`);
  }
});

testUnless(
  await whyNoMount(),
  "on a read-only file system, reading works, and writing fails with one line and a remedy",
)(async () => {
  await using directory = await withTasks("a");
  const before = await filesOf(directory.path);
  const isReadOnly = (command: readonly string[]) => onReadOnlyMount(directory.path, command);
  const status = await isReadOnly(["status"]);
  assertEquals(status.code, 0, status.log);
  assertStringIncludes(status.output, "1 task: 1 ready");
  for (const command of READING) assertEquals((await isReadOnly(command)).code, 0);
  for (const command of [[], ["repair"], ["import", "-"]]) {
    const { code, output, log } = await isReadOnly(command);
    assertEquals([code, output, log.split("\n").length], [1, "", 2], log);
    assertStringIncludes(log, directory.path);
    assertStringIncludes(
      log,
      "the file system is read-only. Make it writable, or name another directory with --data",
    );
  }
  assertEquals(await filesOf(directory.path), before);
});

testUnless(await whyNoSuchUser(), "a user without write access can read, and gets one line if writing is needed")(
  async () => {
    await using directory = await withTasks("a");
    const chmod = async (directoryMode: number, fileMode: number) => {
      for (const name of ["", "/journal"]) await Deno.chmod(directory.path + name, directoryMode);
      for (const path of (await filesOf(directory.path)).keys()) await Deno.chmod(path, fileMode);
    };
    await chmod(0o555, 0o444);
    try {
      for (const command of READING) assertEquals((await withoutOverride(directory.path, command)).code, 0);
      for (const command of [[], ["repair"], ["import", "-"]]) {
        const { code, log } = await withoutOverride(directory.path, command);
        assertEquals([code, log.split("\n").length], [1, 2], log);
        assertStringIncludes(log, directory.path);
        assertStringIncludes(log, "this user may not do that. Change the owner or the mode");
      }
    } finally {
      await chmod(0o755, 0o644);
    }
  },
);

testUnless(missingOnWindows("ulimit"), "a program that may not open enough files says so in one line of error")(
  async () => {
    await using directory = await withTasks("a");
    // Deno itself needs some; with each number more, the program gets further, if it needs more than Deno does to start.
    for (let files = 20; files < 60; files++) {
      const { code, log } = await shell(`ulimit -n ${files}; exec "$@"`, denoArgs(directory.path, []));
      if (code === 0) break;
      // Deno itself panics at its end where it may not open what it needs for signals.
      if (!log.includes(" orchestrator error: ") || log.includes("Deno has panicked")) continue;
      const lines = log.trimEnd().split("\n");
      assertEquals(lines.filter((line) => line.includes(" orchestrator error: ")), lines.slice(-1), log);
      // A warning may come before, of what is not needed.
      for (const line of lines) assertStringIncludes(line, "Too many open files (os error 24)");
    }
  },
);

/** A data directory in which a server created tasks, by a record each. */
async function withTasks(...ids: string[]): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  for (const id of ids) await create(server, id);
  return directory;
}

/** Runs a command with permission to read alone. */
function read(directory: string, command: readonly string[]): Promise<ProgramResult> {
  const args = ["run", "--quiet", "--no-prompt", `--allow-read=${directory}`, MAIN, "--data", directory, ...command];
  return runProgram("", [], { args });
}

function denoArgs(directory: string, command: readonly string[]): string[] {
  const permissions = [`--allow-read=${directory}`, `--allow-write=${directory}`];
  return [Deno.execPath(), "run", "--quiet", "--no-prompt", ...permissions, MAIN, "--data", directory, ...command];
}

/** Runs a command where the directory is mounted read-only. */
function onReadOnlyMount(directory: string, command: readonly string[]): Promise<ProgramResult> {
  const args = ["--mount", "sh", "-c", `${MOUNT} && exec "$@"`, directory];
  return run("unshare", [...args, ...denoArgs(directory, command)]);
}

async function whyNoMount(): Promise<string | undefined> {
  await using directory = await temporaryDirectory();
  const args = ["--mount", "sh", "-c", MOUNT, directory.path];
  return await missingCommand("unshare", args, ", so no directory can be mounted read-only");
}

/** Runs a command as a user whom the modes of files bind. */
async function withoutOverride(directory: string, command: readonly string[]): Promise<ProgramResult> {
  const args = denoArgs(directory, command);
  return await isSuperusers(directory) ? run("setpriv", [...SETPRIV, ...args]) : run(args[0] ?? "", args.slice(1));
}

async function whyNoSuchUser(): Promise<string | undefined> {
  await using directory = await temporaryDirectory();
  if (Deno.build.os === "windows") return missingOnWindows("modes of files");
  if (!await isSuperusers(directory.path)) return undefined;
  return await missingCommand("setpriv", [...SETPRIV, "true"], ", and modes do not count for the superuser");
}

async function isSuperusers(directory: string): Promise<boolean> {
  return (await Deno.stat(directory)).uid === 0;
}

function shell(script: string, args: readonly string[]): Promise<ProgramResult> {
  return run("sh", ["-c", script, "sh", ...args]);
}

async function run(command: string, args: readonly string[]): Promise<ProgramResult> {
  const process = new Deno.Command(command, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const writer = process.stdin.getWriter();
  // Whoever does not read it may be gone before it is written.
  const writing = writer.write(new TextEncoder().encode(IMPORTABLE)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await process.output();
  await writing;
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), log: decoder.decode(stderr) };
}

async function removeAll(directory: string, ...names: string[]): Promise<void> {
  for (const name of names) await Deno.remove(`${directory}/${name}`);
}
