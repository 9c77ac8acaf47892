/**
 * Sends one message at a time to one host, over a connection that it keeps. It connects only to addresses that are allowed:
 * each one that the host name leads to is checked between its resolution and the connection, so a name that leads elsewhere
 * a moment later changes nothing. Redirects are not followed.
 */

import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { type AddressRules, isForPrivate, literalAddress, whyForbidden } from "./addresses.ts";
import { parseRetryAfter } from "./schedule.ts";

/** Longest time from the beginning of the connection to the end of the answer, in milliseconds. */
export const TIMEOUT_MS = 15_000;

/**
 * How long the answer to a message under way is waited for at the end of the deliveries, in milliseconds. Without the answer,
 * the message is repeated.
 */
const LAST_MS = 1_000;

/** Most bytes of an answer that are read. With more, the connection is closed. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Most characters of an error that are kept. */
const MAX_ERROR_CHARACTERS = 300;

const ENDED = "the delivery was ended";

/** What a receiver answered. */
export interface Answer {
  readonly status: number;
  /** How long it asks to wait, in milliseconds. */
  readonly retryAfterMs: number;
}

/** Why there is no answer. */
export interface NoAnswer {
  readonly error: string;
  /** Whether nothing was sent, as this process may not send to private addresses: another one may. */
  readonly isForOthers?: true;
}

export interface SenderOptions extends AddressRules {
  /** Default: `TIMEOUT_MS`; other values only in tests. */
  readonly timeoutMs?: number;
  /** Default: `LAST_MS`; other values only in tests. */
  readonly lastMs?: number;
}

