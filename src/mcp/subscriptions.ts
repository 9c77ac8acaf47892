/**
 * The resources that one client follows. Changes by any process are gathered for a moment and told once a resource,
 * and only if reading it now gives something else.
 */

import type { Feed } from "../app/feed.ts";
import type { QueryOf, ResultOf } from "../core/messages/queries.ts";
import { groupIdOf, taskIdOf } from "./resources.ts";
import { ProtocolError, ProtocolErrorCode } from "./sdk.ts";

/** Most resources that a client may follow. */
const MAX_SUBSCRIPTIONS = 1_000;

/** Changes within this time, in milliseconds, are told as one. */
const GATHER_MS = 50;

export interface SubscriptionsOptions {
  /** Finds what the client sees of tasks and groups. */
  readonly find: (query: QueryOf<"find">) => Promise<ResultOf<"find">>;
  readonly feed: Feed;
  /** Tells the client that the resource has changed. */
  readonly notify: (uri: string) => void;
  readonly onError: (error: unknown) => void;
}

export class Subscriptions {
  readonly #find: SubscriptionsOptions["find"];
  readonly #feed: Feed;
  readonly #notify: (uri: string) => void;
  readonly #onError: (error: unknown) => void;
  /** By URI; of a task or group, what the client could have read last. */
  readonly #followed = new Map<string, string | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;
  #isClosed = false;

  constructor({ find, feed, notify, onError }: SubscriptionsOptions) {
    this.#find = find;
    this.#feed = feed;
    this.#notify = notify;
    this.#onError = onError;
  }

  get size(): number {
    return this.#followed.size;
  }

  has(uri: string): boolean {
    return this.#followed.has(uri);
  }

  /** Follows resources from now on. Once closed, none: a client's last request may be carried out after it is gone. */
  async add(uris: readonly string[]): Promise<void> {
    if (this.#isClosed) return;
    this.#unsubscribe ??= this.#feed.subscribe(() => {
      this.#timer ??= setTimeout(() => this.#tell().catch(this.#onError), GATHER_MS);
    });
    const added = uris.filter((uri) => !this.#followed.has(uri));
    for (const uri of added) this.#followed.set(uri, undefined);
    try {
      const views = await this.#look(uris);
      for (const [index, uri] of uris.entries()) if (this.#followed.has(uri)) this.#followed.set(uri, views[index]);
    } catch (error) {
      // What was followed before stays so.
      for (const uri of added) this.remove(uri);
      throw error;
    }
  }

  remove(uri: string): void {
    this.#followed.delete(uri);
    if (this.size === 0) this.#stop();
  }

  close(): void {
    this.#isClosed = true;
    this.#followed.clear();
    this.#stop();
  }

  #stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #tell(): Promise<void> {
    this.#timer = undefined;
    const uris = [...this.#followed.keys()];
    const views = await this.#look(uris);
    for (const [index, uri] of uris.entries()) {
      const view = views[index];
      if (!this.#followed.has(uri)) continue;
      const isSingle = taskIdOf(uri) !== undefined || groupIdOf(uri) !== undefined;
      if (isSingle && this.#followed.get(uri) === view) continue;
      this.#followed.set(uri, view);
      this.#notify(uri);
    }
  }

  /** What reading the URIs of tasks and groups gives; undefined for one that does not exist, and for other resources. */
  async #look(uris: readonly string[]): Promise<readonly (string | undefined)[]> {
    const { tasks, groups } = await this.#find({
      type: "find",
      tasks: uris.map(taskIdOf).filter((id) => id !== undefined),
      groups: uris.map(groupIdOf).filter((id) => id !== undefined),
    });
    return uris.map((uri) => {
      const view = tasks.get(taskIdOf(uri) ?? "") ?? groups.get(groupIdOf(uri) ?? "");
      return view && JSON.stringify(view);
    });
  }
}

/** Throws a `ProtocolError` if a client would follow more resources than it may. */
export function checkRoom(count: number): void {
  if (count <= MAX_SUBSCRIPTIONS) return;
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `At most ${MAX_SUBSCRIPTIONS} subscriptions are allowed: end others first`,
  );
}
