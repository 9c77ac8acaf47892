/**
 * Serves `subscriptions/listen` of revision 2026-07-28 ahead of the SDK, which would acknowledge it without telling
 * anybody which resources the client wants to follow. All other messages pass through.
 */

import { z } from "zod";
import type { Feed } from "../app/feed.ts";
import type { Log } from "../app/ports.ts";
import { Listen, sizeOf } from "./listen.ts";
import { checkParams } from "./methods/method.ts";
import { protocolErrorOf } from "./protocol_error.ts";
import { isResource } from "./resources.ts";
import {
  CLIENT_CAPABILITIES_META_KEY,
  type Implementation,
  type JSONRPCMessage,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  type RequestId,
  SERVER_INFO_META_KEY,
  SUBSCRIPTION_ID_META_KEY,
  type Transport,
} from "./sdk.ts";
import { checkRoom, type SubscriptionsOptions } from "./subscriptions.ts";

/** The method of a request that stays open: what the client follows is told until it cancels the request. */
export const LISTEN = "subscriptions/listen";

/** Longest id of a request that stays open. */
const MAX_ID_CHARACTERS = 256;

/** A request that says by itself that it is one of this revision. The SDK refuses any other request to listen. */
const ModernParams = z.object({
  _meta: z.object({
    [PROTOCOL_VERSION_META_KEY]: z.literal("2026-07-28"),
    [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({}),
  }),
});

/** The lists that a client could ask to follow never change while a server process lives. */
const ListenParams = z.object({
  notifications: z.object({ resourceSubscriptions: z.array(z.string()).nullish() }),
});

export interface ListenOptions {
  /** Finds what the client sees of tasks and groups. */
  readonly find: SubscriptionsOptions["find"];
  readonly feed: Feed;
  readonly log: Log;
  /** Aborted when the connection is about to end: each open request is answered then. */
  readonly ending: AbortSignal;
  readonly serverInfo: Implementation;
}

export class ListenTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  readonly #inner: Transport;
  readonly #options: ListenOptions;
  readonly #open = new Map<RequestId, Listen>();

  constructor(inner: Transport, options: ListenOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  start(): Promise<void> {
    const { log, ending } = this.#options;
    this.#inner.onmessage = (message) => {
      if (!this.#take(message)) this.onmessage?.(message);
    };
    this.#inner.onclose = () => {
      for (const id of this.#open.keys()) this.#close(id);
      this.onclose?.();
    };
    // Passed on, an error would be logged twice: the SDK reports it to the connection and to its server.
    this.#inner.onerror = (error) => log.warn(`MCP: ${error.message}`);
    ending.addEventListener("abort", () => this.#answerAll());
    return this.#inner.start();
  }

  send(message: JSONRPCMessage): Promise<void> {
    return this.#inner.send(message);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Serves a request to listen, or the end of one; false for any other message. */
  #take(message: JSONRPCMessage): boolean {
    if (!("method" in message)) return false;
    const { method, params } = message;
    if (method === "notifications/cancelled") return this.#close(params?.["requestId"]);
    if (method !== LISTEN || !("id" in message) || !ModernParams.safeParse(params).success) return false;
    this.#listen(message.id, params);
    return true;
  }

  #listen(id: RequestId, params: unknown): void {
    this.#close(id);
    try {
      checkId(id);
      const uris = urisOf(params);
      checkRoom(Array.from(this.#open.values()).reduce((sum, { size }) => sum + size, sizeOf(uris)));
      const listen = new Listen(uris, {
        ...this.#options,
        notify: (method, params) =>
          this.#send({ jsonrpc: "2.0", method, params: { ...params, _meta: { [SUBSCRIPTION_ID_META_KEY]: id } } }),
      });
      this.#open.set(id, listen);
      listen.begin().catch((error) => {
        if (this.#open.get(id) !== listen) return;
        this.#close(id);
        this.#refuse(id, error);
      });
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  #refuse(id: RequestId, error: unknown): void {
    const { code, message } = protocolErrorOf(error, this.#options.log);
    this.#send({ jsonrpc: "2.0", id, error: { code, message } });
  }

  /** Ends an open request without an answer; false if there is none with this id. */
  #close(id: unknown): boolean {
    // No other value than an id is among the keys.
    const listen = this.#open.get(id as RequestId);
    listen?.close();
    return this.#open.delete(id as RequestId);
  }

  /** Answers every open request: nothing more will be told. */
  #answerAll(): void {
    for (const id of this.#open.keys()) {
      this.#close(id);
      const _meta = { [SUBSCRIPTION_ID_META_KEY]: id, [SERVER_INFO_META_KEY]: this.#options.serverInfo };
      this.#send({ jsonrpc: "2.0", id, result: { resultType: "complete", _meta } });
    }
  }

  #send(message: JSONRPCMessage): void {
    this.#inner.send(message).catch((error) => this.#options.log.warn(`Cannot tell the client of a change: ${error}`));
  }
}

/** Throws a `ProtocolError` if an id, which is kept as long as its request is open, is too long. */
function checkId(id: RequestId): void {
  if (typeof id === "number" || id.length <= MAX_ID_CHARACTERS) return;
  const why = `The id of a ${LISTEN} request has at most ${MAX_ID_CHARACTERS} characters`;
  throw new ProtocolError(ProtocolErrorCode.InvalidRequest, why);
}

/** The resources that a request asks to follow, as far as there can be such. Throws a `ProtocolError` if it is malformed. */
function urisOf(params: unknown): readonly string[] {
  const { resourceSubscriptions } = checkParams(LISTEN, ListenParams, params).notifications;
  return Array.from(new Set(resourceSubscriptions)).filter(isResource);
}
