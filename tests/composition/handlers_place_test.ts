/** Shows where a handlers file may be, and that the permissions which are missing are named. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { readHandlersFile } from "../../src/composition/handlers_place.ts";
import { refusalOf } from "../core/given.ts";
import { runProgram } from "../support/program.ts";
import { MAIN } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const HANDLERS = JSON.stringify([{ on: ["task.failed"], run: ["sh", "-c", "true"] }]);

/** Runs with the path of a new handlers file in a private directory. */
function test(name: string, act: (file: string, directory: string) => Promise<void>): void {
  Deno.test(name, async () => {
    if (Deno.build.os === "windows") return console.log("Skipped on Windows: it has no modes");
    await using root = await temporaryDirectory();
    const directory = `${root.path}/ops`;
    await Deno.mkdir(directory, { mode: 0o700 });
    await Deno.writeTextFile(`${directory}/handlers.json`, HANDLERS, { mode: 0o600 });
    await act(`${directory}/handlers.json`, directory);
  });
}

function refused(file: string, allowedFrom?: string): string {
  return refusalOf(() => readHandlersFile(file, allowedFrom)).message;
}

test("a file that only its owner can write, in a directory of the owner, is read", (file, directory) => {
  assertEquals(readHandlersFile(file, undefined), { path: file, directory, text: HANDLERS });
  return Promise.resolve();
});

test("a file in a git work tree is refused, unless its directory is named", async (file, directory) => {
  const parent = directory.replace(/\/ops$/, "");
  // The work tree of a submodule or of `git worktree` has a file of that name.
  await Deno.writeTextFile(`${parent}/.git`, "gitdir: elsewhere");
  const message = refused(file);
  assertStringIncludes(message, `${parent} is a git work tree: an agent that works there could write commands`);
  assertStringIncludes(message, `--allow-handlers-from ${directory}`);
  assertEquals(readHandlersFile(file, directory).text, HANDLERS);
  assertStringIncludes(refused(file, parent), "is a git work tree");
  assertStringIncludes(refused(file, `${parent}/missing`), "is a git work tree");
});

test("a link in a git work tree to a file elsewhere is refused, too", async (file, directory) => {
  const repository = `${directory}/repository`;
  await Deno.mkdir(`${repository}/.git`, { recursive: true });
  await Deno.symlink(file, `${repository}/handlers.json`);
  assertStringIncludes(refused(`${repository}/handlers.json`), `${repository} is a git work tree`);
});

test("a file that others can write or replace is refused", async (file, directory) => {
  await Deno.chmod(file, 0o620);
  assertStringIncludes(refused(file), `others than the owner may write to ${file}; chmod go-w ${file}`);
  await Deno.chmod(file, 0o602);
  assertStringIncludes(refused(file, directory), `chmod go-w ${file}`);
  await Deno.chmod(file, 0o644);
  await Deno.chmod(directory, 0o777);
  assertStringIncludes(refused(file), `chmod go-w ${directory}`);
  // As /tmp: others can add files, and not replace this one.
  await Deno.chmod(directory, 0o1777);
  assertEquals(readHandlersFile(file, undefined).text, HANDLERS);
});

test("a missing or huge file is refused", async (file) => {
  assertStringIncludes(refused(`${file}x`), "there is no such file");
  await Deno.writeTextFile(file, " ".repeat(1024 * 1024 + 1));
  assertStringIncludes(refused(file), "more than 1048576 bytes");
});

test("missing permissions are named with the flags to add, one step after the other", async (file, directory) => {
  const data = `${directory}/data`;
  const start = (...flags: readonly string[]) =>
    runProgram("", [], {
      args: [
        ...["run", "--quiet", "--no-prompt", `--allow-read=${data}`, `--allow-write=${data}`, ...flags],
        ...[MAIN, "--data", data, "--handlers", file],
      ],
      input: "",
    });
  const flags: string[] = [];
  for (
    const expected of [
      /start with (--allow-read=\S+)/,
      /start with (--allow-read=\S+),/,
      /start with (--allow-run=sh --allow-env=PATH,HOME)/,
    ]
  ) {
    const { code, log } = await start(...flags);
    const [, next = ""] = expected.exec(log) ?? [];
    assertEquals([code, next !== ""], [1, true], log);
    flags.push(...next.split(" "));
  }
  const { code, log } = await start(...flags);
  assertEquals(code, 0, log);
  assertStringIncludes(log, "runs the handlers sh -c true");
});
