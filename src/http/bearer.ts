/**
 * Finds who makes a request by its bearer token (RFC 6750), or by the same in the cookie of a session. Whether the token has the right to a call shows with the call;
 * here, what is no valid token is refused, and few such attempts of one address are looked at. All are counted for the audit; a request without any token
 * is not, as it claims to be nobody.
 */

import type { Engine } from "../app/engine.ts";
import { isKey } from "../app/sign_in.ts";
import { callerOfSecret, isSecret } from "../app/tokens.ts";
import { type Caller, type Denial, denialOf, type KnownCaller, type Via } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { CallerOf, Who } from "./app.ts";
import { FailedAttempts } from "./failed_attempts.ts";
import { problem } from "./problem.ts";
import { noSessionCookie, refusedForgery, secretInCookie } from "./session_cookie.ts";

export interface BearerOptions {
  readonly engine: Pick<Engine, "query" | "knownCaller">;
  /** Identifies this process in the journal. */
  readonly process: string;
  /** Called with each attempt that the engine is not asked about. Those that it refuses, it reports itself. */
  readonly onDenied: (denial: Denial) => void;
  /** The path at which the plan is served. Default: empty, the root. */
  readonly base?: string;
}

/** The name of callers over HTTP, as long as they give none. */
const CALLER = "http";

const HOW = "send the header Authorization: Bearer TOKEN, with a token that token issue printed";

/** The caller that the header `Authorization` names, or for the API, the cookie of a session. */
export function bearerCaller(options: BearerOptions): CallerOf {
  const { base = "" } = options;
  const readAny = secretReader(options);
  const read = async (secret: string, address: string | undefined) => {
    const found = await readAny(secret, { address, how: HOW });
    if (found instanceof Response || !isKey(found.known)) return found;
    return unauthorized(`This is a key, which is good for one sign-in only: ${HOW}`);
  };
  return async (request, { address }) => {
    const authorization = request.headers.get("authorization");
    if (authorization !== null) {
      const secret = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? "";
      const found = await read(secret, address);
      return found instanceof Response ? found : whoOf(found);
    }
    const secret = secretInCookie(request, base);
    if (secret === undefined) return unauthorized(`This server needs a token: ${HOW}`);
    const forgery = refusedForgery(request);
    if (forgery !== undefined) return problem(403, forgery, { code: "forbidden" });
    const found = await read(secret, address);
    if (!(found instanceof Response)) return whoOf(found);
    if (found.status === 401) found.headers.append("set-cookie", noSessionCookie(request.url, base));
    return found;
  };
}

/** A caller, and what is known of it. */
export interface FoundCaller {
  readonly caller: Caller;
  readonly known: KnownCaller;
}

/** Finds the caller that brings a secret; `how` says what would work. A `Response` refuses it. */
export type SecretReader = (
  secret: string,
  options: { readonly address: string | undefined; readonly how: string },
) => Promise<FoundCaller | Response>;

/** Reads secrets, and counts the failed attempts of each address. */
export function secretReader({ engine, process, onDenied }: BearerOptions): SecretReader {
  const failed = new FailedAttempts();
  return async (secret, { address, how }) => {
    const via: Via = { transport: "http", process, ...(address !== undefined && { address }) };
    const caller = isSecret(secret) ? await callerOfSecret(secret, { name: CALLER, via }) : undefined;
    const known = caller && engine.knownCaller(caller);
    if (caller !== undefined && known !== undefined) return { caller, known };
    const retrySeconds = failed.add(address ?? "");
    if (retrySeconds !== undefined || caller === undefined) onDenied(attemptOf(via));
    if (retrySeconds !== undefined) {
      const response = problem(429, `Too many attempts with a token that is not valid: wait ${retrySeconds} s`);
      response.headers.set("retry-after", `${retrySeconds}`);
      return response;
    }
    if (caller === undefined) return unauthorized(`This is no token: ${how}`);
    try {
      // Another process may have issued it just now. A refused one is audited.
      return { caller, known: await engine.query({ type: "get_caller" }, caller) };
    } catch (error) {
      if (error instanceof Refusal && error.code === "unauthorized") return unauthorized(error.message);
      throw error;
    }
  };
}

function whoOf({ caller, known }: FoundCaller): Who {
  return { caller, instance: known.instance };
}

/** An attempt with what is no valid token, as the engine reports it. */
function attemptOf(via: Via): Denial {
  return denialOf({ name: CALLER, via, call: "get_caller", access: { verb: "see" } }, "token");
}

function unauthorized(detail: string): Response {
  return problem(401, detail, { code: "unauthorized" });
}
