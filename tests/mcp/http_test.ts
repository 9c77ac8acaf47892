/** Shows the sessions, streams and refusals of MCP over HTTP. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { callerOfSecret, issueToken } from "../../src/app/tokens.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { SESSION_TIMES } from "../../src/mcp/http_session.ts";
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { toolsOf } from "../../src/mcp/tools/mod.ts";
import { times } from "../core/given.ts";
import { ANN, callOf, eventsOf, McpEndpoint, messageOf } from "../support/mcp_over_http.ts";
import { connectTo, serveHttp } from "../support/raw_http.ts";
import { until } from "../support/until.ts";

const BOB = { ...ANN, caller: { ...ANN.caller, role: "worker" as const } };

/** The first text of the result in a message. */
function textOf(message: unknown): string {
  return Object(message).result?.content?.[0]?.text ?? JSON.stringify(message);
}

/** The error of a response: status, code and message. */
async function errorOf(response: Response): Promise<readonly [number, number, string]> {
  const { code, message } = (await response.json()).error;
  return [response.status, code, message];
}

Deno.test("a session is known by its id, to its owner only, until it is deleted", async () => {
  await using endpoint = await McpEndpoint.start();
  const headers = await endpoint.open();
  const call = callOf(1, "get_task_status");
  assertEquals(textOf(await messageOf(await endpoint.post(call, { headers }))), "[]");
  const strangers = [
    endpoint.post(call, { headers, who: BOB }),
    endpoint.post(call, { headers, who: { ...ANN, instance: "bound" } }),
    endpoint.post(call, { headers: { "mcp-session-id": "nonsense" } }),
    endpoint.send("GET", { headers, who: BOB }),
    endpoint.send("DELETE", { headers, who: BOB }),
  ];
  for (const response of strangers) {
    const [status, , message] = await errorOf(await response);
    assertEquals(status, 404);
    assertStringIncludes(message, "send initialize again");
  }
  const [status, , message] = await errorOf(await endpoint.post(call));
  assertEquals(status, 400);
  assertStringIncludes(message, "Mcp-Session-Id is missing: send initialize first");
  assertEquals((await endpoint.send("DELETE", { headers })).status, 200);
  assertEquals((await endpoint.post(call, { headers })).status, 404);
});

Deno.test("every revision before 2026-07-28 is served", async () => {
  await using endpoint = await McpEndpoint.start();
  for (const revision of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
    const headers = { ...await endpoint.open(ANN, revision), "mcp-protocol-version": revision };
    assertEquals(textOf(await messageOf(await endpoint.post(callOf(1, "get_task_status"), { headers }))), "[]");
  }
  const headers = { ...await endpoint.open(), "mcp-protocol-version": "1999-01-01" };
  assertMatch((await errorOf(await endpoint.post(callOf(1, "get_task_status"), { headers })))[2], /1999-01-01/);
});

Deno.test("what is no message is refused with a status, a code and the id", async () => {
  await using endpoint = await McpEndpoint.start();
  const headers = await endpoint.open();
  const refused = async (body: unknown, more: Readonly<Record<string, string>> = {}) => {
    const response = await endpoint.post(body, { headers: { ...headers, ...more } });
    const { id, error } = await response.json();
    return [response.status, error.code, id];
  };
  assertEquals(await refused(""), [400, -32700, null]);
  assertEquals(await refused("{"), [400, -32700, null]);
  assertEquals(await refused(`{"jsonrpc":"2.0","id":7,"method":}`), [400, -32700, 7]);
  assertEquals(await refused({ jsonrpc: "1.0", id: 8, method: "ping" }), [400, -32600, 8]);
  assertEquals(await refused("42"), [400, -32600, null]);
  assertEquals(await refused({ jsonrpc: "2.0", id: 9, method: "initialize", params: {} }), [400, -32602, 9]);
  assertEquals((await refused(callOf(1, "get_task_status"), { accept: "text/html" }))[0], 406);
  assertEquals((await refused(callOf(1, "get_task_status"), { "content-type": "text/plain" }))[0], 415);
  assertEquals((await endpoint.send("PUT", { headers })).status, 405);
  assertEquals((await endpoint.send("GET", { headers: { ...headers, accept: "text/html" } })).status, 406);
  assertEquals(endpoint.log.errors, []);
});

