/** The whole HTTP service with access control, in this process, without a socket; with a plan, and a token for each role. */

import { Denials } from "../../src/app/denials.ts";
import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { Heard } from "../../src/app/heard.ts";
import type { Journal } from "../../src/app/ports.ts";
import { issueToken } from "../../src/app/tokens.ts";
import { Waiting } from "../../src/app/waiting.ts";
import { type Denial, localOperator, type Role, ROLES } from "../../src/core/model/access.ts";
import { createApp } from "../../src/http/app.ts";
import { bearerCaller } from "../../src/http/bearer.ts";
import { EventStreams } from "../../src/http/events/event_streams.ts";
import { hostsOf } from "../../src/http/hosts.ts";
import { metricsRoute } from "../../src/http/metrics_route.ts";
import { API_PATH, restRoutes } from "../../src/http/rest/rest_routes.ts";
import { SESSION_PATH, sessionRoutes, signInMount } from "../../src/http/session_routes.ts";
import { McpOverHttp } from "../../src/mcp/http.ts";
import { operationsOf } from "../../src/mcp/operations.ts";
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { deskInMemory } from "./webhooks.ts";
import { RecordingLog } from "./log.ts";
import { questionsOf } from "./questions.ts";
import type { Json } from "./server.ts";

/** In every text of the plan: nobody without the right to see may read it. */
export const CLASSIFIED = "classified";

const NOTHING_PRESENT = {
  requests: 0,
  sessions: 0,
  waitingForTasks: 0,
  waitingForEvents: 0,
  eventStreams: 0,
  journalBytes: undefined,
};

export interface SecuredRequest {
  readonly authorization?: string | undefined;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: another one for each request, as failed attempts of one are limited. */
  readonly address?: string;
}

export type Secured = Awaited<ReturnType<typeof startSecured>>;

export type EmptyService = Awaited<ReturnType<typeof startEmpty>>;

/** Starts a service with a plan. */
export async function startSecured() {
  const service = await startEmpty(new MemoryJournal(Date.now));
  const secrets = await fill(service.engine);
  return {
    ...service,
    /** The header Authorization of each role. */
    bearers: new Map(secrets.map(([role, secret]) => [role, `Bearer ${secret}`])),
  };
}

/** Starts a service without a plan and without tokens. */
export async function startEmpty(journal: Journal) {
  const log = new RecordingLog();
  const metrics = new Metrics("0.0.0");
  const { onCall, onCommit } = metrics.observer;
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log, onCommit });
  const denials = new Denials({ engine, log });
  const feed = new Feed(engine, log);
  const heard = new Heard(engine);
  const waiting = new Waiting({ engine, feed, log });
  const ending = new AbortController();
  const webhooks = deskInMemory(engine);
  const questions = questionsOf(engine, journal, log);
  const parts = { engine, executor: engine, questions, feed, waiting, heard, webhooks, log, version: "0.0.0", onCall };
  const streams = new EventStreams({ engine, feed, log, closing: ending.signal });
  const rest = restRoutes({ ...parts, operations: operationsOf(parts), streams });
  const mcp = new McpOverHttp({ ...parts, toolsets: TOOLSETS });
  const onDenied = (denial: Denial) => denials.note(denial);
  const session = { engine, process: "1", onDenied, isOpen: false, version: "0.0.0", log };
  const app = createApp({
    hosts: hostsOf("127.0.0.1", []),
    callerOf: bearerCaller({ engine, process: "1", onDenied }),
    checkReady: () => engine.catchUp(),
    publicMounts: [signInMount(session)],
    mounts: [
      (app) => app.route(SESSION_PATH, sessionRoutes(session)),
      (app) => app.all("/mcp", (c) => mcp.handle(c.req.raw, { caller: c.get("caller"), instance: c.get("instance") })),
      (app) => app.route(API_PATH, rest),
      metricsRoute({
        contentType: metrics.contentType,
        read: (caller) => metrics.exposition(engine, caller, () => NOTHING_PRESENT),
      }),
    ],
    log,
  });
  let addresses = 0;

  return {
    engine,
    log,
    /** Makes a request. */
    async request(method: string, path: string, { authorization, body, headers, address }: SecuredRequest = {}) {
      const init = {
        method,
        headers: {
          host: "localhost",
          ...(authorization !== undefined && { authorization }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      };
      return await app.fetch(new Request(`http://localhost${path}`, init), {
        address: address ?? `10.0.0.${addresses++}`,
      });
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await waiting.close();
      await mcp.close();
      await denials[Symbol.asyncDispose]();
      heard.close();
      feed.close();
      await engine.close();
    },
  };
}

/** Makes the plan; resolves to the secret of each role. */
async function fill(engine: Engine): Promise<readonly (readonly [Role, string])[]> {
  const operator = localOperator("test");
  const claim = { instance: "x", id: "a" } as const;
  await engine.execute({ type: "create_group", id: "g", settings: { title: CLASSIFIED } }, operator);
  const tasks = [{ id: "a", description: CLASSIFIED, dependencies: [], group: "g" }];
  await engine.execute({ type: "create_tasks", tasks }, operator);
  await engine.execute({ type: "claim_task", ...claim }, operator);
  await engine.execute({ type: "add_note", id: "a", text: CLASSIFIED }, operator);
  const issue = async (name: string, role: Role) => {
    return await issueToken((command) => engine.execute(command, operator), { name, role });
  };
  await issue("spare", "observer");
  const issued = await Promise.all(ROLES.map(async (role) => [role, (await issue(role, role)).secret] as const));
  return issued;
}
