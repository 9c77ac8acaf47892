/** What REST needs of the tools. main.ts makes operations of them, so that the two surfaces cannot disagree. */

import type { z } from "zod";
import type { Caller } from "../../core/model/access.ts";

export interface OperationCall {
  readonly caller: Caller;
  /** The instance of calls that name none. */
  readonly instance: string | undefined;
  /** The request id of the call, if it has one: the call is carried out once. */
  readonly request: string | undefined;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

export interface OperationAnswer {
  readonly json: Json;
  /** The version of the task that the answer is about. */
  readonly version?: number | undefined;
}

/** One command or query, under the name of its tool. */
export interface Operation {
  readonly name: string;
  readonly description: string;
  /** What `run` takes, for the description of the API. */
  readonly input: z.ZodObject;
  /**
   * Reads and checks the arguments, and carries the call out.
   *
   * @throws Refusal if the arguments are invalid or the rules forbid the call
   * @throws Unavailable if it could not be executed
   */
  readonly run: (args: unknown, call: OperationCall) => Promise<OperationAnswer>;
}

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;
