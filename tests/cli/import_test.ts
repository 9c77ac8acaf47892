/** Shows how tasks come in from files: exports of this program, and the tasks.json of the earlier server. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { claim, create, fail, finish } from "../support/calls.ts";
import { runHere } from "../support/command.ts";
import { runProgram } from "../support/program.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** As the earlier server wrote it. */
const LEGACY = {
  "task-1": {
    id: "task-1",
    description: "Set up",
    status: "completed",
    dependencies: [],
    assignedTo: "claude-1",
    result: "Done",
  },
  "task-2": {
    id: "task-2",
    description: "Build",
    status: "in_progress",
    dependencies: ["task-1"],
    assignedTo: "claude-2",
  },
  "task-3": { id: "task-3", description: "Test", status: "pending", dependencies: ["task-2"] },
  "task-4": { id: "task-4", description: "Docs", status: "pending", dependencies: ["task-1"] },
};

Deno.test("an export that is imported elsewhere gives the same plan", async (t) => {
  await using from = await temporaryDirectory();
  await using to = await temporaryDirectory();
  {
    await using server = await startServer(from.path);
    await server.ask("create_group", { group_id: "g", title: "G", max_parallel: 2, preamble: "Be kind." });
    await server.ask("save_template", { name: "t", tasks: [{ id: "x", description: "x" }] });
    await create(server, "a", { id: "b", dependencies: ["a"] }, "__proto__", "c 🦕", "gone", "d");
    await server.ask("add_note", { task_id: "d", text: "mind this" });
    await server.ask("update_task", { task_id: "d", estimate_ms: 60_000, group: "g" });
    await finish(server, "a", "line\nline \u2028 \x1b 🦕");
    await claim(server, "b");
    await fail(server, "__proto__", "why");
    await server.ask("cancel_task", { task_id: "c 🦕", reason: "so" });
    await server.ask("delete_task", { task_id: "gone" });
  }
  await runHere(from.path, ["pause", "--reason", "weekend"]);
  const exported = (await runHere(from.path, ["export"])).output;
  const { code, output, log } = await runHere(to.path, ["import", "-"], { input: exported });
  assertEquals([code, log], [0, ""]);
  assertEquals(output, SAID);
  assertEquals(JSON.parse((await runHere(to.path, ["export"])).output), JSON.parse(exported));
  assertEquals((await runHere(to.path, ["verify"])).code, 0);
  await t.step("and again, it changes nothing, also where it came from", async () => {
    for (const { path } of [from, to]) {
      const { output } = await runHere(path, ["import", "-"], { input: exported });
      assertStringIncludes(output, "Imported 0 tasks, 5 were there already\n");
    }
    assertEquals(JSON.parse((await runHere(to.path, ["export"])).output), JSON.parse(exported));
  });
  await t.step("and under a prefix beside itself, where the pause stays as it is", async () => {
    await runHere(to.path, ["resume"]);
    const { output } = await runHere(to.path, ["import", "-", "--prefix", "copy"], { input: exported });
    assertEquals(output, "Imported 5 tasks, 1 group, 1 version of templates\n");
    const { tasks, paused } = JSON.parse((await runHere(to.path, ["export"])).output);
    assertEquals([tasks["copy/b"].dependencies, tasks["copy/d"].group, paused], [["copy/a"], "copy/g", undefined]);
  });
});

const SAID = "Imported 5 tasks, 1 group, 1 version of templates\n" +
  "The plan is paused, so the project is, too: weekend\n";

Deno.test("export --tasks has the format of tasks.json, with holders, and is imported with them", async () => {
  await using from = await temporaryDirectory();
  await using to = await temporaryDirectory();
  {
    await using server = await startServer(from.path);
    await create(server, "a", "__proto__");
    await claim(server, "a");
  }
  const exported = (await runHere(from.path, ["export", "--tasks"])).output;
  assertEquals(idsAndTasks(exported).map(([id]) => id), ["a", "__proto__"]);
  await runHere(to.path, ["import", "-"], { input: exported });
  assertEquals(idsAndTasks((await runHere(to.path, ["export", "--tasks"])).output), idsAndTasks(exported));
  assertEquals((await runHere(to.path, ["export"])).output.includes("in_progress"), false);
});

