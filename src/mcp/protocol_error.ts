/**
 * A call that is answered with a JSON-RPC error. The SDK's own `McpError` puts a prefix before the message, and each
 * side of the connection adds another.
 */

import type { ErrorCode } from "./sdk.ts";

/** MCP's code for a resource that does not exist. */
export const RESOURCE_NOT_FOUND = -32002;

export class ProtocolError extends Error {
  override readonly name = "ProtocolError";

  constructor(readonly code: ErrorCode | typeof RESOURCE_NOT_FOUND, message: string) {
    super(message);
  }
}
