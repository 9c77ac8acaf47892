/** The routes of the HTTP server, and what holds for all of them: which hosts may call, who calls, and errors. */

import { Hono } from "hono";
import { CALL_ID_HEADER, logOfCall } from "../app/call_id.ts";
import type { Log } from "../app/ports.ts";
import type { Caller } from "../core/model/access.ts";
import { type Hosts, refusedOrigin } from "./hosts.ts";
import { problem, problemForAnyone } from "./problem.ts";

/** What a route reads of its context. */
export interface HttpEnv {
  Bindings: Connection;
  Variables: Who;
}

/** Who makes a request: `c.get("caller")` and `c.get("instance")`. */
export interface Who {
  readonly caller: Caller;
  /** The instance of calls that name none; undefined if such calls are refused. */
  readonly instance: string | undefined;
  /** How long a task without `timeout_ms` is kept for it, in milliseconds. Default: as for everybody. */
  readonly leaseMs?: number | undefined;
}

/** The connection on which a request came. */
export interface Connection {
  /** The address of the client. */
  readonly address: string | undefined;
  /** Resolves when the response is sent, or the connection is closed. Absent: nobody waits for it. */
  readonly sent?: Promise<void>;
}

/** Finds who makes a request. A `Response` refuses it. */
export type CallerOf = (request: Request, connection: Connection) => Promise<Who | Response>;

/** Refuses a request by its headers, before its body is read. */
export type Admission = (request: Request, connection: Connection) => Promise<Response | undefined>;

/** Adds routes to the app. */
export type Mount = (app: Hono<HttpEnv>) => void;

export interface AppOptions {
  /** The hosts by which clients may call the server. */
  readonly hosts: Hosts;
  readonly callerOf: CallerOf;
  /** Rejects with `Unavailable` if the store cannot be used. */
  readonly checkReady: () => Promise<unknown>;
  /** Routes that need no caller. Default: none. */
  readonly publicMounts?: readonly Mount[];
  /** The routes that need a caller. */
  readonly mounts: readonly Mount[];
  readonly log: Log;
  /** The path under which all routes are. Default: empty, the root. */
  readonly base?: string;
}

/**
 * Refuses a request by its headers alone, as the app does: so a client without a token cannot fill the room for bodies.
 * `callerOf` is called again with the request that is admitted, whose token may have been revoked meanwhile.
 */
export function admissionOf({ hosts, callerOf, log }: Pick<AppOptions, "hosts" | "callerOf" | "log">): Admission {
  return async (request, connection) => {
    const refused = refusedOrigin(request, hosts);
    if (refused !== undefined) return problem(403, refused);
    try {
      const who = await callerOf(request, connection);
      return who instanceof Response ? who : undefined;
    } catch (error) {
      return problemForAnyone(error, logOfCall(log, request.headers.get(CALL_ID_HEADER)));
    }
  };
}

export function createApp(options: AppOptions): Hono<HttpEnv> {
  const { hosts, callerOf, checkReady, publicMounts = [], mounts, log, base = "" } = options;
  const app = new Hono<HttpEnv>().basePath(`${base}/`);
  app.onError((error, { req }) => problemForAnyone(error, logOfCall(log, req.header(CALL_ID_HEADER))));
  app.notFound(({ req }) => problem(404, `There is no ${req.method} ${req.path}`));
  app.use(async (c, next) => {
    const refused = refusedOrigin(c.req.raw, hosts);
    if (refused !== undefined) return problem(403, refused);
    return await next();
  });
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    await checkReady();
    return c.json({ status: "ready" });
  });
  for (const mount of publicMounts) mount(app);
  app.use(async (c, next) => {
    const who = await callerOf(c.req.raw, c.env);
    if (who instanceof Response) return who;
    c.set("caller", who.caller);
    c.set("instance", who.instance);
    c.set("leaseMs", who.leaseMs);
    return await next();
  });
  for (const mount of mounts) mount(app);
  return app;
}
