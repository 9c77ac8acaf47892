/** Shows what the clients of each role may do over every tool, resource, prompt and completion, by a role or a token. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { localOperator, type Role, ROLES } from "../../src/core/model/access.ts";
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { toolsOf } from "../../src/mcp/tools/mod.ts";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { connect, type Connected } from "../support/connected.ts";
import { McpError } from "../support/sdk_client.ts";
import { RESOURCES, TOOLS, VERBS } from "../support/rights.ts";
import { runProgram } from "../support/program.ts";
import { type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const DIGEST = "a".repeat(64);

/** A client with a token of a role, of a server with a task and a group. */
async function connectWith(role: Role): Promise<Connected & { readonly journal: MemoryJournal }> {
  const journal = new MemoryJournal(Date.now);
  const client = await connect({ journal, rights: { token: DIGEST } });
  const operator = localOperator("test");
  await client.engine.execute({ type: "create_group", id: "g", settings: {} }, operator);
  const tasks = [{ id: "a", description: "", dependencies: [] }];
  await client.engine.execute({ type: "create_tasks", tasks }, operator);
  await client.engine.execute({ type: "issue_token", token: { name: "ci", role, digest: DIGEST } }, operator);
  return { ...client, journal };
}

Deno.test("each tool has a row in the table of rights", () => {
  assertEquals(toolsOf(TOOLSETS).map(({ name }) => name).toSorted(), Object.keys(TOOLS).toSorted());
});

for (const role of ROLES) {
  Deno.test(`a client with a token of the role ${role} may call the tools that ${VERBS[role].join(", ")}, and no others`, async () => {
    await using client = await connectWith(role);
    for (const [tool, [verb, args]] of Object.entries(TOOLS)) {
      assertEquals(codeOf(await client.call(tool, args)) === "forbidden", !VERBS[role].includes(verb), tool);
    }
  });

  Deno.test(`a client with a token of the role ${role} sees resources, prompts and completions`, async () => {
    await using client = await connectWith(role);
    for (const uri of RESOURCES) {
      const { contents } = await client.client.readResource({ uri: uri });
      assertEquals(contents.length, 1, uri);
    }
    assertEquals(await completionsOf(client), ["a"]);
    assertEquals((await client.client.listPrompts()).prompts.length > 0, true);
  });
}

Deno.test("once a token is revoked, its client gets nothing more of the plan", async () => {
  await using client = await connectWith("admin");
  await client.client.subscribeResource({ uri: "orchestrator://tasks/a" });
  await client.engine.execute({ type: "revoke_token", name: "ci" }, localOperator("test"));
  for (const [tool, [, args]] of Object.entries(TOOLS)) {
    assertEquals(codeOf(await client.call(tool, args)), "unauthorized", tool);
  }
  for (const uri of RESOURCES) {
    await assertRejects(() => client.client.readResource({ uri: uri }), McpError);
    await assertRejects(() => client.client.subscribeResource({ uri: uri }), McpError);
  }
  await assertRejects(() => completionsOf(client), McpError);
});

Deno.test("a client with a bound token is that instance, and no other", async () => {
  await using directory = await temporaryDirectory();
  const secret = await issue(directory.path, "--role", "worker", "--instance", "w1");
  await using server = await startWithToken(directory.path, secret);
  const { you } = await server.ask("get_next_task");
  assertEquals(you, "w1");
  assertEquals((await server.refused("get_next_task", { instance_id: "w2" })).code, "forbidden");
  await server.ask("create_task", { id: "a", description: "" });
  assertEquals((await server.ask("get_next_task"))["assignedTo"], "w1");
  const { instances } = await server.ask<{ instances: readonly { id: string }[] }>("list_instances");
  assertEquals(instances.map(({ id }) => id), ["w1"]);
});

Deno.test("a server with a token that is revoked while it serves refuses all calls, and the audit tells who called", async () => {
  await using directory = await temporaryDirectory();
  const secret = await issue(directory.path, "--role", "planner");
  await using server = await startWithToken(directory.path, secret);
  await server.ask("create_task", { id: "a", description: "" });
  assertEquals((await run(directory.path, "token", "revoke", "ci")).code, 0);
  assertEquals((await server.refused("get_task_status")).code, "unauthorized");
  await server.close();
  const { output } = await run(directory.path, "audit", "--token", "ci");
  const lines = output.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ type, data }) => [type, data.actor, data.via.token, data.command]), [
    ["orchestrator.task.created", "test", "ci", "create_tasks"],
    ["orchestrator.task.ready", "test", "ci", "create_tasks"],
  ]);
  const denied = await run(directory.path, "audit", "--denied");
  assertMatch(denied.output, /"call":"count_tasks|"call":"list_tasks/);
});

function codeOf({ structuredContent }: { readonly structuredContent?: unknown }): string | undefined {
  return Object(Object(structuredContent).error).code;
}

async function completionsOf({ client }: Connected): Promise<readonly string[]> {
  const { completion } = await client.complete({
    ref: { type: "ref/resource", uri: "orchestrator://tasks/{id}" },
    argument: { name: "id", value: "" },
  });
  return completion.values;
}

/** Runs a command on a data directory. */
function run(directory: string, ...command: readonly string[]) {
  return runProgram(directory, command);
}

/** Issues the token `ci`; resolves to its secret. */
async function issue(directory: string, ...options: readonly string[]): Promise<string> {
  const { output } = await run(directory, "token", "issue", "--name", "ci", ...options);
  const [secret] = /^orc_.*$/m.exec(output) ?? [];
  assert(secret !== undefined, output);
  return secret;
}

async function startWithToken(directory: string, secret: string): Promise<Server> {
  return await startServer(directory, { args: ["--as", "token"], env: { ORCHESTRATOR_TOKEN: secret } });
}
