/**
 * The tools as plain operations, for surfaces that are not MCP: the same arguments, rules and answers, so that no two
 * surfaces can disagree.
 */

import type { z } from "zod";
import type { Engine } from "../app/engine.ts";
import type { Heard } from "../app/heard.ts";
import type { SessionKeeper } from "../app/session_keeper.ts";
import type { Waiting } from "../app/waiting.ts";
import type { Caller } from "../core/model/access.ts";
import type { Json } from "./present.ts";
import { unlessRepeated } from "./request_id.ts";
import { type CallContext, objectOf, type Tool, TOOLSETS } from "./tool.ts";
import { ADMIN_OPERATIONS } from "./tools/admin_operations.ts";
import { toolsOf } from "./tools/mod.ts";

export interface OperationsOptions {
  readonly engine: Engine;
  /** Executes commands: the engine, or what keeps a session beside it. */
  readonly executor: Pick<SessionKeeper, "execute">;
  readonly waiting: Waiting;
  readonly heard: Heard;
}

/** Who calls an operation, and how. */
export interface OperationCall {
  readonly caller: Caller;
  /** The instance of calls that name none. Default: none, and a call that needs one is refused. */
  readonly instance?: string | undefined;
  /** The caller's request id: the call is carried out once. */
  readonly request?: string | undefined;
  /** Aborted when the caller has gone: a call that waits ends. */
  readonly signal: AbortSignal;
}

/** The answer of an operation. */
export interface OperationAnswer {
  readonly json: Json;
  /** The version of the task that the answer is about. */
  readonly version?: number | undefined;
}

/** One tool, without MCP. */
export interface Operation {
  readonly name: string;
  readonly description: string;
  readonly input: z.ZodObject;
  /**
   * @throws Refusal if the arguments are invalid or the rules forbid the call
   * @throws Unavailable if it could not be executed
   */
  readonly run: (args: unknown, call: OperationCall) => Promise<OperationAnswer>;
}

/** Every tool as an operation, and the operations for admins. */
export function operationsOf(options: OperationsOptions): readonly Operation[] {
  return [...toolsOf(TOOLSETS), ...ADMIN_OPERATIONS].map((tool) => ({
    name: tool.name,
    description: tool.description,
    input: tool.input,
    async run(args, call) {
      const answer = await tool.answer(args, contextOf(tool, args, { ...options, ...call }));
      return { json: objectOf(answer), version: answer.version };
    },
  }));
}

function contextOf(tool: Tool, args: unknown, options: OperationsOptions & OperationCall): CallContext {
  const { engine, executor, waiting, heard, caller, instance, request, signal } = options;
  // Some tools repeat their command until all is done: the id is that of the first.
  let isFirst = true;
  const requestOf = () => {
    const id = isFirst ? request : undefined;
    isFirst = false;
    return { request: id, sent: { name: tool.name, arguments: args } };
  };
  return {
    engine,
    waiting,
    heard,
    caller,
    signal,
    execute: async (command) => unlessRepeated(await executor.execute(command, caller, requestOf())),
    query: (query) => engine.query(query, caller),
    now: () => engine.now(),
    instance,
    request: requestOf,
    report: undefined,
  };
}
