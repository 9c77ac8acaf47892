/**
 * Shows what a server makes of the bytes on its standard input: whatever can be answered is answered under its id,
 * nothing stops it, and nothing but JSON-RPC ever comes back.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { initialize, type Message, RawServer, request, toolCall } from "../support/raw_server.ts";
import { ErrorCode } from "../support/sdk_client.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const encoder = new TextEncoder();

/** A request of which each parameter list is wrong. */
const WRONG_PARAMS = [5, "text", true, [1, 2]];

Deno.test("unreadable messages are answered, and so is the next message", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const { ParseError, InvalidRequest } = ErrorCode;
  const invalidUtf8 = concat(
    encoder.encode('{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":"'),
    Uint8Array.of(0xff, 0xfe),
    encoder.encode('"}}'),
  );
  const truncatedCharacter = concat(encoder.encode('{"jsonrpc":"2.0","id":8,"x":"'), Uint8Array.of(0xf0, 0x9f));
  const lines: [string, Uint8Array | string, Pick<Message, "id">, number][] = [
    ["invalid UTF-8", invalidUtf8, { id: 7 }, ParseError],
    ["half a character", truncatedCharacter, { id: 8 }, ParseError],
    ["text that is not JSON", "hello", { id: null }, ParseError],
    ["half a request", '{"jsonrpc":"2.0","id":"half","method":"tools/call","par', { id: "half" }, ParseError],
    ["two requests on a line", `${request(1, "ping").trim()}${request(2, "ping").trim()}`, { id: 1 }, ParseError],
    ["a NUL", "\0", { id: null }, ParseError],
    ["null", "null", { id: null }, InvalidRequest],
    ["a number", "42", { id: null }, InvalidRequest],
    ["a string", '"ping"', { id: null }, InvalidRequest],
    ["an empty object", "{}", { id: null }, InvalidRequest],
    ["a batch of one", `[${request(1, "ping").trim()}]`, { id: 1 }, InvalidRequest],
    ["a batch of nothing", "[]", { id: null }, InvalidRequest],
    ["a batch without requests", '[1, "a", null, {"jsonrpc":"2.0","method":"x"}]', { id: null }, InvalidRequest],
    ["JSON-RPC 1.0", '{"jsonrpc":"1.0","id":9,"method":"ping"}', { id: 9 }, InvalidRequest],
    ["no version", '{"id":10,"method":"ping"}', { id: 10 }, InvalidRequest],
    ["no method", '{"jsonrpc":"2.0","id":11}', { id: 11 }, InvalidRequest],
    ["a number as method", '{"jsonrpc":"2.0","id":12,"method":3}', { id: 12 }, InvalidRequest],
    ["null as id", '{"jsonrpc":"2.0","id":null,"method":"ping"}', { id: null }, InvalidRequest],
    ["an object as id", '{"jsonrpc":"2.0","id":{},"method":"ping"}', { id: null }, InvalidRequest],
    ...WRONG_PARAMS.map((params, n): (typeof lines)[number] => {
      const line = JSON.stringify({ jsonrpc: "2.0", id: `params ${n}`, method: "tools/call", params });
      return [`${JSON.stringify(params)} as parameters`, line, { id: `params ${n}` }, InvalidRequest];
    }),
  ];
  for (const [what, line, { id }, code] of lines) {
    await t.step(what, async () => {
      await server.write(concat(typeof line === "string" ? encoder.encode(line) : line, encoder.encode("\n")));
      await server.write(request("after", "ping"));
      const [answer, next] = await server.take(2);
      assertEquals(answer?.id, id);
      assertEquals(answer?.error?.code, code);
      assertStringIncludes(answer?.error?.message ?? "", "Cannot read the message: it is not ");
      assertEquals([next?.id, next?.result], ["after", {}]);
    });
  }
});

Deno.test("invalid requests are answered under their id", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  for (
    const [method, params, code] of [
      ["tools/call", undefined, ErrorCode.InvalidParams],
      ["tools/call", {}, ErrorCode.InvalidParams],
      ["tools/call", { name: 5 }, ErrorCode.InvalidParams],
      ["tools/call", { name: "__proto__" }, ErrorCode.InvalidParams],
      ["resources/read", {}, ErrorCode.InvalidParams],
      ["resources/read", { uri: {} }, ErrorCode.InvalidParams],
      ["resources/subscribe", { uri: 1 }, ErrorCode.InvalidParams],
      ["prompts/get", { name: ["plan_work"] }, ErrorCode.InvalidParams],
      ["prompts/get", { name: "plan_work", arguments: { goal: 1 } }, ErrorCode.InvalidParams],
      ["completion/complete", { ref: {} }, ErrorCode.InvalidParams],
      ["tasks/explode", {}, ErrorCode.MethodNotFound],
      ["", {}, ErrorCode.MethodNotFound],
    ] as const
  ) {
    await t.step(`${method} ${JSON.stringify(params)}`, async () => {
      await server.write(request("odd", method, params));
      const answer = await server.next();
      assertEquals([answer?.id, answer?.error?.code], ["odd", code], JSON.stringify(answer));
    });
  }
});

