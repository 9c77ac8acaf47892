/** Converts the errors that methods throw to JSON-RPC errors. */

import { type Log, Unavailable } from "../app/ports.ts";
import { Refusal } from "../core/model/refusal.ts";
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from "./sdk.ts";

/**
 * The protocol error for a thrown error. An unexpected error is a bug of this program: it is logged, and the client
 * gets no details.
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
  why = "resources/list and resources/templates/list show all resources",
): ProtocolError {
  return new ResourceNotFoundError(uri, `Resource ${uri} not found: ${why}`);
}