/** A message and its headers. */
export interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export class Sender {
  readonly #url: URL;
  readonly #rules: AddressRules;
  readonly #timeoutMs: number;
  readonly #lastMs: number;
  readonly #agent: http.Agent | https.Agent;
  /** Connections on which a message was sent. */
  readonly #used = new WeakSet<net.Socket>();

  constructor(url: string, { timeoutMs = TIMEOUT_MS, lastMs = LAST_MS, ...rules }: SenderOptions) {
    this.#url = new URL(url);
    this.#rules = rules;
    this.#timeoutMs = timeoutMs;
    this.#lastMs = lastMs;
    this.#agent = this.#url.protocol === "https:" ? new GuardedTlsAgent(rules) : new GuardedAgent(rules);
  }

  /**
   * Sends a message; resolves to the answer, or why there is none. After the signal nothing is sent, and the answer to what
   * was sent before is waited for at most `LAST_MS`.
   */
  async post(request: Request, signal: AbortSignal): Promise<Answer | NoAnswer> {
    const address = literalAddress(this.#url.hostname);
    const why = address && whyForbidden(address, this.#rules);
    if (why !== undefined) return refusal(why, address);
    if (signal.aborted) return { error: ENDED };
    let answer = await this.#tryPost(request, signal);
    // The receiver closed the kept connection, most likely before it got the message.
    if ("error" in answer && answer.isStale && !signal.aborted) answer = await this.#tryPost(request, signal);
    if (!("error" in answer)) return answer;
    const { isStale: _, ...noAnswer } = answer;
    return noAnswer;
  }

  close(): void {
    this.#agent.destroy();
  }

  #tryPost({ headers, body }: Request, signal: AbortSignal): Promise<Answer | (NoAnswer & { isStale: boolean })> {
    return new Promise((resolve) => {
      const { request } = this.#url.protocol === "https:" ? https : http;
      const sent = request(this.#url, {
        agent: this.#agent,
        method: "POST",
        headers: { ...headers, "content-length": String(body.length) },
      });
      const timeout = setTimeout(() => {
        giveUp(`there was no whole answer within ${this.#timeoutMs} ms`);
      }, this.#timeoutMs);
      let lastMoment: ReturnType<typeof setTimeout> | undefined;
      let isConnected = false;
      const abort = () => {
        if (!isConnected) return giveUp(ENDED);
        lastMoment = setTimeout(() => giveUp(ENDED), this.#lastMs);
      };
      let answer: Answer | undefined;
      const end = (failure: NoAnswer & { isStale: boolean }) => {
        clearTimeout(timeout);
        clearTimeout(lastMoment);
        signal.removeEventListener("abort", abort);
        // The status decides, whatever becomes of the body.
        resolve(answer ?? failure);
      };
      // Not left to the events of the request: one that is destroyed already has no more of them.
      const giveUp = (why: string) => {
        end({ error: why, isStale: false });
        sent.destroy();
      };
      signal.addEventListener("abort", abort);
      let isKeptConnection = false;
      sent.on("socket", (socket) => {
        isKeptConnection = this.#used.has(socket);
        this.#used.add(socket);
        isConnected = isKeptConnection;
        socket.once(request === https.request ? "secureConnect" : "connect", () => isConnected = true);
        // Deno sends a request again by itself whose kept connection ends, also one that is destroyed: too late, beside the
        // next message, and with a text that may be redacted by then.
        sent.reusedSocket = false;
      });
      sent.on("error", (error) => {
        const failure = error instanceof Forbidden ? error.refusal : { error: describe(error) };
        end({ ...failure, isStale: isKeptConnection && isReset(error) });
      });
      sent.on("response", (response) => {
        answer = answerOf(response);
        readToEnd(response, () => end({ error: "", isStale: false }));
      });
      // Another protocol (101): the connection is of no more use.
      sent.on("upgrade", (response, socket) => {
        answer = answerOf(response);
        giveUp("");
        socket.destroy();
      });
      sent.end(body);
    });
  }
}

/** Why nothing is sent to an address. */
class Forbidden extends Error {
  constructor(readonly refusal: NoAnswer) {
    super(refusal.error);
  }
}

function refusal(why: string, address: string | undefined): NoAnswer {
  return { error: why, ...(address !== undefined && isForPrivate(address) && { isForOthers: true }) };
}

function answerOf({ statusCode = 0, headers }: http.IncomingMessage): Answer {
  return { status: statusCode, retryAfterMs: parseRetryAfter(headers["retry-after"], Date.now()) };
}

/** Reads the body to its end, so that the connection can be used again; with too many bytes, closes it. */
function readToEnd(response: http.IncomingMessage, end: () => void): void {
  let bytes = 0;
  response.on("data", (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) response.destroy();
  });
  for (const event of ["end", "error", "close", "aborted"]) response.on(event, end);
}

class GuardedAgent extends http.Agent {
  readonly #rules: AddressRules;

  constructor(rules: AddressRules) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#rules = rules;
  }

  override createConnection(options: net.NetConnectOpts): net.Socket {
    return guarded(net.connect(options), this.#rules);
  }
}

class GuardedTlsAgent extends https.Agent {
  readonly #rules: AddressRules;

  constructor(rules: AddressRules) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#rules = rules;
  }

  override createConnection(options: tls.ConnectionOptions): tls.TLSSocket {
    return guarded(tls.connect(options), this.#rules);
  }
}

/** Destroys a socket before it connects to a forbidden address, and before it sends to one. */
function guarded<T extends net.Socket>(socket: T, rules: AddressRules): T {
  const check = (address: string | undefined) => {
    const why = address && whyForbidden(address, rules);
    if (why !== undefined) socket.destroy(new Forbidden(refusal(why, address)));
  };
  socket.on("lookup", (_error, address) => check(address));
  socket.on("connect", () => check(socket.remoteAddress));
  return socket;
}

function isReset(error: Error): boolean {
  return "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

function describe(error: Error): string {
  const code = "code" in error && typeof error.code === "string" && !error.message.includes(error.code)
    ? `${error.code}: `
    : "";
  return (code + error.message).slice(0, MAX_ERROR_CHARACTERS);
}
