/** The composition of `serve`: one process for many clients over HTTP. main.ts loads it only for that command. */

import type { Engine } from "../app/engine.ts";
import { Denials } from "../app/denials.ts";
import { Feed } from "../app/feed.ts";
import { Heard } from "../app/heard.ts";
import type { Observer } from "../app/observer.ts";
import type { Deliveries, Log, ProcessAbout, Sessions } from "../app/ports.ts";
import type { Questions } from "../app/questions.ts";
import { DEFAULT_SESSION_GRACE_MS, SessionKeeper } from "../app/session_keeper.ts";
import { Sweeper } from "../app/sweeper.ts";
import { MAX_SERVICE_WAITERS, Waiting } from "../app/waiting.ts";
import type { Invocation } from "../cli/arguments.ts";
import { issueKey } from "../app/sign_in.ts";
import { dashboardAddress, signInAddress } from "../cli/open.ts";
import { listenFlag } from "../cli/launch.ts";
import { firstAdminToken } from "../cli/tokens.ts";
import { type Denial, localOperator } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import { deliverToWebhooks, deskOf } from "./deliver.ts";
import { McpOverHttp } from "../mcp/http.ts";
import { TOOLSETS } from "../mcp/tool.ts";
import { admissionOf, type CallerOf, createApp } from "../http/app.ts";
import { ASSETS } from "../dashboard/assets/mod.ts";
import { assetMount } from "../http/assets.ts";
import { bearerCaller } from "../http/bearer.ts";
import { openCaller } from "../http/caller_of.ts";
import { EventStreams } from "../http/events/event_streams.ts";
import { hostsOf, isLoopback } from "../http/hosts.ts";
import { metricsRoute } from "../http/metrics_route.ts";
import { API_PATH, restRoutes } from "../http/rest/rest_routes.ts";
import { admittingSignIns, SESSION_PATH, sessionRoutes, signInMount } from "../http/session_routes.ts";
import { type Handler, HttpServer, type HttpServerOptions } from "../http/server.ts";
import type { RunningParts } from "./handlers.ts";
import { operationsOf } from "../mcp/operations.ts";
import { Metrics } from "../telemetry/metrics.ts";

export type HttpInvocation = Invocation & { readonly type: "http" };

export interface ServeParts {
  readonly engine: Engine;
  readonly questions: Questions;
  readonly sessions: Sessions;
  readonly deliveries: Deliveries;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly observer: Observer;
  /** The size of the journal; undefined if it is in memory. */
  readonly journalBytes: () => number | undefined;
  /** What this process tells operators about itself. Its `pid` identifies it in the journal. */
  readonly about: ProcessAbout;
  /** Keeps the secret of the first token where only the operator reads it; returns where that is, in words. */
  readonly keepSecret: (secret: string) => string;
  /** Prints a line for the person who starts the program. */
  readonly print: (line: string) => void;
  /** Whether a person sees what is printed. */
  readonly isWatched: boolean;
  /** Aborted when the program shall end. */
  readonly ending: AbortSignal;
  /** Begins to compete to run handlers; undefined if there are none. */
  readonly startHandlers: (parts: Omit<RunningParts, "data">) => AsyncDisposable | undefined;
}

/** Metrics of a service that has not started yet. */
export function newMetrics(version: string): Metrics {
  return new Metrics(version);
}

/** Refuses what cannot be served, before anything is opened. */
export function checkServed({ host, port, open }: HttpInvocation): void {
  if (open && !isLoopback(host)) {
    throw new Refusal(
      "invalid_value",
      `Cannot serve --open on ${host}, which other machines may reach: leave --host out, or give 127.0.0.1 or ::1`,
    );
  }
  const flag = listenFlag(host, port);
  const permission = Deno.permissions.querySync({ name: "net", host: flag.slice(flag.indexOf("=") + 1) });
  if (permission.state !== "granted") {
    throw new Refusal("invalid_value", `Cannot listen without permission: start with ${flag}`);
  }
}