Deno.test("all clashes of an import are named, and what would help", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_group", { group_id: "g", title: "here" });
  await create(server, "a", "b", "c");
  const plan = { format: "orchestrator-plan", version: 1, groups: [{ id: "g" }], tasks: { a: {}, b: {}, d: {} } };
  const { code, output, log } = await runHere(directory.path, ["import", "-"], { input: JSON.stringify(plan) });
  assertEquals([code, output], [1, ""]);
  for (const each of ["Group g already exists", "Task a already exists", "Task b already exists", "--prefix TEXT"]) {
    assertStringIncludes(log, each);
  }
});

for (
  const [program, file, says] of [
    ["task-master", "task-master.json", "9 tasks (5 pending, 2 completed, 2 cancelled) and 2 groups"],
    ["beads", "beads.jsonl", "6 tasks (4 pending, 1 completed, 1 cancelled) and 1 group"],
    ["markdown", "checklist.md", "10 tasks (8 pending, 2 completed) and 2 groups"],
  ] as const
) {
  Deno.test(`a plan of ${program} is only looked at without --yes, then imported, and only once`, async () => {
    await using directory = await temporaryDirectory();
    const data = `${directory.path}/data`;
    const path = fromFileUrl(`../data/foreign/${file}`);
    const looked = await runHere(data, ["import", path, "--from", program]);
    assertEquals([looked.code, looked.log], [0, ""]);
    assertStringIncludes(looked.output, `The file has ${says}\nWhat has no counterpart here:\n- `);
    assertStringIncludes(looked.output, "Nothing was changed: the same command with --yes adds it\n");
    assertEquals(await exists(data), false);
    const { code, output } = await runHere(data, ["import", path, "--from", program, "--yes"]);
    const count = Number.parseInt(says);
    assertEquals(code, 0);
    assertStringIncludes(output, `Imported ${count} tasks`);
    const again = await runHere(data, ["import", path, "--from", program]);
    assertStringIncludes(again.output, `${count} of the tasks are there already`);
    assertStringIncludes(
      (await runHere(data, ["import", path, "--from", program, "--yes", "--prefix", "p"])).output,
      `Imported ${count} tasks`,
    );
  });
}

Deno.test("a look at a plan of another program says what would be refused, and changes nothing", async () => {
  await using directory = await temporaryDirectory();
  {
    await using server = await startServer(directory.path);
    await create(server, "fields", "messages");
  }
  const before = (await runHere(directory.path, ["export"])).output;
  const path = fromFileUrl("../data/foreign/checklist.md");
  const { code, log } = await runHere(directory.path, ["import", path, "--from", "markdown"]);
  assertEquals(code, 1);
  assertStringIncludes(log, "Task fields already exists");
  assertStringIncludes(log, "Task messages already exists");
  assertEquals((await runHere(directory.path, ["export"])).output, before);
  const other = await runHere(directory.path, ["import", path, "--from", "beads"]);
  assertEquals(other.code, 1);
  assertStringIncludes(other.log, `Cannot import ${path}: It is not a plan of Beads: line 1 is not JSON`);
});

