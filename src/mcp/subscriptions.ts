/**
 * The resources that one client follows. Changes by any process are gathered for a moment and told once a resource,
 * and only if reading it now gives something else.
 */

import type { Engine } from "../app/engine.ts";
import type { Feed } from "../app/feed.ts";
import type { ReadonlyState } from "../core/state/state.ts";
import { groupViewOf } from "../core/views/groups.ts";
import { viewOf } from "../core/views/tasks.ts";
import { groupIdOf, taskIdOf } from "./resources.ts";
import { ProtocolError, ProtocolErrorCode } from "./sdk.ts";

/** Most resources that a client may follow. */
const MAX_SUBSCRIPTIONS = 1_000;

/** Changes within this time, in milliseconds, are told as one. */
const GATHER_MS = 50;

export interface SubscriptionsOptions {
  readonly engine: Engine;
  readonly feed: Feed;
  /** Tells the client that the resource has changed. */
  readonly notify: (uri: string) => void;
  readonly onError: (error: unknown) => void;
}

export class Subscriptions {
  readonly #engine: Engine;
  readonly #feed: Feed;
  readonly #notify: (uri: string) => void;
  readonly #onError: (error: unknown) => void;
  /** By URI; of a task or group, what the client could have read last. */
  readonly #followed = new Map<string, string | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;
  #isClosed = false;

  constructor({ engine, feed, notify, onError }: SubscriptionsOptions) {
    this.#engine = engine;
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
    for (const uri of uris) this.#followed.set(uri, this.#followed.get(uri));
    try {
      const views = await this.#look(uris);
      for (const [index, uri] of uris.entries()) if (this.#followed.has(uri)) this.#followed.set(uri, views[index]);
    } catch (error) {
      for (const uri of uris) this.remove(uri);
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
  #look(uris: readonly string[]): Promise<readonly (string | undefined)[]> {
    return this.#engine.read((state) => uris.map((uri) => lookAt(state, uri)));
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

function lookAt(state: ReadonlyState, uri: string): string | undefined {
  const task = state.tasks.get(taskIdOf(uri) ?? "");
  if (task !== undefined) return JSON.stringify(viewOf(task));
  const group = state.groups.get(groupIdOf(uri) ?? "");
  return group && JSON.stringify(groupViewOf(group));
}
