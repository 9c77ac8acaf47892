/** `@modelcontextprotocol/client` 2.x, which asks for revision 2026-07-28 first. */

import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { sdkDriver } from "./sdk_driver.mjs";

export function connect(configuration) {
  const client = new Client({ name: "client", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  return sdkDriver(client, new StdioClientTransport(configuration));
}