Deno.test("the earlier server's tasks.json is imported", async (t) => {
  const text = JSON.stringify(LEGACY, undefined, 2);

  await t.step("by the import command from a file", async () => {
    await using directory = await temporaryDirectory();
    const file = `${directory.path}/old.json`;
    await Deno.writeTextFile(file, text);
    const { code, output } = await runHere(directory.path, ["import", file]);
    assertEquals([code, output], [0, "Imported 4 tasks\n"]);
    await worksOn(directory.path);
  });

  await t.step("by the import command from standard input", async () => {
    await using directory = await temporaryDirectory();
    const { code, output } = await runHere(directory.path, ["import", "-"], { input: text });
    assertEquals([code, output], [0, "Imported 4 tasks\n"]);
    await worksOn(directory.path);
  });

  await t.step("at the start of a server that finds it in its data directory, once", async () => {
    await using directory = await temporaryDirectory();
    await Deno.writeTextFile(`${directory.path}/tasks.json`, text);
    const servers = await Promise.all([1, 2, 3].map(() => startServer(directory.path)));
    try {
      const { events } = await servers[0]!.ask<{ events: { id: string; type: string }[] }>("get_history", {
        type: ["task.imported"],
      });
      assertEquals(
        events.map(({ id, type }) => [id, type]),
        [0, 1, 2, 3].map((index) => [`1.${index}`, "task.imported"]),
      );
      const said = servers.filter(({ log }) => log.includes("Imported 4 tasks from a tasks file without a journal"));
      assertEquals(said.length, 1);
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
    await worksOn(directory.path);
  });

  await t.step("by a command that finds it in the data directory", async () => {
    await using directory = await temporaryDirectory();
    await Deno.writeTextFile(`${directory.path}/tasks.json`, text);
    assertStringIncludes(
      (await runHere(directory.path, ["status"])).output,
      "4 tasks: 1 in_progress, 1 ready, 1 waiting, 1 completed",
    );
  });
});

Deno.test("an unreadable tasks file in the data directory stops the server and stays unchanged", async () => {
  await using directory = await temporaryDirectory();
  const text = '{"a": {"status": "unheard of"}}';
  await Deno.writeTextFile(`${directory.path}/tasks.json`, text);
  const { code, output, log } = await runProgram(directory.path, [], { input: "" });
  assertEquals([code, output], [1, ""]);
  assertStringIncludes(log, `Cannot import ${directory.path}/tasks.json`);
  assertStringIncludes(log, "a.status");
  assertEquals(await Deno.readTextFile(`${directory.path}/tasks.json`), text);
});

Deno.test("a refused import changes nothing, and prints the reason", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "a");
  const before = (await runHere(directory.path, ["export"])).output;
  const task = (dependencies: string[], rest: Json = {}) => ({
    description: "",
    status: "pending",
    dependencies,
    ...rest,
  });
  for (
    const [what, input, says] of [
      ["an id that exists", { b: task([]), a: task([]) }, "Task a already exists"],
      ["an unknown dependency", { b: task([]), c: task(["none"]) }, "Dependency task none not found"],
      ["a cycle", { b: task(["c"]), c: task(["b"]) }, "Dependencies would create a cycle: b → c → b"],
      ["an odd status", { b: task([]), c: task([], { status: "odd" }) }, "at c.status"],
      ["a description that is no text", { b: { description: 5 } }, "at b.description"],
      [
        "work without a worker",
        { b: task([], { status: "in_progress" }) },
        "must have assignedTo",
      ],
      ["a list of texts", ["b"], "It is not an object of tasks: at 1"],
      ["a text", "b", "It is not an object of tasks: at the top"],
      ["no JSON", undefined, "It is not JSON"],
    ] as const
  ) {
    await t.step(what, async () => {
      const { code, output, log } = await runHere(directory.path, ["import", "-"], {
        input: input === undefined ? "{" : JSON.stringify(input),
      });
      assertEquals([code, output], [1, ""]);
      assertStringIncludes(log, says);
      assertEquals(log.trim().split("\n").length, 1, log);
    });
  }
  await t.step("another encoding, a repeated key, a misspelt field", async () => {
    for (
      const [bytes, says] of [
        [new TextEncoder().encode('{"x": {}, "x": {}}'), "It has a key twice: x"],
        [
          new TextEncoder().encode(`{"x": {"dependsOn": []}}`),
          "It has a field that no task has: at x.dependsOn: write dependencies",
        ],
        [
          Uint8Array.from('{"x": {"description": "\u00fc"}}', (each) => each.charCodeAt(0)),
          "It is not UTF-8 at line 1",
        ],
        [Uint8Array.from([0xff, 0xfe, 0x7b, 0, 0x7d, 0]), "It is in UTF-16"],
      ] as const
    ) {
      const file = `${directory.path}/plan.json`;
      await Deno.writeFile(file, bytes);
      const { code, output, log } = await runHere(directory.path, ["import", file]);
      assertEquals([code, output], [1, ""]);
      assertStringIncludes(log, `Cannot import ${file}: ${says}`);
      assertEquals(log.trim().split("\n").length, 1, log);
    }
  });
  await t.step("a checklist, of which nothing says that it is one", async () => {
    const file = `${directory.path}/todo.md`;
    await Deno.writeTextFile(file, "# Plan\n- [ ] One\n  - [ ] Two\n");
    const { code, log } = await runHere(directory.path, ["import", file]);
    assertEquals([code, log.trim().split("\n").length], [1, 1], log);
    assertStringIncludes(log, `Cannot import ${file}: It is not JSON`);
    assertStringIncludes(log, "--from task-master, beads, markdown reads plans of other programs");
    const named = await runHere(directory.path, ["import", file, "--from", "task-master"]);
    assertEquals([named.code, named.log.includes("reads plans of other programs")], [1, false], named.log);
  });
  await t.step("a file that is missing or may not be read, or a directory", async () => {
    const unread = join(directory.path, "..", "unread.json");
    for (
      const [file, why, run] of [
        [`${directory.path}/none.json`, "there is no such file", runHere],
        [unread, "permission to read it is missing: add it to --allow-read, or give it on standard input", runProgram],
        // Windows says of a directory only that it cannot be read.
        ...(Deno.build.os === "windows" ? [] : [[directory.path, "it is a directory", runHere] as const]),
      ] as const
    ) {
      const { code, output, log } = await run(directory.path, ["import", file]);
      assertEquals([code, output, log.trim().split("\n").length], [1, "", 1], log);
      assertStringIncludes(log, `Cannot import ${file}: ${why}`);
      assertStringIncludes(log, "Nothing was changed");
    }
  });
  assertEquals((await runHere(directory.path, ["export"])).output, before);
});

