/** MCP over HTTP in this process, on a journal in memory, without a network: requests go to the handler as they are. */

import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { Heard } from "../../src/app/heard.ts";
import type { Journal } from "../../src/app/ports.ts";
import { Waiting } from "../../src/app/waiting.ts";
import { McpOverHttp, type McpOverHttpOptions, type Who } from "../../src/mcp/http.ts";
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { RecordingLog } from "./log.ts";
import { questionsOf } from "./questions.ts";

/** Headers that every POST of a client has. */
const POST_HEADERS = { accept: "application/json, text/event-stream", "content-type": "application/json" };

export const ANN: Who = { caller: { name: "http", role: "admin", via: { transport: "http" } }, instance: undefined };

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly who?: Who;
  readonly signal?: AbortSignal;
}

export interface EndpointOptions extends Pick<McpOverHttpOptions, "times" | "maxSessions" | "serverFor"> {
  /** Default: one in memory. */
  readonly journal?: Journal;
}

export class McpEndpoint implements AsyncDisposable {
  readonly log = new RecordingLog();
  readonly engine: Engine;
  readonly waiting: Waiting;
  readonly mcp: McpOverHttp;
  readonly #feed: Feed;
  readonly #heard: Heard;

  private constructor(engine: Engine, journal: Journal, options: Omit<EndpointOptions, "journal">) {
    const { log } = this;
    this.engine = engine;
    this.#feed = new Feed(engine, log);
    this.#heard = new Heard(engine);
    this.waiting = new Waiting({ engine, feed: this.#feed, log });
    const questions = questionsOf(engine, journal, log);
    const parts = {
      engine,
      executor: engine,
      questions,
      feed: this.#feed,
      waiting: this.waiting,
      heard: this.#heard,
      log,
    };
    this.mcp = new McpOverHttp({ ...parts, toolsets: TOOLSETS, version: "0.0.0", ...options });
  }

  static async start(
    { journal = new MemoryJournal(Date.now), ...options }: EndpointOptions = {},
  ): Promise<McpEndpoint> {
    const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
    return new McpEndpoint(engine, journal, options);
  }

  /** Sends a POST with a JSON value, or a text as it is. */
  async post(body: unknown, { headers = {}, who = ANN, signal }: PostOptions = {}): Promise<Response> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const init = { method: "POST", headers: { ...POST_HEADERS, ...headers }, body: text };
    return await this.mcp.handle(new Request("http://localhost/mcp", { ...init, ...(signal && { signal }) }), who);
  }

  /** Sends a request without a body. */
  async send(method: string, { headers = {}, who = ANN, signal }: PostOptions = {}): Promise<Response> {
    const init = { method, headers: { accept: "text/event-stream", ...headers }, ...(signal && { signal }) };
    return await this.mcp.handle(new Request("http://localhost/mcp", init), who);
  }

  /** Opens a session; resolves to the header that names it. */
  async open(who: Who = ANN, protocolVersion = "2025-11-25"): Promise<Readonly<Record<string, string>>> {
    const params = { protocolVersion, capabilities: {}, clientInfo: { name: "raw", version: "1" } };
    const response = await this.post({ jsonrpc: "2.0", id: 0, method: "initialize", params }, { who });
    await response.body?.cancel();
    const id = response.headers.get("mcp-session-id");
    if (id === null) throw new Error(`There is no session: ${response.status}`);
    const headers = { "mcp-session-id": id };
    await this.post({ jsonrpc: "2.0", method: "notifications/initialized" }, { headers, who });
    return headers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.waiting.close();
    await this.mcp.close();
    this.#heard.close();
    this.#feed.close();
    await this.engine.close();
  }
}

/** A call of a tool. */
export function callOf(id: number | string, name: string, args: Readonly<Record<string, unknown>> = {}) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}

/** An event of a stream. */
export interface StreamEvent {
  readonly id: string | undefined;
  /** Undefined for an event without data. */
  readonly message: Readonly<Record<string, unknown>> | undefined;
}

/** Reads the events of a response one by one. */
export async function* eventsOf({ body }: Response): AsyncIterableIterator<StreamEvent> {
  if (body === null) throw new Error("The response has no stream");
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const field = (name: string) =>
        event.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field("data");
      yield { id: field("id"), message: data === undefined || data === "" ? undefined : JSON.parse(data) };
    }
  }
}

/** The first message of a response, in a stream or as JSON. */
export async function messageOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  if (response.headers.get("content-type") === "application/json") return await response.json();
  for await (const { message } of eventsOf(response)) if (message !== undefined) return message;
  throw new Error("The response has no message");
}
