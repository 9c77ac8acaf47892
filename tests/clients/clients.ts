/** The clients: which versions are installed, how each is driven and configured, and what is special about it. */

import type { Json } from "../support/server.ts";

/** How a client starts the server. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Client {
  readonly name: string;
  /** What npm installs, `name@version`; the first is the client. */
  readonly packages: readonly [string, ...string[]];
  /** A package whose install script puts its program, which it ships, in its place. */
  readonly rebuilt?: string;
  /** A file in `drivers/`, which gets `configure` of the server, and `options`. */
  readonly driver: string;
  readonly options?: Json;
  /** Whether it carries out the scenario, or only connects, as it has no call of a tool without a model. */
  readonly does: "scenario" | "connects";
  /** Where the configuration belongs, in Markdown. */
  readonly place: string;
  /** The configuration as the client takes it. */
  configure(launch: Launch): unknown;
  /** A command that writes or has the configuration, in place of JSON. */
  commandOf?(words: string): string;
  /** What its users should know, in Markdown. */
  readonly quirk: string;
}

const asIs = (launch: Launch) => launch;
const mcpServers = (orchestrator: Launch) => ({ mcpServers: { orchestrator } });

export const CLIENTS: readonly Client[] = [
  {
    name: "MCP SDK 1.x",
    packages: ["@modelcontextprotocol/sdk@1.32.2"],
    driver: "sdk.mjs",
    does: "scenario",
    place: "The argument of `new StdioClientTransport()`",
    configure: asIs,
    quirk: "A call times out after 60 s; waits of `get_next_task` are shorter.",
  },
  {
    name: "MCP SDK 2.x",
    packages: ["@modelcontextprotocol/client@2.4.0"],
    driver: "sdk2.mjs",
    does: "scenario",
    place: "The argument of `new StdioClientTransport()`",
    configure: asIs,
    quirk: 'A call times out after 60 s. With `versionNegotiation: { mode: "auto" }` it may start the server twice.',
  },
  {
    name: "LangChain",
    packages: ["@langchain/mcp-adapters@1.1.4", "@langchain/core@1.4.0"],
    driver: "langchain.mjs",
    does: "scenario",
    place: "The argument of `new MultiServerMCPClient()`",
    configure: (launch) => ({ mcpServers: { orchestrator: { transport: "stdio", ...launch } } }),
    quirk: "Checks calls by the listed schema, of which it keeps only the object where text or object is listed. So " +
      'dependencies are text in `create_tasks` (`"a"`, or an expression as JSON text), and objects in `create_task` ' +
      '(`{"task": "a"}`). The model reads each answer twice, as text and as structured content.',
  },
  {
    name: "AI SDK",
    packages: ["@ai-sdk/mcp@2.0.99", "ai@7.0.173"],
    driver: "ai_sdk.mjs",
    does: "scenario",
    place: "The argument of `new Experimental_StdioMCPTransport()`, for the `transport` of `createMCPClient()`",
    configure: asIs,
    quirk: "Closes the objects of the listing: parameters that are not listed cannot be sent.",
  },
  {
    name: "OpenAI Agents",
    packages: ["@openai/agents@0.20.0"],
    driver: "openai_agents.mjs",
    options: { strict: false },
    does: "scenario",
    place: "The argument of `new MCPServerStdio()`",
    configure: asIs,
    quirk: "Replaces protocol errors by a general text; refusals of this server reach the model.",
  },
  {
    name: "OpenAI Agents, strict",
    packages: ["@openai/agents@0.20.0"],
    driver: "openai_agents.mjs",
    options: { strict: true },
    does: "scenario",
    place: "As above, and `mcpConfig: { convertSchemasToStrict: true }` of the agent",
    configure: asIs,
    quirk: "The model sends null for each optional parameter that it leaves out, which changes nothing. Tools with a " +
      "free map among their parameters, such as `refs`, stay as they are.",
  },
  {
    name: "Mastra",
    packages: ["@mastra/mcp@2.0.0", "@mastra/core@1.71.0"],
    driver: "mastra.mjs",
    does: "scenario",
    place: "The argument of `new MCPClient()`",
    configure: (orchestrator) => ({ servers: { orchestrator } }),
    quirk:
      "Checks calls by the listed schema: in the list of `create_tasks`, dependency expressions are JSON text. Removes " +
      "nulls. Tools are named " +
      "`orchestrator_create_tasks` and so on.",
  },
  {
    name: "mcp-use",
    packages: ["mcp-use@1.34.6", "langchain@1.5.14", "@langchain/core@1.4.0"],
    driver: "mcp_use.mjs",
    does: "scenario",
    place: "The argument of `new MCPClient()`",
    configure: mcpServers,
    quirk:
      "Checks calls by the listed schema, and refuses keys that are not listed: send dependencies with `any`, `all`, " +
      "`at_least` or `when` as JSON text. The model reads the whole result as JSON, so each answer twice.",
  },
  {
    name: "MCP Inspector",
    packages: ["@modelcontextprotocol/inspector@2.12.0"],
    driver: "inspector.mjs",
    does: "scenario",
    place: "A file for `mcp-inspector --cli --config FILE --server orchestrator`",
    configure: mcpServers,
    quirk:
      "`--method tools/list --strict` finds no error. A `result` that looks like JSON is sent as an object. Each " +
      "call starts a server.",
  },
  {
    name: "mcporter",
    packages: ["mcporter@0.12.3"],
    driver: "mcporter.mjs",
    does: "scenario",
    place: "A file for `mcporter --config FILE call orchestrator.create_tasks`",
    configure: mcpServers,
    quirk: "A `result` that looks like JSON is sent as an object. A call times out after 60 s.",
  },
  {
    name: "mcp-proxy",
    packages: ["mcp-proxy@6.7.19", "@modelcontextprotocol/sdk@1.32.2"],
    driver: "mcp_proxy.mjs",
    does: "scenario",
    place: "A command; clients then connect to `http://127.0.0.1:8080/mcp`",
    configure: asIs,
    commandOf: (words) => `mcp-proxy --host 127.0.0.1 --port 8080 -- ${words}`,
    quirk: "Without `--host` it listens on all addresses, and whoever reaches it can do everything.",
  },
  {
    name: "Codex",
    packages: ["@openai/codex@0.171.0"],
    driver: "codex.mjs",
    does: "scenario",
    place: "A command, which writes `~/.codex/config.toml`",
    configure: asIs,
    commandOf: (words) => `codex mcp add orchestrator -- ${words}`,
    quirk:
      "Tried with `codex app-server`, which calls tools without a model. Notifications do not wake an idle agent; " +
      "a long `get_next_task` does.",
  },
  {
    name: "Claude Code",
    packages: ["@anthropic-ai/claude-code@2.1.332"],
    rebuilt: "@anthropic-ai/claude-code",
    driver: "mcp_list.mjs",
    options: { program: "claude" },
    does: "connects",
    place:
      "A command, which writes `~/.claude.json`; to share it with others, put the JSON text for Claude Desktop into " +
      "`.mcp.json` in the project",
    configure: asIs,
    commandOf: (words) => `claude mcp add orchestrator -- ${words}`,
    quirk: "Shows tools to the model only after a search. A call of more than 2 minutes goes on in the background. A " +
      "prompt gets one word as its argument.",
  },
  {
    name: "Gemini CLI",
    packages: ["@google/gemini-cli@0.61.0"],
    driver: "mcp_list.mjs",
    options: { program: "gemini", file: ".gemini/settings.json" },
    does: "connects",
    place: "`~/.gemini/settings.json`, or `.gemini/settings.json` in the project",
    configure: mcpServers,
    quirk:
      "Starts no server in a folder that is not trusted. Adds a parameter `wait_for_previous` to each call, which " +
      "this server ignores.",
  },
  {
    name: "opencode",
    packages: ["opencode-ai@1.18.33"],
    rebuilt: "opencode-ai",
    driver: "mcp_list.mjs",
    options: { program: "opencode", file: "opencode.json" },
    does: "connects",
    place: "`opencode.json` in the project",
    configure: ({ command, args, env }) => ({
      mcp: {
        orchestrator: { type: "local", command: [command, ...args], ...(env !== undefined && { environment: env }) },
      },
    }),
    quirk: "Closes the objects of the listing: parameters that are not listed cannot be sent.",
  },
];
