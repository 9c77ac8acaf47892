/** Shows that `call` runs one tool as a client over MCP would, with the rights of its caller, and strands nothing. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runHere } from "../support/command.ts";
import { runProgram } from "../support/program.ts";
import { ADMIN_OPERATIONS, TOOLS } from "../support/rights.ts";
import { type Json, MAIN, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** What a call printed: its answer, or the error. */
async function call(directory: string, ...args: readonly string[]) {
  const { code, output, log } = await runHere(directory, ["call", ...args]);
  const text = code === 0 ? output : log;
  return { code, text, json: text.startsWith("{") ? JSON.parse(text) : undefined };
}

Deno.test("a call has the answer of the tool over MCP, and the journal says that it came by the command line", async () => {
  await using directory = await temporaryDirectory();
  const created = await call(directory.path, "create_task", '{"id": "a", "description": "first"}');
  await using server = await startServer(directory.path);
  const { structuredContent } = await server.call("get_task_details", { task_id: "a" });
  assertEquals((await call(directory.path, "get_task_details", '{"task_id": "a"}')).json, structuredContent);
  assertEquals([created.code, created.json.id, created.json.description], [0, "a", "first"]);
  const { output } = await runHere(directory.path, ["history", "--type", "task.created", "--json"]);
  const { data } = JSON.parse(output);
  assertEquals([data.actor, data.via.transport], ["cli", "cli"]);
});

Deno.test("the arguments of a call can come from standard input", async () => {
  await using directory = await temporaryDirectory();
  const input = '{"id": "a", "description": "from a file"}';
  const { code, output } = await runHere(directory.path, ["call", "create_task", "-"], { input });
  assertEquals([code, JSON.parse(output).description], [0, "from a file"]);
});

Deno.test("arguments from standard input that are no UTF-8 are refused, not changed", async () => {
  await using directory = await temporaryDirectory();
  const input = new Uint8Array([...new TextEncoder().encode('{"id": "a", "description": "'), 0xe9, 0x22, 0x7d]);
  const { code, log } = await runHere(directory.path, ["call", "create_task", "-"], { input });
  assertEquals(code, 1);
  assertStringIncludes(JSON.parse(log).error.message, "It is not UTF-8");
});

Deno.test("a refused call prints its code and message as JSON to standard error, and exits with 1", async () => {
  await using directory = await temporaryDirectory();
  const cases: readonly (readonly [args: readonly string[], code: string, message: string])[] = [
    [["get_task_status"], "not_found", "There is no data"],
    [["create_task", "{"], "invalid_value", "are not JSON"],
    [["create_task", '{"id": "a"}'], "invalid_value", "description: missing"],
    [["complete_task", '{"task_id": "a", "instance_id": "x", "result": ""}'], "not_found", "Task a not found"],
    [["get_next_task"], "invalid_value", "give a name of your own"],
    [["create_task", '{"id": "a", "description": ""}', "--as", "observer"], "forbidden", "no right to work"],
  ];
  for (const [args, code, message] of cases) {
    const result = await call(directory.path, ...args);
    assertEquals([result.code, result.json?.error.code], [1, code], result.text);
    assertStringIncludes(result.json.error.message, message);
  }
});

Deno.test("an unknown tool is refused with those that there are, and the one that is meant", async () => {
  await using directory = await temporaryDirectory();
  const { code, json, text } = await call(directory.path, "creat_task", "{}");
  assertEquals([code, json.error.code], [1, "not_found"]);
  assertStringIncludes(text, "There is no tool creat_task: use create_task. There are");
  for (const name of [...Object.keys(TOOLS), ...Object.keys(ADMIN_OPERATIONS)]) assertStringIncludes(text, name);
});

Deno.test("webhooks can be added and looked at by calls", async () => {
  await using directory = await temporaryDirectory();
  const { json: added } = await call(directory.path, "add_webhook", '{"name": "c", "url": "https://example.com/x"}');
  assertStringIncludes(added.secret, "whsec_");
  const { json: listed } = await call(directory.path, "list_webhooks", "{}");
  assertEquals(listed.webhooks.map(({ name }: { readonly name: string }) => name), ["c"]);
});

