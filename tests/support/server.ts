/**
 * Servers as clients start them: real processes of main.ts with permission only for their data directory, each with an
 * SDK client on its standard input and output.
 */

import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import type { RefusalCode } from "../../src/core/model/refusal.ts";
import { type CallToolResult, Client, McpError, StdioClientTransport } from "./sdk_client.ts";

/** The program. */
export const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** What a server must be permitted to read to start itself as a worker. */
export const SOURCES = ["main.ts", "deno.json", "src"].map((file) =>
  fileURLToPath(new URL(`../../${file}`, import.meta.url))
);

/** Arguments of `deno` that run the program on a data directory, with permission only for it. */
export function programArgs(directory: string, ...args: readonly string[]): string[] {
  const permissions = [`--allow-read=${directory}`, `--allow-write=${directory}`];
  return ["run", "--quiet", "--no-prompt", ...permissions, MAIN, "--data", directory, ...args];
}

/**
 * Environment variables of the Deno cache, which the SDK's client does not pass on: without them, Deno uses another cache
 * and downloads the packages again.
 */
export function serverEnvironment(): Record<string, string> {
  return Object.fromEntries(CACHE_VARIABLES.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** Variables that name the directory of the cache. */
const CACHE_VARIABLES = ["DENO_DIR", "XDG_CACHE_HOME"];

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** The structured error of a refused call. */
export interface RefusedError {
  readonly code: RefusalCode;
  readonly message: string;
  readonly data: Json;
}

export interface ServerOptions {
  /** The client's name. Default: `test`. */
  readonly name?: string;
  /** The program. Default: `MAIN`. */
  readonly main?: string;
  /** Further arguments of the program. */
  readonly args?: readonly string[];
  /** Further permissions, as flags of Deno. */
  readonly permissions?: readonly string[];
  /** Further environment variables, which the program may read. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a server on a data directory, with a client that has introduced itself. */
export async function startServer(
  directory: string,
  { name = "test", main = MAIN, args = [], permissions = [], env = {} }: ServerOptions = {},
): Promise<Server> {
  const transport = new StdioClientTransport({
    command: Deno.execPath(),
    args: programArgs(directory, ...args).flatMap((arg) =>
      arg === MAIN ? [...permissions, ...envFlags(env), main] : [arg]
    ),
    env: { ...serverEnvironment(), ...env },
    stderr: "pipe",
  });
  return await introduce(transport, name);
}

/** Starts a server with a client that introduces itself. */
export async function introduce(transport: StdioClientTransport, name: string): Promise<Server> {
  const client = new Client({ name, version: "1.0.0" });
  const server = new Server(client, transport);
  try {
    await client.connect(transport);
  } catch (error) {
    await client.close();
    throw new Error(`The server did not start: ${server.log}`, { cause: error });
  }
  return server;
}

function envFlags(env: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(env);
  return names.length === 0 ? [] : [`--allow-env=${names.join(",")}`];
}

/** Starts servers on one data directory, all at the same time; the stack closes them. */
export function startServers(
  directory: string,
  count: number,
  stack: AsyncDisposableStack,
): Promise<readonly Server[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => {
    const started = startServer(directory, { name: `process ${index}` });
    stack.defer(() => started.then((server) => server.close(), () => {}));
    return started;
  }));
}

export class Server implements AsyncDisposable {
  readonly client: Client;
  /** Resolves when the process is dead. */
  readonly ended: Promise<void>;
  readonly #transport: StdioClientTransport;
  #log = "";

  constructor(client: Client, transport: StdioClientTransport) {
    this.client = client;
    this.#transport = transport;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    client.onclose = resolve;
    const decoder = new TextDecoder();
    transport.stderr?.on("data", (bytes: Uint8Array) => this.#log += decoder.decode(bytes, { stream: true }));
  }

  /** The process id. Throws if the process is dead. */
  get pid(): number {
    const { pid } = this.#transport;
    assert(pid !== null, "the server is dead");
    return pid;
  }

  get isAlive(): boolean {
    return this.#transport.pid !== null;
  }

  /** Its standard error so far. */
  get log(): string {
    return this.#log;
  }

  /** Calls a tool. */
  async call(tool: string, args: Json = {}): Promise<CallToolResult> {
    // A request without `task` (of the SDK's own task feature) always gets a plain result.
    return await this.client.callTool({ name: tool, arguments: args }) as CallToolResult;
  }

  /** Calls a tool that must succeed; resolves to its JSON, which must equal the structured content. */
  async ask<T = Json>(tool: string, args: Json = {}): Promise<T> {
    const { isError, content, structuredContent } = await this.call(tool, args);
    const text = content[0]?.type === "text" ? content[0].text : "";
    assert(isError !== true, `${tool} failed: ${text}`);
    const json = JSON.parse(text);
    assertEquals(Array.isArray(json) ? structuredContent?.["tasks"] : structuredContent, json);
    return json;
  }

  /** Calls a tool that must refuse; resolves to the error. The text must be its message. */
  async refused(tool: string, args: Json = {}): Promise<RefusedError> {
    const { isError, content, structuredContent } = await this.call(tool, args);
    assertEquals(isError, true, `${tool} was not refused: ${JSON.stringify(content)}`);
    // docs/tools.md promises this form; callers check its content.
    const error = structuredContent?.["error"] as RefusedError;
    assertEquals(content, [{ type: "text", text: error.message }]);
    return error;
  }

  /** Makes a call that must be answered with a protocol error; resolves to that error. */
  async malformed(tool: string, args: Json = {}): Promise<McpError> {
    try {
      const result = await this.call(tool, args);
      throw new Error(`${tool} took ${JSON.stringify(args)}: ${JSON.stringify(result.content)}`);
    } catch (error) {
      if (error instanceof McpError) return error;
      throw error;
    }
  }

  /** Kills the process. */
  async kill(): Promise<void> {
    Deno.kill(this.pid, "SIGKILL");
    await this.ended;
  }

  /** Ends the process as a client does: by closing its input. */
  async close(): Promise<void> {
    await this.client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
