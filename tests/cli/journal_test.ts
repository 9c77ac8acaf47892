/** Shows how an operator finds damage in a journal and goes on without the damaged part, which is never thrown away. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FORMAT_VERSION, TRAILING_HASH_BYTES, trailingHash } from "../../src/store/file/codec.ts";
import { forgedLine } from "../store/file/forge.ts";
import { create } from "../support/calls.ts";
import { filesOf } from "../support/files.ts";
import { runHere } from "../support/command.ts";
import { runProgram } from "../support/program.ts";
import { type Json, MAIN, startServer } from "../support/server.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

Deno.test("verify reports that a journal is whole, and changes nothing", async () => {
  await using directory = await directoryWith(3);
  const before = await filesOf(directory.path);
  const { code, output, log } = await runHere(directory.path, ["verify"]);
  assertEquals([code, log], [0, ""]);
  assertMatch(output, /^records: 3\nlast: {4}seq 3, \d{4}-\d\d-\d\dT[\d:.]+Z\nOK\n$/);
  assertEquals(await filesOf(directory.path), before);
});

Deno.test("verify needs no permission to write", async () => {
  await using directory = await directoryWith(2);
  const args = [
    "run",
    "--quiet",
    "--no-prompt",
    `--allow-read=${directory.path}`,
    MAIN,
    "--data",
    directory.path,
    "verify",
  ];
  const { code, log } = await runProgram(directory.path, [], { args });
  assertEquals([code, log], [0, ""]);
});

Deno.test("repair of a whole journal changes nothing", async () => {
  await using directory = await directoryWith(3);
  const before = await filesOf(directory.path);
  const { code, output } = await runHere(directory.path, ["repair"]);
  assertEquals([code, output], [0, "Nothing to repair: 3 records are whole.\n"]);
  assertEquals(await filesOf(directory.path), before);
});

Deno.test("a journal with a flipped byte", async (t) => {
  await using directory = await directoryWith(5);
  const path = `${directory.path}/journal/0000000001.jsonl`;
  const whole = await Deno.readTextFile(path);
  const lines = whole.split("\n");
  const damaged = [...lines.slice(0, 2), lines[2]?.replace("do t2", "do T2"), ...lines.slice(3)].join("\n");
  await Deno.writeTextFile(path, damaged);
  const byte = lines.slice(0, 2).join("\n").length + 1;

  await t.step("is found by verify, with file, line and byte", async () => {
    const { code, output } = await runHere(directory.path, ["verify"]);
    assertEquals(code, 1);
    assertStringIncludes(output, "records: 2\n");
    assertStringIncludes(output, `DAMAGED at ${path}:3 (byte ${byte}): its hash does not match\n`);
    assertStringIncludes(output, "repair cuts the journal off before it, after keeping a copy");
  });

  await t.step("is not served, and is reported with a remedy", async () => {
    // A checkpoint would spare the server reading the damaged part.
    await Deno.remove(`${directory.path}/state.json`);
    for (const command of [[], ["status"], ["history"], ["export"]]) {
      const { code, output, log } = await (command.length === 0 ? runProgram : runHere)(directory.path, command, {
        input: "",
      });
      assertEquals([code, output], [1, ""], command.join(" "));
      assertStringIncludes(log, `The journal is damaged at ${path} line 3 (byte ${byte}): its hash does not match.`);
      assertStringIncludes(log, "the repair command cuts the journal there after keeping a copy");
    }
    assertEquals(await Deno.readTextFile(path), damaged, "none of them changed it");
  });

  await t.step("is cut off by repair, which keeps a copy", async () => {
    const { code, output } = await runHere(directory.path, ["repair"]);
    assertEquals(code, 0);
    const copies = /^Records kept: 2. What was cut off or set aside is in (.*)\n/.exec(output)?.[1] ?? "";
    assertEquals(await Deno.readTextFile(`${copies}/0000000001.jsonl`), damaged);
    assertEquals(await Deno.readTextFile(path), damaged.slice(0, byte));
  });

  await t.step("is whole and served after that", async () => {
    assertEquals((await runHere(directory.path, ["verify"])).code, 0);
    await using server = await startServer(directory.path);
    const tasks = await server.ask<Json[]>("get_task_status", { fields: ["id"] });
    assertEquals(tasks, [{ id: "t0" }, { id: "t1" }]);
    await create(server, "goes on");
  });
});

Deno.test("a journal that lost its end is not served, as acknowledged records are missing", async () => {
  await using directory = await directoryWith(5);
  const path = `${directory.path}/journal/0000000001.jsonl`;
  const lines = (await Deno.readTextFile(path)).split("\n");
  await Deno.writeTextFile(path, lines.slice(0, 2).join("\n") + "\n");
  const { code, output, log } = await runHere(directory.path, ["status"]);
  assertEquals([code, output], [1, ""]);
  assertStringIncludes(log, "The journal is damaged");
  assertStringIncludes(log, "repair");
  assertEquals((await runHere(directory.path, ["repair"])).code, 0);
  assertStringIncludes((await runHere(directory.path, ["status"])).output, "2 tasks: 2 ready");
});

Deno.test("a running server continues with the remaining records after a repair", async () => {
  await using directory = await directoryWith(5);
  await using server = await startServer(directory.path);
  const path = `${directory.path}/journal/0000000001.jsonl`;
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("do t2", "do T2"));
  assertEquals((await runHere(directory.path, ["repair"])).code, 0);
  assertEquals(await server.ask<Json[]>("get_task_status", { fields: ["id"] }), [{ id: "t0" }, { id: "t1" }]);
  await create(server, "goes on");
  assertEquals((await runHere(directory.path, ["verify"])).code, 0);
});

Deno.test("an unfinished last record is not damage: the next write repairs it", async () => {
  await using directory = await directoryWith(2);
  const path = `${directory.path}/journal/0000000001.jsonl`;
  const whole = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, whole + '{"v":1,"seq":3,"at":17');
  const { code, output } = await runHere(directory.path, ["verify"]);
  assertEquals(code, 0);
  assertStringIncludes(output, `UNFINISHED at ${path}:3 (byte ${whole.length}): 22 bytes of an unfinished record`);
  {
    await using server = await startServer(directory.path);
    await create(server, "next");
    // It comes through another pipe than the answer.
    await until("the warning", () => server.log.includes("Cut 22 bytes of an unfinished last record"));
  }
  const verified = await runHere(directory.path, ["verify"]);
  assertEquals(verified.code, 0);
  assertStringIncludes(verified.output, "records: 3\n");
});

Deno.test("verify exits with 0 for a whole or unfinished journal, and with 1 for a damaged or newer one, which it names", async () => {
  await using directory = await directoryWith(2);
  const path = `${directory.path}/journal/0000000001.jsonl`;
  const whole = await Deno.readTextFile(path);
  const hash = trailingHash(whole.slice(-TRAILING_HASH_BYTES)) ?? "";
  const record = { seq: 3, at: 1, actor: "x", command: "y", events: [{ type: "task.dreamt" }] };
  for (
    const [text, code, name] of [
      [whole, 0, "OK"],
      [whole + "{", 0, "UNFINISHED"],
      [whole + "no record\n", 0, "UNFINISHED"],
      [whole + "no record\nmore", 0, "UNFINISHED"],
      [whole.replace("do t0", "do T0"), 1, "DAMAGED"],
      [whole + forgedLine({ v: FORMAT_VERSION + 1, seq: 3 }, hash), 1, "NEWER"],
      [whole + forgedLine({ v: FORMAT_VERSION, ...record }, hash), 1, "NEWER"],
    ] as const
  ) {
    await Deno.writeTextFile(path, text);
    const verified = await runHere(directory.path, ["verify"]);
    assertEquals([verified.code, verified.log], [code, ""], name);
    assertEquals(verified.output.match(/^(OK|UNFINISHED|DAMAGED|NEWER)\b/gm), [name]);
  }
});

/** A data directory with tasks t0, t1, …, each created by a record of its own. */
async function directoryWith(tasks: number): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  for (let n = 0; n < tasks; n++) await create(server, `t${n}`);
  return directory;
}
