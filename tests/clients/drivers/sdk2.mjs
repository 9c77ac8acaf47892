/** `@modelcontextprotocol/client` 2.x, which asks for revision 2026-07-28 first. */

import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { textOf } from "./text.mjs";

export async function connect(configuration) {
  const client = new Client({ name: "client", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StdioClientTransport(configuration));
  const { tools } = await client.listTools();
  return {
    tools: tools.length,
    call: async (name, args) => textOf(await client.callTool({ name, arguments: args })),
    close: () => client.close(),
  };
}
