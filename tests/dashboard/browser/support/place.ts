/** Services whose page is tested: real processes, with an API for what happens beside the page. */

import { assert } from "@std/assert";
import { type Service, type ServiceOptions, startService } from "../../../support/service.ts";
import { temporaryDirectory } from "../../../support/temp.ts";
import { Api } from "./api.ts";

export interface Place extends AsyncDisposable {
  readonly service: Service;
  readonly directory: string;
  /** Calls as an admin. */
  readonly api: Api;
  /** The secret of the admin's token; undefined without access control. */
  readonly admin: string | undefined;
}

/** Starts a service on an empty directory. */
export async function startPlace(options: ServiceOptions = {}): Promise<Place> {
  const directory = await temporaryDirectory();
  const service = await startService(directory.path, options);
  const admin = options.needsToken === true ? await exchange(service) : undefined;
  return {
    service,
    directory: directory.path,
    api: new Api(service, admin),
    admin,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The key in an address that signs in once. */
export function keyIn(text: string): string {
  const [, key] = /#key=([\w-]+)/.exec(text) ?? [];
  assert(key !== undefined, `No address with a key: ${text}`);
  return key;
}

/** Exchanges the key that the service has printed for the secret of a session. */
async function exchange(service: Service): Promise<string> {
  const response = await fetch(service.url("/api/v1/session"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key: keyIn(service.log) }),
  });
  await response.body?.cancel();
  const [, secret] = /^orchestrator_\d+=([^;]+)/.exec(response.headers.get("set-cookie") ?? "") ?? [];
  assert(response.ok && secret !== undefined, `Signing in answers ${response.status}`);
  return secret;
}

let shared: Promise<Place> | undefined;

/** One service with access control for all tests that only add tasks, groups and tokens of their own names. */
export function sharedPlace(): Promise<Place> {
  return shared ??= startPlace({ needsToken: true });
}

export async function endSharedPlace(): Promise<void> {
  await (await shared)?.[Symbol.asyncDispose]();
}
