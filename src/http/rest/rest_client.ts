/** Calls the tools of a running service over REST, by the table of its routes. */

import * as z from "zod";
import type { ToolCaller } from "../../app/operation.ts";
import { Unavailable } from "../../app/ports.ts";
import { Refusal, type RefusalCode } from "../../core/model/refusal.ts";
import { printable } from "../../core/model/values.ts";
import { KEY_HEADER, LEASE_HEADER } from "../local_caller.ts";
import { isUnavailableCode, REFUSAL_STATUS } from "../problem.ts";
import type { Json } from "./operation.ts";
import { pathParameters, type Route, ROUTES } from "./routes.ts";

/** Longest time to an answer, beside the `wait_ms` of the call, in milliseconds. */
const ANSWER_MS = 60_000;

/** Most bytes of an answer: more than any tool answers with about 100,000 tasks. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** Most characters of an address: servers take 16 KiB of it with the headers. */
const MAX_ADDRESS_CHARACTERS = 12 * 1024;

export interface RestClientOptions {
  /** The address of the service; the path of the API follows it. */
  readonly service: URL;
  /** The secret of the caller's token; undefined for a service without access control. */
  readonly secret: string | undefined;
  /** For a service on this machine whose key is known: who calls as the local operator. */
  readonly local?: LocalAccess | undefined;
  /** Aborted when the program shall end. */
  readonly signal: AbortSignal;
}

/** How a command calls the service that is on the same data directory. */
export interface LocalAccess {
  readonly key: string;
  /** How long a task without `timeout_ms` that is claimed is kept, in milliseconds. */
  readonly leaseMs: number;
}

const objectSchema = z.record(z.string(), z.unknown());

const problemSchema = z.object({
  code: z.string().exactOptional(),
  detail: z.string(),
  data: objectSchema.exactOptional(),
});

const sessionSchema = z.object({ instance: z.string().exactOptional() });

/** Calls tools at a service. */
export function restCaller(options: RestClientOptions): ToolCaller {
  return async (tool, args, request) => {
    const { data: given } = objectSchema.safeParse(args);
    if (given === undefined) throw new Refusal("invalid_value", `Cannot call ${tool}: its arguments must be an object`);
    const route = routeFor(tool, given);
    const { path, rest } = placeOf(route, given);
    const isRead = route.method === "get";
    const waitMs = Number(given["wait_ms"] ?? 0) || 0;
    return await send(isRead ? path + queryOf(rest) : path, {
      ...options,
      method: route.method,
      request,
      waitMs,
      ...(!isRead && { body: JSON.stringify(rest) }),
    });
  };
}

/** Does work with answers of a service. One in a form that the work does not know is told as such. */
export async function readingAnswers<T>(service: URL, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw unreachable({ service }, "it answers in a form that this program does not know: use the same version", error);
  }
}

/** The instance to which the caller's token is bound; undefined if it is to none. */
export async function boundInstance(options: RestClientOptions): Promise<string | undefined> {
  return sessionSchema.parse(await send("/session", { ...options, method: "get", waitMs: 0 })).instance;
}

/** The route of a tool that takes most of the arguments in its path. */
function routeFor(tool: string, args: Json): Route {
  const isOf = ({ operation, orWith }: Route) => operation === tool || orWith?.operation === tool;
  const isFilled = ({ path }: Route) => pathParameters(path).every((name) => args[name] !== undefined);
  const routes = ROUTES.filter(isOf);
  const [route] = routes.filter(isFilled).sort((a, b) => pathParameters(b.path).length - pathParameters(a.path).length);
  if (route !== undefined) return route;
  const missing = routes.flatMap(({ path }) => pathParameters(path));
  throw missing.length === 0
    ? new Refusal("not_found", `A service has no route for ${tool}: call it with --store file, where the data is`)
    : new Refusal("invalid_value", `Cannot call ${tool} as ${missing[0]} is missing`);
}

/** The path with the parameters in it, and the other arguments. */
function placeOf({ path }: Route, args: Json): { readonly path: string; readonly rest: Json } {
  const names = pathParameters(path);
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => pathPart(name, String(args[name])));
  return { path: filled, rest: Object.fromEntries(Object.entries(args).filter(([name]) => !names.includes(name))) };
}

function pathPart(name: string, value: string): string {
  if (!/^\.{0,2}$/.test(value) && value.isWellFormed()) return encodeURIComponent(value);
  throw new Refusal(
    "invalid_value",
    `${name} ${printable(value)} cannot be in the path of a URL: --store file uses the files in its place`,
  );
}

