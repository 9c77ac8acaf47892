/** The one place where tests import the client of revision 2026-07-28, and a server with such a client. */

import { Client, SdkError, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { programArgs, serverEnvironment } from "./server.ts";

export { type McpSubscription, ProtocolError } from "@modelcontextprotocol/client";
export { Client as ModernClient, SdkError };

/** The revision that `startModern` speaks. */
export const MODERN_REVISION = "2026-07-28";

/** A server, and a client that speaks no other revision with it. */
export interface Modern extends AsyncDisposable {
  readonly client: Client;
  readonly pid: number;
}

/** Connects a client of the newest revision to a service. */
export async function connectModern(url: URL, name = "modern"): Promise<AsyncDisposable & { readonly client: Client }> {
  const client = new Client({ name, version: "1.0.0" }, { versionNegotiation: { mode: { pin: MODERN_REVISION } } });
  await client.connect(new StreamableHTTPClientTransport(url));
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

/** Starts a server on a data directory, with a client of the newest revision. */
export async function startModern(directory: string, name = "modern"): Promise<Modern> {
  const transport = new StdioClientTransport({
    command: Deno.execPath(),
    args: programArgs(directory),
    env: serverEnvironment(),
    stderr: "pipe",
  });
  const client = new Client({ name, version: "1.0.0" }, { versionNegotiation: { mode: { pin: MODERN_REVISION } } });
  await client.connect(transport);
  const { pid } = transport;
  if (pid === null) throw new Error("The server is dead");
  return { client, pid, [Symbol.asyncDispose]: () => client.close() };
}
