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

/** How requests are answered. */
export interface Answering {
  readonly handle: Handler;
  /** Default: every request is admitted. */
  readonly admission?: Admission | undefined;
}

export interface HttpServerOptions {
  /** An IP address. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly log: Log;
  /** Default: `TIMEOUTS`. */
  readonly timeouts?: Timeouts;
  /** Default: `MAX_CONNECTIONS`. */
  readonly maxConnections?: number;
  /** Default: `MAX_REQUESTS`. */
  readonly maxRequests?: number;
}

export class HttpServer {
  readonly #server: Server;
  readonly #log: Log;
  readonly #timeouts: Timeouts;
  readonly #maxRequests: number;
  readonly #received = new ReceivedBytes();
  readonly #responses: Responses;
  readonly #underWay = new Set<Promise<void>>();
  /** Requests that are being read. */
  readonly #arriving = new Set<IncomingMessage>();
  /** Resolves when requests are answered; to undefined if the server is closed before that. */
  readonly #answering = Promise.withResolvers<Answering | undefined>();
  #port = 0;
  #closing: Promise<void> | undefined;

  private constructor({ log, timeouts = TIMEOUTS, ...options }: HttpServerOptions) {
    const { maxConnections = MAX_CONNECTIONS, maxRequests = MAX_REQUESTS } = options;
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

  /** Starts to listen. Requests wait until `answer` is called. Rejects with the system's error if it cannot. */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const server = new HttpServer(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.#server.once("error", reject);
    server.#server.listen(options.port, options.host, resolve);
    await promise;
    server.#server.off("error", reject);
    server.#server.on("error", (error) => options.log.error(`HTTP: ${error.message}`));
    // A server that listens on an IP address has one.
    server.#port = (server.#server.address() as AddressInfo).port;
    return server;
  }

  /** The port on which it listens, or has listened. */
  get port(): number {
    return this.#port;
  }

  /** The number of requests under way. */
  get requests(): number {
    return this.#underWay.size;
  }

  /** Answers the requests that wait, and all that come. */
  answer(answering: Answering): void {
    this.#answering.resolve(answering);
  }

  /** Accepts no further request; resolves when those under way are answered, or their time is over. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#answering.resolve(undefined);
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
    const refuse = (refusal: Response) => {
      // The rest of the request is not read.
      outgoing.shouldKeepAlive = false;
      return this.#send(refusal, outgoing, gone.signal);
    };
    const refusal = this.#refusal();
    if (refusal !== undefined) return await refuse(refusal);
    const answering = await this.#answering.promise;
    if (answering === undefined) return await refuse(ending());
    const { handle, admission } = answering;
    const read = await this.#read(incoming, { connection, callId, signal: gone.signal, admission });
    if (read === undefined) return;
    if (read instanceof Response) return await refuse(read);
    try {
      const response = await this.#respond(handle, read.request, connection);
      if (this.#closing !== undefined) outgoing.shouldKeepAlive = false;
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
    if (this.#closing !== undefined) return ending();
    if (this.#underWay.size >= this.#maxRequests) {
      return problem(503, "Too many requests are under way: repeat this one");
    }
    return undefined;
  }

  /** The request; undefined if its client is gone before its end. */
  async #read(incoming: IncomingMessage, options: Omit<ReadOptions, "received">) {
    // It may have waited for the server's start.
    if (options.signal.aborted) return undefined;
    this.#arriving.add(incoming);
    try {
      return await readRequest(incoming, { ...options, received: this.#received });
    } catch (error) {
      if (incoming.destroyed) return undefined;
      throw error;
    } finally {
      this.#arriving.delete(incoming);
    }
  }

  async #respond(handle: Handler, request: Request, connection: Connection): Promise<Response> {
    try {
      return await handle(request, connection);
    } catch (error) {
      return problemOf(error, logOfCall(this.#log, request.headers.get(CALL_ID_HEADER)));
    }
  }
}

function ending(): Response {
  return problem(503, "The server is ending: repeat the request when it runs again");
}
