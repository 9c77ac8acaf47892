/** An MCP server in this process, on a journal in memory, with an SDK client: for tests of many calls, and of faults. */

import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { Heard } from "../../src/app/heard.ts";
import { Waiting } from "../../src/app/waiting.ts";
import { serveClient } from "../../src/mcp/server.ts";
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { Turns } from "../../src/mcp/turns.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { RecordingLog } from "./log.ts";
import { type CallToolResult, Client, InMemoryTransport } from "./sdk_client.ts";

export interface ConnectedOptions {
  /** Default: an empty one. */
  readonly journal?: MemoryJournal;
  /** Milliseconds since the Unix epoch. Default: the real time. */
  readonly now?: () => number;
}

export interface Connected extends AsyncDisposable {
  readonly client: Client;
  readonly engine: Engine;
  readonly log: RecordingLog;
  readonly call: (tool: string, args?: Readonly<Record<string, unknown>>) => Promise<CallToolResult>;
}

/** Connects a client to a server. Servers with the same journal see each other's tasks, as processes do. */
export async function connect({ now = Date.now, ...options }: ConnectedOptions = {}): Promise<Connected> {
  const { journal = new MemoryJournal(now) } = options;
  const log = new RecordingLog();
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log, now });
  const feed = new Feed(engine, log);
  const waiting = new Waiting({ engine, feed, now, log });
  const heard = new Heard({ engine, now });
  const turns = new Turns(() => true);
  const parts = { engine, feed, waiting, heard, now, log, turns, ending: new AbortController().signal };
  const client = new Client({ name: "test", version: "1.0.0" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  serveClient(far, { ...parts, toolsets: TOOLSETS, version: "0.0.0", process: "1" });
  await client.connect(near);
  return {
    client,
    engine,
    log,
    // Without a task in the request the result is never a task's.
    call: async (name, args = {}) => await client.callTool({ name, arguments: args }) as CallToolResult,
    async [Symbol.asyncDispose]() {
      await waiting.close();
      await client.close();
      heard.close();
      feed.close();
      await engine.close();
    },
  };
}