function queryOf(args: Json): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      query.append(name, typeof each === "string" ? each : JSON.stringify(each));
    }
  }
  return query.size === 0 ? "" : `?${query}`;
}

interface SendOptions extends RestClientOptions {
  readonly method: Route["method"];
  readonly request?: string | undefined;
  readonly body?: string;
  readonly waitMs: number;
}

/** Sends a request, and resolves to the object that answers it. */
async function send(path: string, options: SendOptions): Promise<Json> {
  const { method } = options;
  const request = new Request(addressOf(path, options), requestOf(options));
  try {
    const response = await fetch(request);
    const text = await readText(response);
    const { data } = objectSchema.safeParse(parse(text));
    if (response.ok && data !== undefined) return data;
    throw failureOf(response, data, options);
  } catch (error) {
    if (error instanceof Refusal || error instanceof Unavailable || error instanceof Deno.errors.NotCapable) {
      throw error;
    }
    throw lost(error, method, options);
  }
}

function addressOf(path: string, { service, local }: RestClientOptions): URL {
  const base = service.href.endsWith("/") ? service.href : `${service.href}/`;
  const address = new URL(`api/v1${path}`, base);
  if (address.href.length <= MAX_ADDRESS_CHARACTERS) return address;
  throw new Refusal(
    "limit_exceeded",
    `The arguments take ${address.href.length} characters in a URL, and at most ${MAX_ADDRESS_CHARACTERS} are allowed: ` +
      (local === undefined ? "give fewer or shorter ones" : "--store file uses the files in place of the service"),
    { limit: MAX_ADDRESS_CHARACTERS },
  );
}

function requestOf({ method, body, secret, local, request, signal, waitMs }: SendOptions): RequestInit {
  return {
    method: method.toUpperCase(),
    headers: {
      accept: "application/json",
      ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
      ...(local !== undefined && { [KEY_HEADER]: local.key, [LEASE_HEADER]: `${local.leaseMs}` }),
      ...(request !== undefined && { "idempotency-key": quoted(request) }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body }),
    // The token is for this address only.
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS + waitMs)]),
  };
}

/** A text in quotes, in ASCII as headers must be: other characters are escaped as in JSON. */
function quoted(text: string): string {
  const escapeOf = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replaceAll(/[^ -~]/g, escapeOf);
}

async function readText({ body }: Response): Promise<string> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told as an answer that is not a service's.
    return undefined;
  }
}

/** The error that a service answered with: the same as if the tool had been called where its data is. */
function failureOf(
  { status }: Response,
  answer: Json | undefined,
  options: RestClientOptions,
): Refusal | Unavailable {
  const { service, secret, local } = options;
  const { data: problem } = problemSchema.safeParse(answer);
  if (problem === undefined) {
    return unreachable(options, `it answers with status ${status}, which is not an answer of this program's serve`);
  }
  const { code = "", detail, data } = problem;
  if (status === 401 && secret === undefined && local === undefined) {
    const how = "set ORCHESTRATOR_TOKEN to one that token issue printed, and permit to read it";
    return new Refusal("unauthorized", `${service.href} needs a token: ${how}`);
  }
  if (isRefusalCode(code)) return new Refusal(code, detail, data);
  if (isUnavailableCode(code)) return new Unavailable(code, detail);
  return unreachable(options, `it answers ${status}, ${detail}`);
}

function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSAL_STATUS, code);
}

/** A request whose answer did not come. One that got no connection has changed nothing. */
function lost(error: unknown, method: Route["method"], options: SendOptions): Unavailable {
  const { service, signal } = options;
  if (signal.aborted) return new Unavailable("cancelled", "The call was ended before it was answered");
  const why = reasonOf(error);
  const isUnsent = UNSENT.test(why);
  if (isUnsent || method === "get") return unreachable(options, why, error);
  return new Unavailable(
    "outcome_unknown",
    `${service.href} was called and did not answer (${why}). Whether the call took effect is unknown: look before you ` +
      "repeat it",
    { cause: error },
  );
}

/** How Deno words the failure of a request that was never sent. */
const UNSENT = /client error \(Connect\)|are blocked$/;

/** Why a request failed: Deno has it in the cause of the error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function unreachable(
  { service, local }: Pick<RestClientOptions, "service" | "local">,
  why: string,
  cause?: unknown,
): Unavailable {
  const remedy = local === undefined
    ? "--url or ORCHESTRATOR_URL must be the address that serve prints"
    : "--store file uses the files in its place";
  return new Unavailable("unreachable", `Cannot reach a service at ${service.href}: ${why}. ${remedy}`, { cause });
}
