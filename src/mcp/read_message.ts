/**
 * Parses a line as a JSON-RPC message. The error for an invalid line has the id of every request in it, and a message
 * for the author of the client.
 */

import { isFields, withoutNulls } from "./read_arguments.ts";
import {
  classifyInboundRequest,
  deserializeMessage,
  isSpecType,
  type JSONRPCMessage,
  ProtocolErrorCode,
  type RequestId,
  specTypeSchemas,
} from "./sdk.ts";

/** Most requests of a batch that each get an answer. */
const MAX_BATCH_ANSWERS = 1_000;

/** Most problems with parameters that an answer lists. */
const MAX_ISSUES = 5;

/** An invalid line, with the ids of the requests in it; null stands for an unknown id. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";

  constructor(readonly code: ProtocolErrorCode, message: string, readonly ids: readonly (RequestId | null)[]) {
    super(message);
  }
}

/** The message in a line; undefined if the line is blank. Throws a `MalformedMessage` if it is invalid. */
export function readMessage(bytes: Uint8Array): JSONRPCMessage | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(ProtocolErrorCode.ParseError, "it is not UTF-8", [idInParts(bytes)]);
  }
  if (text.trim() === "") return undefined;
  let message: JSONRPCMessage;
  try {
    message = deserializeMessage(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw unreadable(ProtocolErrorCode.ParseError, `it is not JSON (${error.message})`, [idAtEnds(bytes)]);
    }
    message = withoutNullParams(JSON.parse(text));
  }
  checkInitialize(message);
  return message;
}

/** The message without null params, if these alone make it invalid. Otherwise throws a `MalformedMessage`. */
function withoutNullParams(message: unknown): JSONRPCMessage {
  if (Array.isArray(message)) throw batch(message);
  if (isFields(message) && "params" in message) {
    const { params, ...rest } = message;
    const present = isFields(params) ? { ...rest, params: withoutNulls(params) } : rest;
    if (isSpecType.JSONRPCMessage(present) && (params === null || isFields(params))) return present;
  }
  const why = "it is not a JSON-RPC 2.0 request, notification or response";
  throw unreadable(ProtocolErrorCode.InvalidRequest, why, [idOf(message)]);
}

/** The error for a batch, which only revision 2025-03-26 has. Each request in it gets an answer. */
function batch(messages: readonly unknown[]): MalformedMessage {
  const ids = messages.filter((each) => isFields(each) && "method" in each).map(idOf).filter((id) => id !== null);
  return unreadable(
    ProtocolErrorCode.InvalidRequest,
    "it is not a single message but a batch: send each message on its own line",
    ids.length === 0 ? [null] : ids.slice(0, MAX_BATCH_ANSWERS),
  );
}

/** Validates the initialize request here, because the SDK answers an invalid one with internal details. */
function checkInitialize(message: JSONRPCMessage): void {
  if (!("method" in message) || message.method !== "initialize" || !("id" in message)) return;
  // As a request of revision 2026-07-28, which does not have this method.
  if (classifyInboundRequest({ httpMethod: "POST", body: message }).kind === "modern") return;
  const { issues: found } = specTypeSchemas.InitializeRequest["~standard"].validate(message);
  if (found === undefined) return;
  const issues = found.slice(0, MAX_ISSUES)
    .map(({ path = [], message }) => `${path.slice(1).join(".") || "params"}: ${message}`);
  throw new MalformedMessage(
    ProtocolErrorCode.InvalidParams,
    `Invalid initialize request: ${
      issues.join("; ")
    }. It takes: protocolVersion, like "2025-11-25"; capabilities, like ` +
      "{}; clientInfo, like {name, version}",
    [message.id],
  );
}

function unreadable(code: ProtocolErrorCode, why: string, ids: readonly (RequestId | null)[]): MalformedMessage {
  return new MalformedMessage(code, `Cannot read the message: ${why}`, ids);
}

function idOf(message: unknown): RequestId | null {
  const id = isFields(message) ? message["id"] : undefined;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

/** The id of a request with some bytes that are not UTF-8. */
function idInParts(bytes: Uint8Array): RequestId | null {
  try {
    return idOf(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return idAtEnds(bytes);
  }
}

/** The id of a request that is too long or not JSON, from the usual places for it; null if it is not there. */
export function idAtEnds(bytes: Uint8Array): RequestId | null {
  const text = new TextDecoder().decode(bytes);
  const id = /^\{"jsonrpc":"2\.0","id":(\d+|"[^"\\\p{Cc}]*"),/u.exec(text)?.[1] ??
    /,"id":(\d+|"[^"\\\p{Cc}]*")(?:,"jsonrpc":"2\.0")?\}\s*$/u.exec(text)?.[1];
  return id === undefined ? null : JSON.parse(id);
}
