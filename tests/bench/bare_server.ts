/**
 * The least an MCP server can be: the SDK's own server and transport with one tool that does nothing. What a call
 * to it costs, every call costs.
 */

import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";

serveStdio(() => {
  const server = new McpServer({ name: "bare", version: "1.0.0" });
  server.registerTool("empty", { description: "Do nothing." }, () => ({ content: [] }));
  return server;
});
