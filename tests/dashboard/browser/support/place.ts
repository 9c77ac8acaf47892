/** Services whose page is tested: real processes, with an API for what happens beside the page. */

import { assert } from "@std/assert";
import { type Service, type ServiceOptions, startService } from "../../../support/service.ts";
import type { Json } from "../../../support/server.ts";
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

export interface PlaceOptions extends ServiceOptions {
  /** What the service imports, as an earlier version's `tasks.json`: tasks with a past. Default: it starts empty. */
  readonly tasks?: readonly (Json & { readonly id: string })[];
}

/** Starts a service on a directory of its own. */
export async function startPlace({ tasks, ...options }: PlaceOptions = {}): Promise<Place> {
  const directory = await temporaryDirectory();
  if (tasks !== undefined) {
    const byId = Object.fromEntries(tasks.map((task) => [task.id, task]));
    await Deno.writeTextFile(`${directory.path}/tasks.json`, JSON.stringify(byId));
  }
  const service = await startService(directory.path, options);
  // The first start of a service that needs tokens leaves one for its operator.
  const admin = options.needsToken === true
    ? (await Deno.readTextFile(`${directory.path}/admin-token`)).trim()
    : undefined;
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

let shared: Promise<Place> | undefined;

/** One service with access control for all tests that only add tasks, groups and tokens of their own names. */
export function sharedPlace(): Promise<Place> {
  return shared ??= startPlace({ needsToken: true });
}

export async function endSharedPlace(): Promise<void> {
  await (await shared)?.[Symbol.asyncDispose]();
}
