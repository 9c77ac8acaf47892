/** Shows how an operator makes a backup of a directory that a server uses, and which permissions that takes. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { create } from "../support/calls.ts";
import { runHere } from "../support/command.ts";
import { type ProgramResult, runProgram } from "../support/program.ts";
import { type Json, MAIN, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("a backup", async (t) => {
  await using parent = await temporaryDirectory();
  const [data, backups] = [`${parent.path}/data`, `${parent.path}/backups`];
  for (const directory of [data, backups]) await Deno.mkdir(directory);
  await using server = await startServer(data);
  await create(server, "a", "b");
  await create(server, "c");

  await t.step("of a directory in use needs permission to read it and to write the destination", async () => {
    const { code, output, log } = await backUp(data, `${backups}/one`, [data, backups], [backups]);
    assertEquals([code, log], [0, ""]);
    assertStringIncludes(output, `Copied to ${backups}/one, and read back: it is whole.\n`);
    assertMatch(output, /\nrecords: {4}2\nsegments: {3}1\ncheckpoint: (none of use|of record [12])\n$/);
    assertEquals((await runHere(`${backups}/one`, ["verify"])).code, 0);
    assertStringIncludes((await runHere(`${backups}/one`, ["status"])).output, "3 tasks: 3 ready");
  });

  await t.step("into an empty directory needs no permission for the one above it", async () => {
    await Deno.mkdir(`${backups}/two`);
    const { code, log } = await backUp(data, `${backups}/two`, [data, `${backups}/two`], [`${backups}/two`]);
    assertEquals([code, log], [0, ""]);
  });

  await t.step("without permission names the missing one", async () => {
    const three = `${backups}/three`;
    for (const reads of [[data], [data, backups], [data, three]]) {
      for (const writes of [[], [three]]) {
        const { code, output, log } = await backUp(data, three, reads, writes);
        assertEquals([code, output], [1, ""]);
        assertEquals(log.split("\n").length, 2, log);
        assertStringIncludes(
          log,
          `Cannot back up to ${three}: permission to read and write ${backups} is missing. Nothing was copied; start with ` +
            `--allow-read=${data},${backups} --allow-write=${backups} --data ${data} backup ${three}`,
        );
      }
    }
    const { code, log } = await backUp(data, three, [data, backups], [backups]);
    assertEquals([code, log], [0, ""]);
    await Deno.mkdir(`${backups}/empty`);
    const into = await backUp(data, `${backups}/empty`, [data, `${backups}/empty`], []);
    assertStringIncludes(into.log, `--allow-write=${backups}/empty --data ${data} backup ${backups}/empty\n`);
  });

  await t.step("is refused if the destination exists, with a remedy", async () => {
    const { code, output, log } = await backUp(data, `${backups}/one`, [data, backups], [backups]);
    assertEquals([code, output], [1, ""]);
    assertStringIncludes(log, `Cannot back up to ${backups}/one: there is `);
    assertStringIncludes(log, "name a directory that does not exist or is empty");
  });

  await t.step("is refused in the data directory, also through a link", async () => {
    if (Deno.build.os === "windows") return console.log("Skipped on Windows: there is no ln");
    // Deno itself makes links for those only who may write everywhere.
    assertEquals((await new Deno.Command("ln", { args: ["-s", data, `${parent.path}/link`] }).output()).code, 0);
    for (const destination of [`${data}/backup`, `${parent.path}/link/backup`]) {
      const { code, log } = await backUp(data, destination, [parent.path], [parent.path]);
      assertEquals(code, 1);
      assertStringIncludes(log, `Cannot back up to ${data}/backup: it is in the data directory ${data}`);
    }
  });

  await t.step("is refused if the parent directory is missing", async () => {
    const { code, log } = await backUp(data, `${backups}/none/four`, [data, backups], [backups]);
    assertEquals(code, 1);
    assertStringIncludes(log, `${backups}/none`);
  });

  await t.step("can be served, without later changes", async () => {
    await create(server, "later");
    await using copy = await startServer(`${backups}/two`);
    const ids = await copy.ask<Json[]>("get_task_status", { fields: ["id"] });
    assertEquals(ids.map(({ id }) => id), ["a", "b", "c"]);
    assertEquals(copy.log, "");
  });
});

Deno.test("a deleted journal of a running server is reported with a remedy that works", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  {
    await using server = await startServer(path);
    await create(server, "a", "b");
  }
  await using server = await startServer(path);
  await Deno.remove(`${path}/journal`, { recursive: true });
  const before = await Deno.readTextFile(`${path}/tasks.json`);
  const { code, message } = await server.refused("create_task", { id: "c", description: "" });
  assertEquals(code as string, "journal_damaged");
  assertStringIncludes(message, `move ${path}/state.json away and start again`);
  assertEquals((await runHere(path, ["verify"])).code, 1);
  await server.close();
  assertEquals(await Deno.readTextFile(`${path}/tasks.json`), before);
  await Deno.rename(`${path}/state.json`, `${path}/state.json.mine`);
  await using again = await startServer(path);
  const tasks = await again.ask<Json[]>("get_task_status", { fields: ["id"] });
  assertEquals(tasks, [{ id: "a" }, { id: "b" }]);
});

function backUp(
  data: string,
  destination: string,
  read: readonly string[],
  write: readonly string[],
): Promise<ProgramResult> {
  const permissions = [`--allow-read=${read}`, ...(write.length > 0 ? [`--allow-write=${write}`] : [])];
  return runProgram(data, [], {
    args: ["run", "--quiet", "--no-prompt", ...permissions, MAIN, "--data", data, "backup", destination],
  });
}
