/** Makes requests of REST from the arguments of operations. */

import { API_PATH } from "../../src/http/rest/rest_routes.ts";
import { pathParameters, type Route } from "../../src/http/rest/routes.ts";
import type { Json } from "./server.ts";

export interface RestRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: Json;
}

/** The request of a route with the arguments of its operation: in the path, then in the body or the query. */
export function restRequest({ method, path }: Pick<Route, "method" | "path"> | RestRequest, args: Json): RestRequest {
  const inPath = pathParameters(path);
  const others = Object.entries(args).filter(([name]) => !inPath.includes(name));
  const hasBody = method !== "get" && method !== "delete";
  const query = new URLSearchParams(hasBody ? [] : others.map(([name, value]) => [name, String(value)]));
  return {
    method: method.toUpperCase(),
    path: API_PATH + path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(args[name]))) +
      (query.size === 0 ? "" : `?${query}`),
    ...(hasBody && { body: Object.fromEntries(others) }),
  };
}
