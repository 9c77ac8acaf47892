/** The text for a person who starts the server in a terminal: it serves MCP, and how to configure a client. */

import { type Launch, shellWords } from "./launch.ts";
import { type Location, locationArgs } from "./location.ts";

/** Returns the text, with a configuration to paste into a client. */
export function banner(launch: Launch, location: Location): string {
  const server = { command: launch.command, args: [...launch.args, ...locationArgs(location)] };
  return `MCP Orchestrator is waiting for an MCP client on standard input. It is meant to be started by one:

Claude Desktop, Cursor, Cline and most others take this in their MCP configuration:

${JSON.stringify({ mcpServers: { orchestrator: server } }, undefined, 2)}

Claude Code takes this command:

claude mcp add orchestrator -- ${shellWords([server.command, ...server.args])}

${sharingOf(location)} End with Ctrl-C; --help shows the other commands.
`;
}

/** Which clients share tasks. */
function sharingOf(location: Location): string {
  if (location.store === "memory") return "With --store memory, nothing is kept, and each client has its own tasks.";
  if (location.store === "database") return "Every client with the same --store and --project shares the same tasks.";
  const { project } = location;
  if (project === undefined) return "Every client with the same --data shares the same tasks.";
  return project.isAuto
    ? `Every client in the same git repository shares the same tasks; here, those of project ${project.name}.`
    : "Every client with the same --project shares the same tasks.";
}
