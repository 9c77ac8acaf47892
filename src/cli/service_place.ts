/** Which service is named in place of the files, if any: by `--url`, or by the environment unless an option says where the plan is. */

import { Refusal } from "../core/model/refusal.ts";
import type { NamedLocation } from "./location.ts";

export interface NamedService {
  /** The address of a service that the environment names, if it names one. */
  readonly urlOf: () => string | undefined;
}

export interface ServiceOptions {
  readonly location: NamedLocation;
  /** The address of a service that the arguments name. */
  readonly url?: URL | undefined;
}

/** The service to call; undefined if the files are to be used. */
export function serviceOf({ url, location }: ServiceOptions, { urlOf }: NamedService): URL | undefined {
  const isInFiles = "isInFiles" in location;
  const hasPlace = location.type !== "data" || location.directory !== undefined || isInFiles;
  if (url !== undefined && hasPlace) {
    const option = location.type === "project" ? "--project" : isInFiles ? "--store" : "--data";
    throw idle(option, "with --url: a service has its own plan");
  }
  const named = hasPlace || url !== undefined ? undefined : urlOf();
  return named === undefined ? url : serviceAddress(named, "ORCHESTRATOR_URL");
}

/** The refusal of an option that does nothing. */
export function idle(option: string, why: string): Refusal {
  return new Refusal("invalid_value", `${option} has no effect ${why}`);
}

/**
 * The address of a service.
 *
 * @throws Refusal if `value` is none; `what` names it
 */
export function serviceAddress(value: string, what: string): URL {
  const url = URL.parse(value);
  const isUsable = url !== null && /^https?:$/.test(url.protocol) && url.username === "" &&
    url.search + url.hash === "";
  if (isUsable) return url;
  throw new Refusal("invalid_value", `${what} must be the address that serve prints, like http://127.0.0.1:8787`);
}
