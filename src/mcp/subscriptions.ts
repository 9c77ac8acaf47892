/**
 * The resources that one client subscribes to. Changes by any process within 50 ms are combined to one notification per
 * resource. For a task or group, one is sent only if its version differs from that at the last one.
 */

import type { Feed } from "../app/feed.ts";
import type { QueryOf, ResultOf } from "../core/messages/queries.ts";
import { Refusal } from "../core/model/refusal.ts";
import { groupIdOf, taskIdOf } from "./resources.ts";
import { ProtocolError, ProtocolErrorCode } from "./sdk.ts";

/** Most resources that a client may subscribe to. */
const MAX_SUBSCRIPTIONS = 1_000;

/** Changes within this time are combined to one notification, in milliseconds. */
const GATHER_MS = 50;

/** Pauses after versions could not be read, in milliseconds: the first one, and the longest. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

export interface SubscriptionsOptions {
  /** Looks up versions of tasks and groups with the rights of the client. */
  readonly find: (query: QueryOf<"find">) => Promise<ResultOf<"find">>;
  readonly feed: Feed;
  /** Notifies the client of a change to the resource. */
  readonly notify: (uri: string) => void;
  readonly onError: (error: unknown) => void;
  /** Called when the client may look no more, as its token is revoked or has expired. All subscriptions have ended. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
}

export class Subscriptions {
  readonly #find: SubscriptionsOptions["find"];
  readonly #feed: Feed;
  readonly #notify: (uri: string) => void;
  readonly #onError: (error: unknown) => void;
  readonly #onRefused: SubscriptionsOptions["onRefused"];
  /** By URI: the version at the last notification, for a task or group that exists. */
  readonly #versions = new Map<string, string | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The pause after the next failure, in milliseconds. */
  #retryMs = RETRY_MS;
  #unsubscribe: (() => void) | undefined;
  #isClosed = false;

  constructor({ find, feed, notify, onError, onRefused }: SubscriptionsOptions) {
    this.#find = find;
    this.#feed = feed;
    this.#notify = notify;
    this.#onError = onError;
    this.#onRefused = onRefused;
  }

  get size(): number {
    return this.#versions.size;
  }

  has(uri: string): boolean {
    return this.#versions.has(uri);
  }

  /** Subscribes to resources. No effect once closed: a client's last request may run after it disconnected. */
  async add(uris: readonly string[]): Promise<void> {
    if (this.#isClosed) return;
    this.#unsubscribe ??= this.#feed.subscribe(() => this.#arm(GATHER_MS));
    const added = uris.filter((uri) => !this.#versions.has(uri));
    for (const uri of added) this.#versions.set(uri, undefined);
    try {
      const versions = await this.#read(uris);
      for (const [index, uri] of uris.entries()) if (this.#versions.has(uri)) this.#versions.set(uri, versions[index]);
    } catch (error) {
      // Subscriptions from before this call stay.
      for (const uri of added) this.remove(uri);
      throw error;
    }
  }

  remove(uri: string): void {
    this.#versions.delete(uri);
    if (this.size === 0) this.#stop();
  }

  close(): void {
    this.#isClosed = true;
    this.#versions.clear();
    this.#stop();
  }

  #stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer ??= setTimeout(() => this.#notifyOfChanges(), delayMs);
  }

  async #notifyOfChanges(): Promise<void> {
    this.#timer = undefined;
    const uris = [...this.#versions.keys()];
    let versions: readonly (string | undefined)[];
    try {
      versions = await this.#read(uris);
      this.#retryMs = RETRY_MS;
    } catch (error) {
      if (error instanceof Refusal) return this.#endAll(error);
      this.#onError(error);
      // The change must not wait for the next one.
      if (this.size > 0) this.#arm(this.#retryMs);
      this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
      return;
    }
    for (const [index, uri] of uris.entries()) {
      const version = versions[index];
      if (!this.#versions.has(uri)) continue;
      const isSingle = taskIdOf(uri) !== undefined || groupIdOf(uri) !== undefined;
      if (isSingle && this.#versions.get(uri) === version) continue;
      this.#versions.set(uri, version);
      this.#notify(uri);
    }
  }

  /** Ends all subscriptions: to repeat a look that was refused would only fill the audit. */
  #endAll(refusal: Refusal): void {
    this.#versions.clear();
    this.#stop();
    this.#onRefused?.(refusal);
  }

  /** The version of each task and group; undefined for one that does not exist, and for other resources. */
  async #read(uris: readonly string[]): Promise<readonly (string | undefined)[]> {
    const { tasks, groups } = await this.#find({
      type: "find",
      tasks: uris.map(taskIdOf).filter((id) => id !== undefined),
      groups: uris.map(groupIdOf).filter((id) => id !== undefined),
    });
    return uris.map((uri) => tasks.get(taskIdOf(uri) ?? "") ?? groups.get(groupIdOf(uri) ?? ""));
  }
}

/** Throws a `ProtocolError` if `count` is more than a client's maximum. */
export function checkCount(count: number): void {
  if (count <= MAX_SUBSCRIPTIONS) return;
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `At most ${MAX_SUBSCRIPTIONS} subscriptions are allowed: unsubscribe from others first`,
  );
}
