/** Shows which arguments and variables the program takes, what it says to others, and what it needs no permission for. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LONGEST_MAX_WAIT_MS } from "../../src/app/waiting.ts";
import { readArguments } from "../../src/cli/arguments.ts";
import { MAX_BACKOFF_COEFFICIENT, MAX_COUNT, MAX_DURATION_MS } from "../../src/core/model/limits.ts";
import { create } from "../support/calls.ts";
import { missingOnWindows, testUnless } from "../support/needs.ts";
import { runHere } from "../support/command.ts";
import { type ProgramResult, runProgram } from "../support/program.ts";
import { MAIN, programArgs, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("help and version need no permission at all", async () => {
  const help = await runDeno("--help");
  assertEquals([help.code, help.log], [0, ""]);
  const words = [
    "status",
    "history",
    "verify",
    "repair",
    "backup",
    "export",
    "import",
    "--data",
    "ORCHESTRATOR_DATA_DIR",
  ];
  words.push(
    "--as",
    "--toolsets",
    "core,instances,groups,templates,events,analytics",
    "--timeout-ms",
    "--max-attempts",
  );
  words.push("--initial-interval-ms", "--backoff-coefficient", "--max-interval-ms", "--max-wait-ms");
  words.push("--session-grace-ms", "300000");
  for (const word of words) assertStringIncludes(help.output, word);
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  for (const option of ["--version", "-V"]) {
    assertEquals(await runDeno(option), { code: 0, output: `${version}\n`, log: "" });
  }
  const command = await runDeno("history", "--help");
  assertEquals(command.code, 0);
  for (const option of ["--task", "--since", "--limit"]) assertStringIncludes(command.output, option);
});

Deno.test("invalid arguments are refused with exit code 1 and a remedy", async (t) => {
  for (
    const [args, says] of [
      [
        ["frob"],
        "unknown command 'frob': there are serve, call, add, next, done, note, retry, cancel, show, why, status, analyze, digest, export, import, history, audit, doctor",
      ],
      [["--frob"], "unknown option '--frob'"],
      [["--stroe", "memory"], "Did you mean --store?"],
      [["--store", "disk"], "It must be file, memory, or like postgres://user@host/database."],
      [["--data"], "argument missing"],
      [["--data", ""], "It is empty: give a directory."],
      [["--data", "  ", "status"], "It is empty: give a directory."],
      [["import", "plan.json", "--prefix", ""], "It is empty: give a word, like api."],
      [["history", "--limit", "x"], "It must be a whole number."],
      [["history", "--since", "-1"], "It must be a record number like 12, "],
      [["history", "--until", "soon"], "It must be a record number like 12, "],
      [["history", "--type", "task.done"], "There is no task.done: there are task.created, "],
      [["history", "--limit", "1.5"], "It must be a whole number."],
      [
        ["--toolsets", "core,frob"],
        "There is no frob: there are core, instances, groups, templates, events, analytics.",
      ],
      [["--toolsets", " , "], "Name at least one of core, instances, groups, templates, events, analytics."],
      [["--as", "boss"], "Allowed choices are admin, planner, worker, observer, token."],
      [["--timeout-ms", "0"], "It must be from 1 to 31622400000."],
      [["--timeout-ms", "31622400001"], "It must be from 1 to 31622400000."],
      [["--timeout-ms", "5m"], "It must be a whole number."],
      [["--max-attempts", "0"], "It must be from 1 to 1000000."],
      [["--max-interval-ms", "99999999999999"], "It must be from 0 to 31622400000."],
      [["--initial-interval-ms", "-1"], "It must be a whole number."],
      [["--max-wait-ms", "0"], "It must be from 1 to 86400000."],
      [["--max-wait-ms", "86400001"], "It must be from 1 to 86400000."],
      [["--session-grace-ms", "-1"], "It must be a whole number."],
      [["--session-grace-ms", "31622400001"], "It must be from 0 to 31622400000."],
      [["--max-interval-ms", "1.5"], "It must be a whole number."],
      [["--backoff-coefficient", "0.9"], "It must be a number from 1 to 100."],
      [["--backoff-coefficient", "two"], "It must be a number from 1 to 100."],
      [["--backoff-coefficient", "NaN"], "It must be a number from 1 to 100."],
      [["status", "--task", "x"], "unknown option '--task'"],
      [["status", "extra"], "too many arguments for 'status'"],
      [["verify", "other-directory"], "too many arguments for 'verify'"],
      [["backup"], "missing required argument 'destination'"],
      [["backup", "a", "b"], "too many arguments for 'backup'"],
      [["import"], "missing required argument 'file'"],
      [["import", "a", "b"], "too many arguments for 'import'"],
    ] as const
  ) {
    await t.step(args.join(" "), async () => {
      const { code, output, log } = await runHere("data", args);
      assertEquals([code, output], [1, ""]);
      assertStringIncludes(log, says);
      assertStringIncludes(log, "--help shows what there is");
    });
  }
  const { code, output, log } = await runDeno("frob");
  assertEquals([code, output], [1, ""]);
  assertStringIncludes(log, "unknown command 'frob'");
});

Deno.test("commands report a missing data directory, and create none", async () => {
  await using parent = await temporaryDirectory();
  const directory = `${parent.path}/none`;
  for (const command of ["status", "history", "verify", "repair", "backup copy", "export"]) {
    const { code, output, log } = await runProgram(directory, command.split(" "));
    assertEquals([code, output], [1, ""]);
    assertStringIncludes(
      log,
      `There is no data in ${directory}: --data or ORCHESTRATOR_DATA_DIR names another directory, ` +
        "and --project a project, like --project auto for that of a git repository",
    );
  }
  assertEquals(Array.from(Deno.readDirSync(parent.path)), []);
});

Deno.test("without permission for the data directory, the program names it and does not prompt", async () => {
  await using directory = await temporaryDirectory();
  await (await startServer(directory.path)).close();
  for (const command of [["status"], ["verify"], ["export"], []]) {
    const { code, output, log } = await runDeno("--data", directory.path, ...command);
    assertEquals([code, output], [1, ""], command.join(" "));
    assertStringIncludes(log, directory.path);
    assertStringIncludes(log, "--allow-");
    assert(!log.includes("    at "), log);
  }
});

Deno.test("the data directory", async (t) => {
  await using one = await temporaryDirectory();
  await using two = await temporaryDirectory();
  for (const [directory, id] of [[one.path, "in-one"], [two.path, "in-two"]] as const) {
    await using server = await startServer(directory);
    await create(server, id);
  }
  const permissions = ["run", "--quiet", "--no-prompt", `--allow-read=${one.path},${two.path}`];
  permissions.push(`--allow-write=${one.path},${two.path}`);
  const env = { ORCHESTRATOR_DATA_DIR: one.path };
  const withEnvironment = [...permissions, "--allow-env=ORCHESTRATOR_DATA_DIR", MAIN];

  await t.step("is ORCHESTRATOR_DATA_DIR if it may be read", async () => {
    const { code, output } = await runProgram("", [], { args: [...withEnvironment, "status"], env });
    assertEquals(code, 0);
    assertStringIncludes(output, "in-one");
  });

  await t.step("is --data in preference, before or after the command", async () => {
    for (
      const args of [["--data", two.path, "status"], ["status", "--data", two.path], [`--data=${two.path}`, "status"]]
    ) {
      const { code, output, log } = await runProgram("", [], { args: [...withEnvironment, ...args], env });
      assertEquals([code, log], [0, ""], args.join(" "));
      assertStringIncludes(output, "in-two");
    }
  });

  await t.step("is not a variable that may not be read", async () => {
    const args = [...permissions, MAIN, "status"];
    const { code, log } = await runProgram("", [], { args, env });
    assertEquals(code, 1);
    assertStringIncludes(log, `${MAIN.slice(0, -"/main.ts".length)}/data`);
  });

  await t.step("is not an empty variable", async () => {
    const args = [...withEnvironment, "status"];
    const { code, log } = await runProgram("", [], { args, env: { ORCHESTRATOR_DATA_DIR: "" } });
    assertEquals(code, 1);
    assertStringIncludes(log, `${MAIN.slice(0, -"/main.ts".length)}/data`);
  });
});

Deno.test("ORCHESTRATOR_INSTANCE names the instance of calls without instance_id, if it may be read", async () => {
  const input = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_next_task","arguments":{}}}\n';
  const ask = (id: string, permissions: readonly string[], ...options: readonly string[]) =>
    runProgram("", [], {
      args: ["run", "--quiet", "--no-prompt", ...permissions, MAIN, "--store", "memory", ...options],
      env: { ORCHESTRATOR_INSTANCE: id },
      input,
    });
  const permitted = ["--allow-env=ORCHESTRATOR_INSTANCE"];
  const you = ({ output }: { readonly output: string }) => JSON.parse(output).result.structuredContent.you;
  assertEquals(you(await ask("worker-7", permitted)), "worker-7");
  assertEquals(you(await ask("worker-7", permitted, "--instance", "worker-8")), "worker-8");
  assertMatch(you(await ask("worker-7", [])), /^client-[a-z]+-[a-z]+$/);
  assertMatch(you(await ask("", permitted)), /^client-[a-z]+-[a-z]+$/);
  const { code, log } = await ask(" worker", permitted);
  assertEquals(code, 1);
  assertStringIncludes(log, "ORCHESTRATOR_INSTANCE cannot be used: Instance id ");
  const wrong = await ask("", permitted, "--instance", "");
  assertStringIncludes(wrong.log, "Instance id is empty: give at least one character.");
});

Deno.test("with --store memory nothing is kept, and no permission is needed", async () => {
  const input = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_task","arguments":' +
    '{"id":"a","description":""}}}\n';
  const { code, output, log } = await runProgram("", [], {
    args: ["run", "--quiet", "--no-prompt", MAIN, "--store", "memory"],
    input,
  });
  assertEquals([code, log], [0, ""]);
  assertEquals(JSON.parse(output).result.structuredContent.id, "a");
});

Deno.test("numbers are accepted from minimum to maximum, and none beyond", () => {
  const codeOf = (...args: string[]) => {
    const read = readArguments(args, {
      version: "",
      name: "orchestrator",
      defaultPlace: "",
      toolsets: [],
      defaultToolsets: [],
      print: () => {},
      printError: () => {},
    });
    return read.type === "exit" ? read.code : undefined;
  };
  const bounds: readonly (readonly [command: readonly string[], option: string, least: number, most: number])[] = [
    [[], "--timeout-ms", 1, MAX_DURATION_MS],
    [[], "--max-attempts", 1, MAX_COUNT],
    [[], "--initial-interval-ms", 0, MAX_DURATION_MS],
    [[], "--backoff-coefficient", 1, MAX_BACKOFF_COEFFICIENT],
    [[], "--max-interval-ms", 0, MAX_DURATION_MS],
    [[], "--max-wait-ms", 1, LONGEST_MAX_WAIT_MS],
    [[], "--session-grace-ms", 0, MAX_DURATION_MS],
    [["history"], "--limit", 1, 999_999_999_999_999],
  ];
  for (const [command, option, least, most] of bounds) {
    for (const [number, code] of [[least - 1, 1], [least, undefined], [most, undefined], [most + 1, 1]] as const) {
      assertEquals(codeOf(...command, `${option}=${number}`), code, `${option} ${number}`);
    }
  }
});

Deno.test("settings of the server are the defaults of new tasks", async (t) => {
  await using directory = await temporaryDirectory();
  const settingsOf = async (server: Server, task_id: string) => {
    const { timeoutMs, maxAttempts, backoff } = await server.ask("get_task_details", { task_id });
    return { timeoutMs, maxAttempts, backoff };
  };
  const backoff = { initialIntervalMs: 0, coefficient: 1.5, maxIntervalMs: 7_000 };
  {
    const args = ["--timeout-ms", "60000", "--max-attempts=3", "--initial-interval-ms", "0"];
    args.push("--backoff-coefficient", "1.5", "--max-interval-ms", "7000");
    await using server = await startServer(directory.path, { args });

    await t.step("in each tool that creates tasks", async () => {
      const task = { description: "" };
      await server.ask("create_task", { id: "one", ...task });
      await server.ask("create_tasks", { tasks: [{ id: "many", ...task }] });
      await server.ask("save_template", { name: "own", tasks: [{ id: "in", ...task }] });
      await server.ask("apply_template", { name: "own", group_id: "g" });
      for (const id of ["one", "many", "g/in"]) {
        assertEquals(await settingsOf(server, id), { timeoutMs: 60_000, maxAttempts: 3, backoff });
      }
    });

    await t.step("but not of tasks that set other values", async () => {
      await server.ask("create_task", {
        id: "other",
        description: "",
        timeout_ms: 1_000,
        backoff: { initial_interval_ms: 5 },
      });
      assertEquals(await settingsOf(server, "other"), {
        timeoutMs: 1_000,
        maxAttempts: 3,
        backoff: { initialIntervalMs: 5 },
      });
    });
  }

  await t.step("and they stay, whatever the settings of a later server", async () => {
    await using server = await startServer(directory.path, { args: ["--timeout-ms", "5"] });
    assertEquals((await settingsOf(server, "one")).timeoutMs, 60_000);
    await create(server, "new");
    assertEquals(await settingsOf(server, "new"), { timeoutMs: 5, maxAttempts: 5, backoff: undefined });
  });

  await t.step("without settings, tasks have 5 attempts, and nothing else is set", async () => {
    await using server = await startServer(directory.path);
    await create(server, "plain");
    assertEquals(await settingsOf(server, "plain"), {
      timeoutMs: undefined,
      maxAttempts: 5,
      backoff: undefined,
    });
    await server.ask("update_task", { task_id: "plain", clear: ["max_attempts"] });
    assertEquals((await settingsOf(server, "plain")).maxAttempts, undefined);
  });
});

testUnless(
  missingOnWindows("modes of files"),
  "a server makes its data directory, with all above it, for its user only",
)(async () => {
  await using parent = await temporaryDirectory();
  const directory = `${parent.path}/a/b`;
  const args = programArgs(directory).map((arg) => arg.replace(`=${directory}`, `=${parent.path}`));
  const { code, log } = await runProgram("", [], { args, input: "" });
  assertEquals([code, log], [0, ""]);
  assertEquals((await Deno.stat(directory)).mode! & 0o777, 0o700);
});

/** Runs the program without any permission. */
async function runDeno(...args: readonly string[]): Promise<ProgramResult> {
  return await runProgram("", [], { args: ["run", "--quiet", "--no-prompt", MAIN, ...args] });
}
