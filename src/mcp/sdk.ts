/** The only file that imports the MCP SDK. */

export {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  deserializeMessage,
  isSpecType,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  serializeMessage,
  Server,
  SERVER_INFO_META_KEY,
  specTypeSchemas,
  SUBSCRIPTION_ID_META_KEY,
} from "@modelcontextprotocol/server";
export type {
  CallToolResult,
  GetPromptResult,
  Implementation,
  JSONRPCMessage,
  JSONRPCRequest,
  Prompt,
  RequestId,
  Resource,
  ServerContext,
  ServerResult,
  Tool as ToolListing,
  ToolAnnotations,
  Transport,
} from "@modelcontextprotocol/server";
export { serveStdio } from "@modelcontextprotocol/server/stdio";