/** Serves clients over HTTP until `ending`. */
export async function serveHttp(invocation: HttpInvocation, parts: ServeParts): Promise<void> {
  const { host, port, open, allowHost = [], maxWaitMs, sessionGraceMs = DEFAULT_SESSION_GRACE_MS } = invocation;
  const {
    engine,
    questions,
    sessions,
    deliveries,
    log,
    metrics,
    observer: { onCall, onDelivery },
    about,
    print,
    ending,
  } = parts;
  const { version } = about;
  const process = String(about.pid);
  await using denials = new Denials({ engine, log });
  const onDenied = (denial: Denial) => denials.note(denial);
  const feed = new Feed(engine, log);
  // Follows the journal also while nobody calls, so that a token revoked elsewhere is refused within moments.
  feed.subscribe(() => {});
  const heard = new Heard(engine);
  const keeper = await SessionKeeper.start({
    engine,
    sessions,
    // Tasks claimed over HTTP have leases: no session keeps them.
    heard: { lastCalls: () => [] },
    log,
    id: crypto.randomUUID(),
    graceMs: sessionGraceMs,
    about,
  });
  const waiting = new Waiting({
    engine,
    executor: keeper,
    feed,
    log,
    maxWaiters: MAX_SERVICE_WAITERS,
    ...(maxWaitMs !== undefined && { maxWaitMs }),
  });
  const sweeper = new Sweeper({ engine, log });
  const delivery = { engine, deliveries, version, allowPrivate: invocation.allowPrivateWebhooks === true };
  const operations = operationsOf({
    engine,
    executor: keeper,
    questions,
    waiting,
    heard,
    webhooks: deskOf(delivery),
    onCall,
  });
  const streams = new EventStreams({ engine, feed, log, closing: ending });
  const rest = restRoutes({ operations, engine, questions, streams, log, version });
  const toolsets = TOOLSETS.filter((toolset) => invocation.toolsets.includes(toolset));
  const mcp = new McpOverHttp({
    engine,
    executor: keeper,
    questions,
    feed,
    waiting,
    heard,
    log,
    toolsets,
    version,
    onCall,
  });
  const webhooks = deliverToWebhooks({ ...delivery, engine, feed, log, onDelivery });
  await metrics.begin(engine);
  let server: HttpServer | undefined;
  const present = () => ({
    requests: server?.requests ?? 0,
    sessions: mcp.sessionCount,
    waitingForTasks: waiting.size,
    waitingForEvents: waiting.events.size,
    eventStreams: streams.size,
    journalBytes: parts.journalBytes(),
  });
  let handlers: AsyncDisposable | undefined;
  try {
    const callerOf = open
      ? openCaller({ role: invocation.role ?? "admin", process })
      : bearerCaller({ engine, process, onDenied });
    const noted: CallerOf = async (request, connection) => {
      const who = await callerOf(request, connection);
      if ("caller" in who) keeper.noteCall();
      return who;
    };
    const admitted = { hosts: hostsOf(host, allowHost), callerOf: noted, log };
    const session = { engine, process, onDenied, isOpen: open, version, log };
    const app = createApp({
      ...admitted,
      checkReady: () => engine.catchUp(),
      publicMounts: [signInMount(session), assetMount(ASSETS)],
      mounts: [
        (app) => app.route(SESSION_PATH, sessionRoutes(session)),
        (app) =>
          app.all("/mcp", (c) => mcp.handle(c.req.raw, { caller: c.get("caller"), instance: c.get("instance") })),
        (app) => app.route(API_PATH, rest),
        metricsRoute({
          contentType: metrics.contentType,
          read: (caller) => metrics.exposition(engine, caller, present),
        }),
      ],
    });
    server = await listen(app.fetch, { host, port, log, admission: admittingSignIns(admissionOf(admitted)) });
    const isFirst = !open && await issueFirst(parts);
    handlers = parts.startHandlers({ engine, feed, deliveries, log, via: { transport: "http", process } });
    const address = `http://${host.includes(":") ? `[${host}]` : host}:${server.port}/`;
    print(`Serving ${address} ${open ? "without access control" : "for clients with a token"}`);
    const dashboard = dashboardAddress(host, server.port);
    print(open ? `Dashboard: ${dashboard}` : await signInLine(parts, dashboard, isFirst));
    if (!ending.aborted) await new Promise((resolve) => ending.addEventListener("abort", resolve));
    // Calls that wait for a task are answered at once, so that they do not delay the end.
    await Promise.all([server.close(), waiting.close(), mcp.endStreams(), handlers?.[Symbol.asyncDispose]()]);
  } finally {
    await webhooks.close();
    await handlers?.[Symbol.asyncDispose]();
    await waiting.close();
    await mcp.close();
    await keeper.close();
    heard.close();
    feed.close();
    await sweeper.close();
  }
}

/** The line that tells how to sign in at the dashboard. A log that nobody watches gets no key, but for the first start. */
async function signInLine(
  { engine, about, isWatched }: ServeParts,
  address: string,
  isFirst: boolean,
): Promise<string> {
  if (!isWatched && !isFirst) return `Dashboard: ${address}; main.ts open prints an address that signs in`;
  const operator = localOperator("orchestrator", { transport: "http", process: String(about.pid) });
  const key = await issueKey({ engine, operator }, { role: "admin" });
  return `Dashboard: ${signInAddress(address, key)} signs in once, within 10 minutes; main.ts open prints another`;
}

/** Issues a token for an admin, if there is none; resolves to whether it did. */
async function issueFirst({ engine, about, keepSecret, print }: ServeParts): Promise<boolean> {
  let place = "";
  const keep = (secret: string) => {
    place = keepSecret(secret);
  };
  const secret = await firstAdminToken(engine, { via: { transport: "http", process: String(about.pid) }, keep });
  if (secret !== undefined) print(`The token of an admin is ${place}; token issue makes tokens for others`);
  return secret !== undefined;
}

/** Starts to listen. Says what would work if it cannot. */
async function listen(handle: Handler, options: HttpServerOptions): Promise<HttpServer> {
  try {
    return await HttpServer.listen(handle, options);
  } catch (cause) {
    const { host, port } = options;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = REMEDIES[code] ?? `${cause}`;
    throw new Refusal("invalid_value", `Cannot listen on ${host}, port ${port}: ${why}`);
  }
}

/** What to do about errors of the system, by their codes. */
const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses the port: give another with --port, or 0 for any free one",
  EADDRNOTAVAIL: "this machine has no such address: --host takes one that it has, like 127.0.0.1",
  // Deno's `node:http` tells so of an address that this machine does not have.
  EINVAL: "this machine has no such address, or does not permit it: --host takes one that it has, like 127.0.0.1",
  EACCES: "the system does not permit it: give a port from 1024 on with --port",
};