Deno.test("a file with a byte order mark is imported, and unknown fields are named", async () => {
  await using directory = await temporaryDirectory();
  const { code, output, log } = await runHere(directory.path, ["import", "-"], {
    input: '\ufeff{"x": {"description": "ü", "title": "y"}}',
  });
  assertEquals([code, output], [0, "Imported 1 task\n"]);
  assertStringIncludes(log, "standard input: Fields that no task has were left out: title (of x)");
});

Deno.test("a running server sees imported tasks at once", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "a");
  await runHere(directory.path, ["import", "-"], { input: JSON.stringify(LEGACY) });
  assertEquals(await idsOf(server), ["a", ...Object.keys(LEGACY)]);
});

function fromFileUrl(path: string): string {
  return decodeURIComponent(new URL(path, import.meta.url).pathname);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The tasks of the earlier server go on from where they were. */
async function worksOn(directory: string): Promise<void> {
  await using server = await startServer(directory);
  assertEquals(await idsOf(server), Object.keys(LEGACY));
  const { result, assignedTo, status } = await server.ask("get_task_details", { task_id: "task-1" });
  assertEquals([result, assignedTo, status], ["Done", "claude-1", "completed"]);
  await server.ask("complete_task", { task_id: "task-2", instance_id: "claude-2", result: "Built" });
  const next = await server.ask("get_next_task", { instance_id: "claude-1" });
  assertEquals([next["id"], next["inputs"]], ["task-4", [{ task: "task-1", by: "claude-1", result: "Done" }]]);
}

async function idsOf(server: Server): Promise<unknown[]> {
  return (await server.ask<Json[]>("get_task_status")).map(({ id }) => id);
}

/** Entries in their order, of which only the sequence counts. `__proto__` is a key like any other. */
function idsAndTasks(text: string): [string, unknown][] {
  return Object.entries<Json>(JSON.parse(text)).map(([id, task], index) => [id, { ...task, order: index + 1 }]);
}
