/**
 * Spans of calls and of commits, by the OpenTelemetry API; the runtime exports them. Names and attributes of calls follow
 * the semantic conventions for MCP and for generative AI (opentelemetry.io/docs/specs/semconv/gen-ai/mcp), where these have
 * any. A commit is a child of the call that it began with, and linked to the others that share it.
 */

import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { subjectsOf } from "../app/observed_call.ts";
import type { CallEnd, Commit, ObservedCall, Observer } from "../app/observer.ts";

/** Most calls to which a commit is linked, and most ids of each kind that it names. */
const MAX_LINKS = 100;
const MAX_IDS = 20;

/** An observer that makes spans. @param version that of the program */
export function traceCalls(version: string): Required<Pick<Observer, "onCall" | "onCommit">> {
  const tracer = trace.getTracer("mcp-orchestrator", version);
  const spans = new WeakMap<ObservedCall["caller"], Span>();
  return {
    onCall(call) {
      const { traceparent, caller } = call;
      const parent = traceparent === undefined ? context.active() : propagation.extract(ROOT_CONTEXT, { traceparent });
      const kind = call.method === undefined ? SpanKind.INTERNAL : SpanKind.SERVER;
      const span = tracer.startSpan(spanName(call), { kind, attributes: attributesOf(call) }, parent);
      spans.set(caller, span);
      return (end) => finish(span, call, end);
    },
    onCommit(commit) {
      const { written, failure } = commit;
      if (written.length === 0 && failure === undefined) return;
      const calls = new Set(written.flatMap(({ caller }) => spans.get(caller) ?? []));
      const [first, ...others] = calls;
      const span = tracer.startSpan("commit", {
        startTime: performance.timeOrigin + performance.now() - commit.durationMs,
        links: others.slice(0, MAX_LINKS).map((other) => ({ context: other.spanContext() })),
        attributes: commitAttributes(commit),
      }, first === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, first));
      if (failure !== undefined) fail(span, failure);
      span.end();
      for (const { caller, record } of written) nameSubjects(spans.get(caller), record);
    },
  };
}

function spanName({ method, tool }: ObservedCall): string {
  const name = method ?? "execute_tool";
  return tool === undefined ? name : `${name} ${tool}`;
}

function attributesOf({ id, method, tool, caller, task, instance, rpcId }: ObservedCall): Attributes {
  const { transport } = caller.via ?? {};
  return {
    "orchestrator.request.id": id,
    ...(method !== undefined && { "mcp.method.name": method }),
    ...(tool !== undefined && { "gen_ai.tool.name": tool, "gen_ai.operation.name": "execute_tool" }),
    ...(rpcId !== undefined && { "jsonrpc.request.id": rpcId }),
    ...(transport === "stdio" && { "network.transport": "pipe" }),
    ...(transport === "http" && { "network.transport": "tcp" }),
    "orchestrator.client.name": caller.name,
    ...(task !== undefined && { "orchestrator.task.id": task }),
    ...(instance !== undefined && { "orchestrator.instance.id": instance }),
  };
}

/** Ends the span of a call. A refusal of a tool is a result, but counts as an error, as the conventions have it. */
function finish(span: Span, { tool }: ObservedCall, { outcome, code }: CallEnd): void {
  if (code !== undefined) span.setAttribute("orchestrator.error.code", code);
  if (outcome !== "ok") {
    fail(span, outcome !== "failed" && tool !== undefined ? "tool_error" : code ?? "internal_error");
  }
  span.end();
}

function fail(span: Span, type: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function commitAttributes({ written, cost }: Commit): Attributes {
  const tasks = new Set<string>();
  const instances = new Set<string>();
  for (const { record } of written) {
    const subjects = subjectsOf(record);
    for (const id of subjects.tasks) if (tasks.size < MAX_IDS) tasks.add(id);
    for (const id of subjects.instances) if (instances.size < MAX_IDS) instances.add(id);
  }
  const seq = written[0]?.record.seq;
  return {
    "orchestrator.commit.records": written.length,
    ...(seq !== undefined && { "orchestrator.commit.first_seq": seq }),
    "orchestrator.commit.size_bytes": cost.sizeBytes,
    "orchestrator.commit.lock_wait_ms": cost.lockWaitMs,
    "orchestrator.commit.locked_ms": cost.lockedMs,
    "orchestrator.commit.sync_ms": cost.syncMs,
    "orchestrator.task.ids": [...tasks],
    "orchestrator.instance.ids": [...instances],
  };
}

/** Names on the span of a call what it changed: a claim does not name its task, and perhaps no instance. */
function nameSubjects(span: Span | undefined, record: Commit["written"][number]["record"]): void {
  if (span === undefined) return;
  const { tasks, instances } = subjectsOf(record);
  const [task] = tasks;
  const [instance] = instances;
  if (task !== undefined) span.setAttribute("orchestrator.task.id", task);
  if (instance !== undefined) span.setAttribute("orchestrator.instance.id", instance);
}
