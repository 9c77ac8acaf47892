/** Finds the service that runs on the data directory of a command, and may be called in place of the files. */

import type { ServiceOptions } from "../cli/service_place.ts";
import { DEFAULT_HOST, DEFAULT_PORT } from "../cli/http_arguments.ts";
import { callFlag, hostOf } from "../cli/launch.ts";
import { pathOf, type StoredLocation } from "../cli/location.ts";
import { dashboardAddress } from "../cli/open.ts";
import type { OpenInvocation } from "../cli/open_arguments.ts";
import { isPermitted } from "../store/file/data_directory.ts";
import { realDisk } from "../store/file/disk.ts";
import { findNotice, SERVICE_FILE, type ServiceNotice } from "../store/file/service_file.ts";
import { describeSystemError } from "../store/file/system_errors.ts";
import type { LeveledLog } from "../telemetry/log.ts";
import type { LocalOptions } from "./local_calls.ts";

/** A service that has shown that it is the one on the data directory. */
export interface LocalService {
  readonly url: URL;
  /** By which it knows callers that may read the directory. */
  readonly key: string;
}

export interface LookOptions extends LocalOptions, Pick<ServiceOptions, "location"> {}

export interface LookParts {
  readonly log: LeveledLog;
  /** Of this program. */
  readonly version: string;
}

/**
 * The service on the data directory of a plan, if it can do the same as this process on the files. Undefined otherwise: then
 * this process uses the files, which it can do also while a service uses them.
 */
export async function localService(
  location: StoredLocation,
  options: LookOptions,
  { log, version }: LookParts,
): Promise<LocalService | undefined> {
  if (location.store !== "file" || "isInFiles" in options.location || hasOwnSettings(options)) return undefined;
  const notice = readNotice(location.directory, log);
  if (notice === undefined) return undefined;
  const why = await whyNot(notice, version);
  if (why === undefined) return { url: new URL(notice.url), key: notice.key };
  log.debug(`Not calling the service at ${notice.url}, of process ${notice.pid}: ${why}`);
  return undefined;
}

/**
 * Where the dashboard of a plan is: as the options say, or else at the service that was started last on its data, unless that
 * is gone. Its version does not matter: the key that signs in is in the plan.
 */
export async function dashboardOf(
  location: StoredLocation,
  { host, port }: Pick<OpenInvocation, "host" | "port">,
  log: LeveledLog,
): Promise<string> {
  const isNamed = host !== undefined || port !== undefined;
  const notice = isNamed || location.store !== "file" ? undefined : readNotice(location.directory, log);
  if (notice !== undefined) {
    const service = new URL(notice.url);
    if (!mayCall(service)) {
      log.info(`Whether serve still runs there is not known, as permission to ask is missing: ${callFlag(service)}`);
      return notice.url;
    }
    const why = await whyNotThere(notice);
    if (why === undefined) return notice.url;
    log.info(`Not the address ${notice.url} of the service that was started last, process ${notice.pid}: ${why}`);
  }
  return dashboardAddress({ host: host ?? DEFAULT_HOST, port: port ?? DEFAULT_PORT, path: pathOf(location) });
}

/** Where a service on the data of a plan would be called: where the one that was started last is or was, else the default. */
export function usualService(location: StoredLocation | undefined, log: LeveledLog): URL {
  const notice = location?.store === "file" ? readNotice(location.directory, log) : undefined;
  return new URL(notice?.url ?? dashboardAddress({ host: DEFAULT_HOST, port: DEFAULT_PORT, path: "/" }));
}

/** Whether the options are about what a service decides itself. */
function hasOwnSettings({ role, defaults, maxWaitMs, allowPrivateWebhooks }: LocalOptions): boolean {
  return role !== undefined || Object.keys(defaults).length > 0 || maxWaitMs !== undefined ||
    allowPrivateWebhooks === true;
}

/** The notice in a data directory, if there is one that can be read. */
function readNotice(directory: string, log: LeveledLog): ServiceNotice | undefined {
  if (!isPermitted(directory, "read")) return undefined;
  try {
    return findNotice(realDisk, directory);
  } catch (error) {
    const why = describeSystemError(error);
    if (why === undefined) throw error;
    log.debug(`Cannot read ${directory}/${SERVICE_FILE}: ${why}`);
    return undefined;
  }
}

async function whyNot(notice: ServiceNotice, version: string): Promise<string | undefined> {
  const service = new URL(notice.url);
  if (notice.version !== version) return `it has version ${notice.version}, and this program ${version}`;
  if (!mayCall(service)) return `permission is missing: ${callFlag(service)}`;
  return await whyNotThere(notice);
}

function mayCall(service: URL): boolean {
  return Deno.permissions.querySync({ name: "net", host: hostOf(service) }).state === "granted";
}

async function whyNotThere({ url, key }: ServiceNotice): Promise<string | undefined> {
  const { notItself } = await import("../http/rest/local_service.ts");
  return await notItself(new URL(url), key);
}
