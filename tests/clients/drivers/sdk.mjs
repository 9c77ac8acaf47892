/** `@modelcontextprotocol/sdk` 1.x. */

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { textOf } from "./text.mjs";

export async function connect(configuration) {
  const client = new Client({ name: "sdk", version: "1.0.0" });
  await client.connect(new StdioClientTransport(configuration));
  const { tools } = await client.listTools();
  return {
    tools: tools.length,
    call: async (name, args) => textOf(await client.callTool({ name, arguments: args })),
    close: () => client.close(),
  };
}
