/**
 * The open `subscriptions/listen` requests of clients over HTTP. The SDK makes the stream of notifications, but has one
 * source of events for all callers, which never learns the URIs: so each request gets a handler of the SDK of its own.
 */

import type { Caller } from "../core/model/access.ts";
import { urisOf } from "./listen_transport.ts";
import { protocolErrorOf } from "./protocol_error.ts";
import {
  createMcpHandler,
  type JSONRPCRequest,
  type McpHttpHandler,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
} from "./sdk.ts";
import { finder, type McpParts } from "./server.ts";
import { checkCount, Subscriptions } from "./subscriptions.ts";
import { watchStream } from "./watch_stream.ts";

/** Most open requests. */
const MAX_LISTENS = 2_000;

/** Most resources of all open requests. */
const MAX_LISTENED = 100_000;

export interface Listener {
  readonly caller: Caller;
  /** Makes a server of the SDK for the request. */
  readonly server: () => Server;
}

export class HttpListens {
  readonly #parts: McpParts;
  /** The number of resources of each open request. */
  readonly #open = new Map<McpHttpHandler, number>();

  constructor(parts: McpParts) {
    this.#parts = parts;
  }

  /** Answers a request with a stream of notifications, or with the JSON-RPC error that refuses it. */
  async listen(request: Request, message: JSONRPCRequest, { caller, server }: Listener): Promise<Response> {
    const { feed, log, failures } = this.#parts;
    const handler = createMcpHandler(server, {
      legacy: "reject",
      onerror: (error) => log.warn(`MCP: ${error.message}`),
    });
    const subscriptions = new Subscriptions({
      find: finder(this.#parts, caller),
      feed,
      notify: (uri) => handler.notify.resourceUpdated(uri),
      onError: (error) => log.warn(`Cannot notify the client of a change: ${error}`),
      onRefused: () => this.#end(handler, subscriptions),
    });
    try {
      const uris = urisOf(message.params);
      this.#checkRoom(uris.length);
      const notifications = uris.length === 0 ? {} : { resourceSubscriptions: uris };
      const parsedBody = { ...message, params: { ...message.params, notifications } };
      this.#open.set(handler, uris.length);
      const response = await handler.fetch(request, { parsedBody });
      const end = () => this.#end(handler, subscriptions);
      if (response.body === null) {
        throw new Error(`The SDK answered a request to listen with status ${response.status}`);
      }
      const body = watchStream(response.body, end);
      // Before the client reads the acknowledgement: from then on, it misses no change.
      if (response.ok && uris.length > 0) await subscriptions.add(uris);
      return new Response(body, response);
    } catch (error) {
      this.#end(handler, subscriptions);
      const { code, message: why } = protocolErrorOf(failures.toldTo(caller, error), log);
      return Response.json({ jsonrpc: "2.0", id: message.id, error: { code, message: why } });
    }
  }

  /** Ends all open requests, each with its answer. */
  async close(): Promise<void> {
    for (const handler of this.#open.keys()) await handler.close();
  }

  #checkRoom(count: number): void {
    checkCount(count);
    const listened = this.#open.values().reduce((sum, each) => sum + each, count);
    if (this.#open.size < MAX_LISTENS && listened <= MAX_LISTENED) return;
    const why = "Too many clients listen to this server: try again later, or read the resources";
    throw new ProtocolError(ProtocolErrorCode.InternalError, why);
  }

  #end(handler: McpHttpHandler, subscriptions: Subscriptions): void {
    subscriptions.close();
    if (this.#open.delete(handler)) handler.close();
  }
}
