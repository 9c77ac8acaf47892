/** `@modelcontextprotocol/sdk` 1.x. */

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { sdkDriver } from "./sdk_driver.mjs";

export function connect(configuration) {
  return sdkDriver(new Client({ name: "sdk", version: "1.0.0" }), new StdioClientTransport(configuration));
}
