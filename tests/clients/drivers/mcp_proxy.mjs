/** `mcp-proxy`, which starts the server and serves it over HTTP to the SDK's client. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { sdkDriver } from "./sdk_driver.mjs";

export async function connect({ command, args }) {
  const port = await freePort();
  const proxy = spawn("node_modules/.bin/mcp-proxy", ["--host", "127.0.0.1", "--port", port, "--", command, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(proxy, "exit").then(() => Promise.reject(new Error("mcp-proxy ended before it listened")));
  await Promise.race([once(proxy.stdout, "data"), ended]);
  ended.catch(() => {});
  const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`));
  const { close, ...driver } = await sdkDriver(new Client({ name: "bridged", version: "1.0.0" }), transport);
  return {
    ...driver,
    close: async () => {
      await close();
      proxy.kill();
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return String(port);
}
