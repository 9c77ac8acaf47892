/**
 * The tools as plain operations, for surfaces that are not MCP: the same arguments, rules and answers, so that no two
 * surfaces can disagree.
 */

import type * as z from "zod";
import { callIdFrom } from "../app/call_id.ts";
import type { Engine } from "../app/engine.ts";
import type { Heard } from "../app/heard.ts";
import { namedIn, observed } from "../app/observed_call.ts";
import type { Observer } from "../app/observer.ts";
import type { Operation, OperationCall } from "../app/operation.ts";
import type { PastPlan, Questions } from "../app/questions.ts";
import type { SessionKeeper } from "../app/session_keeper.ts";
import type { Waiting } from "../app/waiting.ts";
import type { WebhookDesk } from "../app/webhook_desk.ts";
import { Refusal } from "../core/model/refusal.ts";
import { meantBy } from "../core/model/resembling.ts";
import { printable } from "../core/model/values.ts";
import { unlessRepeated } from "./request_id.ts";
import { type CallContext, objectOf, type Tool, TOOLSETS } from "./tool.ts";
import { ADMIN_OPERATIONS } from "./tools/admin_operations.ts";
import { toolsOf } from "./tools/mod.ts";
import { PLAN_OPERATIONS } from "./tools/plan_operations.ts";
import { PROJECT_OPERATIONS } from "./tools/project_operations.ts";
import { webhookOperations } from "./tools/webhook_operations.ts";

export interface OperationsOptions {
  readonly engine: Engine;
  /** Executes commands: the engine, or what keeps a session beside it. */
  readonly executor: Pick<SessionKeeper, "execute">;
  readonly questions: Pick<Questions, "analystOf">;
  readonly waiting: Waiting;
  readonly heard: Heard;
  /** Absent: no operations for webhooks. */
  readonly webhooks?: WebhookDesk;
  /** Told of each call. Default: nobody. */
  readonly onCall?: Observer["onCall"];
}

/** Every tool, and the operations for admins. */
const OPERATIONS: readonly Tool[] = [
  ...toolsOf(TOOLSETS),
  ...ADMIN_OPERATIONS,
  ...PROJECT_OPERATIONS,
  ...PLAN_OPERATIONS,
];

/** For operations that are only described. */
const NO_DESK: WebhookDesk = {
  makeSecret: refuseToRun,
  standingOf: refuseToRun,
  optionsFor: refuseToRun,
  test: refuseToRun,
};

function refuseToRun(): never {
  throw new Error("An operation that is only described was run");
}

/**
 * Whether an operation changes nothing, and whether it has a parameter `instance_id`.
 *
 * @throws Refusal `not_found` if there is no operation of that name
 */
export function describeOperation(name: string): { readonly isReading: boolean; readonly takesInstance: boolean } {
  const all = [...OPERATIONS, ...webhookOperations(NO_DESK)];
  const found = all.find((tool) => tool.name === name);
  if (found !== undefined) {
    return { isReading: found.isReading, takesInstance: Object.hasOwn(found.input.shape, "instance_id") };
  }
  const names = all.map((tool) => tool.name);
  const meant = meantBy(name, names);
  throw new Refusal(
    "not_found",
    `There is no tool ${printable(name)}: ${meant === undefined ? "" : `use ${meant}. `}There are ${names.join(", ")}`,
    { name },
  );
}

/** Every tool as an operation, and the operations for admins. */
export function operationsOf(options: OperationsOptions): readonly Operation<z.ZodObject>[] {
  const webhooks = options.webhooks === undefined ? [] : webhookOperations(options.webhooks);
  return [...OPERATIONS, ...webhooks].map((tool) => ({
    name: tool.name,
    description: tool.description,
    input: tool.input,
    async run(args, call) {
      // An object of this call alone, as an observer expects.
      const caller = { ...call.caller };
      const { traceparent } = call;
      const told = {
        id: callIdFrom(call.callId),
        tool: tool.name,
        caller,
        traceparent,
        ...namedIn(args, call.instance),
      };
      const context = contextOf(tool, args, { ...options, ...call, caller });
      const answer = await observed(options.onCall, told, () => tool.answer(args, context));
      return { json: objectOf(answer), version: answer.version };
    },
  }));
}

function contextOf(tool: Tool, args: unknown, options: OperationsOptions & OperationCall): CallContext {
  const { engine, executor, questions, waiting, heard, caller, instance, request, leaseMs, signal, past } = options;
  // Some tools repeat their command until all is done: the id is that of the first.
  let isFirst = true;
  const requestOf = () => {
    const id = isFirst ? request : undefined;
    isFirst = false;
    return { request: id, sent: { name: tool.name, arguments: args }, leaseMs };
  };
  return {
    engine,
    waiting,
    waiters: () => waiting.instances(),
    heard,
    caller,
    signal,
    execute: async (command) => unlessRepeated(await executor.execute(command, caller, requestOf())),
    query: (query) => engine.query(query, caller),
    analyst: questions.analystOf(caller),
    now: () => engine.now(),
    instance,
    request: requestOf,
    report: undefined,
    ...(past !== undefined && pastContext(past, options)),
  };
}

/** What a call knows at an earlier moment. What a caller may see of events is told by the present state. */
function pastContext(
  { query, analyst, seq, at }: PastPlan,
  { engine, caller }: Pick<OperationsOptions & OperationCall, "engine" | "caller">,
): Pick<CallContext, "engine" | "query" | "analyst" | "waiters" | "heard" | "now"> {
  return {
    engine: {
      catchUp: () => Promise.resolve(seq),
      source: () => engine.source(),
      search: (search) => engine.search(search),
    },
    query: (asked) => asked.type === "select_notifications" ? engine.query(asked, caller) : query(asked),
    analyst,
    waiters: () => new Set(),
    heard: { at: () => undefined, note: () => {} },
    now: () => at,
  };
}
