/**
 * An MCP server for one client: binds tools, resources and prompts to the SDK. The same whatever the transport.
 */

import type { Engine } from "../app/engine.ts";
import type { Feed } from "../app/feed.ts";
import type { Heard } from "../app/heard.ts";
import { type Log, Unavailable } from "../app/ports.ts";
import type { Waiting } from "../app/waiting.ts";
import { Refusal } from "../core/model/refusal.ts";
import { completeIds } from "../core/views/tasks.ts";
import { getPrompt, PROMPTS } from "./prompts.ts";
import { ProtocolError, RESOURCE_NOT_FOUND } from "./protocol_error.ts";
import { isFields, withoutNulls } from "./read_arguments.ts";
import { GROUP_TEMPLATE, isResource, readResource, RESOURCE_TEMPLATES, RESOURCES, TASK_TEMPLATE } from "./resources.ts";
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  Server,
  type ServerResult,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "./sdk.ts";
import { MAX_SUBSCRIPTIONS, Subscriptions } from "./subscriptions.ts";
import type { CallContext, Progress, ToolContext, Toolset } from "./tool.ts";
import { toolsOf } from "./tools/mod.ts";
import type { Turns } from "./turns.ts";
import { z } from "zod";

/** Most completions of an id that are offered. */
const MAX_COMPLETIONS = 100;

/** Longest part of a client's name in the journal, in characters. */
const MAX_CLIENT_CHARACTERS = 60;

const INSTRUCTIONS =
  `Tasks shared by several agents. To plan: create_tasks with dependencies. To work: get_next_task ` +
  `with your own instance_id gives a task to you alone (wait_ms waits for one); do it, then complete_task with a ` +
  `result for those who depend on it, or fail_task, or release_task to hand it back. get_task_status with summary: ` +
  `true shows where things stand, explain_task why a task does not move.`;

export interface McpServerOptions {
  readonly engine: Engine;
  readonly feed: Feed;
  readonly waiting: Waiting;
  readonly heard: Heard;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
  readonly toolsets: readonly Toolset[];
  readonly version: string;
  /** Tells this process from others in the journal. */
  readonly process: string;
  /** When answers are written down. */
  readonly turns: Turns;
}

/** Makes a server that is ready to be connected to a transport. */
export function createMcpServer(options: McpServerOptions): Server {
  const { engine, feed, waiting, heard, now, log, toolsets, version, process, turns } = options;
  const server = new Server({ name: "mcp-orchestrator", title: "MCP Orchestrator", version }, {
    capabilities: { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} },
    instructions: INSTRUCTIONS,
  });
  const onError = (error: unknown) => log.warn(`Cannot tell the client of a change: ${error}`);
  const subscriptions = new Subscriptions({
    engine,
    feed,
    notify: (uri) => void server.sendResourceUpdated({ uri }).catch(onError),
    onError,
  });
  server.onclose = () => subscriptions.close();
  server.onerror = (error) => log.warn(`MCP: ${error.message}`);

  const tools = new Map(toolsOf(toolsets).map((tool) => [tool.name, tool]));
  const client = () => {
    const name = (server.getClientVersion()?.name ?? "client").replaceAll(/[^\w.@ -]/g, "?");
    return `${name.slice(0, MAX_CLIENT_CHARACTERS)}#${process}`;
  };
  const context: ToolContext = { engine, waiting, heard, now, actor: client, turns };

  const methods = new Map<string, Method>();
  server.fallbackRequestHandler = async (request, { signal, sendNotification }) => {
    const method = methods.get(request.method);
    if (method === undefined) throw new ProtocolError(ErrorCode.MethodNotFound, `Method not found: ${request.method}`);
    const progressToken = request.params?._meta?.progressToken;
    const report = (progress: Progress) => {
      if (progressToken === undefined) return;
      sendNotification({ method: "notifications/progress", params: { progressToken, ...progress } }).catch(onError);
    };
    try {
      return await method(request, { ...context, signal, report: progressToken === undefined ? undefined : report });
    } catch (error) {
      throw protocolError(error, log);
    }
  };

  on(methods, ListToolsRequestSchema, () => ({ tools: Array.from(tools.values(), (tool) => tool.list()) }));
  on(methods, AnyCallToolRequestSchema, async ({ params }, call) => {
    const tool = tools.get(params.name);
    if (tool === undefined) {
      throw new ProtocolError(
        ErrorCode.InvalidParams,
        `Unknown tool ${params.name}: there are ${[...tools.keys()].join(", ")}`,
      );
    }
    try {
      return await tool.call(params.arguments, call);
    } catch (error) {
      return failure(error);
    }
  });

  on(methods, ListResourcesRequestSchema, () => ({ resources: [...RESOURCES] }));
  on(methods, ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: RESOURCE_TEMPLATES }));
  on(methods, ReadResourceRequestSchema, async ({ params: { uri } }) => {
    try {
      const content = await readResource(engine, uri);
      if (content !== undefined) {
        const text = await turns.write(content.text, (text) => text.length);
        return { contents: [{ uri, mimeType: content.mimeType, text }] };
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw unknownResource(uri, error.message);
    }
    throw unknownResource(uri, "resources/list and resources/templates/list show what there is");
  });
  on(methods, SubscribeRequestSchema, async ({ params: { uri } }) => {
    if (!isResource(uri)) throw unknownResource(uri, "resources/list and resources/templates/list show what there is");
    if (subscriptions.size >= MAX_SUBSCRIPTIONS && !subscriptions.has(uri)) {
      throw new ProtocolError(
        ErrorCode.InvalidParams,
        `At most ${MAX_SUBSCRIPTIONS} subscriptions are allowed: end others first`,
      );
    }
    await subscriptions.add(uri);
    return {};
  });
  on(methods, UnsubscribeRequestSchema, ({ params: { uri } }) => {
    subscriptions.remove(uri);
    return {};
  });

  on(methods, ListPromptsRequestSchema, () => ({ prompts: [...PROMPTS] }));
  on(methods, GetPromptRequestSchema, ({ params }) => getPrompt(params.name, params.arguments ?? {}));
  on(methods, CompleteRequestSchema, async ({ params: { ref, argument } }) => {
    const uri = ref.type === "ref/resource" && argument.name === "id" ? ref.uri : "";
    const ids = uri !== TASK_TEMPLATE && uri !== GROUP_TEMPLATE ? [] : await engine.read((state) => {
      const known = uri === TASK_TEMPLATE ? state.tasks : state.groups;
      return completeIds(known.keys(), argument.value, MAX_COMPLETIONS + 1);
    });
    return { completion: { values: ids.slice(0, MAX_COMPLETIONS), hasMore: ids.length > MAX_COMPLETIONS } };
  });
  return server;
}

