/**
 * Serves `subscriptions/listen` of revision 2026-07-28 in front of the SDK, which would acknowledge the request without
 * passing on its URIs. All other messages pass through.
 */

import * as z from "zod";
import type { Feed } from "../app/feed.ts";
import type { Log } from "../app/ports.ts";
import { lazy } from "../core/model/lazy.ts";
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
import { checkCount, type SubscriptionsOptions } from "./subscriptions.ts";

/** A request of this method stays open: notifications are sent on it until the client cancels it. */
export const LISTEN = "subscriptions/listen";

/** Most characters of the id of an open request. */
const MAX_ID_CHARACTERS = 256;

/** The params of a request that declares revision 2026-07-28. The SDK refuses any other request to listen. */
const ModernParams = lazy(() =>
  z.object({
    _meta: z.object({
      [PROTOCOL_VERSION_META_KEY]: z.literal("2026-07-28"),
      [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({}),
    }),
  })
);

/** Only resources: the lists of tools, prompts and resources never change while a process lives. */
const ListenParams = lazy(() =>
  z.object({
    notifications: z.object({ resourceSubscriptions: z.array(z.string()).nullish() }),
  })
);

export interface ListenOptions {
  /** Looks up tasks and groups with the rights of the client. */
  readonly find: SubscriptionsOptions["find"];
  readonly feed: Feed;
  readonly log: Log;
  /** Aborted when the connection starts to close: each open request is answered then. */
  readonly closing: AbortSignal;
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
    const { log, closing } = this.#options;
    this.#inner.onmessage = (message) => {
      if (!this.#handle(message)) this.onmessage?.(message);
    };
    this.#inner.onclose = () => {
      for (const id of this.#open.keys()) this.#close(id);
      this.onclose?.();
    };
    // Not passed on: the SDK would report the error twice, to the connection and to its server.
    this.#inner.onerror = (error) => log.warn(`MCP: ${error.message}`);
    closing.addEventListener("abort", () => this.#answerAll());
    return this.#inner.start();
  }

  send(message: JSONRPCMessage): Promise<void> {
    return this.#inner.send(message);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Handles a request to listen, or its cancellation. Returns false for any other message. */
  #handle(message: JSONRPCMessage): boolean {
    if (!("method" in message)) return false;
    const { method, params } = message;
    if (method === "notifications/cancelled") return this.#close(params?.["requestId"]);
    if (method !== LISTEN || !("id" in message) || !ModernParams().safeParse(params).success) return false;
    this.#listen(message.id, params);
    return true;
  }

  #listen(id: RequestId, params: unknown): void {
    this.#close(id);
    try {
      checkId(id);
      const uris = urisOf(params);
      checkCount(Array.from(this.#open.values()).reduce((sum, { size }) => sum + size, sizeOf(uris)));
      const fail = (error: unknown) => {
        if (this.#open.get(id) !== listen) return;
        this.#close(id);
        this.#refuse(id, error);
      };
      const listen = new Listen(uris, {
        ...this.#options,
        onRefused: fail,
        notify: (method, params) =>
          this.#send({ jsonrpc: "2.0", method, params: { ...params, _meta: { [SUBSCRIPTION_ID_META_KEY]: id } } }),
      });
      this.#open.set(id, listen);
      listen.begin().catch(fail);
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  #refuse(id: RequestId, error: unknown): void {
    const { code, message } = protocolErrorOf(error, this.#options.log);
    this.#send({ jsonrpc: "2.0", id, error: { code, message } });
  }

  /** Closes an open request without an answer. Returns false if no open request has this id. */
  #close(id: unknown): boolean {
    // A value of another type is not found.
    const listen = this.#open.get(id as RequestId);
    listen?.close();
    return this.#open.delete(id as RequestId);
  }

  /** Answers every open request, which ends it. */
  #answerAll(): void {
    for (const id of this.#open.keys()) {
      this.#close(id);
      const _meta = { [SUBSCRIPTION_ID_META_KEY]: id, [SERVER_INFO_META_KEY]: this.#options.serverInfo };
      this.#send({ jsonrpc: "2.0", id, result: { resultType: "complete", _meta } });
    }
  }

  #send(message: JSONRPCMessage): void {
    this.#inner.send(message).catch((error) => this.#options.log.warn(`Cannot send to the client: ${error}`));
  }
}

/** Throws a `ProtocolError` if an id is too long. It is kept as long as its request is open. */
function checkId(id: RequestId): void {
  if (typeof id === "number" || id.length <= MAX_ID_CHARACTERS) return;
  const why = `The id of a ${LISTEN} request has at most ${MAX_ID_CHARACTERS} characters`;
  throw new ProtocolError(ProtocolErrorCode.InvalidRequest, why);
}

/** The well-formed URIs of a request, each once. Throws a `ProtocolError` if the request is malformed. */
export function urisOf(params: unknown): readonly string[] {
  const { resourceSubscriptions } = checkParams(LISTEN, ListenParams(), params).notifications;
  return Array.from(new Set(resourceSubscriptions)).filter(isResource);
}
