/** What an idle session of MCP and an idle stream of events cost of a service's memory. Only where there is `/proc`. */

import { startService } from "../../support/service.ts";
import { residentMemory } from "../peers/memory.ts";
import type { Benchmark, Row } from "../row.ts";
import { startBareService } from "./clients.ts";

/** Many, so that what one costs shows beside the noise of the whole. */
const SESSIONS = 1_500;
const STREAMS = 900;

/** Opened before the first look, so that what is loaded once is loaded. */
const WARM_UP = 50;

/** How long after the last one the memory is measured, in milliseconds. */
const SETTLE_MS = 2_000;

/** A megabyte, in bytes. */
const MEGABYTE = 1_000_000;

export const httpMemory: Benchmark = async ({ directory }) => {
  if (Deno.build.os !== "linux") return [];
  return [await sessionRow(`${directory}/http-sessions`), await streamRow(`${directory}/http-streams`)];
};

async function sessionRow(data: string): Promise<Row> {
  await Deno.mkdir(data);
  await using service = await startService(data);
  const value = await bytesOfEach(service.pid, SESSIONS, () => openSession(service.url("/mcp")));
  return { name: "memory of an idle MCP session", value, unit: "bytes" };
}

async function streamRow(data: string): Promise<Row> {
  await Deno.mkdir(data);
  await using service = await startService(data);
  await using bare = await startBareService();
  await using streams = new AsyncDisposableStack();
  const open = async (url: URL) => {
    const response = await fetch(url);
    const reader = response.body?.getReader();
    await reader?.read();
    streams.defer(() => reader?.cancel());
  };
  const value = await bytesOfEach(service.pid, STREAMS, () => open(service.url("/api/v1/events")));
  const floor = await bytesOfEach(bare.pid, STREAMS, () => open(bare.url("/stream")));
  return {
    name: "memory of an idle stream of events",
    value,
    floor: { value: floor, what: "a stream of Hono on the same HTTP server on which nothing comes" },
    unit: "bytes",
  };
}

/** By how much the memory of a process grows with each thing that is opened, in bytes. */
async function bytesOfEach(pid: number, count: number, open: () => Promise<void>): Promise<number> {
  for (let opened = 0; opened < WARM_UP; opened++) await open();
  const before = await settled(pid);
  for (let opened = 0; opened < count; opened++) await open();
  return Math.round((await settled(pid) - before) * MEGABYTE / count);
}

async function settled(pid: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const megabytes = await residentMemory(pid);
  if (megabytes === undefined) throw new Error(`Cannot tell the memory of process ${pid}`);
  return megabytes;
}

async function openSession(url: URL): Promise<void> {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1" } };
  const send = async (message: object, more: Readonly<Record<string, string>> = {}) => {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    const response = await fetch(url, { method: "POST", headers: { ...headers, ...more }, body });
    await response.text();
    if (!response.ok) throw new Error(`A session was refused with ${response.status}`);
    return response;
  };
  const opened = await send({ id: 0, method: "initialize", params });
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
  await send({ method: "notifications/initialized" }, session);
  await send({ id: 1, method: "tools/list", params: {} }, session);
}
