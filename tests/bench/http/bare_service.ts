/**
 * The least a service can be, on the same HTTP server as ours: the SDK's handler with one tool that does nothing, an empty
 * route of Hono, and a stream on which nothing comes. Prints its port.
 */

import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { Hono } from "hono";
import { HttpServer } from "../../../src/http/server.ts";
import { createLog } from "../../../src/telemetry/log.ts";

const mcp = createMcpHandler(() => {
  const server = new McpServer({ name: "bare", version: "1.0.0" });
  server.registerTool("empty", { description: "Do nothing." }, () => ({ content: [] }));
  return server;
});

const app = new Hono();
app.all("/mcp", (c) => mcp.fetch(c.req.raw));
app.get("/empty", (c) => c.json({}));
app.post("/empty", async (c) => c.json(Object.keys(await c.req.json())));
app.get("/stream", (c) => {
  // The first bytes send the headers.
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("\n")) });
  return c.body(body, 200, { "content-type": "text/event-stream" });
});

const server = await HttpServer.listen({ host: "127.0.0.1", port: 0, log: createLog(console.error) });
server.answer({ handle: (request) => app.fetch(request) });
console.log(server.port);
