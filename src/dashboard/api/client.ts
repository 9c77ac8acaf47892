/** Calls the HTTP API. Every view reads and changes the plan through these functions, and so with the rights of its user. */

import { takeAnswer } from "../early.ts";
import { type Answer, API, request } from "./request.ts";

/** A request that the server refused, or that did not reach it (`status` 0). `message` says what would work. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(message: string, about: { readonly status: number; readonly code?: string | undefined; data?: unknown }) {
    super(message);
    this.name = "ApiError";
    this.status = about.status;
    this.code = about.code;
    this.data = (typeof about.data === "object" && about.data !== null ? about.data : {}) as ApiError["data"];
  }
}

/** Values of a query: undefined ones are left out, a list repeats its name. */
export type QueryValues = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface GetOptions {
  readonly query?: QueryValues;
  readonly signal?: AbortSignal;
  /** The moment of history to ask about: a seq or an ISO time. Default: now. */
  readonly at?: string | undefined;
}

/** `listen` is called when a request is sent; its result is called if the answer is 401: the session is over. */
export const unauthorized: { listen: () => () => void } = { listen: () => () => {} };

/**
 * Reads a path of the API, as in docs/rest.md.
 *
 * @throws ApiError
 */
export async function get<T>(path: string, { query, signal, at }: GetOptions = {}): Promise<T> {
  const moment = at === undefined ? "" : `/at/${encodeURIComponent(at)}`;
  return await send<T>(`${API}${moment}${path}${queryText(query)}`, { ...(signal !== undefined && { signal }) });
}

/**
 * Carries out a change. A repeat of the browser is not carried out twice.
 *
 * @throws ApiError
 */
export async function change<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: object): Promise<T> {
  return await send<T>(API + path, {
    method,
    headers: { "content-type": "application/json", "idempotency-key": randomText() },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** A path whose parts are ids. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map((part) => "/" + encodeURIComponent(part)).join("");
}

/** 128 random bits in hexadecimal. `crypto.randomUUID` is missing where the page comes over plain HTTP from another machine. */
function randomText(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function queryText(query: QueryValues = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [value].flat().map((one) => `${name}=${encodeURIComponent(String(one))}`);
  });
  return pairs.length === 0 ? "" : "?" + pairs.join("&");
}

/** An id of dots alone, which browsers take for a way up to another address. */
const DOTS = /\/(\.{1,2})(?=[/?]|$)/;

async function send<T>(url: string, init: RequestInit): Promise<T> {
  const [, dots] = DOTS.exec(url.slice(API.length)) ?? [];
  if (dots !== undefined) {
    throw new ApiError(
      `The id ${dots} cannot be in an address: use the command call, or select the task in the table`,
      {
        status: 0,
      },
    );
  }
  const refused = unauthorized.listen();
  let answer: Answer;
  try {
    answer = await takeAnswer(url) ?? await request(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("The server cannot be reached: see whether it runs, then try again", { status: 0 });
  }
  const { response, text } = answer;
  if (response.ok) return (text === "" ? {} : JSON.parse(text)) as T;
  if (response.status === 401) refused();
  throw errorOf(response, text);
}

/** The error of a response: a problem (RFC 9457), or that of something between browser and server. */
function errorOf({ status, statusText }: Response, text: string): ApiError {
  try {
    const { detail, code, data } = JSON.parse(text) as { detail?: string; code?: string; data?: unknown };
    return new ApiError(detail ?? statusText, { status, code, data });
  } catch {
    return new ApiError(`The answer is ${status} ${statusText}, and not from the orchestrator`, { status });
  }
}
