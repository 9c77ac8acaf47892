/**
 * Shows how the standard input and output transport cuts bytes into messages, how much it takes on at a time, and
 * how it ends, on streams in memory, where every chunk and every write can be chosen.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { JSONRPCMessage } from "../../src/mcp/sdk.ts";
import { MAX_MESSAGE_BYTES, MAX_PENDING_CALLS, type Output, StdioTransport } from "../../src/mcp/stdio.ts";
import { until } from "../support/until.ts";

const encoder = new TextEncoder();

Deno.test("a message may arrive in two chunks, cut anywhere", async () => {
  await using wire = connect();
  const line = encoder.encode(ping("ключ 🦕") + "\r\n");
  for (let cut = 1; cut < line.length; cut++) {
    await wire.receive(line.slice(0, cut));
    await wire.receive(line.slice(cut));
    await until("the message", () => wire.messages.length === cut);
  }
  assertEquals(new Set(wire.messages.map(idOf)), new Set(["ключ 🦕"]));
  assertEquals(wire.written(), "");
});

Deno.test("messages may arrive byte by byte, or many in one chunk", async () => {
  await using wire = connect();
  const lines = encoder.encode(`\n${ping(1)}\n\r\n \n${ping("2 🦕")}\r\n${ping(3)}\n`);
  for (const byte of lines) await wire.receive(Uint8Array.of(byte));
  await until("the messages", () => wire.messages.length === 3);
  await wire.receive(lines);
  await until("the messages", () => wire.messages.length === 6);
  assertEquals(wire.messages.map(idOf), [1, "2 🦕", 3, 1, "2 🦕", 3]);
});

Deno.test("the longest message is read, and one byte more is refused under its id", async () => {
  await using wire = connect();
  const frame = '{"jsonrpc":"2.0","id":"long","method":"ping","params":{"x":""}}'.length;
  const message = (length: number) =>
    encoder.encode(`{"jsonrpc":"2.0","id":"long","method":"ping","params":{"x":"${"x".repeat(length - frame)}"}}\n`);
  await wire.receive(message(MAX_MESSAGE_BYTES));
  await until("the message", () => wire.messages.length === 1);
  assertEquals(JSON.stringify(wire.messages[0]).length, MAX_MESSAGE_BYTES);
  assertEquals(wire.written(), "");
  const tooLong = message(MAX_MESSAGE_BYTES + 1);
  for (let start = 0; start < tooLong.length; start += 100_000) {
    await wire.receive(tooLong.slice(start, start + 100_000));
  }
  await wire.receive(encoder.encode(ping("next") + "\n"));
  await until("the next message", () => wire.messages.length === 2);
  await until("the error", () => wire.written().endsWith("\n"));
  const { id, error } = JSON.parse(wire.written());
  assertEquals([id, error.code], ["long", -32600]);
  assertEquals(wire.messages.map(idOf), ["long", "next"]);
  assertEquals(wire.errors.length, 1);
});

Deno.test("the id of an unreadable message is taken only from places where it must be the message's own", async () => {
  const long = "x".repeat(MAX_MESSAGE_BYTES);
  for (
    const [line, id] of [
      [`{"jsonrpc":"2.0","id":5,"method":"${long}"}`, 5],
      [`{"method":"${long}","jsonrpc":"2.0","id":"a b"}`, "a b"],
      [`{"method":"${long}","jsonrpc":"2.0","id":6} `, 6],
      [`{"method":"ping","params":{"id":7,"x":"${long}"}}`, null],
      [`{"method":"ping","params":{"x":"${long}","id":7}}`, null],
      [`{"method":"${long}\\",\\"id\\":7}"}`, null],
      [`{"jsonrpc":"2.0","id":"\\"","method":"${long}"}`, null],
      [`{"jsonrpc":"2.0","id":true,"method":"${long}"}`, null],
      [`{"jsonrpc":"2.0","id":"a\tb","method":"ping"}`, null],
    ] as const
  ) {
    await using wire = connect();
    await wire.receive(encoder.encode(line + "\n"));
    await until("the error", () => wire.written().endsWith("\n"));
    assertEquals(JSON.parse(wire.written()).id, id, line.slice(0, 60));
  }
});

Deno.test("no call is read while the most are pending", async () => {
  await using wire = connect();
  const count = 3 * MAX_PENDING_CALLS;
  await wire.receive(encoder.encode(Array.from({ length: count }, (_, id) => ping(id) + "\n").join("")));
  await until("calls", () => wire.messages.length === MAX_PENDING_CALLS);
  await turns();
  assertEquals(wire.messages.length, MAX_PENDING_CALLS);
  await wire.answer(0, 1, 2);
  await until("more calls", () => wire.messages.length === MAX_PENDING_CALLS + 3);
  for (let id = 3; id < count; id++) {
    await until("the call", () => wire.messages.length > id);
    await wire.answer(id);
  }
  assertEquals(wire.messages.map(idOf), Array.from({ length: count }, (_, id) => id));
});

Deno.test("cancelled calls are not pending, however many there are", async () => {
  for (const count of [MAX_PENDING_CALLS - 1, MAX_PENDING_CALLS, MAX_PENDING_CALLS + 1]) {
    await using wire = connect();
    const cancel = (requestId: number) =>
      JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });
    const cancelled = Array.from({ length: count }, (_, id) => `${ping(id)}\n${cancel(id)}\n`).join("");
    await wire.receive(encoder.encode(cancelled));
    await until("the cancelled calls", () => wire.messages.length === 2 * count);
    const calls = Array.from({ length: MAX_PENDING_CALLS + 1 }, (_, id) => ping(count + id) + "\n").join("");
    await wire.receive(encoder.encode(calls));
    await until("more calls", () => wire.messages.length >= 2 * count + MAX_PENDING_CALLS);
    await turns();
    assertEquals(wire.messages.length, 2 * count + MAX_PENDING_CALLS);
  }
});

Deno.test("calls are read while the pending ones have fewer bytes than two of the longest messages", async () => {
  const long = (id: number) =>
    `{"jsonrpc":"2.0","id":${id},"method":"ping","params":{"x":"${"x".repeat(3 * 1024 * 1024)}"}}\n`;
  await using wire = connect();
  for (let id = 0; id < 9; id++) {
    await wire.receive(encoder.encode(long(id)));
    await until("the call", () => wire.messages.length === id + 1);
    await wire.answer(id);
  }
  for (let id = 9; id < 13; id++) await wire.receive(encoder.encode(long(id)));
  // Three of them come to more than eight MiB.
  await until("calls", () => wire.messages.length >= 12);
  await turns();
  assertEquals(wire.messages.length, 12);
  await wire.answer(9);
  await until("the last call", () => wire.messages.length === 13);
});

Deno.test("no call is read while the client does not read answers", async () => {
  const gate = Promise.withResolvers<void>();
  await using wire = connect({ beforeWrite: () => gate.promise });
  const text = "x".repeat(1024 * 1024);
  const call = (id: number) => wire.receive(encoder.encode(ping(id) + "\n"));
  await call(0);
  await until("the call", () => wire.messages.length === 1);
  await wire.transport.send({ jsonrpc: "2.0", id: 0, result: { text } });
  await turns();
  // The answer is being written, and nobody reads it.
  for (let id = 1; id < 10; id++) await call(id);
  await turns();
  assertEquals(wire.messages.length, 1);
  gate.resolve();
  await until("the other calls", () => wire.messages.length === 10);
});

Deno.test("an output that takes a byte at a time gets every byte", async () => {
  await using wire = connect({ bytesPerWrite: 1 });
  const messages: JSONRPCMessage[] = ["ключ", "🦕"].map((id) => ({ jsonrpc: "2.0", id, result: {} }));
  for (const message of messages) await wire.transport.send(message);
  await wire.endInput();
  await wire.transport.closed;
  assertEquals(wire.written().trim().split("\n").map((line) => JSON.parse(line)), messages);
});

Deno.test("at the end of input, pending calls are answered before the connection closes", async () => {
  await using wire = connect();
  await wire.receive(encoder.encode([1, 2, 3].map((id) => ping(id) + "\n").join("")));
  await wire.endInput();
  await until("the calls", () => wire.messages.length === 3);
  await wire.answer(2, 1);
  await turns();
  assertEquals(wire.closings, 0);
  await wire.answer(3);
  await wire.transport.closed;
  assertEquals(wire.written().trim().split("\n").map((line) => JSON.parse(line).id), [2, 1, 3]);
  assertEquals(wire.closings, 1);
});

Deno.test("at the end of input, calls that were not read yet are carried out, too", async () => {
  await using wire = connect();
  const count = 3 * MAX_PENDING_CALLS;
  await wire.receive(encoder.encode(Array.from({ length: count }, (_, id) => ping(id) + "\n").join("")));
  await wire.endInput();
  for (let id = 0; id < count; id++) {
    await until("the call", () => wire.messages.length > id);
    await wire.answer(id);
  }
  await wire.transport.closed;
  assertEquals(wire.written().trim().split("\n").length, count);
});

Deno.test("at the end of input, cancelled calls do not delay the end", async () => {
  await using wire = connect();
  const cancel = JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
  await wire.receive(encoder.encode(`${ping(1)}\n${cancel}\n`));
  await wire.endInput();
  await wire.transport.closed;
  assertEquals(wire.messages.length, 2);
  assertEquals(wire.written(), "");
});

Deno.test("end() reads no more calls, and answers the pending ones", async () => {
  await using wire = connect();
  await wire.receive(encoder.encode(ping(1) + "\n"));
  await until("the call", () => wire.messages.length === 1);
  const end = wire.transport.end();
  await wire.receive(encoder.encode(ping(2) + "\n"));
  await turns();
  assertEquals([wire.messages.length, wire.closings], [1, 0]);
  await wire.answer(1);
  await end;
  await wire.transport.end();
  await wire.transport.close();
  assertEquals([wire.messages.length, wire.closings], [1, 1]);
  assertEquals(JSON.parse(wire.written()).id, 1);
});

Deno.test("end() drops calls that wait for room", async () => {
  await using wire = connect();
  await wire.receive(
    encoder.encode(Array.from({ length: 2 * MAX_PENDING_CALLS }, (_, id) => ping(id) + "\n").join("")),
  );
  await until("calls", () => wire.messages.length === MAX_PENDING_CALLS);
  const end = wire.transport.end();
  await wire.answer(...Array(MAX_PENDING_CALLS).keys());
  await end;
  assertEquals(wire.messages.length, MAX_PENDING_CALLS);
});

Deno.test("a broken pipe closes the connection without an error", async () => {
  await using wire = connect({ beforeWrite: () => Promise.reject(new Deno.errors.BrokenPipe("gone")) });
  await wire.transport.send({ jsonrpc: "2.0", method: "notifications/message" });
  await wire.transport.closed;
  await wire.transport.send({ jsonrpc: "2.0", method: "notifications/message" });
  assertEquals([wire.errors.length, wire.closings], [0, 1]);
});

Deno.test("another failure of the output closes the connection and is reported", async () => {
  await using wire = connect({ beforeWrite: () => Promise.reject(new Error("no space")) });
  await wire.transport.send({ jsonrpc: "2.0", method: "notifications/message" });
  await wire.transport.closed;
  assertEquals([wire.errors.map(({ message }) => message), wire.closings], [["no space"], 1]);
});

Deno.test("a failure of the input closes the connection and is reported", async () => {
  await using wire = connect();
  wire.failInput(new Error("input is lost"));
  await wire.transport.closed;
  assertEquals([wire.errors.map(({ message }) => message), wire.closings], [["input is lost"], 1]);
});

Deno.test("unread notifications do not pile up without bound", async () => {
  const gate = Promise.withResolvers<void>();
  await using wire = connect({ beforeWrite: () => gate.promise });
  const notification: JSONRPCMessage = { jsonrpc: "2.0", method: "x", params: { text: "x".repeat(1024 * 1024) } };
  let sent = 0;
  for (; wire.closings === 0 && sent < 100; sent++) {
    await wire.transport.send(notification);
    await turns();
  }
  assert(sent < 100, "it kept them all");
  assertStringIncludes(wire.errors[0]?.message ?? "", "does not read");
  gate.resolve();
});

interface WireOptions {
  /** Called before each write; it can delay or fail it. */
  readonly beforeWrite?: () => Promise<void>;
  /** Most bytes that one write takes. */
  readonly bytesPerWrite?: number;
}