Deno.test("null params and arguments as JSON text are taken, as on standard input", async () => {
  await using endpoint = await McpEndpoint.start();
  const headers = await endpoint.open();
  const ask = async (body: unknown) => await messageOf(await endpoint.post(body, { headers }));
  assertEquals(
    Object(await ask({ jsonrpc: "2.0", id: 1, method: "tools/list", params: null })).result.tools.length,
    toolsOf(TOOLSETS).length,
  );
  const params = { name: "create_task", arguments: `{"id":"a","description":""}` };
  assertStringIncludes(textOf(await ask({ jsonrpc: "2.0", id: 2, method: "tools/call", params })), `"id":"a"`);
});

Deno.test("a batch of revision 2025-03-26 is answered", async () => {
  await using endpoint = await McpEndpoint.start();
  const headers = await endpoint.open(ANN, "2025-03-26");
  const batch = [callOf(1, "get_task_status"), callOf(2, "create_task", { id: "a", description: "" })];
  const ids = [];
  for await (const { message } of eventsOf(await endpoint.post(batch, { headers }))) ids.push(message?.["id"]);
  assertEquals(ids.sort(), [1, 2]);
});

Deno.test("a session that nobody uses is closed, one with an open stream is not", async () => {
  const times = { ...SESSION_TIMES };
  await using endpoint = await McpEndpoint.start({ times });
  const used = await endpoint.open();
  const stream = await endpoint.send("GET", { headers: used });
  // From now on. A session without a stream may be over before its next request, however soon that comes.
  times.idleMs = 20;
  const idle = await endpoint.open();
  const isOpen = async (headers: Readonly<Record<string, string>>) => {
    const response = await endpoint.post({ jsonrpc: "2.0", method: "notifications/nothing" }, { headers });
    await response.body?.cancel();
    return response.status !== 404;
  };
  // Looks more seldom than `idleMs`, as each look is a use.
  await until("the end of the idle session", async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return !await isOpen(idle);
  });
  assert(await isOpen(used));
  await stream.body?.cancel();
});

Deno.test("when a token is revoked, the streams of its holder end, and are looked at no more", async () => {
  await using endpoint = await McpEndpoint.start();
  const { engine } = endpoint;
  const operator = localOperator("test");
  const { secret } = await issueToken((command) => engine.execute(command, operator), { name: "ci", role: "observer" });
  const who = {
    caller: await callerOfSecret(secret, { name: "http", via: { transport: "http" } }),
    instance: undefined,
  };
  const uri = "orchestrator://tasks";
  const headers = await endpoint.open(who);
  const subscribe = { jsonrpc: "2.0", id: 1, method: "resources/subscribe", params: { uri } };
  await messageOf(await endpoint.post(subscribe, { headers, who }));
  const told = await endpoint.send("GET", { headers, who });
  const params = { notifications: { resourceSubscriptions: [uri] } };
  const listen = modern({ jsonrpc: "2.0", id: 2, method: "subscriptions/listen", params });
  const listened = await endpoint.post(listen, { headers: modernHeaders(listen), who });
  const looks: string[] = [];
  engine.onDenied(({ call }) => looks.push(call));
  await engine.execute({ type: "revoke_token", name: "ci" }, operator);
  // Each text has an end only if its stream has one.
  const texts = await Promise.all([told.text(), listened.text()]);
  for (const text of texts) assert(!text.includes("resources/updated"), text);
  // Fewer if the session's token is checked first, as it is each second.
  assert(looks.length <= 2 && looks.every((call) => call === "find"), `${looks}`);
  assertEquals((await endpoint.post(callOf(3, "get_task_status"), { headers, who })).status, 404);
  assertEquals(endpoint.log.warnings, []);
});

Deno.test("a session ends with the token of its client, also one that subscribes to nothing", async () => {
  await using endpoint = await McpEndpoint.start();
  const { engine } = endpoint;
  const operator = localOperator("test");
  const { secret } = await issueToken((command) => engine.execute(command, operator), { name: "ci", role: "observer" });
  const who = { caller: await callerOfSecret(secret, { name: "http" }), instance: undefined };
  const headers = await endpoint.open(who);
  const stream = await endpoint.send("GET", { headers, who });
  const others = await endpoint.open();
  await engine.execute({ type: "revoke_token", name: "ci" }, operator);
  // The text has an end only if the stream has one.
  await stream.text();
  assertEquals((await endpoint.post(callOf(1, "get_task_status"), { headers, who })).status, 404);
  assertEquals((await endpoint.post(callOf(1, "get_task_status"), { headers: others })).status, 200);
});

