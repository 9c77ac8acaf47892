/**
 * A command or query as one surface offers it to another: REST is made of the tools, so the two cannot disagree. The
 * surfaces do not import each other; the composition root hands the operations over.
 */

import type { Caller } from "../core/model/access.ts";
import type { PastPlan } from "./questions.ts";

/** Who calls an operation, and how. */
export interface OperationCall {
  readonly caller: Caller;
  /** The instance of calls that name none. Default: none, and a call that needs one is refused. */
  readonly instance?: string | undefined;
  /** How long a task without `timeout_ms` that it claims is kept, in milliseconds. Default: as for everybody. */
  readonly leaseMs?: number | undefined;
  /** The caller's request id: the call is carried out once. */
  readonly request?: string | undefined;
  /** Names the call in the log and to observers. Default: a new one. */
  readonly callId?: string | undefined;
  /** The span of the client from which the call comes, as W3C Trace Context has it. Default: none. */
  readonly traceparent?: string | undefined;
  /** The plan as it was, for a call that only reads. Default: as it is. */
  readonly past?: PastPlan | undefined;
  /** Aborted when the caller has gone: a call that waits ends. */
  readonly signal: AbortSignal;
}

/** The answer of an operation. */
export interface OperationAnswer {
  readonly json: Readonly<Record<string, unknown>>;
  /** The version of the task that the answer is about. */
  readonly version?: number | undefined;
}

/** One command or query, under the name of its tool. */
export interface Operation<Schema> {
  readonly name: string;
  readonly description: string;
  /** What `run` takes. */
  readonly input: Schema;
  /**
   * Reads and checks the arguments, and carries the call out.
   *
   * @throws Refusal if the arguments are invalid or the rules forbid the call
   * @throws Unavailable if it could not be executed
   */
  readonly run: (args: unknown, call: OperationCall) => Promise<OperationAnswer>;
}

/**
 * Calls a tool by its name, and resolves to its answer. With a request id, the call is carried out once.
 *
 * @throws Refusal if the arguments are invalid or the rules forbid the call
 * @throws Unavailable if it could not be executed
 */
export type ToolCaller = (
  tool: string,
  args: unknown,
  request?: string,
) => Promise<Readonly<Record<string, unknown>>>;
