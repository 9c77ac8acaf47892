/**
 * Finds who makes a request by its bearer token (RFC 6750). Whether the token has the right to a call shows with the call;
 * here, what is no valid token is refused, and few such attempts of one address are looked at. All are counted for the audit; a request without any token
 * is not, as it claims to be nobody.
 */

import type { Engine } from "../app/engine.ts";
import { callerOfSecret, isSecret } from "../app/tokens.ts";
import { type Denial, denialOf, type Via } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { CallerOf } from "./app.ts";
import { FailedAttempts } from "./failed_attempts.ts";
import { problem } from "./problem.ts";

export interface BearerOptions {
  readonly engine: Pick<Engine, "query" | "knownCaller">;
  /** Identifies this process in the journal. */
  readonly process: string;
  /** Called with each attempt that the engine is not asked about. Those that it refuses, it reports itself. */
  readonly onDenied: (denial: Denial) => void;
}

/** The name of callers over HTTP, as long as they give none. */
const CALLER = "http";

const HOW = "send the header Authorization: Bearer TOKEN, with a token that token issue printed";

export function bearerCaller({ engine, process, onDenied }: BearerOptions): CallerOf {
  const failed = new FailedAttempts();
  return async ({ headers }, { address }) => {
    const authorization = headers.get("authorization");
    if (authorization === null) return unauthorized(`This server needs a token: ${HOW}`);
    const via: Via = { transport: "http", process, ...(address !== undefined && { address }) };
    const secret = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? "";
    const caller = isSecret(secret) ? await callerOfSecret(secret, { name: CALLER, via }) : undefined;
    const known = caller && engine.knownCaller(caller);
    if (caller !== undefined && known !== undefined) return { caller, instance: known.instance };
    const retrySeconds = failed.add(address ?? "");
    if (retrySeconds !== undefined || caller === undefined) onDenied(attemptOf(via));
    if (retrySeconds !== undefined) {
      const response = problem(429, `Too many attempts with a token that is not valid: wait ${retrySeconds} s`);
      response.headers.set("retry-after", `${retrySeconds}`);
      return response;
    }
    if (caller === undefined) return unauthorized(`The header Authorization holds no token: ${HOW}`);
    try {
      // Another process may have issued it just now. A refused one is audited.
      return { caller, instance: (await engine.query({ type: "get_caller" }, caller)).instance };
    } catch (error) {
      if (error instanceof Refusal && error.code === "unauthorized") return unauthorized(error.message);
      throw error;
    }
  };
}

/** An attempt with what is no valid token, as the engine reports it. */
function attemptOf(via: Via): Denial {
  return denialOf({ name: CALLER, via, call: "get_caller", access: { verb: "see" } }, "token");
}

function unauthorized(detail: string): Response {
  return problem(401, detail, { code: "unauthorized" });
}
