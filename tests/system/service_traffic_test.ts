/** Shows that bursts of large answers, and requests that are malformed or half of what they should be, do a service no harm. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { MAX_PIECE_CHARACTERS } from "../../src/mcp/pieces.ts";
import { times } from "../core/given.ts";
import { connectHttp } from "../support/http_client.ts";
import { callOf } from "../support/mcp_over_http.ts";
import { connectModern, MODERN_REVISION } from "../support/modern_client.ts";
import { connectTo, exchange } from "../support/raw_http.ts";
import type { Json } from "../support/server.ts";
import { type Service, startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** As many pieces as one client reads at once, and how many times each. */
const PIECES = 10;
const REPEATS = 15;

Deno.test("bursts of large results reach every client whole, whoever else reads nothing", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  await using session = await connectHttp(service.url("/mcp"), "session");
  await using modern = await connectModern(service.url("/mcp"), "modern");
  const result = times(PIECES * MAX_PIECE_CHARACTERS, (index) => String.fromCharCode(97 + index % 26)).join("");
  await session.ask("create_task", { id: "a", description: "" });
  await session.ask("get_next_task", { instance_id: "ann" });
  await session.ask("complete_task", { task_id: "a", instance_id: "ann", result });
  const piece = (offset: number) => ({ task_id: "a", part: "result", offset, limit: MAX_PIECE_CHARACTERS });
  using idle = await connectTo(portOf(service));
  await idle.send(requestOf("GET", `/api/v1/tasks/a?part=result&limit=${MAX_PIECE_CHARACTERS}`).repeat(100));
  const offsets = times(PIECES * REPEATS, (index) => (index % PIECES) * MAX_PIECE_CHARACTERS);
  const readers = [
    async (offset: number) => await session.ask("get_task_details", piece(offset)),
    async (offset: number) => {
      const { structuredContent } = await modern.client.callTool({
        name: "get_task_details",
        arguments: piece(offset),
      });
      return structuredContent as Json;
    },
    async (offset: number) => {
      const query = `part=result&offset=${offset}&limit=${MAX_PIECE_CHARACTERS}`;
      return await (await fetch(service.url(`/api/v1/tasks/a?${query}`))).json() as Json;
    },
  ];
  await Promise.all(readers.map(async (read) => {
    const texts = (await Promise.all(offsets.map(read))).map(({ text }) => text);
    const wrong = offsets.filter((offset, index) =>
      texts[index] !== result.slice(offset, offset + MAX_PIECE_CHARACTERS)
    );
    assertEquals(wrong, []);
  }));
});

Deno.test("a client that closes its half of the connection while it waits gets no task", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  const waits = { instance_id: "gone", wait_ms: 50_000 };
  const call = callOf(1, "get_next_task", waits);
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN_REVISION,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const requests = [
    requestOf("POST", "/api/v1/claims", { body: JSON.stringify(waits) }),
    requestOf("POST", "/mcp", {
      body: JSON.stringify({ ...call, params: { ...call.params, _meta } }),
      headers: {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": MODERN_REVISION,
        "mcp-method": "tools/call",
        "mcp-name": "get_next_task",
      },
    }),
  ];
  for (const request of requests) {
    using connection = await connectTo(portOf(service));
    await connection.send(request);
    await until("the wait", () => isWaiting(service));
    await connection.closeWrite();
    await until("its end", async () => !await isWaiting(service));
  }
  await ask(service, "/api/v1/tasks", { id: "a", description: "" });
  const claimed = await ask(service, "/api/v1/claims", { instance_id: "here" });
  assertEquals([claimed["id"], claimed["attempt"]], ["a", 1]);
});

/** Requests that are changed at random. */
const VALID = [
  { method: "POST", path: "/api/v1/tasks", body: `{"id":"a","description":"x","dependencies":["b"]}` },
  { method: "PATCH", path: "/api/v1/tasks/a?if_version=1", body: `{"description":"y"}` },
  { method: "GET", path: "/api/v1/tasks?status=ready&fields=id&limit=5", body: "" },
  { method: "GET", path: "/api/v1/history?since=0", body: "" },
  { method: "POST", path: "/api/v1/tasks/a/notes", body: `{"instance_id":"ann","text":"note"}` },
  { method: "POST", path: "/mcp", body: JSON.stringify(callOf(1, "create_task", { id: "a", description: "x" })) },
  {
    method: "POST",
    path: "/mcp",
    body: `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},` +
      `"clientInfo":{"name":"x","version":"1"}}}`,
  },
];

