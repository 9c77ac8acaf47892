/** A running server with the SDK's client on its standard input and output: the same client for all that are compared. */

import { type CallToolResult, Client, McpError, StdioClientTransport } from "../../support/sdk_client.ts";
import { type Json, serverEnvironment } from "../../support/server.ts";
import { type Answer, type Calls, type Peer, type Place, ToolError } from "./peer.ts";

/** A call that takes longer has failed. */
const CALL_TIMEOUT_MS = 30_000;

export class Session implements Calls, AsyncDisposable {
  readonly #client: Client;
  readonly #transport: StdioClientTransport;

  private constructor(client: Client, transport: StdioClientTransport) {
    this.#client = client;
    this.#transport = transport;
  }

  /** Starts a server; resolves when it has answered `initialize`. */
  static async start(peer: Peer, place: Place): Promise<Session> {
    const { command, args, env } = peer.launch(place);
    const transport = new StdioClientTransport({
      command,
      args: [...args],
      cwd: place.directory,
      // Ours needs Deno's cache; others must not find or leave settings in the user's home.
      env: { ...(peer.npmPackage === undefined ? serverEnvironment() : { HOME: place.directory }), ...env },
      stderr: "ignore",
    });
    const client = new Client({ name: "bench", version: "1.0.0" });
    const session = new Session(client, transport);
    try {
      await client.connect(transport, { timeout: CALL_TIMEOUT_MS });
    } catch (error) {
      await client.close();
      throw error;
    }
    return session;
  }

  get pid(): number {
    const { pid } = this.#transport;
    if (pid === null) throw new Error("The server is dead");
    return pid;
  }

  async call(tool: string, args: Json = {}): Promise<Answer> {
    const { isError, content, structuredContent } = await this.#request(tool, args);
    const text = content.map((part) => part.type === "text" ? part.text : "").join("\n");
    if (isError === true) throw new ToolError(`${tool} failed: ${text.slice(0, 200)}`);
    return { text, structured: structuredContent };
  }

  /** What an agent gets to read before it has done anything. */
  async toolsListBytes(): Promise<number> {
    const tools: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#client.listTools(cursor === undefined ? {} : { cursor });
      tools.push(...page.tools);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return new TextEncoder().encode(JSON.stringify({ tools })).length;
  }

  async #request(tool: string, args: Json): Promise<CallToolResult> {
    const request = { name: tool, arguments: args };
    try {
      // Without a task in the request the result is never a task's.
      return await this.#client.callTool(request, undefined, { timeout: CALL_TIMEOUT_MS }) as CallToolResult;
    } catch (error) {
      if (error instanceof McpError) throw new ToolError(`${tool} failed: ${error.message}`, { cause: error });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
