/** One plan of a service over HTTP: its store and all that follows its journal, and the routes to it. */

import { Denials } from "../app/denials.ts";
import { EventStreams } from "../http/events/event_streams.ts";
import { Feed } from "../app/feed.ts";
import { Heard } from "../app/heard.ts";
import { type Observer, together } from "../app/observer.ts";
import type { Log, ProcessAbout } from "../app/ports.ts";
import { DEFAULT_SESSION_GRACE_MS, SessionKeeper } from "../app/session_keeper.ts";
import { newLocalKey } from "../app/local_key.ts";
import { issueKey } from "../app/sign_in.ts";
import { Sweeper } from "../app/sweeper.ts";
import { MAX_SERVICE_WAITERS, Waiting } from "../app/waiting.ts";
import type { Invocation } from "../cli/arguments.ts";
import { type Location, pathOf } from "../cli/location.ts";
import { firstAdminToken } from "../cli/tokens.ts";
import { type Denial, localOperator } from "../core/model/access.ts";
import { DEFAULT_MAX_ATTEMPTS } from "../core/model/task.ts";
import { ASSETS } from "../dashboard/assets/mod.ts";
import { admissionOf, type CallerOf, createApp } from "../http/app.ts";
import { assetMount } from "../http/assets.ts";
import { bearerCaller } from "../http/bearer.ts";
import { openCaller } from "../http/caller_of.ts";
import { hostsOf } from "../http/hosts.ts";
import { challengeMount, localCaller } from "../http/local_caller.ts";
import { metricsRoute } from "../http/metrics_route.ts";
import type { Routes } from "../http/projects_handler.ts";
import { API_PATH, restRoutes } from "../http/rest/rest_routes.ts";
import { admittingSignIns, SESSION_PATH, sessionRoutes, signInMount } from "../http/session_routes.ts";
import { McpOverHttp } from "../mcp/http.ts";
import { operationsOf } from "../mcp/operations.ts";
import { TOOLSETS } from "../mcp/tool.ts";
import { realDisk, writePrivateFile } from "../store/file/disk.ts";
import { leaveNotice, SERVICE_FILE } from "../store/file/service_file.ts";
import { Metrics } from "../telemetry/metrics.ts";
import type { ProgramModule } from "./answering.ts";
import { deliverToWebhooks, deskOf } from "./deliver.ts";
import type { RunningParts } from "./handlers.ts";
import type { OpenPlan } from "./open_plans.ts";
import { type App, DEFAULT_LEASE_MS, startApp } from "./start_app.ts";

export type HttpInvocation = Invocation & { readonly type: "http" };

export interface PlanParts {
  readonly log: Log;
  /** Told of calls and transactions of all plans, beside the metrics of each. */
  readonly observers: readonly Observer[];
  /** What this process tells operators about itself. Its `pid` identifies it in the journal. */
  readonly about: ProcessAbout;
  readonly program: ProgramModule;
  /** Prints a line for the person who starts the program. */
  readonly print: (line: string) => void;
  /** Where programs on this machine reach the path of a plan, once the server listens. */
  readonly addressOf: (path: string) => string;
  /** The number of HTTP requests under way. */
  readonly requests: () => number;
  /** Begins to compete to run handlers; undefined if there are none. */
  readonly startHandlers: (parts: RunningParts) => AsyncDisposable | undefined;
}

/** A plan that answers requests. */
export interface ServedPlan extends Routes, OpenPlan {
  readonly location: Location;
  /** Brings its state up to date. @throws Unavailable if its store cannot be used */
  readonly checkReady: () => Promise<unknown>;
  /** Issues a token for an admin if there is none, and starts the handlers; resolves to whether it issued one. */
  readonly begin: () => Promise<boolean>;
  /** Makes a key that signs in as an admin once. */
  readonly issueKey: () => Promise<string>;
  /** Answers calls that wait, ends streams and deliveries, so that they do not delay the end. */
  readonly stop: () => Promise<void>;
}

