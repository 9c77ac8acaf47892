/** Work with tools, on a plan in files or in a database, or at a running service. */

import type { ToolCaller } from "../app/operation.ts";
import { callFlag, hostOf } from "../cli/launch.ts";
import type { StoredLocation } from "../cli/location.ts";
import { idle, type NamedService, serviceOf, type ServiceOptions } from "../cli/service_place.ts";
import { Refusal } from "../core/model/refusal.ts";
import { boundInstance, readingAnswers, restCaller } from "../http/rest/rest_client.ts";
import { describeOperation } from "../mcp/operations.ts";
import type { LeveledLog } from "../telemetry/log.ts";
import { change, type LocalOptions, type LocalParts, read, requireData, type Work } from "./local_calls.ts";

/** What calls of tools need of their surroundings. */
export interface ToolSurroundings
  extends NamedService, Pick<LocalParts, "observer" | "version" | "process" | "ending"> {
  readonly log: LeveledLog;
  readonly locate: (access: "read" | "write" | "create") => Promise<StoredLocation>;
  /** The secret of the caller's token, if it has one. */
  readonly secretOf: () => string | undefined;
  /** The instance that the environment or the arguments name, if they name one. */
  readonly instanceOf: () => string | undefined;
}

export interface ToolOptions extends LocalOptions, ServiceOptions, Pick<LocalParts, "fallback" | "leaseMs"> {
  readonly access: "read" | "write" | "create";
}

/** Does work with tools at the service that arguments or environment name, or else on the plan itself. */
export async function withTools<T>(work: Work<T>, options: ToolOptions, surroundings: ToolSurroundings): Promise<T> {
  const service = serviceOf(options, surroundings);
  const { log } = surroundings;
  if (service !== undefined) {
    checkOptions(options, service);
    log.debug(`Calling the service at ${service.href}`);
    return await readingAnswers(service, () => work(remoteCaller(service, options, surroundings)));
  }
  const { access, fallback, leaseMs } = options;
  const { locate, secretOf, instanceOf, ...rest } = surroundings;
  const location = await locate(access);
  if (access !== "create") requireData(location);
  log.debug(location.store === "file" ? `Using the files in ${location.directory}` : `Using ${location.url}`);
  const parts = { ...rest, location, secret: secretOf(), instance: instanceOf(), fallback, leaseMs };
  return await (access === "read" ? read : change)(work, options, parts);
}

/** Refuses options that a service does not take. */
function checkOptions(
  { role, defaults, maxWaitMs, allowPrivateWebhooks }: ToolOptions,
  { href }: URL,
): void {
  const where = `at the service ${href}`;
  if (role !== undefined) throw idle("--as", `${where}: the token in ORCHESTRATOR_TOKEN says what it may do`);
  if (Object.keys(defaults).length > 0) throw idle("An option for new tasks", `${where}, which has its own`);
  if (maxWaitMs !== undefined) throw idle("--max-wait-ms", `${where}, which has its own`);
  if (allowPrivateWebhooks === true) throw idle("--allow-private-webhooks", `${where}, which has its own`);
}

/** Calls tools at a service, for the instance that is named, or to which the token is bound, or else the fallback. */
function remoteCaller(
  service: URL,
  { request, fallback }: ToolOptions,
  { secretOf, instanceOf, ending: signal }: ToolSurroundings,
): ToolCaller {
  requirePermission(service);
  const options = { service, secret: secretOf(), request, signal };
  const named = instanceOf();
  const call = restCaller(options);
  return async (tool, args) => {
    if (!describeOperation(tool).takesInstance) return await call(tool, args);
    const isOpen = named === undefined && fallback !== undefined && await boundInstance(options) === undefined;
    const instance = isOpen ? fallback : named;
    return await call(tool, instance === undefined ? args : { instance_id: instance, ...Object(args) });
  };
}

function requirePermission(service: URL): void {
  if (Deno.permissions.querySync({ name: "net", host: hostOf(service) }).state === "granted") return;
  throw new Refusal("invalid_value", `Cannot call a service without permission: start with ${callFlag(service)}`);
}
