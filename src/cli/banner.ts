/**
 * What a person sees who starts the server in a terminal: it speaks MCP, and how to tell a client of it.
 */

/** How the program is started. */
export interface Launch {
  readonly command: string;
  /** Arguments before the program's own. */
  readonly args: readonly string[];
}

/** The text, with a configuration to be pasted into an MCP client. */
export function banner(launch: Launch, directory: string): string {
  const server = { command: launch.command, args: [...launch.args, "--data", directory] };
  const quoted = [server.command, ...server.args].map(quote).join(" ");
  return `MCP Orchestrator is waiting for an MCP client on standard input. It is meant to be started by one:

Claude Desktop, Cursor, Cline and most others take this in their MCP configuration:

${JSON.stringify({ mcpServers: { orchestrator: server } }, undefined, 2)}

Claude Code takes this command:

claude mcp add orchestrator -- ${quoted}

Every client with the same --data shares the same tasks. End with Ctrl-C; --help shows the other commands.
`;
}

/** An argument as a POSIX shell takes it. */
function quote(arg: string): string {
  return /^[\w./=:@-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