/** Opens a plan. */
export async function startPlan(
  location: Location,
  invocation: HttpInvocation,
  parts: PlanParts,
): Promise<ServedPlan> {
  const { log, about, print } = parts;
  const { open, defaults, archiveAfterMs } = invocation;
  const via = { transport: "http", process: String(about.pid) } as const;
  await using stack = new AsyncDisposableStack();
  const metrics = new Metrics(about.version);
  const observer = together([metrics.observer, ...parts.observers]);
  const app = stack.use(
    await startApp(location, {
      log,
      observer,
      defaults: { maxAttempts: DEFAULT_MAX_ATTEMPTS, ...defaults },
      leaseMs: defaults.timeoutMs ?? DEFAULT_LEASE_MS,
      archiveAfterMs,
      program: parts.program,
    }),
  );
  const { engine, deliveries } = app;
  await metrics.begin(engine);
  const running = await startParts(invocation, { ...parts, app, observer, stack });
  const { feed, waiting, mcp, streams, webhooks, closing } = running;
  const key = newLocalKey();
  const routes = routesOf(invocation, { ...parts, ...running, location, app, metrics, key });
  const operator = localOperator("orchestrator", via);
  let handlers: AsyncDisposable | undefined;
  stack.defer(() => handlers?.[Symbol.asyncDispose]());
  let notice: Disposable | undefined;
  const stop = async () => {
    closing.abort();
    notice?.[Symbol.dispose]();
    notice = undefined;
    await Promise.all([waiting.close(), mcp.endStreams(), webhooks.close(), handlers?.[Symbol.asyncDispose]()]);
  };
  const held = stack.move();
  return {
    ...routes,
    location,
    checkReady: () => engine.catchUp(),
    async begin() {
      let place = "";
      const keep = (secret: string) => void (place = keepSecret(secret, location));
      const secret = open ? undefined : await firstAdminToken(engine, { via, keep });
      if (secret !== undefined) print(`The token of an admin is ${place}; token issue makes tokens for others`);
      const data = location.store === "file" ? location.directory : undefined;
      handlers = parts.startHandlers({ engine, feed, deliveries, log, via, data });
      notice = tellCommands(location, { ...parts, key });
      return secret !== undefined;
    },
    issueKey: () => issueKey({ engine, operator }, { role: "admin" }),
    isInUse: () => mcp.sessionCount + waiting.size + waiting.events.size + streams.size > 0,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await held.disposeAsync();
    },
  };
}

/** Tells commands on the same data directory where the plan is served. Without that, they use the files. */
function tellCommands(
  location: Location,
  { about: { pid, version, startedAt }, addressOf, key, log }: PlanParts & { readonly key: string },
): Disposable | undefined {
  if (location.store !== "file") return undefined;
  const url = addressOf(pathOf(location));
  const { directory } = location;
  try {
    const notice = leaveNotice(realDisk, directory, { url, pid, version, startedAt, key });
    return notice && { [Symbol.dispose]: () => takeBack(notice, { directory, log }) };
  } catch (error) {
    log.warn(`Commands on ${directory} use the files, as it cannot be told where the service is: ${error}`);
    return undefined;
  }
}

/** Takes the notice back. One that stays does no harm, so the service ends as usual. */
function takeBack(notice: Disposable, { directory, log }: { readonly directory: string; readonly log: Log }): void {
  try {
    notice[Symbol.dispose]();
  } catch (error) {
    log.warn(`${directory}/${SERVICE_FILE} stays, which says where this service was: ${error}`);
  }
}

interface StartedOptions extends PlanParts {
  readonly app: App;
  readonly observer: Observer;
  /** Closes what is started. */
  readonly stack: AsyncDisposableStack;
}

