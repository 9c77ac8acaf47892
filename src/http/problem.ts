/** Error responses: `application/problem+json` of RFC 9457. */

import { type Log, Unavailable, type UnavailableCode } from "../app/ports.ts";
import { Refusal, type RefusalCode } from "../core/model/refusal.ts";

/** How many seconds a client should wait before it repeats a request that was refused for lack of room. */
export const RETRY_SECONDS = 1;

/** Stands before every code in the `type` of a problem. */
export const PROBLEM_TYPE = "orchestrator://problems/";

/** The short texts of the statuses in use. */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  410: "Gone",
  412: "Precondition failed",
  413: "Request too large",
  415: "Unsupported media type",
  422: "Cannot be carried out",
  429: "Too many requests",
  431: "Request header fields too large",
  500: "Internal error",
  503: "Unavailable",
};

/** The status of each refusal. */
export const REFUSAL_STATUS: Readonly<Record<RefusalCode, number>> = {
  invalid_value: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  already_exists: 409,
  wrong_state: 409,
  has_dependents: 409,
  not_holder: 409,
  stale_attempt: 409,
  instance_in_use: 409,
  stale_version: 409,
  not_ready: 409,
  not_eligible: 409,
  limit_reached: 409,
  limit_exceeded: 422,
  dependency_not_found: 422,
  cycle: 422,
  request_reused: 422,
  not_visible: 422,
};

/** Whether the same request may succeed if it is simply repeated later. */
const IS_REPEATABLE: Readonly<Record<UnavailableCode, boolean>> = {
  busy: true,
  overloaded: true,
  storage_failed: true,
  worker_failed: true,
  closed: true,
  cancelled: true,
  unreachable: true,
  outcome_unknown: false,
  journal_damaged: false,
  newer_version: false,
};

/** A request that HTTP itself forbids: no such route, a wrong method, a body that cannot be read. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(
    readonly status: number,
    /** What the caller did wrong, and what would work. */
    message: string,
    readonly more: ProblemOptions = {},
  ) {
    super(message);
  }
}

/** Whether a code of a problem is that of an `Unavailable`. */
export function isUnavailableCode(code: string): code is UnavailableCode {
  return Object.hasOwn(IS_REPEATABLE, code);
}

export interface ProblemOptions {
  /** For programs. Default: none, and the `type` is `about:blank`. */
  readonly code?: string;
  /** The facts of the message. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error response. With status 503 it asks to repeat the request. */
export function problem(status: number, detail: string, { code, data, headers }: ProblemOptions = {}): Response {
  const body = {
    type: code === undefined ? "about:blank" : PROBLEM_TYPE + code,
    title: code === undefined ? TITLES[status] ?? "Error" : titleOf(code),
    status,
    detail,
    ...(code !== undefined && { code }),
    ...(data !== undefined && { data }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(status === 401 && { "www-authenticate": 'Bearer realm="orchestrator"' }),
      ...(status === 503 && { "retry-after": `${RETRY_SECONDS}` }),
      ...headers,
    },
  });
}

/** The response to a request that failed. An error that is nobody's fault but ours is logged, and not shown. */
export function problemOf(error: unknown, log: Log): Response {
  if (error instanceof HttpError) return problem(error.status, error.message, error.more);
  if (error instanceof Refusal) {
    return problem(REFUSAL_STATUS[error.code], error.message, { code: error.code, data: error.data });
  }
  if (error instanceof Unavailable) {
    const response = problem(503, error.message, { code: error.code });
    if (!IS_REPEATABLE[error.code]) response.headers.delete("retry-after");
    return response;
  }
  log.error(`Cannot answer a request as of an internal error: ${error instanceof Error ? error.stack : error}`);
  return problem(500, "Internal error: the server's log tells more");
}

/** The same for whoever has shown no right to anything: why the store cannot be used names files of this machine. */
export function problemForAnyone(error: unknown, log: Log): Response {
  if (!(error instanceof Unavailable)) return problemOf(error, log);
  return problemOf(new Unavailable(error.code, "The store cannot be used now: the server's log tells more"), log);
}

/** The same text for all problems of a code. */
function titleOf(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