/** Bodies that readers of JSON have stumbled over. Each character is a byte. */
const BODIES = [
  "",
  "null",
  "[]",
  "\xff\xfe",
  `{"id":"\xc3"}`,
  "\xef\xbb\xbf{}",
  "[".repeat(100_000),
  `{"a":`.repeat(100_000),
  `{"__proto__":{"x":1},"constructor":{"prototype":{}}}`,
  `{"id":1e999,"description":-0}`,
  `{"id":"\\ud800","description":"\\u0000"}`,
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"__proto__","arguments":{"__proto__":1}}}`,
  `[${`{"jsonrpc":"2.0","id":1,"method":"ping"},`.repeat(1_000)}null]`,
];

/** Paths that no route has. */
const PATHS = ["/api/v1/tasks/%", "/api/v1/tasks/%ff%00", "/api/v1//tasks", `/api/v1/tasks/${"x".repeat(8_000)}`];

/** What takes the place of characters of a request. With the others, a path would be no HTTP. */
const IN_PATHS = `"{}[]:,%/?&=\\0`;
const IN_BODIES = `${IN_PATHS} \x01ÿ`;

const RUNS = 300;

Deno.test("malformed requests are refused, and none is an internal error", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  const headers = { "accept": "application/json, text/event-stream", "content-type": "application/json" };
  for (const text of BODIES) {
    const body = Uint8Array.from(text, (character) => character.charCodeAt(0));
    for (const path of ["/mcp", "/api/v1/tasks", "/api/v1/claims"]) {
      const { status } = await fetch(service.url(path), { method: "POST", headers, body });
      assert(status >= 400 && status < 500, `${status}: POST ${path} ${text.slice(0, 100)}`);
    }
  }
  const answerTo = async ({ method, path, body }: (typeof VALID)[number]) => {
    return await exchange(
      portOf(service),
      requestOf(method, path, { body, headers: { ...headers, connection: "close" } }),
    );
  };
  for (const path of PATHS) assertMatch(await answerTo({ method: "GET", path, body: "" }), /^HTTP\/1\.1 4\d\d /, path);
  const requests = fc.asyncProperty(
    fc.constantFrom(...VALID),
    changesTo(IN_PATHS),
    changesTo(IN_BODIES),
    async ({ method, path, body }, inPath, inBody) => {
      const request = { method, path: `/${inPath(path.slice(1))}`, body: inBody(body) };
      assertMatch(await answerTo(request), /^HTTP\/1\.1 [24]\d\d /, JSON.stringify(request));
    },
  );
  await fc.assert(requests, { numRuns: RUNS });
  assertEquals((await ask(service, "/api/v1/tasks", { id: "last", description: "" }))["id"], "last");
  assert(!service.log.includes(" error: "), service.log);
  assertEquals(await service.end(), 0);
});

Deno.test("requests that are cut off anywhere change nothing", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  const whole = requestOf("POST", "/api/v1/tasks", { body: `{"id":"a","description":"${"x".repeat(500)}"}` });
  const cuts = times(50, (index) => Math.floor(whole.length * index / 50));
  const answers = await Promise.all(cuts.map(async (end) => {
    using connection = await connectTo(portOf(service));
    await connection.send(whole.slice(0, end));
    await connection.closeWrite();
    return await connection.readAll();
  }));
  assertEquals(answers.filter((answer) => answer.includes(" 20")), []);
  assertEquals(await (await fetch(service.url("/api/v1/tasks"))).json(), { tasks: [], total: 0 });
  assert(!service.log.includes(" error: "), service.log);
  assertEquals(await service.end(), 0);
});

/** Functions that put some of the given characters into a text. */
function changesTo(characters: string): fc.Arbitrary<(text: string) => string> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...characters)), { maxLength: 3 });
  return changes.map((places) => (text) => {
    const changed = Array.from(text);
    for (const [place, character] of places) if (text !== "") changed[place % text.length] = character;
    return changed.join("");
  });
}

interface RequestParts {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The bytes of a request as text. */
function requestOf(method: string, path: string, { body = "", headers = {} }: RequestParts = {}): string {
  const lines = Object.entries({ host: "localhost", "content-type": "application/json", ...headers });
  const length = new TextEncoder().encode(body).length;
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `${method} ${path} HTTP/1.1\r\n${head}content-length: ${length}\r\n\r\n${body}`;
}

function portOf(service: Service): number {
  return Number(service.url("/").port);
}

async function isWaiting(service: Service): Promise<boolean> {
  return (await (await fetch(service.url("/api/v1/instances?all=true"))).text()).includes(`"waiting":true`);
}

async function ask(service: Service, path: string, body: Json): Promise<Json> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(service.url(path), { method: "POST", headers, body: JSON.stringify(body) });
  assert(response.ok, await response.clone().text());
  return await response.json();
}
