/** What to paste into a client so that it uses this server, as docs/service.md and docs/clients.md have it. */

export interface Setup {
  readonly title: string;
  readonly hint: string;
  readonly text: string;
}

export interface Service {
  /** Where the page comes from, without a slash at its end: `http://127.0.0.1:8787`. */
  readonly address: string;
  /** Whether the service runs without access control. */
  readonly isOpen: boolean;
  /** Of the program that serves. */
  readonly version: string;
}

const HEADER = "Authorization: Bearer $ORCHESTRATOR_TOKEN";

export function setupsOf({ address, isOpen, version }: Service): readonly Setup[] {
  const url = `${address}/mcp`;
  const token = isOpen ? "" : " Put a token into the variable ORCHESTRATOR_TOKEN: admins issue them under Tokens.";
  const server = {
    type: "http",
    url,
    ...(!isOpen && { headers: { Authorization: "Bearer ${ORCHESTRATOR_TOKEN}" } }),
  };
  return [
    {
      title: "Claude Code",
      hint: `Run this in a terminal.${token}`,
      text: `claude mcp add --transport http orchestrator ${url}${isOpen ? "" : ` --header "${HEADER}"`}`,
    },
    {
      title: "Other clients over HTTP",
      hint: `Put this into the client's configuration of MCP servers.${token}`,
      text: configuration(server),
    },
    {
      title: "Clients that start their own server, with npm",
      hint: "They share the tasks if they name the same data directory. Replace its path by yours.",
      text: configuration({
        command: "npx",
        args: ["--yes", `@mcp-orchestrator/server@${version}`, "--data", "/path/to/data"],
      }),
    },
    {
      title: "Clients that start their own server, from a clone",
      hint: "They share the tasks if they name the same data directory. Replace both paths by yours.",
      text: configuration({
        command: "deno",
        args: [
          "run",
          "--allow-read=/path/to/data,/path/to/mcp-orchestrator",
          "--allow-write=/path/to/data",
          "/path/to/mcp-orchestrator/main.ts",
          "--data",
          "/path/to/data",
        ],
      }),
    },
  ];
}

function configuration(server: object): string {
  return JSON.stringify({ mcpServers: { orchestrator: server } }, null, 2);
}
