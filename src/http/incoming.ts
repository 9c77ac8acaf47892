/** Reads requests: makes a `Request` of what Node's server received, with the whole body, within bounds. */

import type { IncomingMessage } from "node:http";
import { CALL_ID_HEADER } from "../app/call_id.ts";
import { MAX_BODY_BYTES, MAX_HEADERS, MAX_RECEIVED_BYTES } from "./limits.ts";
import type { Admission, Connection } from "./app.ts";
import { problem } from "./problem.ts";

/** Methods whose requests have no body for us, so that a given one is not read. */
const WITHOUT_BODY: readonly string[] = ["GET", "HEAD"];

/** Counts the bytes of the bodies of all requests under way. */
export class ReceivedBytes {
  #bytes = 0;

  /** Adds bytes; returns false, and adds nothing, if there is no room for them. */
  add(count: number): boolean {
    if (this.#bytes + count > MAX_RECEIVED_BYTES) return false;
    this.#bytes += count;
    return true;
  }

  remove(count: number): void {
    this.#bytes -= count;
  }
}

/** A request, and how many bytes it counts in `ReceivedBytes` until it is answered. */
export interface Incoming {
  readonly request: Request;
  readonly bodyBytes: number;
}

export interface ReadOptions {
  readonly received: ReceivedBytes;
  readonly signal: AbortSignal;
  readonly connection: Connection;
  /** Names the call: the request has it in place of what the client may have given. */
  readonly callId: string;
  /** Default: every request is admitted. */
  readonly admission?: Admission | undefined;
}

/**
 * Reads a request with its body. Resolves to the response that refuses it, if it is malformed, too large, or not admitted.
 * Rejects if the connection is closed before its end.
 */
export async function readRequest(
  incoming: IncomingMessage,
  { received, signal, connection, callId, admission }: ReadOptions,
): Promise<Incoming | Response> {
  const { method = "GET", url = "/", headers: { host = "" } } = incoming;
  // Two entries for each.
  if (incoming.rawHeaders.length > 2 * MAX_HEADERS) return problem(431, `A request has at most ${MAX_HEADERS} headers`);
  const target = targetOf(url, host);
  if (target instanceof Response) return target;
  const headers = headersOf(incoming);
  headers.set(CALL_ID_HEADER, callId);
  const head = requestOf(target, { method, headers, signal });
  if (head === undefined) return problem(405, `There is no method ${method} here`);
  if (WITHOUT_BODY.includes(method)) return { request: head, bodyBytes: 0 };
  const refused = await admission?.(head, connection) ?? refusedEncoding(head.headers);
  const body = await readBody(incoming, { received, refused });
  if (body instanceof Response) return body;
  const bodyBytes = body.reduce((sum, { length }) => sum + length, 0);
  return { request: body.length > 0 ? new Request(head, { signal, body: new Blob(body) }) : head, bodyBytes };
}

/** The address that a request names: a path on `Host`, or a whole address, as requests to proxies have (RFC 9112, 3.2). */
function targetOf(target: string, host: string): URL | Response {
  const isPath = target.startsWith("/");
  const url = URL.parse(isPath ? `http://${host}${target}` : target);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return url;
  return problem(
    400,
    isPath
      ? "The header Host or the path is malformed"
      : `A request names a path, like /healthz, or a whole address, not ${target}`,
  );
}

/** Refuses a body that is compressed; undefined if it is not. */
function refusedEncoding(headers: Headers): Response | undefined {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding === "" || encoding === "identity") return undefined;
  return problem(415, `The body has the encoding ${encoding}: send it as it is, without Content-Encoding`, {
    code: "unsupported_encoding",
    headers: { "accept-encoding": "identity" },
  });
}

/** A request without its body; undefined if its method is one that no `Request` may have, like TRACE. */
function requestOf(target: URL, init: RequestInit): Request | undefined {
  try {
    return new Request(target, init);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The parts of the body; counted in `received` unless it is refused. That of a refused request is dropped. */
async function readBody(
  incoming: IncomingMessage,
  { received, refused }: { readonly received: ReceivedBytes; readonly refused: Response | undefined },
): Promise<Uint8Array<ArrayBuffer>[] | Response> {
  const announced = Number(incoming.headers["content-length"] ?? 0);
  if (announced > MAX_BODY_BYTES) return tooLarge();
  let parts: Uint8Array<ArrayBuffer>[] | undefined = refused === undefined ? [] : undefined;
  let bytes = 0;
  let counted = 0;
  try {
    for await (const part of incoming as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      bytes += part.length;
      if (bytes > MAX_BODY_BYTES) return tooLarge();
      if (parts !== undefined && received.add(part.length)) {
        counted += part.length;
        parts.push(part);
      } else {
        // The rest is read and dropped, as many clients read no answer before they have sent everything.
        received.remove(counted);
        counted = 0;
        parts = undefined;
      }
    }
    if (refused !== undefined) return refused;
    if (parts === undefined) return problem(503, "Too many large requests are under way: repeat this one");
    counted = 0;
    return parts;
  } finally {
    received.remove(counted);
  }
}

function tooLarge(): Response {
  return problem(413, `A request has at most ${MAX_BODY_BYTES} bytes: send it in several`);
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? "", rawHeaders[index + 1] ?? "");
  }
  return headers;
}
