/**
 * REST: every command and query of the tools as a route, the graph, the events, and the description of all of them. A
 * route turns path, query and body into the arguments of an operation, and its answer into a response; it decides nothing.
 */

import { type Context, type Handler, Hono } from "hono";
import { CALL_ID_HEADER, logOfCall, TRACEPARENT_HEADER } from "../../app/call_id.ts";
import type { Engine } from "../../app/engine.ts";
import type { OperationAnswer } from "../../app/operation.ts";
import type { Log } from "../../app/ports.ts";
import type { PastPlan, Questions } from "../../app/questions.ts";
import { ToldFailures } from "../../app/told_failures.ts";
import type { QueryOf, ResultOf } from "../../core/messages/queries.ts";
import { Refusal } from "../../core/model/refusal.ts";
import type { HttpEnv } from "../app.ts";
import { eventsRoute } from "../events/events_route.ts";
import type { EventStreams } from "../events/event_streams.ts";
import { HttpError, problem, problemOf } from "../problem.ts";
import { type ApiOptions, describeApi } from "./openapi.ts";
import type { RestOperation } from "./operation.ts";
import { argumentsOf, readQuery, requestIdOf, tagOf, versionOf } from "./read_request.ts";
import { PAST_PATH, PAST_ROUTES, pastOf, refusePast } from "./past_routes.ts";
import { pathParameters, type Route, ROUTES } from "./routes.ts";

/** Where the routes of a plan are mounted. */
export const API_PATH = "/api/v1";

export interface RestOptions {
  readonly operations: readonly RestOperation[];
  readonly engine: Pick<Engine, "query" | "knownCaller" | "now">;
  readonly questions: Pick<Questions, "lookBack">;
  readonly streams: EventStreams;
  readonly log: Log;
  /** The version of the program. */
  readonly version: string;
  /** The path at which the plan is served. Default: empty, the root. */
  readonly base?: string;
}

/** The routes, without `API_PATH`, of the callers that the variables of `HttpEnv` name. */
export function restRoutes(options: RestOptions): Hono<HttpEnv> {
  const { engine, questions, streams, log, base = "" } = options;
  const api = base + API_PATH;
  const app = new Hono<HttpEnv>();
  const failures = new ToldFailures(options);
  app.onError((error, c) => {
    const ownLog = logOfCall(log, c.req.header(CALL_ID_HEADER));
    return problemOf(failures.toldTo(c.get("caller"), error, ownLog), ownLog);
  });
  const past: Past = (c) => pastOf(c, { questions, now: () => engine.now() });
  const operations = new Map(options.operations.map((operation) => [operation.name, operation]));
  const handlers: { readonly method: string; readonly path: string; readonly handler: Handler<HttpEnv> }[] = [
    ...ROUTES.map((route) => ({ ...route, handler: operationRoute(route, { operations, api }) })),
    ...PAST_ROUTES.map((route) => {
      return { method: "get", path: PAST_PATH + route.path, handler: operationRoute(route, { operations, api, past }) };
    }),
    { method: "get", path: "/graph", handler: graphRoute((c, query) => engine.query(query, c.get("caller"))) },
    {
      method: "get",
      path: `${PAST_PATH}/graph`,
      handler: graphRoute(async (c, query) => (await past(c)).query(query)),
    },
    { method: "get", path: "/events", handler: eventsRoute(streams) },
    { method: "get", path: "/openapi.json", handler: descriptionRoute({ ...options, path: api }) },
  ];
  for (const { method, path, handler } of handlers) app.on(method.toUpperCase(), toPattern(path), handler);
  for (const [path, same] of Map.groupBy(handlers, ({ path }) => path)) {
    const allowed = same.flatMap(({ method }) => method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]).join(
      ", ",
    );
    app.all(toPattern(path), ({ req }) =>
      problem(405, `${req.path} does not take ${req.method}, only ${allowed}`, {
        code: "method_not_allowed",
        headers: { allow: allowed },
      }));
  }
  refusePast(app);
  app.all("*", ({ req }) =>
    problem(404, `There is no ${req.path}: GET ${api}/openapi.json lists what there is`, {
      code: "no_such_route",
    }));
  return app;
}

