/** Requests of MCP over HTTP as revision 2026-07-28 has them: each stands alone. */

import type { SecuredRequest } from "./secured.ts";
import type { Json } from "./server.ts";

export const MCP_HEADERS = { accept: "application/json, text/event-stream" };

export interface McpRequest {
  readonly method: string;
  readonly params: Json;
}

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** The body and headers of a request. */
export function modernRequest({ method, params }: McpRequest): Pick<SecuredRequest, "body" | "headers"> {
  const name = params["name"] ?? params["uri"];
  return {
    body: { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: META } },
    headers: {
      ...MCP_HEADERS,
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(name !== undefined && { "mcp-name": String(name) }),
    },
  };
}
