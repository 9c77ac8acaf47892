/**
 * What the conformance suite expects of a server, on the program's own HTTP: the routes, sessions and streams are those of
 * `serve`; behind them, the SDK's server has the tools, resources and prompts that the suite names.
 */

import { createApp } from "../../src/http/app.ts";
import { openCaller } from "../../src/http/caller_of.ts";
import { hostsOf } from "../../src/http/hosts.ts";
import { HttpServer } from "../../src/http/server.ts";
import { McpEndpoint } from "../support/mcp_over_http.ts";
import { createFixtureServer } from "./fixture_server.ts";

const HOST = "127.0.0.1";

export interface Fixture extends AsyncDisposable {
  readonly url: URL;
}

export async function startFixture(): Promise<Fixture> {
  const endpoint = await McpEndpoint.start({ serverFor: () => createFixtureServer().server });
  const { log, engine, mcp } = endpoint;
  const app = createApp({
    hosts: hostsOf(HOST, []),
    callerOf: openCaller({ role: "admin", process: "fixture" }),
    checkReady: () => engine.catchUp(),
    mounts: [
      (app) => app.all("/mcp", (c) => mcp.handle(c.req.raw, { caller: c.get("caller"), instance: c.get("instance") })),
    ],
    log,
  });
  const server = await HttpServer.listen({ host: HOST, port: 0, log });
  server.answer({ handle: app.fetch });
  return {
    url: new URL(`http://${HOST}:${server.port}/mcp`),
    async [Symbol.asyncDispose]() {
      await Promise.all([server.close(), mcp.endStreams()]);
      await endpoint[Symbol.asyncDispose]();
    },
  };
}
