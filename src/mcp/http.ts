/**
 * MCP over HTTP (Streamable HTTP), in every revision, from one endpoint. Requests of revision 2026-07-28 stand alone; those
 * of earlier revisions belong to a session, which `initialize` opens.
 */

import { type Caller, keyOfCaller, shareOf } from "../core/model/access.ts";
import { AnswerQueue } from "./answer_queue.ts";
import { EventLog } from "./event_log.ts";
import { HttpSession, SESSION_TIMES, type SessionTimes } from "./http_session.ts";
import { HttpListens } from "./http_listens.ts";
import { LISTEN } from "./listen_transport.ts";
import { MalformedMessage, readMessage } from "./read_message.ts";
import {
  createMcpHandler,
  isLegacyRequest,
  type JSONRPCMessage,
  type McpHttpHandler,
  PROTOCOL_VERSION_META_KEY,
  ProtocolErrorCode,
  type RequestId,
  type Server,
} from "./sdk.ts";
import { createServer, type McpOptions, type McpParts, mcpParts, type Peer } from "./server.ts";

/** Most sessions at a time. */
const MAX_SESSIONS = 2_000;

/** If there are too many sessions, one that is idle for this long makes room for a new one, in milliseconds. */
const EVICTABLE_MS = 60_000;

/** How often the tokens of callers with a session are looked at, in milliseconds: no call of theirs may come. */
const CHECK_MS = 1_000;

/** The header that names a session. */
const SESSION_HEADER = "mcp-session-id";

/** Who makes a request. */
export interface Who {
  readonly caller: Caller;
  /** The instance of calls that name none; undefined if such calls are refused. */
  readonly instance: string | undefined;
}

export interface McpOverHttpOptions extends McpOptions {
  /** Default: `SESSION_TIMES`. */
  readonly times?: SessionTimes;
  /** Default: `MAX_SESSIONS`. */
  readonly maxSessions?: number;
  /** Makes the server that answers a client, or one request of it. Default: `createServer`. Tests serve others. */
  readonly serverFor?: (peer: Peer) => Server;
}

export class McpOverHttp {
  readonly #parts: McpParts;
  readonly #times: SessionTimes;
  readonly #maxSessions: number;
  readonly #createServer: (peer: Peer) => Server;
  // The HTTP server disconnects slow readers, so no answer waits for them.
  readonly #answers = new AnswerQueue(() => true);
  readonly #events = new EventLog();
  readonly #sessions = new Map<string, HttpSession>();
  readonly #requests = new WeakMap<Request, Who & { readonly method: string }>();
  readonly #modern: McpHttpHandler;
  readonly #listens: HttpListens;
  #checking: ReturnType<typeof setInterval> | undefined;

  constructor({ times = SESSION_TIMES, maxSessions = MAX_SESSIONS, serverFor, ...shared }: McpOverHttpOptions) {
    this.#parts = mcpParts(shared);
    this.#createServer = serverFor ?? ((peer) => createServer(this.#parts, peer));
    this.#times = times;
    this.#maxSessions = maxSessions;
    this.#listens = new HttpListens(this.#parts);
    this.#modern = createMcpHandler(({ requestInfo }) => this.#serverOf(requestInfo), { legacy: "reject" });
  }

  /** How many sessions are open. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Answers a request of a caller. */
  async handle(request: Request, who: Who): Promise<Response> {
    let body: unknown;
    try {
      if (request.method === "POST") body = await readBody(request);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      return failure(400, error.code, error.message, error.ids[0]);
    }
    if (!namesRevision(body) && await isLegacyRequest(request, body)) {
      return await this.#handleLegacy(request, body, who);
    }
    const message = body as JSONRPCMessage;
    if ("method" in message) this.#requests.set(request, { ...who, method: message.method });
    return "method" in message && message.method === LISTEN && "id" in message
      ? await this.#listens.listen(request, message, { ...who, server: () => this.#serverOf(request) })
      : await this.#modern.fetch(request, { parsedBody: body });
  }

  /** Ends the streams that only tell of changes, so that they do not delay the end. Calls under way go on. */
  async endStreams(): Promise<void> {
    for (const session of this.#sessions.values()) session.endStream();
    await this.#listens.close();
  }

  /** Ends all sessions and calls. */
  async close(): Promise<void> {
    await this.endStreams();
    await this.#modern.close();
    for (const session of this.#sessions.values()) await session.close();
  }

  #serverOf(request: Request | undefined) {
    const known = request && this.#requests.get(request);
    if (known === undefined) throw new Error("A request came without its caller");
    return this.#createServer({ ...this.#peerOf(known), method: known.method });
  }

  #peerOf({ caller, instance }: Who): Peer {
    return {
      caller,
      answers: this.#answers,
      signalOf: ({ mcpReq }) => mcpReq.signal,
      ...(instance !== undefined && { instanceFor: () => instance }),
    };
  }

