/**
 * The whole HTTP service with access control in this process, on files of a disk in memory, by a clock that the test
 * advances: all but the socket, whose requests come as they are.
 */

import { Checkpointer } from "../../../src/app/checkpointer.ts";
import { Denials } from "../../../src/app/denials.ts";
import { Engine } from "../../../src/app/engine.ts";
import { Feed } from "../../../src/app/feed.ts";
import { Heard } from "../../../src/app/heard.ts";
import { Questions } from "../../../src/app/questions.ts";
import { SessionKeeper } from "../../../src/app/session_keeper.ts";
import { Sweeper } from "../../../src/app/sweeper.ts";
import { issueToken } from "../../../src/app/tokens.ts";
import { MAX_SERVICE_WAITERS, Waiting } from "../../../src/app/waiting.ts";
import { localOperator, type Role } from "../../../src/core/model/access.ts";
import { deskOf } from "../../../src/composition/deliver.ts";
import { startAnswering } from "../../../src/composition/answering.ts";
import { createApp } from "../../../src/http/app.ts";
import { bearerCaller } from "../../../src/http/bearer.ts";
import { EventStreams } from "../../../src/http/events/event_streams.ts";
import { hostsOf } from "../../../src/http/hosts.ts";
import { API_PATH, restRoutes } from "../../../src/http/rest/rest_routes.ts";
import { McpOverHttp } from "../../../src/mcp/http.ts";
import { operationsOf } from "../../../src/mcp/operations.ts";
import { TOOLSETS } from "../../../src/mcp/tool.ts";
import { CheckpointFiles } from "../../../src/store/file/checkpoint_files.ts";
import { DeliveryFiles } from "../../../src/store/file/delivery_files.ts";
import { FileJournal } from "../../../src/store/file/file_journal.ts";
import { SessionFiles } from "../../../src/store/file/session_files.ts";
import { RecordingLog } from "../../support/log.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import type { Json } from "../../support/server.ts";

/** When the service starts, in milliseconds since the Unix epoch. */
const START_MS = 1_700_000_000_000;

/** Small files of the journal, and a chunk that is smaller still: the traffic of an hour fills several. */
const SIZES = { segmentBytes: 64 * 1024, chunkBytes: 16 * 1024 };

export interface ServiceRequest {
  /** The secret of a token. Default: that of the admin. */
  readonly secret?: string;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The address of the client. */
  readonly address?: string;
}

export type SimulatedService = Awaited<ReturnType<typeof startSimulatedService>>;

export async function startSimulatedService() {
  const log = new RecordingLog();
  const now = () => START_MS + performance.now();
  const disk = new MemoryDisk();
  disk.makeDirectory("/data");
  const files = { directory: "/data", disk, now, log, ...SIZES };
  const journal = new FileJournal(files);
  const checkpoints = new CheckpointFiles(files);
  const engine = await Engine.start({ journal, checkpoints, log, leaseMs: 2 * 60 * 60_000 });
  const checkpointer = new Checkpointer({ engine, checkpoints, log });
  const denials = new Denials({ engine, log });
  const feed = new Feed(engine, log);
  feed.subscribe(() => {});
  const heard = new Heard(engine);
  const sessions = new SessionFiles(files);
  const idle = { lastCalls: () => [] };
  const keeper = await SessionKeeper.start({ engine, sessions, heard: idle, log, id: "service", graceMs: 300_000 });
  const waiting = new Waiting({ engine, executor: keeper, feed, log, maxWaiters: MAX_SERVICE_WAITERS });
  const sweeper = new Sweeper({ engine, log });
  const ending = new AbortController();
  const questions = new Questions({
    engine,
    answering: startAnswering({ journal, checkpoints, location: { store: "memory" }, log }),
  });
  const parts = { engine, executor: keeper, questions, feed, waiting, heard, log, version: "0.0.0" };
  const deliveries = new DeliveryFiles({ directory: "/data", disk });
  const webhooks = deskOf({ engine, deliveries, version: "0.0.0", allowPrivate: false });
  const streams = new EventStreams({ engine, feed, log, closing: ending.signal });
  const rest = restRoutes({ ...parts, operations: operationsOf({ ...parts, webhooks }), streams });
  const mcp = new McpOverHttp({ ...parts, toolsets: TOOLSETS });
  const app = createApp({
    hosts: hostsOf("127.0.0.1", []),
    callerOf: bearerCaller({ engine, process: "1", onDenied: (denial) => denials.note(denial) }),
    checkReady: () => engine.catchUp(),
    mounts: [
      (app) => app.all("/mcp", (c) => mcp.handle(c.req.raw, { caller: c.get("caller"), instance: c.get("instance") })),
      (app) => app.route(API_PATH, rest),
    ],
    log,
  });
  const issue = async (name: string, role: Role) =>
    (await issueToken((command) => engine.execute(command, localOperator("test")), { name, role })).secret;
  const admin = await issue("admin", "admin");

  async function request(method: string, path: string, options: ServiceRequest = {}): Promise<Response> {
    const { secret = admin, body, headers, signal, address = "127.0.0.1" } = options;
    const init = {
      method,
      headers: {
        host: "localhost",
        authorization: `Bearer ${secret}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    };
    return await app.fetch(new Request(`http://localhost${path}`, init), { address });
  }

  return {
    engine,
    waiting,
    log,
    /** All that the process keeps between requests, but the count of failed attempts, which nothing refers to by a name. */
    kept: { engine, checkpointer, denials, feed, heard, keeper, waiting, sweeper, streams, mcp, journal, checkpoints },
    issue,
    request,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await waiting.close();
      await mcp.close();
      await keeper.close();
      heard.close();
      feed.close();
      await sweeper.close();
      await denials[Symbol.asyncDispose]();
      await engine.close();
      await checkpointer.close();
      checkpoints.close();
      await journal.close();
    },
  };
}
