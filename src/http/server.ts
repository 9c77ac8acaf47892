/**
 * The HTTP server. It uses Node's server and not `Deno.serve`, which keeps connections without a request, or with half of
 * its headers, open for good; Node's closes them in time, and bounds their number.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CALL_ID_HEADER, callIdFrom, logOfCall } from "../app/call_id.ts";
import type { Log } from "../app/ports.ts";
import type { Admission, Connection } from "./app.ts";
import { type ReadOptions, readRequest, ReceivedBytes } from "./incoming.ts";
import { MAX_CONNECTIONS, MAX_REQUESTS, TIMEOUTS, type Timeouts } from "./limits.ts";
import { Responses } from "./outgoing.ts";
import { problem, problemOf } from "./problem.ts";

export type Handler = (request: Request, connection: Connection) => Response | Promise<Response>;

export interface HttpServerOptions {
  /** An IP address. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly log: Log;
  /** Default: every request is admitted. */
  readonly admission?: Admission;
  /** Default: `TIMEOUTS`. */
  readonly timeouts?: Timeouts;
  /** Default: `MAX_CONNECTIONS`. */
  readonly maxConnections?: number;
  /** Default: `MAX_REQUESTS`. */
  readonly maxRequests?: number;
}

export class HttpServer {
  readonly #server: Server;
  readonly #handle: Handler;
  readonly #admission: Admission | undefined;
  readonly #log: Log;
  readonly #timeouts: Timeouts;
  readonly #maxRequests: number;
  readonly #received = new ReceivedBytes();
  readonly #responses: Responses;
  readonly #underWay = new Set<Promise<void>>();
  /** Requests that are being read. */
  readonly #arriving = new Set<IncomingMessage>();
  #isClosing = false;

  private constructor(handle: Handler, { log, timeouts = TIMEOUTS, ...options }: HttpServerOptions) {
    const { maxConnections = MAX_CONNECTIONS, maxRequests = MAX_REQUESTS } = options;
    this.#handle = handle;
    this.#admission = options.admission;
    this.#log = log;
    this.#timeouts = timeouts;
    this.#responses = new Responses(timeouts.stallMs);
    const { headersMs, requestMs, idleMs, checkMs } = timeouts;
    this.#server = createServer({
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: checkMs,
    });
    this.#maxRequests = maxRequests;
    this.#server.maxConnections = maxConnections;
    this.#server.on("request", (incoming, outgoing) => this.#receive(incoming, outgoing));
    // Bytes that are no HTTP, or that come too slowly.
    this.#server.on("clientError", (_error, socket) => socket.destroy());
  }

  /** Starts to listen. Rejects with the system's error if it cannot. */
  static async listen(handle: Handler, options: HttpServerOptions): Promise<HttpServer> {
    const server = new HttpServer(handle, options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.#server.once("error", reject);
    server.#server.listen(options.port, options.host, resolve);
    await promise;
    server.#server.off("error", reject);
    server.#server.on("error", (error) => options.log.error(`HTTP: ${error.message}`));
    return server;
  }

  /** The port on which it listens. */
  get port(): number {
    // A server that listens on an IP address has one.
    return (this.#server.address() as AddressInfo).port;
  }

  /** The number of requests under way. */
  get requests(): number {
    return this.#underWay.size;
  }

  /** Accepts no further request; resolves when those under way are answered, or their time is over. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    const late = Promise.withResolvers<void>();
    const { arriveMs, drainMs } = this.#timeouts;
    const timeout = setTimeout(late.resolve, drainMs);
    const arrival = setTimeout(() => {
      for (const incoming of this.#arriving) incoming.destroy();
    }, arriveMs);
    while (this.#underWay.size > 0) {
      const isLate = await Promise.race([Promise.all(this.#underWay), late.promise.then(() => "late" as const)]);
      if (isLate === "late") break;
    }
    clearTimeout(timeout);
    clearTimeout(arrival);
    this.#server.closeAllConnections();
    await closed;
  }

  #receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const work = this.#answer(incoming, outgoing).catch((error) => {
      this.#log.warn(`HTTP: ${error instanceof Error ? error.message : error}`);
      outgoing.destroy();
    });
    this.#underWay.add(work);
    work.finally(() => this.#underWay.delete(work));
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const gone = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) gone.abort();
    });
    const sent = new Promise<void>((resolve) => outgoing.once("close", () => resolve()));
    const connection = { address: incoming.socket.remoteAddress, sent };
    const callId = callIdFrom(incoming.headers[CALL_ID_HEADER]);
    // Every response has it: also those that refuse a request which is not read.
    outgoing.setHeader(CALL_ID_HEADER, callId);
    const read = this.#refusal() ?? await this.#read(incoming, { connection, callId, signal: gone.signal });
    if (read === undefined) return;
    if (read instanceof Response) {
      // The rest of the request is not read.
      outgoing.shouldKeepAlive = false;
      return await this.#send(read, outgoing, gone.signal);
    }
    try {
      const response = await this.#respond(read.request, connection);
      if (this.#isClosing) outgoing.shouldKeepAlive = false;
      await this.#send(response, outgoing, gone.signal);
    } finally {
      this.#received.remove(read.bodyBytes);
    }
  }

  /** Sends a response, unless its client is gone. */
  async #send(response: Response, outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
    if (gone.aborted) await response.body?.cancel();
    else await this.#responses.send(response, outgoing);
  }

  #refusal(): Response | undefined {
    if (this.#isClosing) return problem(503, "The server is ending: repeat the request when it runs again");
    if (this.#underWay.size >= this.#maxRequests) {
      return problem(503, "Too many requests are under way: repeat this one");
    }
    return undefined;
  }

  /** The request; undefined if its client is gone before its end. */
  async #read(incoming: IncomingMessage, options: Pick<ReadOptions, "connection" | "callId" | "signal">) {
    this.#arriving.add(incoming);
    try {
      return await readRequest(incoming, { ...options, received: this.#received, admission: this.#admission });
    } catch (error) {
      if (incoming.destroyed) return undefined;
      throw error;
    } finally {
      this.#arriving.delete(incoming);
    }
  }

  async #respond(request: Request, connection: Connection): Promise<Response> {
    try {
      return await this.#handle(request, connection);
    } catch (error) {
      return problemOf(error, logOfCall(this.#log, request.headers.get(CALL_ID_HEADER)));
    }
  }
}
