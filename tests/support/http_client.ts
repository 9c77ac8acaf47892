/** Clients of a service that speak revisions before 2026-07-28, with the SDK's client. */

import { assert } from "@std/assert";
import type { Json } from "./server.ts";
import { type CallToolResult, Client, StreamableHTTPClientTransport } from "./sdk_client.ts";

export class HttpClient implements AsyncDisposable {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;

  /** @param token Default: it brings none. */
  constructor(url: URL, name: string, token?: string) {
    this.client = new Client({ name, version: "1.0.0" });
    const requestInit = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
    this.transport = new StreamableHTTPClientTransport(url, { requestInit });
  }

  /** Calls a tool that must succeed; resolves to its JSON. */
  async ask<T = Json>(tool: string, args: Json = {}): Promise<T> {
    const { isError, text } = await this.call(tool, args);
    assert(!isError, `${tool} failed: ${text}`);
    return JSON.parse(text);
  }

  /** Calls a tool; resolves to its first text. */
  async call(tool: string, args: Json = {}): Promise<{ readonly isError: boolean; readonly text: string }> {
    // A request without `task` always gets a plain result.
    const { isError, content } = await this.client.callTool({ name: tool, arguments: args }) as CallToolResult;
    const [first] = content;
    return { isError: isError === true, text: first?.type === "text" ? first.text : "" };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

/** Connects a client to a service. */
export async function connectHttp(url: URL, name = "test", token?: string): Promise<HttpClient> {
  const client = new HttpClient(url, name, token);
  // The SDK's types of a transport do not allow for `exactOptionalPropertyTypes`.
  await client.client.connect(client.transport as Parameters<Client["connect"]>[0]);
  return client;
}
