/** Shows who may read and write what the program makes: its user, or the group that a directory was made for. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { create } from "../../support/calls.ts";
import { missingOnWindows, testUnless } from "../../support/needs.ts";
import { programArgs, startServer } from "../../support/server.ts";
import { temporaryDirectory } from "../../support/temp.ts";

const CREATE = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_task","arguments":' +
  '{"id":"a","description":""}}}\n';

for (
  const [made, umask, own, files, folders] of [
    ["by nobody", "022", 0o700, 0o600, 0o700],
    ["by nobody", "000", 0o700, 0o600, 0o700],
    ["for its user only", "000", 0o700, 0o600, 0o700],
    ["for all to look into", "000", 0o755, 0o600, 0o700],
    ["for all to put temporary files into", "022", 0o1777, 0o600, 0o700],
    ["for a group", "022", 0o2770, 0o660, 0o2770],
    ["for a group", "077", 0o2775, 0o660, 0o2770],
    ["for a group, without setgid", "077", 0o770, 0o660, 0o770],
  ] as const
) {
  testUnless(
    missingOnWindows("modes of files"),
    `in a data directory made ${made} (umask ${umask}), modes are ${files.toString(8)}`,
  )(async () => {
    await using parent = await temporaryDirectory();
    const directory = `${parent.path}/data`;
    if (made !== "by nobody") {
      await Deno.mkdir(directory);
      await Deno.chmod(directory, own);
    }
    const process = new Deno.Command("sh", {
      args: ["-c", `umask ${umask}; exec "$@"`, "sh", Deno.execPath(), ...programArgs(directory)],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(CREATE));
    await writer.close();
    const { code, stdout, stderr } = await process.output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    assertStringIncludes(new TextDecoder().decode(stdout), '\\"id\\":\\"a\\"');
    assertEquals(await modesOf(directory), {
      ".": own.toString(8),
      ".gitignore": files.toString(8),
      "checkpoint.lock": files.toString(8),
      journal: folders.toString(8),
      "journal/0000000001.jsonl": files.toString(8),
      lock: files.toString(8),
      "state.json": files.toString(8),
      "tasks.json": files.toString(8),
    });
  });
}

testUnless(missingOnWindows("modes of files"), "existing files keep their modes")(async () => {
  await using directory = await temporaryDirectory();
  await (await startServer(directory.path)).close();
  const journal = `${directory.path}/journal/0000000001.jsonl`;
  for (const [path, mode] of [[directory.path, 0o770], [`${directory.path}/journal`, 0o750]] as const) {
    await Deno.chmod(path, mode);
  }
  await Deno.writeTextFile(journal, "", { mode: 0o640 });
  {
    await using server = await startServer(directory.path);
    await create(server, "a");
  }
  const modes = await modesOf(directory.path);
  assertEquals([modes["."], modes["journal"], modes["journal/0000000001.jsonl"]], ["770", "750", "640"]);
});

async function modesOf(directory: string): Promise<Record<string, string>> {
  const names = [".", "journal"];
  for (const folder of [".", "journal"]) {
    for await (const { name, isFile } of Deno.readDir(`${directory}/${folder}`)) {
      if (isFile) names.push(folder === "." ? name : `${folder}/${name}`);
    }
  }
  const modes: Record<string, string> = {};
  for (const name of names.sort()) {
    modes[name] = ((await Deno.stat(`${directory}/${name}`)).mode! & 0o7777).toString(8);
  }
  return modes;
}
