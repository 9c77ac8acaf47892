/** The text for a person who starts the server in a terminal: it serves MCP, and how to configure a client. */

import { type Launch, shellWords } from "./launch.ts";

const NOTHING_SHARED = "With --store memory, nothing is kept, and each client has its own tasks.";

/** Returns the text, with a configuration to paste into a client. Without a directory, it is for `--store memory`. */
export function banner(launch: Launch, directory: string | undefined): string {
  const store = directory === undefined ? ["--store", "memory"] : ["--data", directory];
  const server = { command: launch.command, args: [...launch.args, ...store] };
  return `MCP Orchestrator is waiting for an MCP client on standard input. It is meant to be started by one:

Claude Desktop, Cursor, Cline and most others take this in their MCP configuration:

${JSON.stringify({ mcpServers: { orchestrator: server } }, undefined, 2)}

Claude Code takes this command:

claude mcp add orchestrator -- ${shellWords([server.command, ...server.args])}

${
    directory === undefined
      ? NOTHING_SHARED
      : "Every client with the same --data shares the same tasks."
  } End with Ctrl-C; --help shows the other commands.
`;
}
