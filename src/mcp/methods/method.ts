/** A method of the protocol: its name, the schema of its parameters, and its handler. */

import * as z from "zod";
import { lazy } from "../../core/model/lazy.ts";
import type { AnswerQueue } from "../answer_queue.ts";
import { isFields, withoutNulls } from "../read_arguments.ts";
import { ProtocolError, ProtocolErrorCode, type ServerResult } from "../sdk.ts";
import type { Subscriptions } from "../subscriptions.ts";
import type { CallContext } from "../tool.ts";

/** A call of a client on a connection. */
export interface ClientCall extends CallContext {
  /** Serializes answers no faster than the client reads them. */
  readonly answers: AnswerQueue;
  /** The resources to which the client subscribes. */
  readonly subscriptions: Subscriptions;
  /** An error as the caller may read it. */
  readonly told: (error: unknown) => unknown;
}

export interface Method {
  readonly name: string;
  /** Throws a `ProtocolError` if the parameters don't fit. */
  readonly answer: (params: unknown, call: ClientCall) => Promise<ServerResult>;
}

/** Makes a method that validates its parameters before it calls the handler. Its schema is made at the first call. */
export function defineMethod<Schema extends z.ZodObject>(
  name: string,
  schema: () => Schema,
  handle: (params: z.infer<Schema>, call: ClientCall) => ServerResult | Promise<ServerResult>,
): Method {
  return { name, answer: async (params, call) => await handle(checkParams(name, schema(), params), call) };
}

/** The schema of a method without parameters. */
export const noParams = lazy(() => z.object({}));

/** The validated parameters of a request. Null means absent. Throws a `ProtocolError` if they don't fit. */
export function checkParams<Schema extends z.ZodObject>(
  method: string,
  schema: Schema,
  params: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(isFields(params) ? withoutNulls(params) : {});
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${["params", ...path].join(".")}: ${message}`);
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Invalid ${method} request: ${issues.join("; ")}`);
}
