/** Work with the tools of a service; with those of the files from when a service on the same data is found gone. */

import type { ToolCaller } from "../app/operation.ts";
import { Unavailable, type UnavailableCode } from "../app/ports.ts";
import { boundInstance, readingAnswers, restCaller } from "../http/rest/rest_client.ts";
import { describeOperation } from "../mcp/operations.ts";
import type { LeveledLog } from "../telemetry/log.ts";
import type { LocalParts } from "./local_calls.ts";
import type { LocalService } from "./local_service.ts";
import type { OpenTools } from "./open_tools.ts";

/** A service to call; with a key, the one on the same data directory. */
type CalledService = Pick<LocalService, "url"> & Partial<LocalService>;

export interface ServiceCallOptions extends Pick<LocalParts, "fallback" | "leaseMs" | "ending"> {
  readonly log: LeveledLog;
  /** The secret of the caller's token, if it has one. */
  readonly secretOf: () => string | undefined;
  /** The instance that the environment or the arguments name, if they name one. */
  readonly instanceOf: () => string | undefined;
  /** The same plan in this process, for what the service does not answer. Absent: then the work fails. */
  readonly files?: OpenTools;
}

/** Does work at a service. */
export async function atService<T>(
  work: (call: ToolCaller) => Promise<T>,
  service: CalledService,
  options: ServiceCallOptions,
): Promise<T> {
  options.log.debug(`Calling the service at ${service.url.href}`);
  return await readingAnswers(service.url, () => work(callerOf(service, options)));
}

/** Whether a call failed because the service has ended, or does not answer. */
export function isGone(error: unknown): error is Unavailable {
  return error instanceof Unavailable && GONE.includes(error.code);
}

const GONE: readonly UnavailableCode[] = ["unreachable", "outcome_unknown", "closed"];

function callerOf(service: CalledService, options: ServiceCallOptions): ToolCaller {
  const { files, log } = options;
  const { call, withInstance } = remoteCaller(service, options);
  let isEnded = false;
  return async (tool, args, given) => {
    if (isEnded && files !== undefined) return await files.call(tool, args, given);
    // With a request id, the call is carried out once: Deno's client sends a request again whose connection was lost, and
    // a service that did not answer may have done it, or do it yet.
    const request = given ?? (describeOperation(tool).isReading ? undefined : crypto.randomUUID());
    let sent = args;
    try {
      sent = await withInstance(tool, args);
      return await call(tool, sent, request);
    } catch (error) {
      if (files === undefined || !isGone(error)) throw error;
      log.debug(`Using the files from now on: ${error.message}`);
      isEnded = true;
      return await files.call(tool, sent, request);
    }
  };
}

/** Calls tools at a service, for the instance that is named, or to which the token is bound, or else the fallback. */
function remoteCaller(
  { url: service, key }: CalledService,
  { fallback, leaseMs, secretOf, instanceOf, ending: signal }: ServiceCallOptions,
) {
  const secret = secretOf();
  const options = { service, secret, signal, ...(key !== undefined && { local: { key, leaseMs } }) };
  const named = instanceOf();
  const isUnbound = async () =>
    (key !== undefined && secret === undefined) || await boundInstance(options) === undefined;
  return {
    call: restCaller(options),
    withInstance: async (tool: string, args: unknown): Promise<unknown> => {
      if (!describeOperation(tool).takesInstance) return args;
      const isOpen = named === undefined && fallback !== undefined && await isUnbound();
      const instance = isOpen ? fallback : named;
      return instance === undefined ? args : { instance_id: instance, ...Object(args) };
    },
  };
}
