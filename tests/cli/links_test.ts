/** Shows that symbolic links anywhere in the way to the data are followed at the start, or refused with what would do. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { create } from "../support/calls.ts";
import { runProgram } from "../support/program.ts";
import { MAIN, programArgs, startServer } from "../support/server.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temp.ts";

const COMMANDS = [[], ["status"], ["repair"], ["import", "-"]] as const;

for (const where of ["the data directory is", "a directory above it is", "two links on the way are"]) {
  Deno.test(`${where} a link: the message has the real path and the flags, which work`, async () => {
    await using parent = await linked();
    const given = `${parent.path}/${
      { "the data directory is": "data", "a directory above it is": "link/data" }[where] ??
        "chain/data"
    }`;
    const real = `${parent.path}/real/data`;
    for (const command of COMMANDS) {
      const { code, output, log } = await runProgram(given, command, { input: "{}" });
      assertEquals([code, output], [1, ""], command.join(" "));
      assertEquals(log.split("\n").length, 2, log);
      assertStringIncludes(log, `${real}, where the data is, is missing: start with --allow-read=${real} `);
      assertEquals(await namesIn(real), [], "nothing was begun there");
    }
    const { log } = await runProgram(given, [], { input: "" });
    const flags = log.slice(log.indexOf("start with ") + "start with ".length).trim().split(" ");
    const args = ["run", "--quiet", "--no-prompt", ...flags.slice(0, -2), MAIN, ...flags.slice(-2)];
    assertEquals(flags.slice(-2), ["--data", real]);
    const { code } = await runProgram("", [], { args, input: "" });
    assertEquals(code, 0);
    assertEquals((await runProgram(real, ["verify"])).code, 0);
  });
}

Deno.test("a link without read permission: the message has a command for the real path, which works", async () => {
  await using parent = await linked();
  const given = `${parent.path}/link/data`;
  const args = ["run", "--quiet", "--no-prompt", MAIN, "--data", given];
  const { code, log } = await runProgram("", [], { args, input: "" });
  assertEquals([code, log.split("\n").length], [1, 2], log);
  assertStringIncludes(log, `start with --allow-read=${given} --allow-write=${given} --data ${given}; `);
  assertStringIncludes(
    log,
    `if ${given} leads through a symbolic link, put what "realpath ${given}" prints in its place`,
  );
  const real = (await Deno.realPath(given)).trim();
  const permitted = ["run", "--quiet", "--no-prompt", `--allow-read=${real}`, `--allow-write=${real}`, MAIN];
  const again = await runProgram("", [], { args: [...permitted, "--data", real], input: "" });
  assertEquals([again.code, again.log], [0, ""]);
});

Deno.test("a link with read permission only: the message has all missing permissions", async () => {
  await using parent = await linked();
  for (const given of [`${parent.path}/data`, `${parent.path}/chain/data`]) {
    const args = ["run", "--quiet", "--no-prompt", `--allow-read=${parent.path}`, MAIN, "--data", given];
    const { code, log } = await runProgram("", [], { args, input: "" });
    const real = `${parent.path}/real/data`;
    assertEquals([code, log.split("\n").length], [1, 2], log);
    assertStringIncludes(log, `start with --allow-read=${real} --allow-write=${real} --data ${real}\n`);
  }
});

Deno.test("a link is followed if both paths are permitted, and messages have the real path", async () => {
  await using parent = await linked();
  const given = `${parent.path}/link/data`;
  const permitted = (args: string[]) => args.map((arg) => arg.replace(/^(--allow-\w+)=.*/, `$1=${parent.path}`));
  const input = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_task","arguments":' +
    '{"id":"a","description":""}}}\n';
  const { code, output, log } = await runProgram("", [], { args: permitted(programArgs(given)), input });
  assertEquals([code, log], [0, ""]);
  assertEquals(JSON.parse(output).result.structuredContent.id, "a");
  await using server = await startServer(`${parent.path}/real/data`);
  assertEquals((await server.ask("get_task_details", { task_id: "a" }))["id"], "a");
});

Deno.test("a link to a missing directory, or to itself, is named with its target", async () => {
  await using parent = await linked();
  await Deno.symlink(`${parent.path}/nowhere`, `${parent.path}/dangling`);
  for (const command of COMMANDS) {
    const { code, output, log } = await runProgram(`${parent.path}/dangling`, command, { input: "{}" });
    assertEquals([code, output], [1, ""]);
    assertMatch(
      log,
      /^\S+ orchestrator error: \S+\/dangling is a symbolic link to \S+\/nowhere, which does not exist:.*\n$/,
    );
  }
  for (const args of [programArgs(`${parent.path}/dangling/data`)]) {
    const { code, log } = await runProgram("", [], { args, input: "" });
    assertEquals([code, log.split("\n").length], [1, 2], log);
    assertStringIncludes(log, `${parent.path}/dangling/data`);
  }
  await Deno.symlink(`${parent.path}/loop`, `${parent.path}/loop`);
  const { code, log } = await runProgram(`${parent.path}/loop`, [], { input: "" });
  assertEquals([code, log.split("\n").length], [1, 2], log);
  assertStringIncludes(log, `${parent.path}/loop`);
});

for (const name of ["journal", "journal/0000000001.jsonl", "tasks.json", "state.json", "lock", "checkpoint.lock"]) {
  Deno.test(`${name} is a link: it is used if permitted, otherwise refused with the flags`, async () => {
    await using parent = await temporaryDirectory();
    const [data, elsewhere] = [`${parent.path}/data`, `${parent.path}/elsewhere`];
    {
      await using server = await startServer(data);
      await create(server, "a");
    }
    await Deno.rename(`${data}/${name}`, elsewhere);
    await Deno.symlink(elsewhere, `${data}/${name}`);
    const refused = await runProgram(data, [], { input: "" });
    assertEquals([refused.code, refused.log.split("\n").length], [1, 2], refused.log);
    assertStringIncludes(
      refused.log,
      `start with --allow-read=${data},${elsewhere} --allow-write=${data},${elsewhere} --data ${data}`,
    );
    const args = programArgs(data, "status").map((arg) => arg.replace(/^(--allow-\w+)=.*/, `$1=${data},${elsewhere}`));
    const { code, output, log } = await runProgram("", [], { args });
    assertEquals([code, log], [0, ""]);
    assertStringIncludes(output, "1 task: 1 ready");
    await Deno.remove(elsewhere, { recursive: true });
    const dangling = await runProgram(data, [], { input: "" });
    assertEquals([dangling.code, dangling.log.split("\n").length], [1, 2], dangling.log);
    assertStringIncludes(dangling.log, `${data}/${name} is a symbolic link to ${elsewhere}, which does not exist`);
  });
}

/** `real/data`, and links: `data` and `link/data` lead there, `chain/data` by two of them. */
async function linked(): Promise<TemporaryDirectory> {
  const parent = await temporaryDirectory();
  await Deno.mkdir(`${parent.path}/real/data`, { recursive: true });
  await Deno.symlink(`${parent.path}/real/data`, `${parent.path}/data`);
  await Deno.symlink(`${parent.path}/real`, `${parent.path}/link`);
  await Deno.symlink(`${parent.path}/link`, `${parent.path}/chain`);
  return parent;
}

async function namesIn(directory: string): Promise<string[]> {
  assert((await Deno.stat(directory)).isDirectory);
  return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
}
