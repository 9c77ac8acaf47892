/**
 * One session over HTTP, of a client that speaks a revision before 2026-07-28. It ends when the client says so, or when it
 * is idle for too long. If the client has no connection left, its calls end, as nobody reads their answers.
 */

import type { Caller } from "../core/model/access.ts";
import { type EventStore, HttpTransport, type Server } from "./sdk.ts";
import { watchStream } from "./watch_stream.ts";

/** Times in milliseconds. Tests shorten them. */
export interface SessionTimes {
  /** A session without a request for this long is closed. */
  readonly idleMs: number;
  /** The calls of a session without a connection for this long end. A client may take them up again until then. */
  readonly goneMs: number;
}

export const SESSION_TIMES: SessionTimes = { idleMs: 30 * 60_000, goneMs: 10_000 };

/** How long a client whose stream has ended waits before it connects again, in milliseconds. */
const RETRY_MS = 1_000;

export interface HttpSessionOptions {
  readonly id: string;
  /** Who opened it. */
  readonly caller: Caller;
  /** Tells who opened it from all others, who may not use it. */
  readonly owner: string;
  readonly events: EventStore;
  readonly times: SessionTimes;
  readonly onClose: () => void;
}

export class HttpSession {
  readonly id: string;
  readonly caller: Caller;
  readonly owner: string;
  /** When it was last used, by `performance.now`. */
  usedAt = performance.now();
  readonly #times: SessionTimes;
  readonly #transport: HttpTransport;
  readonly #onClose: () => void;
  #openRequests = 0;
  #gone = new AbortController();
  #goneTimer: ReturnType<typeof setTimeout> | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ id, caller, owner, events, times, onClose }: HttpSessionOptions) {
    this.id = id;
    this.caller = caller;
    this.owner = owner;
    this.#times = times;
    this.#onClose = onClose;
    this.#transport = new HttpTransport({
      sessionIdGenerator: () => id,
      eventStore: events,
      retryInterval: RETRY_MS,
    });
  }

  /** Whether no request of it is under way. */
  get isIdle(): boolean {
    return this.#openRequests === 0;
  }

  /** Aborted when the client has no connection left for too long. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Connects the server that answers. */
  async connect(server: Server): Promise<void> {
    await server.connect(this.#transport);
    const close = server.onclose;
    server.onclose = () => {
      close?.();
      clearTimeout(this.#goneTimer);
      clearTimeout(this.#idleTimer);
      this.#gone.abort();
      this.#onClose();
    };
  }

  /** Answers a request. It is under way until its response is read. */
  async handle(request: Request, parsedBody: unknown): Promise<Response> {
    this.#begin();
    try {
      const response = await this.#transport.handleRequest(request, { parsedBody });
      if (response.body === null) return response;
      this.#begin();
      return new Response(watchStream(response.body, () => this.#end()), response);
    } finally {
      this.#end();
    }
  }

  /** Ends the stream of notifications that belong to no call. */
  endStream(): void {
    this.#transport.closeStandaloneSSEStream();
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  #begin(): void {
    this.#openRequests++;
    clearTimeout(this.#goneTimer);
    clearTimeout(this.#idleTimer);
  }

  #end(): void {
    this.#openRequests--;
    this.usedAt = performance.now();
    if (this.#openRequests > 0 || this.#gone.signal.aborted) return;
    this.#goneTimer = setTimeout(() => this.#abandon(), this.#times.goneMs);
    this.#idleTimer = setTimeout(() => this.close(), this.#times.idleMs);
  }

  #abandon(): void {
    const before = this.#gone;
    this.#gone = new AbortController();
    before.abort();
  }
}
