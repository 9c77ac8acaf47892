/** Clients over HTTP that cost little themselves, and the bare service that they call for the floors. */

import { startChild } from "../../support/child.ts";

const BARE_SERVICE = new URL("bare_service.ts", import.meta.url);

/** What every request of revision 2026-07-28 tells. */
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

type Json = Readonly<Record<string, unknown>>;

export interface BareService extends AsyncDisposable {
  readonly pid: number;
  url(path: string): URL;
}

export async function startBareService(): Promise<BareService> {
  const child = startChild(BARE_SERVICE, [], { permissions: ["--allow-net=127.0.0.1:0", "--allow-read"] });
  const { value: port } = await child.lines.next();
  if (port === undefined) throw new Error("The bare service did not start");
  return {
    pid: child.process.pid,
    url: (path) => new URL(path, `http://127.0.0.1:${port}`),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Calls a tool in a request of its own; resolves to its structured content. */
export async function callTool(url: URL, name: string, args: Json = {}): Promise<Json> {
  const params = { name, arguments: args, _meta: META };
  const { result, error } = await post(url, { jsonrpc: "2.0", id: 1, method: "tools/call", params }, {
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": name,
  });
  const { isError, structuredContent = {} } = Object(result);
  if (error !== undefined || isError === true) throw new Error(`${name}: ${JSON.stringify(error ?? result)}`);
  return structuredContent;
}

/** Sends a JSON object; resolves to the one that comes back. */
export async function post(url: URL, body: Json, headers: Readonly<Record<string, string>> = {}): Promise<Json> {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers } };
  return await jsonOf(await fetch(url, { ...init, body: JSON.stringify(body) }));
}

export async function get(url: URL): Promise<Json> {
  return await jsonOf(await fetch(url));
}

/** How many calls a second clients make together, each one after the other. */
export async function rateOf(
  clients: number,
  calls: number,
  call: (client: number, index: number) => Promise<unknown>,
): Promise<number> {
  const start = performance.now();
  const work = async (client: number) => {
    for (let index = 0; index < calls; index++) await call(client, index);
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)));
  return clients * calls / (performance.now() - start) * 1_000;
}

/** The JSON of a response, which may be the one event of a stream. */
async function jsonOf(response: Response): Promise<Json> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${text}`);
  return JSON.parse(text.startsWith("{") || text.startsWith("[") ? text : text.slice(text.indexOf("data: {") + 6));
}
