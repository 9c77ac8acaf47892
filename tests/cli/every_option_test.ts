/** Shows that no option is ignored: it has an effect on what was asked for, or is refused. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readArguments } from "../../src/cli/arguments.ts";

const COMMANDS: readonly (readonly string[])[] = [
  ["status"],
  ["digest"],
  ["history"],
  ["verify"],
  ["repair"],
  ["backup", "copy"],
  ["export"],
  ["import", "file"],
  ["archive", "--older-than", "P1D"],
  ["pause", "--reason", "why"],
  ["resume"],
  ["doctor"],
  ["open"],
  ["redact", "a", "--reason", "r"],
  ["init"],
];

const SERVING: readonly (readonly string[])[] = [
  ["--toolsets", "core"],
  ["--as", "worker"],
  ["--instance", "worker-1"],
  ["--timeout-ms", "5"],
  ["--max-attempts", "5"],
  ["--initial-interval-ms", "5"],
  ["--backoff-coefficient", "3"],
  ["--max-interval-ms", "5"],
  ["--max-wait-ms", "5"],
  ["--session-grace-ms", "0"],
  ["--archive-after", "P30D"],
  ["--deliver"],
  ["--allow-private-webhooks"],
  ["--handlers", "handlers.json"],
  ["--log-level", "debug"],
  ["--log-format", "json"],
];

function read(...args: readonly string[]) {
  let errors = "";
  const result = readArguments(args, {
    version: "0.0.0",
    name: "orchestrator",
    defaultPlace: "data",
    toolsets: ["core", "groups"],
    defaultToolsets: ["core", "groups"],
    print: () => {},
    printError: (text) => errors += text,
  });
  return { result, errors };
}

Deno.test("options for serving are refused by every command, before and after its name", () => {
  for (const option of SERVING) {
    assert(read(...option).result.type === "serve");
    assert(JSON.stringify(read(...option).result) !== JSON.stringify(read().result), option[0]);
    const refusing = COMMANDS.filter(([name]) =>
      option[0] !== "--instance" || !["history", "digest"].includes(name ?? "")
    );
    for (const command of refusing) {
      for (const args of [[...option, ...command], [...command, ...option]]) {
        const { result, errors } = read(...args);
        assertEquals(result, { type: "exit", code: 1 }, args.join(" "));
        assertStringIncludes(
          errors,
          `${option[0]} has no effect on ${command[0]}: it says how MCP is served: leave it out`,
        );
      }
    }
  }
});

Deno.test("serve over HTTP takes the options for serving, but those that only one client could have", () => {
  const plain = JSON.stringify(read("serve", "--open").result);
  for (const option of SERVING.filter(([name]) => name !== "--instance" && name !== "--deliver")) {
    const { result } = read("serve", "--open", ...option);
    assert(result.type === "http" && JSON.stringify(result) !== plain, option[0]);
  }
  for (const option of [["--port", "0"], ["--host", "::1"], ["--host", "10.0.0.1"], ["--allow-host", "a.example,b"]]) {
    const { result } = read("serve", "--open", ...option);
    assert(result.type === "http" && JSON.stringify(result) !== plain, option.join(" "));
  }
  const refused: readonly (readonly string[])[] = [
    ["--instance", "a"],
    ["--deliver"],
    ["--as", "worker"],
    ["--open", "--as", "token"],
    ["--port", "65536"],
    ["--port", "-1"],
    ["--host", "tasks.example"],
    ["--host", "1.2.3"],
    ["--host", "::x"],
    ["--host", "127.0.0.1:80"],
    ["--allow-host", "http://a"],
    ["--allow-host", ""],
  ];
  for (const args of refused) assertEquals(read("serve", ...args).result, { type: "exit", code: 1 }, args.join(" "));
  const { result } = read("serve", "--host", "localhost");
  assert(result.type === "http");
  assertEquals([result.host, result.port, result.open], ["127.0.0.1", 8787, false]);
});

Deno.test("every option of archive changes what it does", () => {
  const plain = read("archive", "--older-than", "P1D").result;
  assertEquals(plain, {
    location: { type: "data", directory: undefined },
    type: "archive",
    filter: { olderThanMs: 24 * 60 * 60 * 1_000 },
    dryRun: false,
  });
  for (const option of [["--group", "g"], ["--status", "failed,completed"], ["--older-than", "P2D"], ["--dry-run"]]) {
    const { result } = read("archive", "--older-than", "P1D", ...option);
    assert(result.type === "archive" && JSON.stringify(result) !== JSON.stringify(plain), option.join(" "));
  }
});

Deno.test("--allow-handlers-from has an effect with --handlers only", () => {
  const allowed = ["--allow-handlers-from", "d"];
  for (const command of [[], ["serve", "--open"]]) {
    assertStringIncludes(read(...command, ...allowed).errors, "has no effect without --handlers");
    const { result } = read(...command, ...allowed, "--handlers", "d/handlers.json");
    assert((result.type === "serve" || result.type === "http") && result.allowHandlersFrom === "d");
  }
});

Deno.test("call takes the options for serving that count for one call", () => {
  const plain = JSON.stringify(read("call", "get_next_task").result);
  for (const option of SERVING) {
    const { result } = read("call", "get_next_task", ...option);
    const isIdle = ["--toolsets", "--session-grace-ms", "--handlers"].includes(option[0] ?? "");
    assert(isIdle ? result.type === "exit" : JSON.stringify(result) !== plain, option[0]);
  }
  for (const given of [["{}"], ["--request-id", "r"], ["--url", "http://127.0.0.1:8787"]]) {
    assert(JSON.stringify(read("call", "get_next_task", ...given).result) !== plain, given.join(" "));
  }
});

Deno.test("each command of a person takes what has an effect on it, and nothing else", () => {
  const caller = ["--as", "--log-level", "--log-format"];
  const ofTasks = ["--timeout-ms", "--max-attempts", "--initial-interval-ms", "--backoff-coefficient"];
  const taken: Readonly<Record<string, readonly string[]>> = {
    "add text": [...caller, ...ofTasks, "--max-interval-ms"],
    "next": [...caller, "--instance", "--timeout-ms"],
    "done a": [...caller, "--instance"],
    "note a text": [...caller, "--instance"],
    "cancel a": [...caller, "--instance"],
    "retry a": caller,
    "show a": caller,
    "why a": caller,
  };
  for (const [text, options] of Object.entries(taken)) {
    const command = text.split(" ");
    const plain = JSON.stringify(read(...command).result);
    for (const option of SERVING) {
      const { result, errors } = read(...command, ...option);
      if (options.includes(option[0] ?? "")) assert(JSON.stringify(result) !== plain, `${text} ${option[0]}`);
      else assertStringIncludes(errors, `${option[0]} has no effect on ${command[0]}`);
    }
    for (const own of [["--json"], ["--url", "http://127.0.0.1:8787"]]) {
      assert(JSON.stringify(read(...command, ...own).result) !== plain, `${text} ${own[0]}`);
    }
  }
  for (const own of [["--id", "i"], ["--after", "a", "b"], ["--priority", "low"], ["--group", "g"]]) {
    assert(JSON.stringify(read("add", "text", ...own).result) !== JSON.stringify(read("add", "text").result), own[0]);
  }
  assert(JSON.stringify(read("next", "--group", "g").result) !== JSON.stringify(read("next").result));
  for (const url of ["", "x", "ftp://a", "http://a@b", "http://a?b", "http://a#b"]) {
    assertStringIncludes(read("show", "a", "--url", url).errors, "It must be the address that serve prints");
  }
});

Deno.test("--instance is the instance that is served, and the one whose history is asked for", () => {
  const asked = (...args: readonly string[]) => {
    const { result } = read(...args);
    assert(result.type === "history");
    return result.query.instance;
  };
  assertEquals(asked("history", "--instance", "bob"), "bob");
  assertEquals(asked("--instance", "bob", "history"), "bob");
  assertEquals(asked("history"), undefined);
});

Deno.test("--store memory is refused by every command, and together with --data", () => {
  for (const command of COMMANDS) {
    assertStringIncludes(read("--store", "memory", ...command).errors, `--store memory has no effect on ${command[0]}`);
    assertEquals(read("--store", "file", "--data", "d", ...command).result.type, command[0]);
  }
  assertStringIncludes(read("--store", "memory", "--data", "d").errors, "--data has no effect with --store memory");
});

Deno.test("--project names where the plan is, alone, once, and for serve as often as there are plans", () => {
  const locationOf = (...args: readonly string[]) => {
    const { result } = read(...args);
    assert("location" in result, args.join(" "));
    return result.location;
  };
  assertEquals(locationOf("--project", "web"), { type: "project", project: "web" });
  assertEquals(locationOf("call", "get_next_task", "--project", "auto"), { type: "project", project: "auto" });
  const serve = ["serve", "--project", "web", "--project", "auto", "--project", "web"];
  assertEquals(locationOf(...serve), { type: "projects", names: ["web", "auto"], isAll: false });
  assertEquals(locationOf("serve", "--projects"), { type: "projects", names: [], isAll: true });
  for (
    const [args, says] of [
      [["--project", "web", "--data", "d"], "--data has no effect with --project, which says where the plan is"],
      [["--project", "web", "--store", "memory"], "--project has no effect with --store memory"],
      [["serve", "--projects", "--data", "d"], "--data has no effect with --projects"],
      [["serve", "--projects", "--store", "memory"], "--projects has no effect with --store memory"],
      [["status", "--project", "a", "--project", "b"], "--project has no effect a second time"],
      [["projects", "--project", "a"], "--project has no effect on projects"],
      [["projects", "list", "--data", "d"], "--data has no effect on projects"],
      [["serve", "--projects", "--handlers", "h.json"], "--handlers has no effect with several projects"],
      [["--project", "../web"], 'No project can be named "../web": a name has 1 to 63 of a-z'],
    ] as const
  ) {
    const { result, errors } = read(...args);
    assertEquals(result, { type: "exit", code: 1 }, args.join(" "));
    assertStringIncludes(errors, says);
  }
});

Deno.test("the options of a command change what it does, and every option of the program is tried here", () => {
  for (
    const args of [
      ["status", "--all"],
      ["analyze", "--limit", "1"],
      ["analyze", "--forecast", "1,2"],
      ["history", "--task", "a"],
      ["history", "--instance", "a"],
      ["history", "--group", "a"],
      ["history", "--type", "task.failed"],
      ["history", "--since", "1"],
      ["history", "--until", "1"],
      ["history", "--json"],
      ["history", "--limit", "1"],
      ["status", "--data", "d"],
      ["status", "--url", "http://127.0.0.1:1"],
      ["status", "--project", "web"],
      ["doctor", "--verify"],
      ["doctor", "--json"],
    ] as const
  ) {
    assert(JSON.stringify(read(...args).result) !== JSON.stringify(read(args[0]).result), args.join(" "));
  }
  for (
    const [options, command] of [
      [["--since", "1"], ["webhook", "replay", "w"]],
      [["--grace", "PT1H"], ["webhook", "rotate", "w"]],
      [["--allow-private-webhooks"], ["webhook", "test", "w"]],
      [["--type", "task.failed"], ["webhook", "add", "w", "u"]],
      [["--group", "a"], ["webhook", "add", "w", "u"]],
      [["--task", "a"], ["webhook", "add", "w", "u"]],
      [["--audiences", "a,b"], ["webhook", "add", "w", "u"]],
    ] as const
  ) {
    const { result } = read(...command, ...options);
    assert(result.type.startsWith("webhook "), options.join(" "));
    assert(JSON.stringify(result) !== JSON.stringify(read(...command).result), options.join(" "));
  }
  let help = "";
  const surroundings = {
    version: "0.0.0",
    name: "orchestrator",
    defaultPlace: "data",
    toolsets: ["core"],
    defaultToolsets: ["core", "groups"],
    printError: () => {},
  };
  readArguments(["--help"], { ...surroundings, print: (text) => help += text });
  const others = ["--data", "--project", "--store", "--version", "--help", "--allow-handlers-from"];
  const known = [...others, ...SERVING.map(([name]) => name)];
  const listed = Array.from(help.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm), ([, name]) => name);
  assertEquals(new Set(listed), new Set(known));
});
