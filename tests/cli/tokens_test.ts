/** Shows the commands for tokens and the audit, and that a token which cannot be used never gives more rights than meant. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { issueKey } from "../../src/app/sign_in.ts";
import { callerOfSecret, isSecret } from "../../src/app/tokens.ts";
import { firstAdminToken } from "../../src/cli/tokens.ts";
import { readSecret } from "../../src/cli/rights.ts";
import { localOperator, ROLES } from "../../src/core/model/access.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { refusalOf } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";
import { runHere } from "../support/command.ts";
import { runProgram } from "../support/program.ts";
import { MAIN, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("a token is issued, listed and revoked; its secret is shown once and is nowhere in the data", async () => {
  await using directory = await temporaryDirectory();
  const run = (...command: readonly string[]) => runHere(directory.path, command);
  const { code, output } = await run("token", "issue", "--name", "ci", "--role", "worker", "--instance", "w1");
  assertEquals(code, 0);
  const [secret = ""] = /^orc_.*$/m.exec(output) ?? [];
  assert(isSecret(secret), output);
  const configurations = Array.from(output.matchAll(/^\{$[\s\S]*?^\}$/gm), ([json]) => JSON.parse(json).mcpServers);
  const [http, stdio] = configurations.map(({ orchestrator }) => orchestrator);
  assertEquals(http.headers, { Authorization: "Bearer ${ORCHESTRATOR_TOKEN}" });
  assertEquals(stdio.env, { ORCHESTRATOR_TOKEN: "${ORCHESTRATOR_TOKEN}" });
  assert(stdio.args.includes("--allow-env=ORCHESTRATOR_TOKEN"), stdio.args.join(" "));
  const started = await runProgram("", [], {
    args: stdio.args,
    env: { ORCHESTRATOR_TOKEN: secret },
    input: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_next_task","arguments":{}}}\n',
  });
  assertEquals(JSON.parse(started.output).result.structuredContent.you, "w1");

  assertMatch((await run("token", "list")).output, /^ci: worker as instance w1, issued 2\S+\n$/);
  for (const name of ["signin-ci", "dashboard-ci"]) {
    const { code, log } = await run("token", "issue", "--name", name, "--role", "worker");
    assertEquals(code, 1);
    assertStringIncludes(log, "must not begin with signin- or dashboard-");
  }
  const again = await run("token", "issue", "--name", "ci", "--role", "worker");
  assertEquals(again.code, 1);
  assertStringIncludes(again.log, "revoke it first");
  assertEquals((await run("token", "revoke", "ci")).code, 0);
  assertStringIncludes((await run("token", "revoke", "ci")).log, "token list shows them");
  assertStringIncludes((await run("token", "list")).output, "There are no tokens");
  const late = await runProgram("", [], { args: stdio.args, env: { ORCHESTRATOR_TOKEN: secret }, input: "" });
  assertEquals([late.code, late.log.includes("was revoked")], [1, true]);
  for await (const entry of filesIn(directory.path)) {
    assert(!(await Deno.readTextFile(entry)).includes(secret), entry);
  }
});

Deno.test("every role can be issued, with an expiry, and bad options are refused with what would work", async () => {
  await using directory = await temporaryDirectory();
  const issue = (...options: readonly string[]) => runHere(directory.path, ["token", "issue", ...options]);
  for (const role of ROLES) assertEquals((await issue("--name", role, "--role", role, "--expires", "P1D")).code, 0);
  const cases: readonly (readonly [options: readonly string[], message: string])[] = [
    [["--name", "x"], "required option '--role <role>' not specified"],
    [["--role", "worker"], "required option '--name <name>' not specified"],
    [["--name", "x", "--role", "boss"], "Allowed choices are admin, planner, worker, observer."],
    [["--name", "x", "--role", "worker", "--expires", "soon"], "a duration from now like P30D"],
    [["--name", "x", "--role", "worker", "--expires", "2020-01-01"], "give a later time"],
    [["--name", "x", "--role", "worker", "--instance", ""], "Instance id is empty"],
    [["--name", "x", "--role", "admin", "--audiences", "a,b"], "leave them out"],
    [["--name", "", "--role", "worker"], "Token name is empty"],
  ];
  for (const [options, message] of cases) {
    const { code, log } = await issue(...options);
    assertEquals(code, 1, options.join(" "));
    assertStringIncludes(log, message);
  }
});

Deno.test("a token that is named but cannot be used ends the start", async () => {
  await using directory = await temporaryDirectory();
  await runHere(directory.path, ["token", "issue", "--name", "ann", "--role", "worker"]);
  const start = (token: string | undefined, ...args: readonly string[]) => {
    const permissions = [`--allow-read=${directory.path}`, `--allow-write=${directory.path}`];
    const [flag, ...options] = token === undefined ? ["--quiet", ...args] : ["--allow-env=ORCHESTRATOR_TOKEN", ...args];
    return runProgram("", [], {
      args: ["run", "--quiet", "--no-prompt", ...permissions, flag ?? "", MAIN, "--data", directory.path, ...options],
      ...(token !== undefined && { env: { ORCHESTRATOR_TOKEN: token } }),
      input: "",
    });
  };
  const secret = `orc_${"a".repeat(43)}`;
  const cases: readonly (readonly [token: string | undefined, args: readonly string[], message: string])[] = [
    [undefined, ["--as", "token"], "start with --allow-env=ORCHESTRATOR_TOKEN"],
    ["", [], "unset it to start without a token"],
    ["password", [], "it must be what token issue printed"],
    ["${ORCHESTRATOR_TOKEN}", [], "the client did not fill in the variable"],
    [secret, [], "is unknown: it was never issued, or was revoked"],
    [secret, ["--as", "worker"], "leave one of them out"],
  ];
  for (const [token, args, message] of cases) {
    const { code, log } = await start(token, ...args);
    assertEquals(code, 1, message);
    assertStringIncludes(log, message);
    assert(!log.includes(secret), log);
  }
  assertEquals((await start(undefined)).code, 0);
});

Deno.test("without a token that is named, the client of a server has the role of --as, or all rights", () => {
  assertEquals(readSecret({ text: undefined, isPermitted: true }), undefined);
  assertEquals(readSecret({ text: undefined, isPermitted: false, role: "worker" }), undefined);
  const refusal = refusalOf(() => readSecret({ text: undefined, isPermitted: true, needsToken: true }));
  assertEquals([refusal.code, refusal.message.includes("is not set")], ["unauthorized", true]);
});

Deno.test("a server that is bound by its token serves no other instance", async () => {
  await using directory = await temporaryDirectory();
  const issued = await runHere(directory.path, [
    ...["token", "issue", "--name", "ci", "--role", "worker", "--instance", "w1"],
  ]);
  const [secret = ""] = /^orc_.*$/m.exec(issued.output) ?? [];
  const { code, log } = await runProgram("", [], {
    args: [
      ...["run", "--quiet", "--no-prompt", `--allow-read=${directory.path}`, `--allow-write=${directory.path}`],
      ...["--allow-env=ORCHESTRATOR_TOKEN", MAIN, "--data", directory.path, "--instance", "w2"],
    ],
    env: { ORCHESTRATOR_TOKEN: secret },
    input: "",
  });
  assertEquals(code, 1);
  assertStringIncludes(log, "bound to instance w1: leave --instance and ORCHESTRATOR_INSTANCE out");
});

Deno.test("the audit prints all that was done, page after page, and finds it by caller, task, instance, type and time", async () => {
  await using directory = await temporaryDirectory();
  {
    await using server = await startServer(directory.path, { name: "planner" });
    const tasks = Array.from({ length: 600 }, (_, index) => ({ id: `t${index}`, description: "" }));
    await server.ask("create_tasks", { tasks });
    await server.ask("get_next_task", { instance_id: "x" });
  }
  {
    await using server = await startServer(directory.path, { name: "looker", args: ["--as", "observer"] });
    await server.refused("get_next_task", { instance_id: "y" });
  }
  const audit = async (...options: readonly string[]) => {
    const { code, output, log } = await runHere(directory.path, ["audit", ...options]);
    assertEquals(code, 0, log);
    return output.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  };
  const all = await audit();
  assertEquals(new Set(all.map(({ id }) => id)).size, all.length);
  assertEquals(all.filter(({ type }) => type === "orchestrator.task.created").length, 600);
  assertEquals(all.filter(({ type }) => type === "orchestrator.task.ready").length, 600);
  assertEquals((await audit("--task", "t0")).map(({ data }) => data.command), [
    "create_tasks",
    "create_tasks",
    "claim_task",
  ]);
  const [denied, ...others] = await audit("--denied");
  assertEquals([others, denied.data.actor, denied.data.call, denied.data.instances], [[], "looker", "claim_task", [
    "y",
  ]]);
  assertEquals(await audit("--instance", "y"), [denied]);
  assertEquals(await audit("--caller", "looker"), [denied]);
  assertEquals(await audit("--type", "access.denied", "--since", "1"), [denied]);
  assertEquals((await audit("--caller", "planner", "--type", "task.claimed")).length, 1);
  assertEquals(await audit("--token", "no"), []);
  assertEquals(await audit("--since", denied.id), []);
  const { code, log } = await runHere(directory.path, ["audit", "--denied", "--type", "task.created"]);
  assertEquals([code, log.includes("cannot be used with")], [1, true]);
});

Deno.test("verify --head finds a head again, however much follows, and misses one that was cut off or rewritten", async () => {
  await using directory = await temporaryDirectory();
  const run = (...command: readonly string[]) => runHere(directory.path, command);
  await run("token", "issue", "--name", "a", "--role", "worker");
  const first = (await run("audit", "head")).output.trim();
  await run("token", "issue", "--name", "b", "--role", "worker");
  const second = (await run("audit", "head")).output.trim();
  assertMatch(first, /^1:[0-9a-f]{64}$/);
  for (const head of [first, second, first.slice(2), second.slice(2)]) {
    const { code, output } = await run("verify", "--head", head);
    assertEquals([code, /head: {4}seq \d is there/.test(output), output.endsWith("OK\n")], [0, true, true]);
  }
  assertEquals((await run("verify", "--head", `2:${first.slice(2)}`)).code, 1);
  const path = `${directory.path}/journal/0000000001.jsonl`;
  const [kept] = (await Deno.readTextFile(path)).split("\n");
  await Deno.writeTextFile(path, `${kept}\n`);
  await Deno.remove(`${directory.path}/state.json`);
  assertEquals((await run("verify", "--head", first)).code, 0);
  const { code, output } = await run("verify", "--head", second);
  assertEquals([code, output.includes("MISSING"), output.includes("OK")], [1, true, false]);
  assertStringIncludes((await run("verify", "--head", "2")).log, "SEQ:HASH");
});

Deno.test("of servers that start at once, one makes the first token, and a later one makes none", async () => {
  const journal = new MemoryJournal(Date.now);
  const start = () => Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  const engines = await Promise.all([start(), start()]);
  const kept: string[] = [];
  const keep = (secret: string) => void kept.push(secret);
  const made = await Promise.all(engines.map((engine) => firstAdminToken(engine, { keep })));
  assertEquals(made.filter((secret) => secret !== undefined), kept);
  assertEquals(kept.length, 1);
  const [engine] = engines;
  assert(engine !== undefined);
  const caller = await callerOfSecret(kept[0] ?? "", { name: "agent" });
  assertEquals((await engine.query({ type: "get_caller" }, caller)).role, "admin");
  assertEquals(await firstAdminToken(engine, { keep }), undefined);
});

Deno.test("a key that signs in once is no token that an admin can rely on", async () => {
  const journal = new MemoryJournal(Date.now);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  await issueKey({ engine, operator: localOperator("test") }, { role: "admin" });
  assert(isSecret(await firstAdminToken(engine, { keep: () => {} }) ?? ""));
});

Deno.test("a first token that cannot be kept is revoked, so that the next start makes another one", async () => {
  const journal = new MemoryJournal(Date.now);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  const keep = () => {
    throw new Error("full");
  };
  const failure = await firstAdminToken(engine, { keep }).catch((error) => error);
  assertEquals(failure.message, "full");
  assertEquals(await engine.query({ type: "list_tokens" }, localOperator("test")), []);
  assert(isSecret(await firstAdminToken(engine, { keep: () => {} }) ?? ""));
});

async function* filesIn(directory: string): AsyncIterable<string> {
  for await (const { name, isFile, isDirectory } of Deno.readDir(directory)) {
    if (isFile) yield `${directory}/${name}`;
    if (isDirectory) yield* filesIn(`${directory}/${name}`);
  }
}