/** Starts what follows the journal, and what answers calls. */
async function startParts(
  invocation: HttpInvocation,
  { app, observer: { onCall, onDelivery }, stack, log, about }: StartedOptions,
) {
  const { maxWaitMs, sessionGraceMs = DEFAULT_SESSION_GRACE_MS } = invocation;
  const { engine, questions, sessions, deliveries } = app;
  const { version } = about;
  const denials = stack.use(new Denials({ engine, log }));
  const sweeper = new Sweeper({ engine, log });
  stack.defer(() => sweeper.close());
  const feed = stack.adopt(new Feed(engine, log), (feed) => feed.close());
  // Follows the journal also while nobody calls, so that a token revoked elsewhere is refused within moments.
  feed.subscribe(() => {});
  const heard = stack.adopt(new Heard(engine), (heard) => heard.close());
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
  stack.defer(() => keeper.close());
  const shared = { engine, executor: keeper, feed, log };
  const waiting = new Waiting({
    ...shared,
    maxWaiters: MAX_SERVICE_WAITERS,
    ...(maxWaitMs !== undefined && { maxWaitMs }),
  });
  stack.defer(() => waiting.close());
  const delivery = { engine, deliveries, version, allowPrivate: invocation.allowPrivateWebhooks === true };
  const operations = operationsOf({ ...shared, questions, waiting, heard, webhooks: deskOf(delivery), onCall });
  const closing = new AbortController();
  const streams = new EventStreams({ engine, feed, log, closing: closing.signal });
  const toolsets = TOOLSETS.filter((toolset) => invocation.toolsets.includes(toolset));
  const mcp = new McpOverHttp({ ...shared, questions, waiting, heard, toolsets, version, onCall });
  stack.defer(() => mcp.close());
  const webhooks = deliverToWebhooks({ ...delivery, engine, feed, log, onDelivery });
  stack.defer(() => webhooks.close());
  return { denials, feed, keeper, waiting, operations, streams, mcp, webhooks, closing };
}

interface RoutesOptions extends PlanParts, Awaited<ReturnType<typeof startParts>> {
  readonly location: Location;
  readonly app: App;
  readonly metrics: Metrics;
  /** By which commands on the same data directory are known. */
  readonly key: string;
}

/** The routes of a plan, at its path. */
function routesOf(invocation: HttpInvocation, options: RoutesOptions): Routes {
  const { host, open: isOpen, allowHost = [] } = invocation;
  const { app: { engine, questions, journalBytes }, metrics, mcp, streams, waiting, operations, log } = options;
  const { version, pid } = options.about;
  const process = String(pid);
  const base = pathOf(options.location).slice(0, -1);
  const onDenied = (denial: Denial) => options.denials.note(denial);
  const withToken = bearerCaller({ engine, process, onDenied, base });
  const others = isOpen ? openCaller({ role: invocation.role ?? "admin", process }) : withToken;
  const callerOf = localCaller({ key: options.key, process, withToken, others });
  const noted: CallerOf = async (request, connection) => {
    const who = await callerOf(request, connection);
    if ("caller" in who) options.keeper.noteCall();
    return who;
  };
  const present = () => ({
    requests: options.requests(),
    sessions: mcp.sessionCount,
    waitingForTasks: waiting.size,
    waitingForEvents: waiting.events.size,
    eventStreams: streams.size,
    journalBytes: journalBytes(),
  });
  const admitted = { hosts: hostsOf(host, allowHost), callerOf: noted, log };
  const session = { engine, process, onDenied, isOpen, version, log, base };
  const rest = restRoutes({ operations, engine, questions, streams, log, version, base });
  const app = createApp({
    ...admitted,
    base,
    checkReady: () => engine.catchUp(),
    publicMounts: [signInMount(session), challengeMount(options.key, base), assetMount(ASSETS)],
    mounts: [
      (app) => app.route(SESSION_PATH, sessionRoutes(session)),
      (app) => app.all("/mcp", (c) => mcp.handle(c.req.raw, { caller: c.get("caller"), instance: c.get("instance") })),
      (app) => app.route(API_PATH, rest),
      metricsRoute({
        contentType: metrics.contentType,
        read: (caller) => metrics.exposition(engine, caller, present),
      }),
    ],
  });
  return { handle: app.fetch, admission: admittingSignIns(admissionOf(admitted), base) };
}

/** Keeps the secret of the first token where only the operator reads it; returns where that is, in words. */
function keepSecret(secret: string, location: Location): string {
  // Without files, it is only shown.
  if (location.store !== "file") return secret;
  const path = `${location.directory}/admin-token`;
  writePrivateFile(path, secret + "\n");
  return `in ${path}`;
}