Deno.test("a call has the rights of the token in the environment, and is denied without a valid one", async () => {
  await using directory = await temporaryDirectory();
  const { json: issued } = await call(directory.path, "issue_token", '{"name": "w", "role": "worker"}');
  const withToken = async (secret: string, ...args: readonly string[]) => {
    return await runProgram("", [], {
      args: [
        ...["run", "--quiet", "--no-prompt", `--allow-read=${directory.path}`, `--allow-write=${directory.path}`],
        ...["--allow-env=ORCHESTRATOR_TOKEN", MAIN, "--data", directory.path, "call", ...args],
      ],
      env: { ORCHESTRATOR_TOKEN: secret },
    });
  };
  assertEquals((await withToken(issued.secret, "create_task", '{"id": "a", "description": ""}')).code, 0);
  const planning = await withToken(issued.secret, "delete_task", '{"task_id": "a"}');
  assertEquals(JSON.parse(planning.log).error.code, "forbidden");
  assertEquals(JSON.parse((await withToken(issued.secret, "get_audit")).log).error.code, "forbidden");
  await call(directory.path, "revoke_token", '{"name": "w"}');
  assertEquals(JSON.parse((await withToken(issued.secret, "get_task_status")).log).error.code, "unauthorized");
  const { json: { events } } = await call(directory.path, "get_audit", '{"denied": true}');
  const calls = events.map((event: { data: Json }) => event.data["call"]);
  assertEquals(calls, ["delete_task", "select_audit", "get_caller"]);
});

Deno.test("a task that is claimed by a call has a lease, although nobody stays connected", async () => {
  await using directory = await temporaryDirectory();
  await call(directory.path, "create_task", '{"id": "a", "description": ""}');
  const { json } = await call(directory.path, "--timeout-ms", "60000", "get_next_task", '{"instance_id": "x"}');
  assertEquals([json.id, json.you], ["a", "x"]);
  const isSoon = Date.parse(json.leaseUntil) <= Date.now() + 60_000;
  assert(isSoon, json.leaseUntil);
  await call(directory.path, "create_task", '{"id": "b", "description": ""}');
  const { json: second } = await call(directory.path, "--instance", "y", "get_next_task");
  assert(Date.parse(second.leaseUntil) > Date.now() + 60 * 60_000, second.leaseUntil);
});

Deno.test("a call takes the task of a dead session over, although no server runs", async () => {
  await using directory = await temporaryDirectory();
  {
    await using server = await startServer(directory.path, { args: ["--session-grace-ms", "0"] });
    await server.ask("create_task", { id: "a", description: "" });
    await server.ask("get_next_task", { instance_id: "x" });
    await server.kill();
  }
  const { json } = await call(directory.path, "get_next_task", '{"instance_id": "x"}');
  assertEquals(json.holding?.map((task: Json) => task["id"]) ?? [json.id], ["a"]);
});

Deno.test("a call waits for a task that another process makes ready", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_task", { id: "a", description: "" });
  await server.ask("get_next_task", { instance_id: "x" });
  await server.ask("create_task", { id: "b", description: "", dependencies: ["a"] });
  const waiting = call(directory.path, "get_next_task", '{"instance_id": "y", "wait_ms": 30000}');
  await server.ask("complete_task", { task_id: "a", instance_id: "x", result: "" });
  assertEquals((await waiting).json.id, "b");
});

Deno.test("a tool that reads needs permission to read only, and changes nothing", async () => {
  await using directory = await temporaryDirectory();
  await call(directory.path, "create_task", '{"id": "a", "description": ""}');
  const readOnly = async (...args: readonly string[]) => {
    return await runProgram("", [], {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        `--allow-read=${directory.path}`,
        MAIN,
        "--data",
        directory.path,
        ...args,
      ],
    });
  };
  assertEquals(JSON.parse((await readOnly("call", "get_task_status")).output).tasks.length, 1);
  assertStringIncludes((await readOnly("call", "create_task", "{}")).log, "--allow-write=");
});

Deno.test("a repeated call with the same request id is carried out once", async () => {
  await using directory = await temporaryDirectory();
  const create = () => call(directory.path, "create_task", '{"id": "a", "description": ""}', "--request-id", "r1");
  assertEquals([(await create()).json.repeated, (await create()).json.repeated], [undefined, true]);
  assertStringIncludes((await call(directory.path, "create_task", "{}", "--request-id", "#1")).text, "begins with #");
});
