/**
 * Work with tools: at the service that is named, or at the one that runs on the same data directory, or else in this process
 * on the plan in files or in a database.
 */

import type { ToolCaller } from "../app/operation.ts";
import { callFlag, hostOf } from "../cli/launch.ts";
import type { StoredLocation } from "../cli/location.ts";
import { idle, type NamedService, serviceOf, type ServiceOptions } from "../cli/service_place.ts";
import { Refusal } from "../core/model/refusal.ts";
import { boundInstance, readingAnswers, restCaller } from "../http/rest/rest_client.ts";
import { describeOperation } from "../mcp/operations.ts";
import type { LeveledLog } from "../telemetry/log.ts";
import { type LocalService, localService } from "./local_service.ts";
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

/** Does work with tools. */
export async function withTools<T>(work: Work<T>, options: ToolOptions, surroundings: ToolSurroundings): Promise<T> {
  const service = serviceOf(options, surroundings);
  if (service !== undefined) {
    checkOptions(options, service);
    requirePermission(service);
    return await atService(work, { url: service }, { ...options, ...surroundings });
  }
  const { access, fallback, leaseMs } = options;
  const { locate, secretOf, instanceOf, ...rest } = surroundings;
  const { log } = rest;
  const location = await locate(access);
  if (access !== "create") requireData(location);
  const local = await localService(location, options, rest);
  if (local !== undefined) return await atService(work, local, { ...options, ...surroundings });
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

/** A service to call; with a key, the one on the same data directory. */
type CalledService = Pick<LocalService, "url"> & Partial<LocalService>;

type CallOptions = Pick<ToolOptions, "request" | "fallback" | "leaseMs">;
type CallSurroundings = Pick<ToolSurroundings, "log" | "secretOf" | "instanceOf" | "ending">;

/** Does work at a service. */
export async function atService<T>(
  work: Work<T>,
  service: CalledService,
  options: CallOptions & CallSurroundings,
): Promise<T> {
  options.log.debug(`Calling the service at ${service.url.href}`);
  return await readingAnswers(service.url, () => work(remoteCaller(service, options)));
}

/** Calls tools at a service, for the instance that is named, or to which the token is bound, or else the fallback. */
function remoteCaller(
  { url: service, key }: CalledService,
  { request, fallback, leaseMs, secretOf, instanceOf, ending: signal }: CallOptions & CallSurroundings,
): ToolCaller {
  const secret = secretOf();
  const options = { service, secret, request, signal, ...(key !== undefined && { local: { key, leaseMs } }) };
  const named = instanceOf();
  const call = restCaller(options);
  const isUnbound = async () =>
    (key !== undefined && secret === undefined) || await boundInstance(options) === undefined;
  return async (tool, args) => {
    if (!describeOperation(tool).takesInstance) return await call(tool, args);
    const isOpen = named === undefined && fallback !== undefined && await isUnbound();
    const instance = isOpen ? fallback : named;
    return await call(tool, instance === undefined ? args : { instance_id: instance, ...Object(args) });
  };
}

function requirePermission(service: URL): void {
  if (Deno.permissions.querySync({ name: "net", host: hostOf(service) }).state === "granted") return;
  throw new Refusal("invalid_value", `Cannot call a service without permission: start with ${callFlag(service)}`);
}