  async #handleLegacy(request: Request, body: unknown, who: Who): Promise<Response> {
    const id = request.headers.get(SESSION_HEADER);
    if (isInitialize(body)) return await this.#open(request, body, who);
    if (id === null) {
      const why = `The header Mcp-Session-Id is missing: send initialize first, and then the id that its answer gives`;
      return failure(400, ProtocolErrorCode.InvalidRequest, why);
    }
    const session = this.#sessions.get(id);
    if (session === undefined || session.owner !== keyOfCaller(who.caller, who.instance)) {
      return failure(404, SESSION_NOT_FOUND, "Session not found: it has ended, so send initialize again");
    }
    return await session.handle(request, body);
  }

  /** Opens a session. */
  async #open(request: Request, body: unknown, who: Who): Promise<Response> {
    const owner = keyOfCaller(who.caller, who.instance);
    if (!this.#hasRoom(owner)) {
      const why = `There are ${this.#maxSessions} sessions already, or ${shareOf(this.#maxSessions)} of this caller: ` +
        "close others, or try again later";
      return failure(503, ProtocolErrorCode.InternalError, why);
    }
    const id = crypto.randomUUID();
    const session = new HttpSession({
      id,
      caller: who.caller,
      owner,
      events: this.#events.storeOf(id),
      times: this.#times,
      onClose: () => this.#forget(id),
    });
    const { via } = who.caller;
    // Not the session's id, which only its client may know.
    const caller = { ...who.caller, ...(via !== undefined && { via: { ...via, session: crypto.randomUUID() } }) };
    const signalOf: Peer["signalOf"] = ({ mcpReq }) => AbortSignal.any([mcpReq.signal, session.gone]);
    const onRefused = () => void session.close();
    await session.connect(this.#createServer({ ...this.#peerOf({ ...who, caller }), signalOf, onRefused }));
    this.#sessions.set(id, session);
    this.#checking ??= setInterval(() => this.#closeRefused(), CHECK_MS);
    const response = await session.handle(request, body);
    if (response.headers.get(SESSION_HEADER) === null) await session.close();
    return response;
  }

  #forget(id: string): void {
    this.#sessions.delete(id);
    this.#events.forget(id);
    if (this.#sessions.size > 0) return;
    clearInterval(this.#checking);
    this.#checking = undefined;
  }

  /** Closes the sessions of callers whose tokens were revoked or have expired, with their streams. */
  #closeRefused(): void {
    for (const session of this.#sessions.values()) {
      if (this.#parts.engine.knownCaller(session.caller) === undefined) void session.close();
    }
  }

  /** Whether there is room for a session of an owner. May close one that nobody has used for long. */
  #hasRoom(owner: string): boolean {
    const all = Array.from(this.#sessions.values());
    const own = all.filter((session) => session.owner === owner);
    const isShareUsed = own.length >= shareOf(this.#maxSessions);
    if (all.length < this.#maxSessions && !isShareUsed) return true;
    const idle = (isShareUsed ? own : all).filter(({ isIdle }) => isIdle);
    const oldest = idle.reduce<HttpSession | undefined>(
      (first, each) => first !== undefined && first.usedAt <= each.usedAt ? first : each,
      undefined,
    );
    if (oldest === undefined || performance.now() - oldest.usedAt < EVICTABLE_MS) return false;
    oldest.close();
    return true;
  }
}

/** The code of an answer to a request of a session that does not exist. */
const SESSION_NOT_FOUND = -32_001;

/** The message of a request; a batch, which only revision 2025-03-26 has, as it is. Throws a `MalformedMessage`. */
async function readBody(request: Request): Promise<unknown> {
  const bytes = await request.bytes();
  try {
    const message = readMessage(bytes);
    if (message !== undefined) return message;
  } catch (error) {
    const batch = error instanceof MalformedMessage && error.code === ProtocolErrorCode.InvalidRequest
      ? JSON.parse(new TextDecoder().decode(bytes))
      : undefined;
    if (Array.isArray(batch)) return batch;
    throw error;
  }
  throw new MalformedMessage(ProtocolErrorCode.ParseError, "The request has no body", [null]);
}

/**
 * Whether a message names its revision, as no earlier one than 2026-07-28 has it: such a message is the SDK's, whatever is
 * wrong with it. Only `initialize` may do so and be of an earlier revision.
 */
function namesRevision(body: unknown): boolean {
  const { method, params } = Object(body);
  return typeof method === "string" && !isInitialize(body) &&
    Object(Object(params)._meta)[PROTOCOL_VERSION_META_KEY] !== undefined;
}

function isInitialize(body: unknown): boolean {
  return Object(body).method === "initialize";
}

/** An error as HTTP and JSON-RPC tell it. */
function failure(status: number, code: number, message: string, id: RequestId | null = null): Response {
  const retry = status === 503 ? { headers: { "retry-after": "1" } } : {};
  return Response.json({ jsonrpc: "2.0", id, error: { code, message } }, { status, ...retry });
}
