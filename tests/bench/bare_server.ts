/**
 * The least an MCP server can be: the SDK's own server and transport with one tool that does nothing. What a call
 * to it costs, every call costs.
 */

// @ts-types="@modelcontextprotocol/sdk/server/mcp"
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
// @ts-types="@modelcontextprotocol/sdk/server/stdio"
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

const server = new McpServer({ name: "bare", version: "1.0.0" });
server.registerTool("empty", { description: "Do nothing." }, () => ({ content: [] }));
await server.connect(new StdioServerTransport());
