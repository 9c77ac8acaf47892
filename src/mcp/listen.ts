/** One open `subscriptions/listen` request: its subscriptions, and the notifications sent on it. */

import type { Feed } from "../app/feed.ts";
import type { Log } from "../app/ports.ts";
import type { Refusal } from "../core/model/refusal.ts";
import { Subscriptions, type SubscriptionsOptions } from "./subscriptions.ts";

export interface ListenParts {
  readonly find: SubscriptionsOptions["find"];
  readonly feed: Feed;
  readonly log: Log;
  /** Sends a notification on this request. */
  readonly notify: (method: string, params: Readonly<Record<string, unknown>>) => void;
  /** Called when the client may look no more: nothing further is sent. */
  readonly onRefused: (refusal: Refusal) => void;
}

/** The number of subscriptions that a request counts as, at least 1: this bounds open requests without resources. */
export function sizeOf(uris: readonly string[]): number {
  return Math.max(1, uris.length);
}

export class Listen {
  readonly #uris: readonly string[];
  readonly #notify: ListenParts["notify"];
  readonly #subscriptions: Subscriptions;
  #isAcknowledged = false;
  #isClosed = false;

  constructor(uris: readonly string[], { find, feed, log, notify, onRefused }: ListenParts) {
    this.#uris = uris;
    this.#notify = notify;
    this.#subscriptions = new Subscriptions({
      find,
      feed,
      notify: (uri) => {
        this.#acknowledge();
        notify("notifications/resources/updated", { uri });
      },
      onError: (error) => log.warn(`Cannot notify the client of a change: ${error}`),
      onRefused,
    });
  }

  get size(): number {
    return sizeOf(this.#uris);
  }

  /** Subscribes to the resources, then acknowledges the request. Later changes are notified. */
  async begin(): Promise<void> {
    if (this.#uris.length > 0) await this.#subscriptions.add(this.#uris);
    if (!this.#isClosed) this.#acknowledge();
  }

  close(): void {
    this.#isClosed = true;
    this.#subscriptions.close();
  }

  /** Sent before any other notification, even before a change found while `begin` still reads the resources. */
  #acknowledge(): void {
    if (this.#isAcknowledged) return;
    this.#isAcknowledged = true;
    const notifications = this.#uris.length === 0 ? {} : { resourceSubscriptions: this.#uris };
    this.#notify("notifications/subscriptions/acknowledged", { notifications });
  }
}