Deno.test("a batch is refused with the id of each of its requests", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const call = toolCall("b", "create_task", { id: "t", description: "" });
  const notification = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
  await server.write(
    `[${[request(1, "ping"), notification, call, '{"jsonrpc":"2.0","id":7,"result":{}}'].join()}]`.replaceAll(
      "\n",
      "",
    ) + "\n",
  );
  const answers = await server.take(2);
  assertEquals(answers.map(({ id, error }) => [id, error?.code]), [[1, -32600], ["b", -32600]]);
  for (const { error } of answers) assertStringIncludes(error?.message ?? "", "send each message on its own line");
  await server.write(toolCall("after", "get_task_status", { summary: true }));
  assertEquals(((await server.next())?.result?.["structuredContent"] as { total: number }).total, 0);
});

Deno.test("only the first requests of a very large batch are answered", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const line = (count: number) =>
    JSON.stringify(Array.from({ length: count }, (_, id) => ({ id, method: "ping" }))) + "\n";
  for (const [count, answered] of [[999, 999], [1_000, 1_000], [1_001, 1_000], [100_000, 1_000]] as const) {
    await server.write(line(count) + request("after", "ping"));
    const answers = await server.take(answered + 1);
    assertEquals(answers.map(({ id }) => id), [...Array.from({ length: answered }, (_, id) => id), "after"]);
  }
});

Deno.test("null means absent", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  for (
    const [method, params] of [
      ["ping", null],
      ["tools/list", null],
      ["tools/list", { cursor: null, _meta: null }],
      ["resources/list", { cursor: null }],
      ["prompts/get", { name: "plan_work", arguments: null }],
      ["prompts/get", { name: "plan_work", arguments: { goal: null } }],
      ["tools/call", { name: "get_task_status", arguments: null, _meta: null }],
      ["tools/call", { name: "get_task_status" }],
    ] as const
  ) {
    await t.step(`${method} ${JSON.stringify(params)}`, async () => {
      await server.write(JSON.stringify({ jsonrpc: "2.0", id: "null", method, params }) + "\n");
      const answer = await server.next();
      assert(answer?.result !== undefined && answer.result["isError"] === undefined, JSON.stringify(answer));
    });
  }
});

Deno.test("arguments that are not an object are parsed as JSON text, or refused with a result that models see", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const answerOf = async (args: unknown) => {
    const params = { name: "create_task", arguments: args };
    await server.write(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }) + "\n");
    return (await server.next())?.result;
  };
  assertEquals((await answerOf('{"id":"a","description":"from text"}'))?.["isError"], undefined);
  for (const args of ["", "text", [], 5, "[1]"]) {
    const result = await answerOf(args);
    assertEquals(result?.["isError"], true, JSON.stringify(args));
    assertStringIncludes(JSON.stringify(result), "Invalid arguments for create_task: ");
  }
});

Deno.test("a malformed initialize request is answered with the expected params", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const whole = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  for (
    const [params, says] of [
      [undefined, "params: "],
      [null, "params: "],
      [{}, "protocolVersion: "],
      [{ ...whole, protocolVersion: 20250618 }, "protocolVersion: Invalid input: expected string, received number"],
      [{ ...whole, clientInfo: "raw" }, "clientInfo: "],
      [{ ...whole, clientInfo: { name: "raw" } }, "clientInfo.version: "],
      [{ ...whole, capabilities: null }, "capabilities: "],
    ] as const
  ) {
    await t.step(`${JSON.stringify(params)}`, async () => {
      await server.write(JSON.stringify({ jsonrpc: "2.0", id: "first", method: "initialize", params }) + "\n");
      const answer = await server.next();
      assertEquals([answer?.id, answer?.error?.code], ["first", ErrorCode.InvalidParams]);
      const message = answer?.error?.message ?? "";
      assert(message.startsWith("Invalid initialize request: "), message);
      assertStringIncludes(message, says);
      assertStringIncludes(message, "It takes: protocolVersion");
    });
  }
  await t.step("then a valid one succeeds", async () => {
    await server.write(initialize(1));
    assert((await server.next())?.result !== undefined);
  });
});

