/** The composition of a server of one client, on standard input and output. main.ts loads it only to serve. */

import { Denials } from "../app/denials.ts";
import { Feed } from "../app/feed.ts";
import { Heard } from "../app/heard.ts";
import type { Observer } from "../app/observer.ts";
import type { Log, ProcessAbout } from "../app/ports.ts";
import { DEFAULT_SESSION_GRACE_MS, SessionKeeper } from "../app/session_keeper.ts";
import { Sweeper } from "../app/sweeper.ts";
import { Waiting } from "../app/waiting.ts";
import type { Invocation } from "../cli/arguments.ts";
import { rightsOf } from "../cli/rights.ts";
import { serveClient } from "../mcp/server.ts";
import { type Output, StdioTransport } from "../mcp/stdio.ts";
import { TOOLSETS } from "../mcp/tool.ts";
import type { RunningParts } from "./handlers.ts";
import type { App } from "./start_app.ts";

export type StdioInvocation = Invocation & { readonly type: "serve" };

export interface StdioParts extends Omit<App, typeof Symbol.asyncDispose | "journalBytes"> {
  readonly input: ReadableStream<Uint8Array>;
  readonly output: Output;
  readonly log: Log;
  readonly observer: Observer;
  /** What this process tells operators about itself. Its `pid` identifies it in the journal. */
  readonly about: ProcessAbout;
  /** Of the token of the client; undefined if it has none. */
  readonly secret: string | undefined;
  /** The instance of the client's calls that name none; undefined if the client's name makes it. */
  readonly instance: string | undefined;
  /** Aborted when the program shall end. */
  readonly ending: AbortSignal;
  /** Begins to compete to run handlers; undefined if there are none. */
  readonly startHandlers: (parts: Omit<RunningParts, "data">) => AsyncDisposable | undefined;
}

/** Serves one client until it disconnects or `ending`. */
export async function serveStdio(invocation: StdioInvocation, parts: StdioParts): Promise<void> {
  const { toolsets, maxWaitMs, sessionGraceMs = DEFAULT_SESSION_GRACE_MS } = invocation;
  const { engine, questions, sessions, deliveries, log, observer, about, secret, ending } = parts;
  const transport = new StdioTransport(parts.input, parts.output);
  const feed = new Feed(engine, log);
  const heard = new Heard(engine);
  const session = crypto.randomUUID();
  await using _denials = new Denials({ engine, log });
  const via = { transport: "stdio", process: String(about.pid), session } as const;
  const { rights, instance } = await rightsOf(engine, {
    who: { name: "client", via },
    secret,
    role: invocation.role,
    instance: parts.instance,
  });
  const keeper = await SessionKeeper.start({
    engine,
    sessions,
    heard,
    log,
    id: session,
    graceMs: sessionGraceMs,
    about,
  });
  const waiting = new Waiting({ engine, executor: keeper, feed, log, ...(maxWaitMs !== undefined && { maxWaitMs }) });
  const sweeper = new Sweeper({ engine, log });
  const webhooks = await startWebhooks(invocation, { ...parts, feed });
  const handlers = parts.startHandlers({ engine, feed, deliveries, log, via });
  serveClient(transport, {
    engine,
    executor: keeper,
    questions,
    feed,
    waiting,
    heard,
    log,
    toolsets: TOOLSETS.filter((toolset) => toolsets.includes(toolset)),
    version: about.version,
    caller: { name: "client", ...rights, via },
    instance,
    answers: transport.answers,
    closing: transport.closing,
    onCall: observer.onCall,
    onClient: (client) => keeper.noteCall(client),
  });
  // Calls that wait for a task are answered at once, so that they do not delay the end.
  transport.closing.addEventListener("abort", () => waiting.close());
  ending.addEventListener("abort", () => transport.end());
  if (ending.aborted) transport.end();
  await transport.closed;
  await webhooks?.close();
  await handlers?.[Symbol.asyncDispose]();
  await waiting.close();
  await keeper.close();
  heard.close();
  feed.close();
  await sweeper.close();
}

/** Competes for the deliveries to webhooks, if the operator asked for that. */
async function startWebhooks(
  { deliver, allowPrivateWebhooks }: StdioInvocation,
  { engine, feed, deliveries, log, about: { version } }: StdioParts & { readonly feed: Feed },
) {
  if (deliver !== true) return undefined;
  // Imported only here: most servers of one client deliver nothing.
  const { deliverToWebhooks } = await import("./deliver.ts");
  return deliverToWebhooks({ engine, feed, deliveries, log, version, allowPrivate: allowPrivateWebhooks === true });
}
