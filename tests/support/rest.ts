/** The REST routes on an engine in this process, without a socket. */

import { Hono } from "hono";
import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { Heard } from "../../src/app/heard.ts";
import type { Journal } from "../../src/app/ports.ts";
import { Waiting } from "../../src/app/waiting.ts";
import { type Caller, localOperator } from "../../src/core/model/access.ts";
import type { HttpEnv } from "../../src/http/app.ts";
import { EventStreams } from "../../src/http/events/event_streams.ts";
import { API_PATH, restRoutes } from "../../src/http/rest/rest_routes.ts";
import { operationsOf } from "../../src/mcp/operations.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { questionsOf } from "./questions.ts";
import { deskInMemory } from "./webhooks.ts";
import { RecordingLog } from "./log.ts";
import type { Json } from "./server.ts";

export interface RestOptions {
  /** Default: one in memory. */
  readonly journal?: Journal;
  /** Default: the local operator. */
  readonly caller?: Caller;
  /** The instance of calls that name none. */
  readonly instance?: string;
  readonly maxStreams?: number;
  readonly keepAliveMs?: number;
}

export interface RequestOptions {
  readonly body?: Json | string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export type Rest = Awaited<ReturnType<typeof startRest>>;

export async function startRest(options: RestOptions = {}) {
  const { journal = new MemoryJournal(Date.now), instance, ...streaming } = options;
  let { caller = localOperator("test") } = options;
  const log = new RecordingLog();
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  const feed = new Feed(engine, log);
  const heard = new Heard(engine);
  const waiting = new Waiting({ engine, feed, log });
  const ending = new AbortController();
  const questions = questionsOf(engine, journal, log);
  const streams = new EventStreams({ engine, feed, log, closing: ending.signal, ...streaming });
  const operations = operationsOf({
    engine,
    executor: engine,
    questions,
    waiting,
    heard,
    webhooks: deskInMemory(engine),
  });
  const routes = restRoutes({ operations, engine, questions, streams, log, version: "1.0.0" });
  const app = new Hono<HttpEnv>();
  app.use(async (c, next) => {
    c.set("caller", caller);
    c.set("instance", instance);
    await next();
  });
  app.route(API_PATH, routes);

  /** Makes a request; a body that is an object is sent as JSON. */
  async function request(method: string, path: string, { body, headers, signal }: RequestOptions = {}) {
    const isRaw = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    return await app.request(API_PATH + path, {
      method,
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(signal !== undefined && { signal }),
    });
  }

  return {
    app,
    routes,
    operations,
    engine,
    feed,
    log,
    waiting,
    ending,
    request,
    /** The caller of the requests from now on. */
    setCaller(next: Caller): void {
      caller = next;
    },
    /** Makes a request that must succeed; resolves to its answer. */
    async ask(method: string, path: string, body?: Json): Promise<Json> {
      const response = await request(method, path, body === undefined ? {} : { body });
      const answer: Json = await response.json();
      if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await waiting.close();
      heard.close();
      feed.close();
      await engine.close();
      await journal.close();
    },
  };
}