Deno.test("messages are read in every form in which their bytes may arrive", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);

  await t.step("before the session has begun", async () => {
    await server.write(request(1, "ping") + toolCall(2, "get_task_status") + initialize(3));
    const answers = await server.take(3);
    assertEquals(answers.map(({ id }) => id).sort(), [1, 2, 3]);
    for (const answer of answers) assert(answer.result !== undefined, JSON.stringify(answer));
    await server.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  });

  await t.step("after blank lines, and with carriage returns", async () => {
    await server.write(`\n\r\n  \t\n\n${request(4, "ping").trim()}\r\n\r\n${request(5, "ping").trim()} \r\n`);
    assertEquals((await server.take(2)).map(({ id }) => id), [4, 5]);
  });

  await t.step("many in one write", async () => {
    const ids = Array.from({ length: 500 }, (_, n) => `call ${n}`);
    await server.write(ids.map((id) => toolCall(id, "create_task", { id, description: "" })).join(""));
    const answers = await server.take(500);
    assertEquals(answers.map(({ id }) => id), ids);
    for (const { result } of answers) assertEquals(result?.["isError"], undefined);
  });

  await t.step("in two pieces, wherever they are cut", async () => {
    const line = encoder.encode(toolCall("ü", "get_task_details", { task_id: "ключ 🦕" }));
    for (let cut = 1; cut < line.length; cut++) {
      await server.write(line.slice(0, cut));
      await server.write(line.slice(cut));
      const answer = await server.next();
      assertEquals(answer?.id, "ü");
      assertStringIncludes(JSON.stringify(answer?.result), "Task ключ 🦕 not found");
    }
  });

  await t.step("byte by byte", async () => {
    for (const byte of encoder.encode(request("ö🦕", "ping"))) await server.write(Uint8Array.of(byte));
    assertEquals((await server.next())?.id, "ö🦕");
  });

  await t.step("as responses to requests that were never sent", async () => {
    await server.write(
      '{"jsonrpc":"2.0","id":99,"result":{}}\n{"jsonrpc":"2.0","id":98,"error":{"code":1,"message":""}}\n',
    );
    await server.write(request(6, "ping"));
    assertEquals((await server.next())?.id, 6);
  });

  await t.step("as cancellations, which are not answered", async () => {
    const cancelled = (requestId: unknown) =>
      JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } }) + "\n";
    await server.write(cancelled("none") + cancelled({}) + toolCall("c", "get_task_status") + cancelled("c"));
    await server.write(request(7, "ping"));
    const ids = [(await server.next())?.id];
    if (ids[0] === "c") ids.push((await server.next())?.id);
    assertEquals(ids.at(-1), 7);
  });

  await t.step("too long, with the id first, last or absent", async () => {
    const long = "x".repeat(5 * 1024 * 1024);
    for (
      const [line, id] of [
        [`{"jsonrpc":"2.0","id":"first","method":"tools/call","params":{"name":"${long}"}}`, "first"],
        [`{"method":"tools/call","params":{"name":"${long}"},"jsonrpc":"2.0","id":77}`, 77],
        [`{"jsonrpc":"2.0","method":"tools/call","params":{"name":"${long}"},"id":78}`, 78],
        [`{"method":"tools/call","params":{"id":79,"name":"${long}","id":79}}`, null],
        [long, null],
      ] as const
    ) {
      await server.write(`${line}\n`);
      const answer = await server.next();
      assertEquals([answer?.id, answer?.error?.code], [id, ErrorCode.InvalidRequest]);
      assertStringIncludes(answer?.error?.message ?? "", "Message too long");
    }
    await server.write(request(8, "ping"));
    assertEquals((await server.next())?.id, 8);
  });
});

Deno.test("a client that does not read its answers slows down only itself", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const ids = { task_id: "big", instance_id: "ann" };
  await server.write(
    initialize(0) + toolCall(1, "create_task", { id: "big", description: "" }) + toolCall(2, "get_next_task", ids) +
      toolCall(3, "complete_task", { ...ids, result: "x".repeat(256 * 1024) }),
  );
  await server.take(4);

  // Short calls with answers that are, all together, more than a server should ever keep; then long ones, which no
  // buffer of the system takes up.
  const calls = [
    ...Array.from({ length: 200 }, (_, n) => toolCall(`big ${n}`, "get_task_details", { task_id: "big" })),
    ...Array.from({ length: 300 }, (_, n) => request(`long ${n}`, "ping", { _meta: { padding: "x".repeat(20_000) } })),
  ];
  let written = 0;
  const writing = (async () => {
    for (const call of calls) {
      await server.write(call);
      written++;
    }
  })();
  let seen = -1;
  let looks = 0;
  await until("the server to take no more calls", () => {
    looks = written === seen ? looks + 1 : 0;
    seen = written;
    return looks === 100;
  });
  assert(written < calls.length, "it took calls without end");

  const answers = new Set<unknown>();
  for (const _ of calls) {
    const answer = await server.next();
    assert(answer?.result !== undefined && answer.result["isError"] === undefined, JSON.stringify(answer?.error));
    answers.add(answer.id);
  }
  assertEquals(answers.size, calls.length);
  await writing;
  await server.write(request("end", "ping"));
  assertEquals((await server.next())?.id, "end");
});

function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
