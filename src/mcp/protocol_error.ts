/** What a client is answered with a JSON-RPC error for: whatever a method throws becomes one here. */

import { type Log, Unavailable } from "../app/ports.ts";
import { Refusal } from "../core/model/refusal.ts";
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from "./sdk.ts";

/**
 * The protocol error for what a method has thrown. An unexpected error is a bug of this program: it is logged, and the
 * client gets none of its inner details.
 */
export function protocolErrorOf(error: unknown, log: Log): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof Refusal) return new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
  if (error instanceof Unavailable) return new ProtocolError(ProtocolErrorCode.InternalError, error.message);
  log.error(`Unexpected: ${error instanceof Error ? error.stack : error}`);
  return new ProtocolError(ProtocolErrorCode.InternalError, "Internal error: the server's log has the details");
}

/** The protocol error for a resource that does not exist. */
export function unknownResource(
  uri: string,
  why = "resources/list and resources/templates/list show what there is",
): ProtocolError {
  return new ResourceNotFoundError(uri, `Resource ${uri} not found: ${why}`);
}
