/**
 * Shows that what src/mcp/sdk.ts and tests/support/sdk_client.ts re-export has the SDK's types: were it `any`, as
 * happens silently when a types file is not found, the errors expected here would be missing and `deno check` fail.
 */

import { assertEquals } from "@std/assert";
import {
  type CallToolResult,
  type GetPromptResult,
  type JSONRPCMessage,
  type Prompt,
  ProtocolErrorCode,
  type RequestId,
  type Resource,
  Server,
  type ServerResult,
  type ToolAnnotations,
  type ToolListing,
  type Transport,
} from "../../src/mcp/sdk.ts";
import { Client, StdioClientTransport } from "../support/sdk_client.ts";

/** Never called: its lines are only checked. */
function typesAreReal(
  message: JSONRPCMessage,
  types: {
    callToolResult: CallToolResult;
    getPromptResult: GetPromptResult;
    prompt: Prompt;
    requestId: RequestId;
    resource: Resource;
    serverResult: ServerResult;
    toolAnnotations: ToolAnnotations;
    toolListing: ToolListing;
    transport: Transport;
  },
): unknown[] {
  const server = new Server({ name: "", version: "" }, { capabilities: {} });
  const client = new Client({ name: "", version: "" });
  const transport = new StdioClientTransport({ command: "" });
  return [
    // @ts-expect-error A server needs a version.
    new Server({ name: "" }),
    // @ts-expect-error There is no such method.
    server.noSuchMethod(),
    // @ts-expect-error A handler's answer has a form.
    server.setRequestHandler("tools/call", () => 5),
    // @ts-expect-error A request for a tool has a name, which is a string.
    server.setRequestHandler("tools/call", ({ params }) => params.name * 2),
    // @ts-expect-error There is no such code.
    ProtocolErrorCode.NoSuchCode,
    // @ts-expect-error A message is an object.
    message * 2,
    // @ts-expect-error Content is a list.
    types.callToolResult.content * 2,
    // @ts-expect-error Messages are a list.
    types.getPromptResult.messages * 2,
    // @ts-expect-error A name is a string.
    types.prompt.name * 2,
    // @ts-expect-error An id may be a string.
    types.requestId * 2,
    // @ts-expect-error A URI is a string.
    types.resource.uri * 2,
    // @ts-expect-error A result is an object.
    types.serverResult * 2,
    // @ts-expect-error A hint is true, false or missing.
    types.toolAnnotations.readOnlyHint * 2,
    // @ts-expect-error A schema is an object.
    types.toolListing.inputSchema * 2,
    // @ts-expect-error There is no such method.
    types.transport.noSuchMethod(),
    // @ts-expect-error There is no such method.
    client.noSuchMethod(),
    // @ts-expect-error There is no such method.
    transport.noSuchMethod(),
  ];
}

Deno.test("the types of the SDK are real", () => {
  // What shows it is that this file passes the type check; this keeps the function in use.
  assertEquals(typesAreReal.length, 2);
});