/** The plan at the moment that a request names. */
type Past = (c: Context<HttpEnv>) => Promise<PastPlan>;

interface OperationRouteOptions {
  readonly operations: ReadonlyMap<string, RestOperation>;
  /** Where the routes are mounted. */
  readonly api: string;
  /** For a route that takes an earlier moment. */
  readonly past?: Past;
}

function operationRoute(route: Route, { operations, api, past }: OperationRouteOptions): Handler<HttpEnv> {
  const named = (name: string) => {
    const operation = operations.get(name);
    if (operation === undefined) throw new Error(`There is no operation ${name} for ${route.method} ${route.path}`);
    return operation;
  };
  const usual = named(route.operation);
  const other = route.orWith && { ...route.orWith, operation: named(route.orWith.operation) };
  return async (c) => {
    const { req } = c;
    const path = Object.fromEntries(pathParameters(route.path).map((name) => [name, req.param(name)]));
    const given = await argumentsOf(req.raw, path);
    const { args, isConditional } = withCondition(route, given, req.raw.headers);
    const operation = other !== undefined && Object.hasOwn(args, other.parameter) ? other.operation : usual;
    const who = { caller: c.get("caller"), instance: c.get("instance"), leaseMs: c.get("leaseMs") };
    const { headers, signal } = req.raw;
    const call = {
      ...who,
      request: requestIdOf(headers),
      callId: headers.get(CALL_ID_HEADER) ?? undefined,
      traceparent: headers.get(TRACEPARENT_HEADER) ?? undefined,
      signal,
      past: await past?.(c),
    };
    try {
      return responseOf(c, { ...route, api }, await operation.run(args, call));
    } catch (error) {
      if (!(isConditional && error instanceof Refusal && error.code === "stale_version")) throw error;
      throw new HttpError(412, error.message, { code: error.code, data: error.data });
    }
  };
}

/** The arguments with what `If-Match` asks, which only some routes take. */
function withCondition(
  { takesIfMatch, method, path }: Route,
  args: Readonly<Record<string, unknown>>,
  headers: Headers,
) {
  if (!headers.has("if-match")) return { args, isConditional: false };
  if (takesIfMatch !== true || Object.hasOwn(args, "if_version")) {
    const why = takesIfMatch === true ? "if_version is given, too" : `${method.toUpperCase()} ${path} does not take it`;
    throw new HttpError(400, `If-Match has no effect, as ${why}: leave one out`, { code: "invalid_value" });
  }
  const version = versionOf(headers);
  return { args: version === undefined ? args : { ...args, if_version: version }, isConditional: true };
}

function responseOf(
  c: Context<HttpEnv>,
  { createdAt, api }: Route & Pick<OperationRouteOptions, "api">,
  { json, version }: OperationAnswer,
): Response {
  c.header("cache-control", "no-store");
  if (version !== undefined) c.header("etag", tagOf(version));
  const isNew = createdAt !== undefined && json["repeated"] !== true;
  if (!isNew) return c.json(json);
  const location = createdAt(json);
  if (location !== undefined) c.header("location", api + location);
  return c.json(json, 201);
}

function graphRoute(
  ask: (c: Context<HttpEnv>, query: QueryOf<"draw_graph">) => Promise<ResultOf<"draw_graph">>,
): Handler<HttpEnv> {
  return async (c) => {
    const [name] = Object.keys(readQuery(new URL(c.req.url).searchParams));
    if (name !== undefined) throw new HttpError(400, `There is no parameter ${name}`, { code: "invalid_value" });
    const drawing = await ask(c, { type: "draw_graph" });
    return c.body(drawing, 200, { "content-type": "text/vnd.mermaid; charset=utf-8", "cache-control": "no-store" });
  };
}

/** Describes the API. Made at the first request, as few clients ask for it. */
function descriptionRoute(options: ApiOptions): Handler<HttpEnv> {
  let description: object | undefined;
  return (c) => c.json(description ??= describeApi(options));
}

/** A path as Hono writes it. */
function toPattern(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
