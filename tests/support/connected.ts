/** An MCP server in this process with an SDK client, on a journal in memory: for tests with many calls or with faults. */

import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { Heard } from "../../src/app/heard.ts";
import { Waiting } from "../../src/app/waiting.ts";
import type { Caller, Rights } from "../../src/core/model/access.ts";
import { serveClient } from "../../src/mcp/server.ts";
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { AnswerQueue } from "../../src/mcp/answer_queue.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { RecordingLog } from "./log.ts";
import { questionsOf } from "./questions.ts";
import { type CallToolResult, Client, InMemoryTransport } from "./sdk_client.ts";

export interface ConnectedOptions {
  /** Default: an empty one. */
  readonly journal?: MemoryJournal;
  /** Milliseconds since the Unix epoch. Default: the real time. */
  readonly now?: () => number;
  /** What the client may do. Default: everything. */
  readonly rights?: Rights;
  /** The instance of calls that name none. Default: the client's name and random words. */
  readonly instance?: string;
  /** Longest wait of a call, in milliseconds. Default: as a server has it. */
  readonly maxWaitMs?: number;
}

/** A server in this process, and the client's end of the connection. */
export interface Served extends AsyncDisposable {
  readonly transport: InMemoryTransport;
  readonly engine: Engine;
  readonly log: RecordingLog;
}

export interface Connected extends Omit<Served, "transport"> {
  readonly client: Client;
  readonly call: (tool: string, args?: Readonly<Record<string, unknown>>) => Promise<CallToolResult>;
}

/** Connects a client to a server. Servers with the same journal see each other's tasks, as processes do. */
export async function connect(options: ConnectedOptions = {}): Promise<Connected> {
  const { transport, ...served } = await serve(options);
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(transport);
  return {
    ...served,
    client,
    // Without a task in the request the result is never a task's.
    call: async (name, args = {}) => await client.callTool({ name, arguments: args }) as CallToolResult,
  };
}

/** Starts a server for a client that sends its messages itself. */
export async function serve(
  { now = Date.now, rights = { role: "admin" }, ...options }: ConnectedOptions = {},
): Promise<Served> {
  const { journal = new MemoryJournal(now), instance, maxWaitMs } = options;
  const log = new RecordingLog();
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  const feed = new Feed(engine, log);
  const waiting = new Waiting({ engine, feed, log, ...(maxWaitMs !== undefined && { maxWaitMs }) });
  const heard = new Heard(engine);
  const answers = new AnswerQueue(() => true);
  const questions = questionsOf(engine, journal, log);
  const parts = {
    engine,
    executor: engine,
    questions,
    feed,
    waiting,
    heard,
    log,
    answers,
    closing: new AbortController().signal,
  };
  const [near, far] = InMemoryTransport.createLinkedPair();
  const caller: Caller = { name: "client", ...rights, via: { transport: "stdio", process: "1", session: "s1" } };
  serveClient(far, { ...parts, toolsets: TOOLSETS, version: "0.0.0", caller, instance });
  return {
    transport: near,
    engine,
    log,
    async [Symbol.asyncDispose]() {
      await waiting.close();
      await near.close();
      heard.close();
      feed.close();
      await engine.close();
    },
  };
}