/** A transport that has been started, with both ends of its wire. */
function connect({ beforeWrite, bytesPerWrite = Infinity }: WireOptions = {}) {
  const chunks: Uint8Array[] = [];
  const output: Output = {
    async write(bytes) {
      await beforeWrite?.();
      const taken = bytes.slice(0, bytesPerWrite);
      chunks.push(taken);
      return taken.length;
    },
  };
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const input = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  const transport = new StdioTransport(input, output);
  const wire = {
    transport,
    messages: new Array<JSONRPCMessage>(),
    errors: new Array<Error>(),
    closings: 0,
    async receive(bytes: Uint8Array) {
      controller.enqueue(bytes);
      await Promise.resolve();
    },
    endInput: () => Promise.resolve(controller.close()),
    failInput: (error: Error) => controller.error(error),
    async answer(...ids: readonly number[]) {
      for (const id of ids) await transport.send({ jsonrpc: "2.0", id, result: {} });
    },
    /** All that has been written. */
    written() {
      const decoder = new TextDecoder();
      return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    },
    async [Symbol.asyncDispose]() {
      await transport.close();
    },
  };
  transport.onmessage = (message) => void wire.messages.push(message);
  transport.onerror = (error) => void wire.errors.push(error);
  transport.onclose = () => void wire.closings++;
  transport.start();
  return wire;
}

/** Lets everything happen that can happen without further input. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

function ping(id: number | string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method: "ping" });
}

function idOf(message: JSONRPCMessage): unknown {
  return "id" in message ? message.id : undefined;
}
