/** The server of the SDK that the conformance suite calls. */

import { McpServer } from "@modelcontextprotocol/server";
import { addContents } from "./fixture_contents.ts";
import { addInputs, requestStates } from "./fixture_inputs.ts";
import { addTools } from "./fixture_tools.ts";

/** How long answers may be kept; the suite only asks that they say so. */
const HINT = { ttlMs: 1_000, cacheScope: "private" } as const;

const CACHEABLE = [
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "resources/read",
] as const;

export function createFixtureServer(): McpServer {
  const mcp = new McpServer({ name: "fixture", version: "1.0.0" }, {
    capabilities: {
      tools: { listChanged: false },
      resources: { listChanged: false, subscribe: true },
      prompts: { listChanged: false },
      logging: {},
      completions: {},
    },
    cacheHints: Object.fromEntries(CACHEABLE.map((method) => [method, HINT])),
    requestState: { verify: requestStates.verify },
  });
  addTools(mcp);
  addInputs(mcp);
  addContents(mcp);
  return mcp;
}