/** A tool call whose arguments are for the tool to check: it answers bad ones with a result, which models see. */
const AnyCallToolRequestSchema = CallToolRequestSchema.extend({
  params: CallToolRequestSchema.shape.params.extend({ arguments: z.unknown().optional() }),
});

/** Answers the requests of one method. */
type Method = (request: Request, call: CallContext) => Promise<ServerResult>;

interface Request {
  readonly method: string;
  readonly params?: unknown;
}

/**
 * Adds the handler of a method. Methods are served through `fallbackRequestHandler`: `setRequestHandler` reports bad
 * parameters as an error of the server, and validates each tool call and result three times.
 */
function on<Schema extends z.ZodObject<{ method: z.ZodLiteral<string> }>>(
  methods: Map<string, Method>,
  schema: Schema,
  handle: (request: z.infer<Schema>, call: CallContext) => ServerResult | Promise<ServerResult>,
): void {
  methods.set(schema.shape.method.value, async (request, call) => {
    const parsed = schema.safeParse({ ...request, params: presentParams(request) });
    if (parsed.success) return await handle(parsed.data, call);
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new ProtocolError(ErrorCode.InvalidParams, `Invalid ${request.method} request: ${issues.join("; ")}`);
  });
}

/** The parameters that are not null, which means absent; so do the arguments of a prompt. Those of a tool are its own. */
function presentParams({ method, params }: Request): unknown {
  if (!isFields(params)) return params;
  const present = withoutNulls(params);
  const args = present["arguments"];
  return method === "prompts/get" && isFields(args) ? { ...present, arguments: withoutNulls(args) } : present;
}

/** The result of a call that was refused or could not be carried out. Throws whatever else went wrong. */
function failure(error: unknown): CallToolResult {
  if (!(error instanceof Refusal || error instanceof Unavailable)) throw error;
  const { code, message } = error;
  return {
    isError: true,
    content: [{ type: "text", text: message }],
    structuredContent: { error: { code, message, ...(error instanceof Refusal && { data: error.data }) } },
  };
}

/**
 * The protocol error for what any method throws. An unexpected error is a bug of this program: it is logged, and the
 * client gets none of its inner details.
 */
function protocolError(error: unknown, log: Log): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof Refusal) return new ProtocolError(ErrorCode.InvalidParams, error.message);
  if (error instanceof Unavailable) return new ProtocolError(ErrorCode.InternalError, error.message);
  log.error(`Unexpected: ${error instanceof Error ? error.stack : error}`);
  return new ProtocolError(ErrorCode.InternalError, "Internal error: the server's log has the details");
}

/** MCP's error for a resource that does not exist. */
function unknownResource(uri: string, why: string): ProtocolError {
  return new ProtocolError(RESOURCE_NOT_FOUND, `Resource ${uri} not found: ${why}`);
}