Deno.test("a call in a session ends some time after its client has closed its half of the connection", async () => {
  await using endpoint = await McpEndpoint.start({ times: { ...SESSION_TIMES, goneMs: 50 } });
  await using served = await serveHttp((request) => endpoint.mcp.handle(request, ANN));
  const session = await endpoint.open();
  const body = JSON.stringify(callOf(1, "get_next_task", { instance_id: "gone", wait_ms: 50_000 }));
  const fields = {
    ...session,
    host: "localhost",
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    "content-length": `${body.length}`,
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  using connection = await connectTo(served.port);
  await connection.send(`POST /mcp HTTP/1.1\r\n${head}\r\n${body}`);
  await until("the wait", () => endpoint.waiting.instances().has("gone"));
  await connection.closeWrite();
  await until("its end", () => !endpoint.waiting.instances().has("gone"));
  await endpoint.post(callOf(2, "create_task", { id: "a", description: "" }), { headers: session });
  const claimed = await endpoint.post(callOf(3, "get_next_task", { instance_id: "here" }), { headers: session });
  const { result } = await messageOf(claimed);
  const { id, attempt } = Object(Object(result).structuredContent);
  assertEquals([id, attempt], ["a", 1]);
});

Deno.test("when there are too many sessions, a further one is refused while all are in use", async () => {
  await using endpoint = await McpEndpoint.start({ maxSessions: 2 });
  const first = await endpoint.open();
  await endpoint.open();
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const response = await endpoint.post({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  assertStringIncludes((await errorOf(response))[2], "There are 2 sessions already");
  await endpoint.send("DELETE", { headers: first });
  await endpoint.open();
});

Deno.test("one caller gets three quarters of the sessions, so that it locks nobody out", async () => {
  await using endpoint = await McpEndpoint.start({ maxSessions: 4 });
  for (let count = 0; count < 3; count++) await endpoint.open();
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const response = await endpoint.post({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  assertEquals(response.status, 503);
  assertStringIncludes((await errorOf(response))[2], "or 3 of this caller");
  await endpoint.open({ caller: { name: "http", token: "another" }, instance: undefined });
});

Deno.test("a client whose connection breaks during a call gets the answer on a new one", async () => {
  await using endpoint = await McpEndpoint.start();
  const headers = { ...await endpoint.open(), "mcp-protocol-version": "2025-11-25" };
  const response = await endpoint.post(callOf(1, "get_next_task", { instance_id: "ann", wait_ms: 30_000 }), {
    headers,
  });
  const events = eventsOf(response);
  // The first event has an id and no data: from there, the client resumes.
  const { value: first } = await events.next();
  assertEquals(first?.message, undefined);
  assert(first?.id !== undefined);
  await events.return?.();
  await endpoint.post(callOf(2, "create_task", { id: "a", description: "" }), { headers });
  const resumed = await endpoint.send("GET", { headers: { ...headers, "last-event-id": first.id } });
  const answer = await messageOf(resumed);
  assertEquals(answer["id"], 1);
  assertStringIncludes(textOf(answer), `"status":"in_progress"`);
  const foreign = await endpoint.open();
  const refused = await endpoint.send("GET", { headers: { ...foreign, "last-event-id": first.id } });
  assertEquals(refused.status, 400, "events of another session");
  const unknown = await endpoint.send("GET", { headers: { ...headers, "last-event-id": "nonsense:1" } });
  assertEquals(unknown.status, 400);
});

Deno.test("notifications missed while a stream was broken are sent when it is resumed", async () => {
  await using endpoint = await McpEndpoint.start();
  const headers = await endpoint.open();
  const subscribe = { jsonrpc: "2.0", id: 1, method: "resources/subscribe", params: { uri: "orchestrator://tasks" } };
  await messageOf(await endpoint.post(subscribe, { headers }));
  const create = async (id: string) => {
    await messageOf(await endpoint.post(callOf(2, "create_task", { id, description: "" }), { headers }));
  };
  const stream = eventsOf(await endpoint.send("GET", { headers }));
  await create("a");
  const { value: first } = await stream.next();
  assertEquals(first?.message?.["method"], "notifications/resources/updated");
  assert(first?.id !== undefined);
  const second = await endpoint.send("GET", { headers });
  assertEquals(second.status, 409, "one stream at a time");
  await stream.return?.();
  await create("b");
  // The notification comes after a pause, and nobody is connected.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const resumed = eventsOf(await endpoint.send("GET", { headers: { ...headers, "last-event-id": first.id } }));
  const { value: missed } = await resumed.next();
  assertEquals(missed?.message, first.message);
  assert(missed?.id !== first.id);
  await resumed.return?.();
});

Deno.test("a client that is gone for too long claims nothing any more", async () => {
  await using endpoint = await McpEndpoint.start({ times: { ...SESSION_TIMES, goneMs: 20 } });
  const headers = await endpoint.open();
  const wait = callOf(1, "get_next_task", { instance_id: "ann", wait_ms: 30_000 });
  const response = await endpoint.post(wait, { headers });
  await until("the wait", () => endpoint.waiting.instances().has("ann"));
  await response.body?.cancel();
  await until("its end", () => !endpoint.waiting.instances().has("ann"));
  const other = await endpoint.open();
  await messageOf(await endpoint.post(callOf(1, "create_task", { id: "a", description: "" }), { headers: other }));
  const status = await messageOf(
    await endpoint.post(callOf(2, "get_task_details", { task_id: "a" }), { headers: other }),
  );
  assertStringIncludes(textOf(status), `"status":"pending"`);
  // The session is not over: its client may come back.
  assertStringIncludes(
    textOf(await messageOf(await endpoint.post(callOf(2, "get_next_task", { instance_id: "ann" }), { headers }))),
    `"id":"a"`,
  );
});

Deno.test("a call of 2026-07-28 ends when its connection does", async () => {
  await using endpoint = await McpEndpoint.start();
  const gone = new AbortController();
  const wait = modern(callOf(1, "get_next_task", { instance_id: "ann", wait_ms: 30_000 }));
  const answer = endpoint.post(wait, { headers: modernHeaders(wait), signal: gone.signal });
  await until("the wait", () => endpoint.waiting.instances().has("ann"));
  gone.abort();
  await until("its end", () => !endpoint.waiting.instances().has("ann"));
  await (await answer).body?.cancel();
});

Deno.test("a method that 2026-07-28 does not have gets status 404, in a session an error as the answer", async () => {
  await using endpoint = await McpEndpoint.start();
  for (const method of ["initialize", "ping", "unknown/method"]) {
    const request = modern({ jsonrpc: "2.0", id: 1, method, params: {} });
    const response = await endpoint.post(request, { headers: modernHeaders(request) });
    assertEquals([response.status, (await response.json()).error.code], [404, -32601], method);
  }
  const headers = await endpoint.open();
  const unknown = { jsonrpc: "2.0", id: 2, method: "unknown/method" };
  const response = await endpoint.post(unknown, { headers });
  assertEquals(response.status, 200);
  assertEquals(Object(await messageOf(response)).error.code, -32601);
});

Deno.test("a token's instance is that of calls that name none", async () => {
  await using endpoint = await McpEndpoint.start();
  const who = { ...ANN, instance: "bound" };
  const call = callOf(1, "get_next_task");
  const headers = await endpoint.open(who);
  assertStringIncludes(textOf(await messageOf(await endpoint.post(call, { headers, who }))), `"you":"bound"`);
  const request = modern(call);
  const answer = await endpoint.post(request, { headers: modernHeaders(request), who });
  assertStringIncludes(textOf(await messageOf(answer)), `"you":"bound"`);
});

Deno.test("at the end, streams end at once, and calls are answered first", async () => {
  await using endpoint = await McpEndpoint.start();
  const headers = await endpoint.open();
  const stream = await endpoint.send("GET", { headers });
  const wait = await endpoint.post(callOf(1, "get_next_task", { instance_id: "ann", wait_ms: 30_000 }), { headers });
  await until("the wait", () => endpoint.waiting.instances().has("ann"));
  await endpoint.mcp.endStreams();
  assertEquals(await stream.text(), "");
  await endpoint.waiting.close();
  assertStringIncludes(textOf(await messageOf(wait)), "no_tasks");
});

Deno.test("calls of many sessions at once are all carried out", async () => {
  await using endpoint = await McpEndpoint.start();
  const sessions = await Promise.all(times(20, () => endpoint.open()));
  await Promise.all(sessions.map(async (headers, index) => {
    const call = callOf(1, "create_task", { id: `t${index}`, description: "" });
    await messageOf(await endpoint.post(call, { headers }));
  }));
  const [headers = {}] = sessions;
  const status = textOf(await messageOf(await endpoint.post(callOf(2, "get_task_status"), { headers })));
  assertEquals(JSON.parse(status).length, 20);
});

/** A request as revision 2026-07-28 has it. */
function modern<Request extends { readonly method: string; readonly params: object }>(request: Request) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return { ...request, params: { ...request.params, _meta } };
}

/** The headers that a request of revision 2026-07-28 has. */
function modernHeaders({ method, params }: { readonly method: string; readonly params: object }) {
  // Calls of tools have one.
  const { name } = params as { readonly name?: string };
  return {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
  };
}
