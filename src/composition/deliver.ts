/** The composition of deliveries to webhooks: with the permissions that this process has. */

import type { Engine } from "../app/engine.ts";
import type { Feed } from "../app/feed.ts";
import type { Observer } from "../app/observer.ts";
import type { Deliveries, Log } from "../app/ports.ts";
import type { WebhookDesk } from "../app/webhook_desk.ts";
import { openDesk } from "../webhooks/desk.ts";
import { Webhooks } from "../webhooks/webhooks.ts";

export interface DeskParts {
  readonly engine: Pick<Engine, "now" | "source">;
  readonly deliveries: Deliveries;
  readonly version: string;
  /** Whether webhooks may be sent to loopback and private addresses. */
  readonly allowPrivate: boolean;
}

export interface DeliverParts extends DeskParts {
  readonly engine: Engine;
  readonly feed: Feed;
  readonly log: Log;
  /** Told of each attempt to deliver. Default: nobody. */
  readonly onDelivery?: Observer["onDelivery"];
}

/** Competes for the deliveries to webhooks, until it is closed. */
export function deliverToWebhooks(parts: DeliverParts): Webhooks {
  return new Webhooks({ ...parts, isPermitted });
}

/** What the surfaces need for webhooks. */
export function deskOf({ engine, ...parts }: DeskParts): WebhookDesk {
  return openDesk({ ...parts, isPermitted, now: () => engine.now(), source: () => engine.source() });
}

function isPermitted(host: string): boolean {
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
}
