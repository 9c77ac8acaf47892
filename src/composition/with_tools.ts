/**
 * Work with tools: at the service that is named, or at the one that runs on the same data directory, or else in this process
 * on the plan in files or in a database.
 */

import type { ToolCaller } from "../app/operation.ts";
import { callFlag, hostOf } from "../cli/launch.ts";
import type { StoredLocation } from "../cli/location.ts";
import { idle, type NamedService, serviceOf, type ServiceOptions } from "../cli/service_place.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { LeveledLog } from "../telemetry/log.ts";
import { atService } from "./at_service.ts";
import { type LocalOptions, type LocalParts, openToChange, openToRead } from "./local_calls.ts";
import { localService } from "./local_service.ts";
import { isThere, requireData, requirePlan } from "./locate.ts";
import { toolsOfNewPlan } from "./new_plan.ts";
import { whenCalled, whileOpening } from "./open_tools.ts";

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

/** Work with tools, which can be called until it is done. */
export type Work<T> = (call: ToolCaller) => Promise<T>;

/** Does work with tools. With access `create`, a plan that is missing is made by the first change that is not refused. */
export async function withTools<T>(work: Work<T>, options: ToolOptions, surroundings: ToolSurroundings): Promise<T> {
  const service = serviceOf(options, surroundings);
  if (service !== undefined) {
    checkOptions(options, service);
    requirePermission(service);
    return await atService(work, { url: service }, { ...options, ...surroundings });
  }
  const { access, fallback, leaseMs } = options;
  const { locate, secretOf, instanceOf, ...rest } = surroundings;
  const location = await locateIfThere(access, surroundings);
  const openAt = async (location: StoredLocation) => {
    rest.log.debug(location.store === "file" ? `Using the files in ${location.directory}` : `Using ${location.url}`);
    return await (access === "read" ? openToRead : openToChange)(options, { ...parts, location });
  };
  const parts = { ...rest, secret: secretOf(), instance: instanceOf(), fallback, leaseMs };
  if (location === undefined) {
    await using tools = toolsOfNewPlan(async () => await openAt(await locate("create")), { options, parts });
    return await whileOpening(() => work(tools.call));
  }
  await using tools = whenCalled(() => openAt(location));
  const local = await localService(location, options, rest);
  return await whileOpening(async () => {
    if (local === undefined) return await work(tools.call);
    return await atService(work, local, { ...options, ...surroundings, files: tools });
  });
}

/** Where the plan is; undefined if the work may make it and it is not there. */
async function locateIfThere(
  access: ToolOptions["access"],
  { locate, log }: Pick<ToolSurroundings, "locate" | "log">,
): Promise<StoredLocation | undefined> {
  if (access === "read") return requireData(await locate(access));
  if (access === "write") return await requirePlan(await locate(access), log);
  try {
    const location = await locate("write");
    return await isThere(location, log) ? location : undefined;
  } catch (error) {
    if (error instanceof Refusal && error.code === "not_found") return undefined;
    throw error;
  }
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

function requirePermission(service: URL): void {
  if (Deno.permissions.querySync({ name: "net", host: hostOf(service) }).state === "granted") return;
  throw new Refusal("invalid_value", `Cannot call a service without permission: start with ${callFlag(service)}`);
}
