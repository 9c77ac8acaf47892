/** The clients that init knows: their configuration files, what an entry looks like there, and where agents look for instructions. */

import type { Entry } from "./config_format.ts";

/** How a client starts the server. */
export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Where the files of this user are. */
export interface UserPlaces {
  /** `darwin`, `windows`, or another system. */
  readonly os: string;
  readonly home: string;
  /** A variable of the environment; undefined if it is not set. */
  readonly variable: (name: string) => string | undefined;
}

export interface Client {
  /** For `--client`. */
  readonly name: string;
  readonly title: string;
  readonly format: "json" | "toml";
  /** The key of the object that holds all servers. */
  readonly container: string;
  readonly entry: (start: Start) => Entry;
  /** The file for all projects; of several, the client reads each that exists. */
  readonly user: (places: UserPlaces) => readonly [string, ...string[]];
  /** Files and directories that exist where the client is installed. Default: the directory of its file. */
  readonly traces?: (places: UserPlaces) => readonly string[];
  /** The file in a project; of several, the client reads each that exists. Absent: it has none of its own. */
  readonly project?: readonly [string, ...string[]];
  /** The file with instructions for agents in a project. */
  readonly instructions?: string;
  /** Whether it starts servers in the directory of the project that is open. */
  readonly isAtProject: boolean;
}

/** The variables that say where clients keep their files. */
export function clientVariables(os: string): readonly string[] {
  const system = os === "windows" ? ["USERPROFILE", "APPDATA"] : ["HOME"];
  return [...system, "XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME", "CLINE_DIR"];
}

const plain = ({ command, args, env }: Start): Entry => ({ command, args, ...(env !== undefined && { env }) });

export const CLIENTS: readonly Client[] = [
  {
    name: "claude-code",
    title: "Claude Code",
    format: "json",
    container: "mcpServers",
    entry: (start) => ({ type: "stdio", ...plain(start) }),
    user: ({ home, variable }) => [`${variable("CLAUDE_CONFIG_DIR") ?? home}/.claude.json`],
    traces: ({ home, variable }) => {
      const directory = variable("CLAUDE_CONFIG_DIR");
      return directory === undefined ? [`${home}/.claude.json`, `${home}/.claude`] : [directory];
    },
    project: [".mcp.json"],
    instructions: "CLAUDE.md",
    isAtProject: true,
  },
  {
    name: "claude-desktop",
    title: "Claude Desktop",
    format: "json",
    container: "mcpServers",
    entry: plain,
    user: (places) => [`${applicationData(places)}/Claude/claude_desktop_config.json`],
    isAtProject: false,
  },
  {
    name: "codex",
    title: "Codex",
    format: "toml",
    container: "mcp_servers",
    entry: plain,
    user: ({ home, variable }) => [`${variable("CODEX_HOME") ?? `${home}/.codex`}/config.toml`],
    project: [".codex/config.toml"],
    instructions: "AGENTS.md",
    isAtProject: true,
  },
  {
    name: "cursor",
    title: "Cursor",
    format: "json",
    container: "mcpServers",
    entry: plain,
    user: ({ home }) => [`${home}/.cursor/mcp.json`],
    project: [".cursor/mcp.json"],
    instructions: "AGENTS.md",
    isAtProject: true,
  },
  {
    name: "vscode",
    title: "VS Code",
    format: "json",
    container: "servers",
    entry: (start) => ({ type: "stdio", ...plain(start) }),
    user: (places) => [`${applicationData(places)}/Code/User/mcp.json`],
    project: [".vscode/mcp.json"],
    instructions: "AGENTS.md",
    isAtProject: true,
  },
  {
    name: "copilot",
    title: "Copilot CLI",
    format: "json",
    container: "mcpServers",
    entry: (start) => ({ type: "local", ...plain(start), tools: ["*"] }),
    user: ({ home, variable }) => [`${variable("COPILOT_HOME") ?? `${home}/.copilot`}/mcp-config.json`],
    instructions: "AGENTS.md",
    isAtProject: true,
  },
  {
    name: "gemini",
    title: "Gemini CLI",
    format: "json",
    container: "mcpServers",
    entry: plain,
    user: ({ home }) => [`${home}/.gemini/settings.json`],
    project: [".gemini/settings.json"],
    instructions: "GEMINI.md",
    isAtProject: true,
  },
  {
    name: "qwen",
    title: "Qwen Code",
    format: "json",
    container: "mcpServers",
    entry: plain,
    user: ({ home }) => [`${home}/.qwen/settings.json`],
    project: [".qwen/settings.json"],
    instructions: "QWEN.md",
    isAtProject: true,
  },
  {
    name: "opencode",
    title: "opencode",
    format: "json",
    container: "mcp",
    entry: ({ command, args, env }) => ({
      type: "local",
      command: [command, ...args],
      ...(env !== undefined && { environment: env }),
    }),
    user: ({ home, variable }) => {
      const directory = `${variable("XDG_CONFIG_HOME") ?? `${home}/.config`}/opencode`;
      return [`${directory}/opencode.json`, `${directory}/opencode.jsonc`];
    },
    project: ["opencode.json", "opencode.jsonc"],
    instructions: "AGENTS.md",
    isAtProject: true,
  },
  {
    name: "cline",
    title: "Cline in VS Code",
    format: "json",
    container: "mcpServers",
    entry: plain,
    user: (places) => [
      `${applicationData(places)}/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json`,
    ],
    traces: (places) => [`${applicationData(places)}/Code/User/globalStorage/saoudrizwan.claude-dev`],
    instructions: "AGENTS.md",
    isAtProject: false,
  },
  {
    name: "cline-cli",
    title: "Cline CLI",
    format: "json",
    container: "mcpServers",
    entry: plain,
    user: (places) => [`${clineDirectory(places)}/data/settings/cline_mcp_settings.json`],
    traces: (places) => [clineDirectory(places)],
    instructions: "AGENTS.md",
    isAtProject: true,
  },
  {
    name: "windsurf",
    title: "Windsurf",
    format: "json",
    container: "mcpServers",
    entry: plain,
    user: ({ home }) => [`${home}/.codeium/windsurf/mcp_config.json`],
    instructions: "AGENTS.md",
    isAtProject: false,
  },
  {
    name: "zed",
    title: "Zed",
    format: "json",
    container: "context_servers",
    entry: plain,
    user: (places) => [`${zedDirectory(places)}/settings.json`],
    instructions: "AGENTS.md",
    isAtProject: true,
  },
];

/** The name in clients that start servers of npm under Windows, which cannot start `npx.cmd` without a shell. */
export function startOn(os: string, { command, args, ...rest }: Start): Start {
  return os === "windows" && command === "npx"
    ? { command: "cmd", args: ["/c", command, ...args], ...rest }
    : { command, args, ...rest };
}

/** The directory where applications of this system keep their settings. */
function applicationData({ os, home, variable }: UserPlaces): string {
  if (os === "darwin") return `${home}/Library/Application Support`;
  return os === "windows"
    ? variable("APPDATA") ?? `${home}/AppData/Roaming`
    : variable("XDG_CONFIG_HOME") ?? `${home}/.config`;
}

function clineDirectory({ home, variable }: UserPlaces): string {
  return variable("CLINE_DIR") ?? `${home}/.cline`;
}

function zedDirectory(places: UserPlaces): string {
  if (places.os === "windows") return `${applicationData(places)}/Zed`;
  if (places.os === "darwin") return `${places.home}/.config/zed`;
  return `${applicationData(places)}/zed`;
}
